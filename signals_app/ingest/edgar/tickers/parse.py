"""The list of tickers: pure, bytes in, frozen dataclasses out.

Source: `https://www.sec.gov/files/company_tickers.json` (an object of rows, `cik_str` a number or padded text) and
`company_tickers_exchange.json` (`fields` and `data`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from signals_app.ingest.base import ParseError
from signals_app.ingest.edgar.identifiers import cik_of, ticker_of
from signals_app.ingest.whole_files import json_object, text_of

LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class TickerRow:
    """One ticker of a registrant; a registrant has one for each class of shares."""

    line: int
    cik: str
    ticker: str
    name: str


def parse(data: bytes, file: str) -> Iterator[TickerRow | ParseError]:
    """Yield the rows, faulty ones as ParseError; `line` counts rows from 1.

    Raises ParseError for a file that is no list of tickers.
    """
    found = json_object(data, file)
    rows = _table(found) if isinstance(found.get("data"), list) else list(found.values())
    if not rows or not any(isinstance(row, dict) and "ticker" in row for row in rows):
        raise ParseError(file, None, "is no list of tickers")
    for number, row in enumerate(rows, start=1):
        try:
            yield _row(row, number)
        except ValueError as error:
            yield ParseError(file, number, str(error))


def _table(found: Mapping[str, Any]) -> list[Any]:
    """Return the rows of the form with `fields` and `data` as objects."""
    names = [str(name) for name in found.get("fields", [])]
    return [
        dict(zip(names, row, strict=False)) if isinstance(row, list) and len(row) == len(names) else row
        for row in found["data"]
    ]


def _row(row: Any, number: int) -> TickerRow:
    if not isinstance(row, dict):
        raise ValueError("is no row of cik, ticker and title")
    ticker = ticker_of(row.get("ticker"))
    name = text_of(row.get("title") or row.get("name"), LONGEST_NAME)
    if ticker is None or not name:
        raise ValueError("ticker or title is empty")
    return TickerRow(number, cik_of(row.get("cik_str", row.get("cik"))), ticker, name)
