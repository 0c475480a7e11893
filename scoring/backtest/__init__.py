"""The back-test: what the ranking of past days was worth, measured on announced acquisitions.

`labels`, `calendar`, `panel`, `places`, `measures`, `verdict`, `generated` and `shuffled` are pure (arrays and days in,
figures out); `outcomes`, `observe` and `probes` ask the database; `run` puts them together. docs/backtest.md describes
the method.
"""
