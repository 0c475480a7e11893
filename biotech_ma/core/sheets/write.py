"""Rows out as CSV or workbook: figures as numbers, days as days, and no text that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Any

from biotech_ma.core.sheets.formulas import escaped

# What no workbook may hold.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
UTF8_MARK = "\ufeff"
MOST_ROWS_OF_A_SHEET = 1_048_576
MOST_LETTERS_OF_A_CELL = 32_000
# A workbook keeps numbers in binary; more digits than this would change, and stay text.
MOST_DIGITS = 15
WIDTH = 16
# Before it, days of workbooks are numbers below zero.
FIRST_YEAR = 1901
CUT = "… (cut: CSV has all of it)"


class TooManyRows(Exception):
    """There are more rows than a sheet has room for, in words that say what to do."""


def as_text(value: Any) -> str:
    """Return a value as CSV has it: ISO days, plain numbers, JSON for lists and objects, empty for unknown."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return escaped(_words(value))


def _words(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "; ".join(value)
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)


class _Echo:
    """Gives back each line that the csv module writes."""

    def write(self, line: str) -> str:
        return line


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield the lines of a CSV file (UTF-8 with the mark that spreadsheets want); memory does not grow with it."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield (UTF8_MARK + writer.writerow([escaped(heading) for heading in headings])).encode()
    for row in rows:
        yield writer.writerow([as_text(value) for value in row]).encode()


def write_workbook(stream: IO[bytes], headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a workbook of one sheet and return its number of rows; memory does not grow with it. Raises TooManyRows."""
    # Here, for a web process that writes none goes without.
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(stream, options)
    sheet = book.add_worksheet("Export")
    formats = {
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "head": book.add_format({"bold": True, "bottom": 1}),
    }
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(0, len(headings) - 1), WIDTH)
    for column, heading in enumerate(headings):
        write_cell(sheet, 0, column, heading, formats["head"])
    number = 0
    for number, row in enumerate(rows, 1):
        if number >= MOST_ROWS_OF_A_SHEET:
            book.close()
            raise TooManyRows(f"A workbook has room for {MOST_ROWS_OF_A_SHEET - 1:,} rows: take CSV.")
        for column, value in enumerate(row):
            write_cell(sheet, number, column, value, formats.get(_kind_of(value)))
    book.close()
    return number


def _kind_of(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return "moment"
    return "day" if isinstance(value, dt.date) else ""


def write_cell(sheet: Any, row: int, column: int, value: Any, form: Any = None) -> None:
    """Write a cell by its type; instants in UTC, as workbooks know no zone. What a workbook cannot hold is text."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, form)
    elif isinstance(value, int | float | Decimal):
        if _is_exact(value):
            sheet.write_number(row, column, float(value), form)
        else:
            sheet.write_string(row, column, as_text(value), form)
    elif isinstance(value, dt.date):
        if isinstance(value, dt.datetime) and value.tzinfo:
            value = value.astimezone(dt.UTC).replace(tzinfo=None)
        if value.year < FIRST_YEAR:
            sheet.write_string(row, column, value.isoformat(), form)
        else:
            sheet.write_datetime(row, column, value, form)
    else:
        # A string cell is never a formula; the apostrophe keeps it none when the sheet is saved as CSV.
        sheet.write_string(row, column, _cut(CONTROL.sub("", escaped(_words(value)))), form)


def _is_exact(value: float | Decimal) -> bool:
    """Return whether a workbook keeps the number as it is."""
    number = Decimal(value) if isinstance(value, int) else value
    if isinstance(number, float):
        return math.isfinite(number)
    return number.is_finite() and len(number.normalize().as_tuple().digits) <= MOST_DIGITS


def _cut(text: str) -> str:
    """Return a text that a cell has room for, with a mark where it was cut; its room is counted in UTF-16."""
    if len(text) <= MOST_LETTERS_OF_A_CELL // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_LETTERS_OF_A_CELL:
        return text
    return units[: 2 * MOST_LETTERS_OF_A_CELL].decode("utf-16-le", "ignore") + CUT
