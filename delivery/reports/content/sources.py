"""The sources that reports name: what each gave, how new it is, where it is found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from delivery.reports.content.parts import Origin

SOURCES: Mapping[str, tuple[str, str]] = {
    "edgar": ("SEC EDGAR", "filings, figures and ownership"),
    "clinicaltrials": ("ClinicalTrials.gov", "studies and their results"),
    "drugsfda": ("FDA, Drugs@FDA", "approvals"),
    "orangebook": ("FDA, Orange Book", "patents and exclusivities"),
    "press": ("Press releases and filings", "takeovers and partnerships"),
    "deals": ("Announced takeovers", "takeovers and their terms"),
    "analyst": ("The desk", "signals entered by analysts"),
    "events": ("Event files", "dated events"),
    "universe": ("Universe file", "companies, figures and programmes"),
}
# What a note of an origin holds -> the source.
MARKS = {
    "orangebook": "orangebook",
    "nct": "clinicaltrials",
    "clinicaltrials": "clinicaltrials",
    "drugsfda": "drugsfda",
}
URLS = {
    "edgar": "https://www.sec.gov/edgar",
    "clinicaltrials": "https://clinicaltrials.gov",
    "drugsfda": "https://www.accessdata.fda.gov/scripts/cder/daf/",
    "orangebook": "https://www.accessdata.fda.gov/scripts/cder/ob/",
}


def origins(newest: Mapping[str, dt.date]) -> tuple[Origin, ...]:
    """Return the sources of a report by name, each with the day of its newest signal."""
    found = []
    for source, day in sorted(newest.items()):
        name, gave = SOURCES.get(source, (source, "signals"))
        found.append(Origin(name, gave, day, URLS.get(source)))
    return tuple(found)


def called(source: str) -> str:
    """Return the name of the public source that a note of an origin leads to; the note itself where it is another.

    Notes look like `drugsfda`, `starter: orangebook:NDA217026 patent …` or `starter: nct:NCT06346067`.
    """
    text = source.casefold()
    for mark, name in MARKS.items():
        if mark in text:
            return SOURCES[name][0]
    return SOURCES.get(source, (source, ""))[0]
