"""The acquirers as analysts keep them: who they are, under which names others write of them, which sponsors are theirs.

Kept in `curation/acquirers.csv` and `curation/acquirer_names.csv`. A company is named in the starter files by its
ticker, or, where it has none in the United States, by a key in lower case such as `boehringer-ingelheim`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from companies.starter import rows
from companies.starter.curated import CURATION

SPONSOR = "sponsor"


@dataclass(frozen=True)
class Acquirer:
    """An acquirer. `name` and `reason` are empty where `curation/companies.csv` has them; `areas` only without drugs.

    `listed` tells whether its shares are listed anywhere; `ticker` and `cik` are empty where the SEC's lists have none.
    """

    company: str
    ticker: str
    cik: str
    name: str
    listed: str
    buyer_kind: str
    headquarters: str
    headquarters_source: str
    areas: str
    reason: str
    source: str


@dataclass(frozen=True)
class OtherName:
    """Another name of an acquirer, the days between which it led there (empty = open) and who says so.

    `kind` is `name`, `former_name`, `merged` (a company that it took in on `valid_from`) or `sponsor` (under which
    FDA's registers list drugs that are its own now, whosever they were).
    """

    company: str
    kind: str
    name: str
    valid_from: str
    valid_to: str
    source: str


@cache
def acquirers() -> dict[str, Acquirer]:
    """Return the acquirers by key."""
    return {row["company"]: Acquirer(**row) for row in rows(CURATION / "acquirers.csv")}


@cache
def other_names() -> tuple[OtherName, ...]:
    """Return the acquirers' other names, in the order of the table."""
    return tuple(OtherName(**row) for row in rows(CURATION / "acquirer_names.csv"))


@cache
def sponsors() -> dict[str, frozenset[str]]:
    """Return the names under which FDA's registers list each acquirer's drugs, by key, in capitals."""
    found: dict[str, set[str]] = defaultdict(set)
    for other in other_names():
        if other.kind == SPONSOR:
            found[other.company].add(other.name.upper())
    return {company: frozenset(names) for company, names in found.items()}
