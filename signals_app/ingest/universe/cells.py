"""The cells of the universe files, each with its rule: tickers, CIKs, days, amounts. Pure.

Every method raises ParseError with file, line and reason for a cell that cannot be taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from signals_app.ingest.base import ParseError

TICKER = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,15}")
NUMBER = re.compile(r"-?\d{1,18}(?:\.\d+)?")
EARLIEST_YEAR = 1900
LONGEST_QUOTE = 40
CIK_DIGITS = 10


class RowReader:
    """Reads one row's columns, each with its rule; the faults name the column."""

    def __init__(self, file: str, line: int, values: Mapping[str, str], today: date) -> None:
        self.file, self.line, self.values, self.today = file, line, values, today

    def fault(self, reason: str) -> ParseError:
        """Return the error for this row."""
        return ParseError(self.file, self.line, reason)

    def text(self, column: str, longest: int, *, required: bool = True) -> str:
        """Return trimmed text of bounded length."""
        value = self.values[column].strip()
        if required and not value:
            raise self.fault(f"{column} is empty")
        if len(value) > longest:
            raise self.fault(f"{column} has {len(value)} characters, more than {longest}")
        return value

    def match(self, column: str, pattern: re.Pattern[str]) -> str:
        """Return text of a given form."""
        value = self.values[column].strip()
        if not pattern.fullmatch(value):
            raise self.fault(f"{column} {_short(value)} is not of the form expected")
        return value

    def ticker(self) -> str:
        """Return the ticker in capitals."""
        value = self.values["ticker"].strip().upper()
        if not TICKER.fullmatch(value):
            raise self.fault(f"ticker {_short(value)} is no ticker")
        return value

    def cik(self) -> str:
        """Return the CIK, zero-padded to ten digits."""
        value = self.values["cik"].strip()
        if not (value.isascii() and value.isdigit() and len(value) <= CIK_DIGITS and int(value)):
            raise self.fault(f"cik {_short(value)} is no CIK of up to ten digits")
        return value.zfill(CIK_DIGITS)

    def day(self, column: str, *, future: bool = False) -> date:
        """Return a day YYYY-MM-DD that is not in the future (unless it may be)."""
        value = self.values[column].strip()
        try:
            if len(value) != len("YYYY-MM-DD"):
                raise ValueError
            found = date.fromisoformat(value)
        except ValueError:
            raise self.fault(f"{column} {_short(value)} is no day YYYY-MM-DD") from None
        if found.year < EARLIEST_YEAR:
            raise self.fault(f"{column} {value} is before {EARLIEST_YEAR}")
        if found > self.today and not future:
            raise self.fault(f"{column} {value} is in the future")
        return found

    def amount(self, column: str, *, negative: bool = True) -> Decimal:
        """Return a finite amount in plain digits."""
        value = self.values[column].strip()
        if not NUMBER.fullmatch(value):
            raise self.fault(f"{column} {_short(value)} is no number")
        try:
            found = Decimal(value)
        except InvalidOperation:
            raise self.fault(f"{column} {_short(value)} is no number") from None
        if found < 0 and not negative:
            raise self.fault(f"{column} {value} is negative")
        return found

    def among(self, column: str, known: Mapping[str, object] | set[str] | frozenset[str]) -> str:
        """Return one of the known words, in capitals."""
        value = self.values[column].strip().upper()
        if value not in known:
            raise self.fault(f"{column} {_short(self.values[column])} is unknown")
        return value


def _short(value: str) -> str:
    return repr(value if len(value) <= LONGEST_QUOTE else value[:LONGEST_QUOTE] + "…")
