"""SEC EDGAR: who files, what they file, who trades, and what the documents say."""
