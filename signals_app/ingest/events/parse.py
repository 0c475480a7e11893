"""The rows of an events file: pure. README.md describes the columns."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from signals_app.catalogue import CATALOGUE, SEVERITY_ORDER
from signals_app.ingest.csv_rows import Key, amount, instant, key, words
from signals_app.ingest.delimited import Row

NEEDED = ("signal_type", "event_date", "title")
KNOWN = (
    *NEEDED, "ticker", "cik", "ticker_or_cik", "ticker or cik", "available_at", "source_url", "source", "source_id",
    "description", "severity", "confidence", "signal_data",
)  # fmt: skip
LONGEST_TITLE, LONGEST_URL, LONGEST_ID, LONGEST_VALUE = 500, 1000, 255, 2000
SECURE = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class EventRow:
    """A dated event of a company. `available_at` None: the row does not say when the public could know."""

    line: int
    key: Key
    signal_type: str
    event_date: datetime
    available_at: datetime | None
    title: str
    severity: str | None
    source_url: str | None
    given_id: str
    data: dict[str, Any]

    def source_id(self, company: UUID) -> str:
        """Return the event's identifier: the row's own, and what it says. A changed row is a new event.

        Of the company's key, not of the ticker or CIK by which the row names it: one event is one signal either way.
        """
        said = [str(company), self.signal_type, self.event_date.isoformat(), self.title, self.source_url or ""]
        digest = hashlib.sha256("\x1f".join(said).encode()).hexdigest()
        if self.given_id:
            return f"{self.given_id}:{digest[:12]}"
        return f"{company}:{self.signal_type}:{self.event_date:%Y-%m-%d}:{digest[:16]}"


def parse(row: Row, now: datetime) -> EventRow:
    """Return the event of a row. Raises ParseError for an unknown type, a wrong day or an address that is none."""
    signal_type = row["signal_type"].strip().lower()
    if signal_type not in CATALOGUE:
        raise row.fault(f"signal_type {signal_type[:40]!r} is not in the catalogue")
    company = key(row)
    event_date, available_at = instant(row, "event_date"), instant(row, "available_at")
    if event_date is None:
        raise row.fault("event_date is empty")
    if available_at is not None and available_at > now:
        raise row.fault(f"available_at {available_at:%Y-%m-%d} is in the future")
    severity = row["severity"].strip().lower() or None
    if severity is not None and severity not in SEVERITY_ORDER:
        raise row.fault(f"severity {severity[:20]!r} is none of {', '.join(SEVERITY_ORDER)}")
    url = words(row, "source_url", LONGEST_URL)
    if url and not url.startswith(SECURE):
        raise row.fault(f"source_url {url[:40]!r} is no web address")
    title = words(row, "title", LONGEST_TITLE, required=True)
    return EventRow(
        line=row.line,
        key=company,
        signal_type=signal_type,
        event_date=event_date,
        available_at=available_at,
        title=title,
        severity=severity,
        source_url=url or None,
        given_id=words(row, "source_id", LONGEST_ID - 80),
        data=_data(row),
    )


def _data(row: Row) -> dict[str, Any]:
    """Return the particulars: the JSON of `signal_data`, and every further column."""
    data: dict[str, Any] = {}
    given = row["signal_data"].strip()
    if given:
        try:
            data = json.loads(given)
        except ValueError as error:
            raise row.fault(f"signal_data is no JSON ({error})") from error
        if not isinstance(data, dict) or "\\u0000" in given:
            raise row.fault("signal_data is no JSON object")
    confidence = amount(row, "confidence")
    if confidence is not None and confidence > Decimal(1):
        raise row.fault(f"confidence {confidence} lies beyond 0 to 1")
    more = {name: words(row, name, LONGEST_VALUE) for name in row.values if name and name not in KNOWN}
    kept = {"description": words(row, "description", LONGEST_VALUE), "source": words(row, "source", 64), **more}
    if confidence is not None:
        kept["confidence"] = str(confidence)
    return {**{name: value for name, value in kept.items() if value}, **data}
