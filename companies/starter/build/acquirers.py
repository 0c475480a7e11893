"""The acquirers' part of the data set: their rows as companies, their other names, and the check of their drugs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from companies.choices import AliasKind
from companies.starter.acquirers import SPONSOR, acquirers, other_names, sponsors
from companies.starter.build.protection import Original

ALIAS_COLUMNS = ("company", "kind", "alias", "valid_from", "valid_to", "source")


def check_applications(approvals: Iterable[Mapping[str, str]], originals: Mapping[str, Original]) -> None:
    """Hold the acquirers' applications to Drugs@FDA: each that stands there is one of the acquirer's sponsors'.

    Raises ValueError with the row for another sponsor's, and for one of an acquirer that is not in the universe files
    and that Drugs@FDA does not have.
    """
    for row in approvals:
        buyer = acquirers().get(row["company"])
        for application in row["evidence"].split() if buyer else ():
            found = originals.get(application)
            if found is not None and found.sponsor.upper() not in sponsors().get(row["company"], ()):
                raise ValueError(f"{row['company']} {row['brand']}: {application} is {found.sponsor}'s")
            if found is None and buyer is not None and buyer.name:
                raise ValueError(f"{row['company']} {row['brand']}: {application} is not in Drugs@FDA")


def companies(areas: Mapping[str, str], *, listed: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the acquirers that are not among the listed companies, with the areas of their drugs."""
    there = set(listed)
    for buyer in acquirers().values():
        if buyer.company not in there:
            yield {
                "company": buyer.company,
                "ticker": buyer.ticker,
                "cik": buyer.cik,
                "name": buyer.name,
                "role": "acquirer",
                "role_reason": buyer.reason,
                "market_cap_usd": "",
                "market_cap_as_of": "",
                "therapeutic_areas": areas.get(buyer.company) or buyer.areas,
                "source": buyer.source or f"sec:cik:{buyer.cik}",
                **as_buyer(buyer.company),
            }


def as_buyer(company: str) -> dict[str, str]:
    """Return what is known of a company as a buyer; empty for one that is none."""
    buyer = acquirers().get(company)
    return {
        "is_public": "" if buyer is None else {"yes": "true", "no": "false"}[buyer.listed],
        "buyer_kind": buyer.buyer_kind if buyer else "",
        "headquarters": buyer.headquarters if buyer else "",
        "headquarters_source": buyer.headquarters_source if buyer else "",
    }


def aliases() -> Iterator[tuple[str, ...]]:
    """Yield the acquirers' other names; sponsors of drugs that were bought are names of others, so they stay out."""
    for other in other_names():
        if other.kind != SPONSOR:
            kind = AliasKind(other.kind).value
            yield other.company, kind, other.name, other.valid_from, other.valid_to, other.source
