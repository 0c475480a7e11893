"""Full submissions: the header, the exhibits, and what the texts suggest."""
