"""The back-test: what the ranking of past days was worth, measured on announced acquisitions.

`outcomes`, `observe` and `probes` ask the database, `run` puts all together, `document`, `terminal` and `page` show it;
the others are pure: arrays and days in, figures out. docs/backtest.md describes the method.
"""
