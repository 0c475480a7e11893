"""A CSV of unadjusted closes: market caps over all share classes, each with its day."""
