"""Events on their way to the endpoints of others: which there are, to whom they go, and the sending."""
