"""A CSV of announced acquisitions: labels of the targets."""
