"""From what a row says of a figure's origin to the public page where it is to be read."""

from __future__ import annotations

import re

TRIAL = re.compile(r"NCT\d{8}")
APPLICATION = re.compile(r"(?:NDA|BLA)(\d{6})")
ACCESSION = re.compile(r"\b\d{10}-\d{2}-\d{6}\b")
TRIAL_URL = "https://clinicaltrials.gov/study/"
FDA_URL = "https://www.accessdata.fda.gov/scripts/cder/daf/index.cfm?event=overview.process&ApplNo="
ORANGE_BOOK_URL = "https://www.accessdata.fda.gov/scripts/cder/ob/index.cfm"
EDGAR_URL = "https://www.sec.gov/Archives/edgar/data/"
# EDGAR begins in 1993.
FIRST_YEAR = 93
EDGAR_COMPANY_URL = "https://www.sec.gov/cgi-bin/browse-edgar?action=getcompany&CIK="


def link(identifier: str) -> str | None:
    """Return the public page of the first study or application that an identifier names, or None."""
    if identifier.startswith("orangebook:"):
        return ORANGE_BOOK_URL
    if found := TRIAL.search(identifier):
        return f"{TRIAL_URL}{found[0]}"
    if found := APPLICATION.search(identifier):
        return f"{FDA_URL}{found[1]}"
    return None


def filing(cik: str | None, accession: str) -> str | None:
    """Return the index page of a filing, or None without the filer's CIK."""
    if not cik:
        return None
    return f"{EDGAR_URL}{int(cik)}/{accession.replace('-', '')}/{accession}-index.htm"


def _filed(accession: str) -> tuple[int, str]:
    """Return the order in which filings came: their year is of two digits."""
    year = int(accession[11:13])
    return year + (1900 if year >= FIRST_YEAR else 2000), accession[14:]


def pages(identifier: str, cik: str | None) -> list[tuple[str, str]]:
    """Return the public pages that an identifier leads to, each with its words: the filings, the newest first.

    Where it names no filing, the study or application.
    """
    accessions = sorted(set(ACCESSION.findall(identifier)), key=_filed, reverse=True)
    filings = [(f"Filing {each}", url) for each in accessions if (url := filing(cik, each))]
    if filings:
        return filings
    url = link(identifier)
    return [(identifier.partition(":")[2] or identifier, url)] if url else []
