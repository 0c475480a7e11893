"""Rows of the desk's own CSV files, each column with its rule: a company by ticker or CIK, days, amounts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from biotech_ma.core.market_day import start_of
from signals_app.ingest.base import ParseError
from signals_app.ingest.delimited import Row, Table
from signals_app.ingest.edgar.identifiers import cik_of, ticker_of
from signals_app.ingest.files import Document
from signals_app.ingest.whole_files import text_of

TICKER_OR_CIK = ("ticker_or_cik", "ticker or cik")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST = Decimal(10) ** 17
# In this order: a comma in the header decides, for no name has one.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True, slots=True)
class Key:
    """How a row names its company; with a CIK, the ticker only tells the class of shares."""

    ticker: str | None
    cik: str | None


def rows(document: Document, needed: Sequence[str], *, separators: str = ",") -> Iterator[Row | ParseError]:
    """Yield the rows of a CSV file, whose header shows which of the separators it has.

    Raises ParseError for a file that is empty, lacks a needed column or is separated otherwise: with semicolons come
    decimal commas, which would be read as thousands.
    """
    separator = _separator(document)
    if separator not in separators:
        raise ParseError(document.name, 1, f"is separated by {SEPARATORS[separator]}: save the file with commas")
    table = Table(document, separator, needed=needed, quoted=True, utf8=True)
    columns = table.columns()
    if not {"ticker", "cik", *TICKER_OR_CIK} & set(columns):
        raise ParseError(document.name, 1, "the header lacks ticker or cik")
    yield from table.rows()


def _separator(document: Document) -> str:
    """Return what separates the names of the header; a comma where it has one name alone."""
    header = ",".join(Table(document, ",", needed=(), utf8=True).columns())
    return next((each for each in SEPARATORS if each in header), ",")


def key(row: Row) -> Key:
    """Return how the row names its company. Raises ParseError for a row that names none."""
    either = next((row[name].strip() for name in TICKER_OR_CIK if row[name].strip()), "")
    ticker, cik = row["ticker"].strip(), row["cik"].strip()
    if either:
        ticker, cik = (ticker, cik or either) if either.isdigit() else (ticker or either, cik)
    try:
        found = Key(ticker_of(ticker), cik_of(cik) if cik else None)
    except ValueError as error:
        raise row.fault(str(error)) from error
    if found == Key(None, None):
        raise row.fault("names no company: ticker and cik are empty")
    return found


def words(row: Row, column: str, longest: int, *, required: bool = False) -> str:
    """Return one-line text of bounded length. Raises ParseError for a value that is none."""
    try:
        found = text_of(row[column], longest)
    except ValueError as error:
        raise row.fault(f"{column}: {error}") from error
    if required and not found:
        raise row.fault(f"{column} is empty")
    return found


def day(row: Row, column: str, *, required: bool = True) -> date | None:
    """Return the day of `YYYY-MM-DD`. Raises ParseError for anything else."""
    value = row[column].strip()
    if not value and not required:
        return None
    try:
        if not _DAY.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise row.fault(f"{column} {value[:40]!r} is no day YYYY-MM-DD") from None


def instant(row: Row, column: str) -> datetime | None:
    """Return the instant of a timestamp with its zone; a day counts from its beginning in New York. None if empty."""
    value = row[column].strip()
    if not value or _DAY.fullmatch(value):
        found = day(row, column, required=False)
        return start_of(found) if found else None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise row.fault(f"{column} {value[:40]!r} is no day and no timestamp") from None
    if moment.tzinfo is None:
        raise row.fault(f"{column} {value[:40]} has no time zone")
    return moment


def amount(row: Row, column: str, *, required: bool = False, least: Decimal | None = Decimal(0)) -> Decimal | None:
    """Return a number not under `least`. Raises ParseError for anything else."""
    value = row[column].strip().replace(",", "").removeprefix("$")
    if not value:
        if required:
            raise row.fault(f"{column} is empty")
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise row.fault(f"{column} {value[:40]!r} is no number") from None
    if not found.is_finite() or abs(found) > MOST:
        raise row.fault(f"{column} {value[:40]} cannot be")
    if least is not None and found < least:
        raise row.fault(f"{column} {value[:40]} is less than {least}")
    return found
