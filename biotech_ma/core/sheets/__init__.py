"""Tables of people: spreadsheets and CSV files in, with a reason for each cell that cannot be read; and out."""
