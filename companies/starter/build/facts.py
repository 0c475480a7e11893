"""The figures the starter data set keeps: what current figures and a year of monthly history need, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby

from companies.starter import curated

CONCEPTS = frozenset(
    {
        "cash",
        "short_term_investments",
        "long_term_debt",
        "research_and_development",
        "operating_cash_flow",
        "revenue",
        "assets",
        "shares_outstanding",
    }
)
COLUMNS = ("cik", "concept", "period_start", "period_end", "value", "unit", "filed", "form", "accession")


def foreign_filers(facts: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Return the tickers of companies with at least one figure on a form of foreign private issuers."""
    return frozenset(row["ticker"] for row in facts if curated.is_foreign(row["form"]))


def kept(facts: list[dict[str, str]], *, since: date, tickers: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """Yield the kept figures, sorted. A period's value filed again unchanged is left out: it changes nothing."""
    foreign = foreign_filers(facts)
    wanted = sorted(
        (
            row
            for row in facts
            if row["ticker"] in tickers and row["concept"] in CONCEPTS and row["end"] >= since.isoformat()
        ),
        key=lambda row: (_period(row), row["filed"], row["accession"]),
    )
    for _, same_period in groupby(wanted, key=_period):
        last = None
        for row in same_period:
            if row["value"] != last:
                last = row["value"]
                unit = curated.unit(
                    row["ticker"], row["form"], row["concept"], files_foreign_forms=row["ticker"] in foreign
                )
                yield (
                    row["cik"],
                    row["concept"],
                    row["start"],
                    row["end"],
                    row["value"],
                    unit or "",
                    row["filed"],
                    row["form"],
                    row["accession"],
                )


def _period(row: Mapping[str, str]) -> tuple[str, str, str, str]:
    return row["cik"], row["concept"], row["start"], row["end"]
