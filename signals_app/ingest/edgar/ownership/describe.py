"""What a form and a cluster say, in words and as `signal_data`. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from biotech_ma.core.market_day import start_of
from signals_app.ingest.edgar.ledger import EDGAR
from signals_app.ingest.edgar.ownership.parse import Owner, Ownership, Transaction
from signals_app.ingest.edgar.ownership.purchases import Cluster, counted_purchases
from signals_app.ingest.merge.ledger import SignalRecord

TRANSACTION, CLUSTER = "insider_transaction", "insider_buying_cluster"
LONGEST_TITLE = 500
MOST_NAMES = 2
# Form 4, General Instruction 8. What is not here is named by its code.
VERBS = {
    "P": "bought",
    "S": "sold",
    "A": "was granted",
    "D": "returned to the company",
    "F": "had withheld",
    "G": "gave or received as a gift",
    "M": "exercised",
    "C": "converted",
    "X": "exercised",
    "J": "changed otherwise",
}


def data_of(form: Ownership, accession: str, name: str, known_by: str) -> dict[str, Any]:
    """Return the particulars; amounts are decimal text, `market_purchase_days` the days that count for clusters."""
    counted = counted_purchases(form)
    return {
        "accession": accession,
        "form": name,
        "period": form.period.isoformat(),
        "owners": [_owner(owner) for owner in form.owners],
        "owner_ciks": sorted({owner.cik for owner in form.owners}),
        "plan_10b5_1": form.is_by_plan,
        "original_filed": form.original_filed.isoformat() if form.original_filed else None,
        "transactions": [_line(line) for line in form.transactions],
        "holdings": form.holdings,
        "market_purchase_days": sorted({line.day.isoformat() for line in counted}),
        "known_by": known_by,
    }


def _owner(owner: Owner) -> dict[str, Any]:
    return {
        "cik": owner.cik,
        "name": owner.name,
        "director": owner.is_director,
        "officer": owner.is_officer,
        "ten_percent_owner": owner.is_ten_percent_owner,
        "title": owner.title,
    }


def _line(line: Transaction) -> dict[str, Any]:
    return {
        "derivative": line.is_derivative,
        "security": line.security,
        "date": line.day.isoformat(),
        "code": line.code,
        "acquired": line.is_acquired,
        "shares": _text(line.shares),
        "price_usd": _text(line.price_usd),
        "shares_after": _text(line.shares_after),
        "direct": line.is_direct,
        "notes": list(line.notes),
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"


def title_of(form: Ownership, name: str) -> str:
    """Return one line: form, who (and as what), and what was done with how many shares for how many dollars."""
    people = ", ".join(_called(owner) for owner in form.owners[:MOST_NAMES])
    more = f" and {len(form.owners) - MOST_NAMES} more" if len(form.owners) > MOST_NAMES else ""
    if not form.transactions:
        return f"Form {name}: {people}{more}, holdings only"[:LONGEST_TITLE]
    codes = dict.fromkeys(line.code for line in form.transactions)
    done = "; ".join(_summary(code, [line for line in form.transactions if line.code == code]) for code in codes)
    plan = ", under a 10b5-1 plan" if form.is_by_plan else ""
    return f"Form {name}: {people}{more} {done}{plan}"[:LONGEST_TITLE]


def _called(owner: Owner) -> str:
    roles = (
        owner.title or ("officer" if owner.is_officer else ""),
        "director" if owner.is_director else "",
        "10 % owner" if owner.is_ten_percent_owner else "",
    )
    known = ", ".join(role for role in roles if role)
    return f"{owner.name} ({known})" if known else owner.name


def _summary(code: str, lines: list[Transaction]) -> str:
    # An exercise stands in both tables; the shares say more than the options.
    lines = [line for line in lines if not line.is_derivative] or lines
    shares = sum((line.shares for line in lines if line.shares is not None), Decimal(0))
    dollars = sum((line.shares * line.price_usd for line in lines if line.shares and line.price_usd), Decimal(0))
    verb = VERBS.get(code, f"reports code {code or '?'} for")
    return f"{verb} {shares:,.0f}" + (f" for ${dollars:,.0f}" if dollars else "")


def cluster_record(cluster: Cluster, company_id: UUID, cik: str) -> SignalRecord:
    """Return the signal of a cluster, known with the filing that completed it."""
    return SignalRecord(
        company_id=company_id,
        signal_type=CLUSTER,
        event_date=min(start_of(cluster.last_day), cluster.available_at),
        available_at=cluster.available_at,
        title=f"{cluster.insiders} insiders bought in the market between {cluster.first_day} and {cluster.last_day}",
        source=EDGAR,
        source_id=f"{cluster.accession}:{cik}:{CLUSTER}",
        source_url=None,
        signal_data={
            "accession": cluster.accession,
            "accessions": list(cluster.accessions),
            "insiders": cluster.insiders,
            "first_day": cluster.first_day.isoformat(),
            "last_day": cluster.last_day.isoformat(),
        },
    )
