"""The rows of a prices file: pure. README.md describes the columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from signals_app.ingest.csv_rows import Key, amount, day, key
from signals_app.ingest.delimited import Row

NEEDED = ("date", "close")
MOST_USD_A_SHARE = Decimal(10) ** 7
MOST_SHARES = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The unadjusted close of a class of shares, USD; shares outstanding, and how many of them an ADR stands for."""

    line: int
    key: Key
    day: date
    close_usd: Decimal
    shares: Decimal | None
    adr_ratio: Decimal


def parse(row: Row, today: date) -> PriceRow:
    """Return the price of a row. Raises ParseError for a day to come, a close or a number of shares that cannot be."""
    traded = day(row, "date")
    if traded is None or traded > today:
        raise row.fault(f"date {traded} is in the future")
    close = amount(row, "close", required=True)
    shares, ratio = amount(row, "shares"), amount(row, "adr_ratio")
    if close is None or not 0 < close <= MOST_USD_A_SHARE:
        raise row.fault(f"close {close} cannot be")
    if shares is not None and not 0 < shares <= MOST_SHARES:
        raise row.fault(f"shares {shares} cannot be")
    if ratio is not None and not 0 < ratio <= MOST_USD_A_SHARE:
        raise row.fault(f"adr_ratio {ratio} cannot be")
    return PriceRow(row.line, key(row), traded, close, shares, ratio or Decimal(1))
