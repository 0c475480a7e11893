"""Figures that companies report in XBRL: the company facts and the Financial Statement Data Sets of the SEC."""
