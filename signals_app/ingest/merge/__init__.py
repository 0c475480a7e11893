"""The only place where sources write: companies and candidates row by row with their history, the ledger set-wise."""
