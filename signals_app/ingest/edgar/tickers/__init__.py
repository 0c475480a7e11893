"""company_tickers.json: which ticker leads to which registrant today."""
