"""The FDA: Drugs@FDA (approvals) and the Orange Book (patents and exclusivities)."""
