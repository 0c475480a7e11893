"""The items of a Form 8-K by the words in which a submission's header names them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

NEW_NUMBERS_FROM = date(2004, 8, 23)
_NUMBER = re.compile(r"\d{1,2}(?:\.\d{2})?")
_NOT_LETTERS = re.compile(r"[^a-z]+")
# How each title begins, letters only: enough to tell it from the others.
_TITLES = {
    "entryintoamaterial": "1.01",
    "terminationofamaterial": "1.02",
    "bankruptcyorreceivership": "1.03",
    "minesafety": "1.04",
    "materialcybersecurity": "1.05",
    "completionofacquisition": "2.01",
    "resultsofoperations": "2.02",
    "creationofadirect": "2.03",
    "triggeringevents": "2.04",
    "costsassociatedwithexit": "2.05",
    "costassociatedwithexit": "2.05",
    "materialimpairments": "2.06",
    "noticeofdelisting": "3.01",
    "unregisteredsale": "3.02",
    "materialmodification": "3.03",
    "changesinregistrantscertifying": "4.01",
    "nonrelianceonpreviously": "4.02",
    "changesincontrol": "5.01",
    "departureofdirectors": "5.02",
    "amendmentstoarticles": "5.03",
    "temporarysuspension": "5.04",
    "amendmentstotheregistrantscodeofethics": "5.05",
    "changeinshellcompany": "5.06",
    "submissionofmatters": "5.07",
    "shareholdernominations": "5.08",
    "shareholderdirectornominations": "5.08",
    "regulationfd": "7.01",
    "otherevents": "8.01",
    "financialstatementsandexhibits": "9.01",
}
_BEFORE_2004 = {
    "changesincontrol": "1",
    "acquisitionordisposition": "2",
    "bankruptcyorreceivership": "3",
    "changesinregistrantscertifying": "4",
    "otherevents": "5",
    "resignationsofregistrantsdirectors": "6",
    "financialstatements": "7",
    "changeinfiscalyear": "8",
    "regulationfd": "9",
    "resultsofoperations": "12",
}


def items_in_words(titles: Iterable[str], filed: date) -> tuple[str, ...]:
    """Return the item numbers of titles or numbers, each once, in order; unknown words are left out."""
    known = _TITLES if filed >= NEW_NUMBERS_FROM else _BEFORE_2004
    found: dict[str, None] = {}
    for title in titles:
        if _NUMBER.fullmatch(title):
            found[title] = None
            continue
        letters = _NOT_LETTERS.sub("", title.lower())
        item = next((number for start, number in known.items() if letters.startswith(start)), None)
        if item is not None:
            found[item] = None
    return tuple(found)
