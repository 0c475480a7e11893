"""The terms of a deal: what the desk keeps of one beside its source, and how each is read from the ledger's row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

RUMOURED, PENDING, COMPLETED, TERMINATED = "rumoured", "pending", "completed", "terminated"
STATUSES = (PENDING, COMPLETED, TERMINATED, RUMOURED)
ENDED = frozenset({COMPLETED, TERMINATED})
STRUCTURES = ("tender offer", "one-step merger", "asset deal", "licence")
ANTITRUST = {
    "not_filed": "Not filed yet",
    "waiting": "HSR filed, waiting period",
    "refiled": "HSR withdrawn and refiled",
    "second_request": "Second request",
    "cleared": "Cleared",
    "challenged": "Challenged",
    "not_required": "Not required",
}
# What the desk adds to a deal, by correcting its row.
TERMS = (
    "status", "ended_on", "price_per_share", "cash_per_share", "exchange_ratio", "value_usd", "value_basis",
    "premium_last_close", "premium_30_day", "structure", "contingent", "expected_close", "outside_date", "antitrust",
    "termination_fee_usd", "reverse_termination_fee_usd", "stage",
)  # fmt: skip
DOLLARS = ("value_usd", "termination_fee_usd", "reverse_termination_fee_usd")
MILESTONES = "milestones"
MILESTONE_STATES = {"open": "Open", "paid": "Paid", "lapsed": "Lapsed"}
# What sources write of contingent payments, in their own columns.
OF_SOURCES = {"cvr_per_share": "CVR of up to ${} a share", "contingent_per_share": "up to ${} a share, contingent",
              "contingent_usd_m": "up to ${} m, contingent"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Milestone:
    """One contingent payment: what has to happen, until when, and what is then paid, by share or in all, in USD."""

    event: str
    until: dt.date | None = None
    per_share_usd: Decimal | None = None
    total_usd: Decimal | None = None
    state: str = "open"

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Milestone:
        """Return a milestone from the ledger's row; what is no day or number there is unknown."""
        state = str(data.get("state") or "open")
        return cls(
            event=str(data.get("event") or ""),
            until=as_day(data.get("until")),
            per_share_usd=as_number(data.get("per_share_usd")),
            total_usd=as_number(data.get("total_usd")),
            state=state if state in MILESTONE_STATES else "open",
        )

    def to_json(self) -> dict[str, str]:
        """Return the milestone as the ledger keeps it: known parts alone, as text."""
        parts = {
            "event": self.event,
            "until": self.until.isoformat() if self.until else "",
            "per_share_usd": _text(self.per_share_usd),
            "total_usd": _text(self.total_usd),
            "state": self.state,
        }
        return {name: text for name, text in parts.items() if text}

    @property
    def payment(self) -> str:
        """What is paid, in words; empty where it is not known."""
        parts = []
        if self.per_share_usd is not None:
            parts.append(f"${self.per_share_usd:,f} a share")
        if self.total_usd is not None:
            parts.append(f"${self.total_usd:,.0f} in all")
        return ", ".join(parts)

    def __str__(self) -> str:
        until = f" by {self.until}" if self.until else ""
        state = "" if self.state == "open" else f" ({self.state})"
        return f"{self.payment or 'a payment'} on {self.event}{until}{state}"


def milestones_of(data: Mapping[str, Any]) -> tuple[Milestone, ...]:
    """Return the contingent payments of a row, in their order; what is none is left out."""
    found = data.get(MILESTONES)
    rows = found if isinstance(found, list) else []
    return tuple(Milestone.of(row) for row in rows if isinstance(row, Mapping) and str(row.get("event") or "").strip())


def contingent_words(data: Mapping[str, Any]) -> str:
    """Return the contingent payments in words: the milestones, else what the source wrote; empty for none known."""
    return "; ".join(_contingent(data))


def _contingent(data: Mapping[str, Any]) -> Iterator[str]:
    yield from map(str, milestones_of(data))
    note = text_of(data, "contingent")
    if note:
        yield note
    elif not milestones_of(data):
        for name, words in OF_SOURCES.items():
            number = as_number(data.get(name))
            if number:
                yield words.format(f"{number:,f}")


def consideration(data: Mapping[str, Any]) -> str:
    """Return what is paid for a share in words: cash, shares of the acquirer, or both; empty where it is not known."""
    cash, ratio = as_number(data.get("cash_per_share")), as_number(data.get("exchange_ratio"))
    parts = [f"${cash:,f} in cash"] if cash else []
    if ratio:
        parts.append(f"{ratio.normalize():f} shares of the acquirer")
    price = as_number(data.get("price_per_share"))
    if parts and price and cash and not ratio and cash == price:
        return f"{parts[0]}: all cash"
    if parts and price and cash and ratio:
        return f"{' and '.join(parts)}: {cash / price:.0%} cash"
    return " and ".join(parts) + (": all shares" if ratio and not cash else "")


def text_of(data: Mapping[str, Any], name: str) -> str:
    """Return a term as text, empty where it is not known."""
    found = data.get(name)
    return str(found).strip() if found is not None and not isinstance(found, dict | list) else ""


def as_day(value: object) -> dt.date | None:
    """Return the day that a text is, None for any other."""
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        return None


def as_number(value: object) -> Decimal | None:
    """Return the finite number that a value is, None for any other."""
    try:
        found = Decimal(str(value)) if value is not None and not isinstance(value, bool) else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"
