"""Which purchases count as insiders' own, and when three of them make a cluster. Pure.

A cluster: three or more distinct insiders buy in the open market (Form 4, code P) within 30 days. Left out are
purchases in an offering, where a footnote or the remarks say so, and holders of a tenth who neither manage nor oversee
the company. Owners who file together are one insider, and so are filings that share an owner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from signals_app.ingest.edgar.ownership.parse import Ownership, Transaction

PURCHASE = "P"
INSIDERS = 3
WITHIN = timedelta(days=30)
OFFERING = re.compile(
    r"\b(?:public|underwritten|registered direct|follow-on|secondary|rights) offering\b|\binitial public offering\b"
    r"|\bIPO\b|\bprivate placement\b|\bPIPE\b|\bsecurities purchase agreement\b|\bstock purchase agreement\b"
    r"|\bsubscription agreement\b|\bfrom the underwriters?\b|\bdirected share program\b|\bin the offering\b"
    r"|\bdirectly from the (?:issuer|company)\b|\bemployee stock purchase plan\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Purchase:
    """One filing's open-market purchases: who (all owners' CIKs), on which days, known since when."""

    accession: str
    owners: frozenset[str]
    days: tuple[date, ...]
    available_at: datetime


@dataclass(frozen=True, slots=True)
class Cluster:
    """Purchases of three or more insiders. Known with the filing of the third, named by its accession."""

    accession: str
    first_day: date
    last_day: date
    available_at: datetime
    accessions: tuple[str, ...]
    insiders: int


def is_open_market_purchase(line: Transaction, remarks: str = "") -> bool:
    """Return whether shares were bought in the market, and not in an offering."""
    bought = line.code == PURCHASE and line.is_acquired and not line.is_derivative
    return bought and not any(OFFERING.search(text) for text in (*line.notes, remarks))


def counted_purchases(form: Ownership) -> list[Transaction]:
    """Return the lines that count towards a cluster: none where no owner manages or oversees the company."""
    if form.form.base != "4" or not any(owner.is_insider for owner in form.owners):
        return []
    return [line for line in form.transactions if is_open_market_purchase(line, form.remarks)]


def clusters(purchases: Iterable[Purchase]) -> list[Cluster]:
    """Return the clusters among a company's purchases, in the order in which the public could see them.

    Purchases up to the last day of a cluster are used up by it: a fourth insider in the same days makes no second one.
    """
    found: list[Cluster] = []
    known: list[tuple[date, Purchase]] = []
    for purchase in sorted(purchases, key=lambda each: (each.available_at, each.accession)):
        used_until = found[-1].last_day if found else date.min
        known = [(day, other) for day, other in known if day > used_until]
        known += [(day, purchase) for day in purchase.days if day > used_until]
        cluster = _cluster(known, purchase)
        if cluster is not None:
            found.append(cluster)
    return found


def _cluster(known: list[tuple[date, Purchase]], newest: Purchase) -> Cluster | None:
    """Return the cluster that the newest purchase completes: the latest window of 30 days with enough insiders."""
    for last in sorted({day for day, _ in known}, reverse=True):
        window = [(day, purchase) for day, purchase in known if last - WITHIN <= day <= last]
        insiders = _distinct([purchase.owners for _, purchase in window])
        if insiders >= INSIDERS and any(purchase is newest for _, purchase in window):
            return Cluster(
                accession=newest.accession,
                first_day=min(day for day, _ in window),
                last_day=last,
                available_at=newest.available_at,
                accessions=tuple(sorted({purchase.accession for _, purchase in window})),
                insiders=insiders,
            )
    return None


def _distinct(groups: Iterable[frozenset[str]]) -> int:
    """Return how many insiders stand behind groups of owners; groups that share an owner are one."""
    separate: list[set[str]] = []
    for group in groups:
        touching = [other for other in separate if other & group]
        separate = [other for other in separate if not other & group]
        separate.append(set(group).union(*touching))
    return len(separate)
