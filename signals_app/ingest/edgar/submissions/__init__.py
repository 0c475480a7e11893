"""submissions/CIK##########.json: a registrant and the list of its filings."""
