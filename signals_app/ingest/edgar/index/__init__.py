"""Daily and quarterly indexes and the feed of the latest filings."""
