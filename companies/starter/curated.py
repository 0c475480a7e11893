"""The curated decisions: who a company is, which trial arms are its own drugs, what an indication is called.

Analysts' judgement, kept in `curation/*.csv` beside this file; README.md says how each table is used. Both the builder
of the starter data set and the ingest of the universe files apply them, so that the two agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from companies.starter import FOLDER, rows

CURATION = FOLDER / "curation"


@dataclass(frozen=True)
class CompanyDecision:
    """A company's role with its reason, and its full name where the source cuts or garbles it (else empty).

    `trials` is `strangers` where look-ups in trial registers found other people's studies under the company's ticker.
    """

    ticker: str
    role: str
    reason: str
    name: str
    trials: str

    @property
    def has_strangers_trials(self) -> bool:
        """Whether trials listed under the company's ticker are others'."""
        return self.trials == "strangers"


@dataclass(frozen=True)
class Indication:
    """A disease under one name, with its therapeutic area; both empty for a study in healthy people."""

    name: str
    area: str


NO_INDICATION = Indication("", "")


@cache
def companies() -> dict[str, CompanyDecision]:
    """Return the decision on each reviewed company, by ticker."""
    return {row["ticker"]: CompanyDecision(**row) for row in rows(CURATION / "companies.csv")}


@cache
def _own_drugs() -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    table: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for row in rows(CURATION / "programs.csv"):
        table.setdefault(row["ticker"], []).append((row["drug"], tuple(row["matches"].lower().split("|"))))
    return {ticker: tuple(drugs) for ticker, drugs in table.items()}


def is_reviewed(ticker: str) -> bool:
    """Return whether an analyst went through the company's trial arms."""
    return ticker in companies()


def own_drug(ticker: str, arm: str) -> str | None:
    """Return the company's own drug behind a trial arm's name; None for comparators, others' drugs and noise.

    The first match of the table wins; `^` anchors a match at the start of the name.
    """
    text = arm.lower()
    for drug, matches in _own_drugs().get(ticker, ()):
        for match in matches:
            if text.startswith(match[1:]) if match.startswith("^") else match in text:
                return drug
    return None


@cache
def _indication_rules() -> tuple[tuple[re.Pattern[str], Indication], ...]:
    return tuple(
        (re.compile(row["pattern"], re.IGNORECASE), Indication(row["indication"], row["area"]))
        for row in rows(CURATION / "indications.csv")
    )


@cache
def indication(condition: str) -> Indication:
    """Return the curated name and area of a registry's condition; an unknown one keeps its name and has no area."""
    for pattern, known in _indication_rules():
        if pattern.search(condition):
            return known
    return Indication(condition.strip(), "")


@cache
def _corrections() -> dict[tuple[str, str, str], Indication | None]:
    return {
        (row["ticker"], row["drug"], row["indication"]): Indication(row["to_indication"], row["to_area"])
        if row["to_indication"]
        else None
        for row in rows(CURATION / "corrections.csv")
    }


def corrected(ticker: str, drug: str, found: Indication) -> Indication | None:
    """Return the indication after the analysts' corrections of single rows; None when the row is to be left out."""
    table = _corrections()
    for key in ((ticker, drug, found.name), (ticker, drug, "*")):
        if key in table:
            return table[key]
    return found


DOMESTIC_FORMS = ("10-K", "10-Q", "10-KT", "8-K", "DEF 14A", "PRE 14A")
FOREIGN_FORMS = ("20-F", "40-F", "6-K")


def is_foreign(form: str) -> bool:
    """Return whether a form is one of foreign private issuers, whose currency a bare figure does not tell."""
    return form.removesuffix("/A") in FOREIGN_FORMS


@cache
def _currencies() -> dict[tuple[str, str], str]:
    return {
        (row["ticker"], form): row["unit"] for row in rows(CURATION / "currency.csv") for form in row["forms"].split()
    }


def unit(ticker: str, form: str, concept: str, *, files_foreign_forms: bool) -> str | None:
    """Return a figure's unit: dollars on domestic forms; None where the currency is uncertain.

    A company that has ever filed foreign forms may have changed its currency with them, so all its figures are
    uncertain unless `curation/currency.csv` names the form. IFRS "shares outstanding" may be share
    capital: uncertain as well.
    """
    domestic = form.removesuffix("/A") in DOMESTIC_FORMS
    if concept == "shares_outstanding":
        return "shares" if domestic else None
    if files_foreign_forms:
        return _currencies().get((ticker, form))
    return "USD" if domestic else None
