"""A report as CSV and as a workbook, from its tables. No text of a cell is taken for a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal
from typing import Any

from biotech_ma.core.sheets.formulas import escaped
from delivery.reports.content import Content
from delivery.reports.content.parts import Who
from delivery.reports.report_tables import tables_of
from delivery.reports.tables import Cell, Column, Kind, Table, about

# What no workbook may hold.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
WIDTHS = {Kind.TEXT: 38, Kind.WHO: 34, Kind.LINK: 30, Kind.MONEY: 16, Kind.DAY: 12}
NARROW = 13
FORMATS = {
    Kind.SCORE: "0.00", Kind.POINTS: "+0.00;-0.00;0.00", Kind.MONEY: "#,##0", Kind.NUMBER: "#,##0.00",
    Kind.SHARE: "0%", Kind.PLACE: "0", Kind.DAY: "yyyy-mm-dd",
}  # fmt: skip
MOST_LETTERS_OF_A_SHEET = 31
MOST_LETTERS_OF_A_CELL = 32_000


def write_csv(content: Content) -> bytes:
    """Return the tables one after the other, each under its title, what the report says of itself last (UTF-8).

    A text that a spreadsheet could take for a formula begins with an apostrophe.
    """
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    for table in [*tables_of(content).values(), about(content.frame)]:
        columns, rows = _flat(table)
        lines.writerow([escaped(table.title)])
        lines.writerow([escaped(name) for name, _ in columns])
        lines.writerows([[_text(value) for value in row] for row in rows] or [[table.empty]])
        lines.writerow([])
    # The mark tells spreadsheets that this is UTF-8.
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def write_xlsx(content: Content) -> bytes:
    """Return a workbook with a sheet a table, figures as numbers, what the report says of itself first."""
    # Here, for a web process that writes none goes without.
    import xlsxwriter

    written = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(written, options)
    frame = content.frame
    book.set_properties(
        {"title": frame.title, "comments": frame.methodology, "created": dt.datetime.combine(frame.day, dt.time.min)}
    )
    formats = {kind: book.add_format({"num_format": shape, "valign": "top"}) for kind, shape in FORMATS.items()}
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    for table in [about(frame), *tables_of(content).values()]:
        _sheet(book, table, formats, plain, head)
    book.close()
    return written.getvalue()


def _sheet(book: Any, table: Table, formats: dict[Kind, Any], plain: Any, head: Any) -> None:
    sheet = book.add_worksheet(table.name[:MOST_LETTERS_OF_A_SHEET])
    columns, rows = _flat(table)
    for place, (name, kind) in enumerate(columns):
        sheet.set_column(place, place, WIDTHS.get(kind, NARROW))
        sheet.write_string(0, place, name, head)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    if not rows:
        sheet.write_string(1, 0, table.empty, plain)
    for line, row in enumerate(rows, start=1):
        for place, (value, (_, kind)) in enumerate(zip(row, columns, strict=True)):
            _write(sheet, line, place, value, formats.get(kind, plain), plain)


def _write(sheet: Any, line: int, place: int, value: Any, shape: Any, plain: Any) -> None:
    if value is None:
        return
    if isinstance(value, (int, Decimal)):
        sheet.write_number(line, place, float(value), shape)
    elif isinstance(value, dt.date):
        sheet.write_datetime(line, place, dt.datetime.combine(value, dt.time.min), shape)
    else:
        sheet.write_string(line, place, CONTROL.sub("", str(value))[:MOST_LETTERS_OF_A_CELL], plain)


def _flat(table: Table) -> tuple[list[tuple[str, Kind]], list[list[Any]]]:
    """Return columns and rows for files: a company becomes ticker and name, a source text and address; no lines."""
    columns = [pair for column in table.columns for pair in _names(column)]
    rows = [
        [value for cell, column in zip(row, table.columns, strict=True) for value in _values(cell, column.kind)]
        for row in table.rows
    ]
    return columns, rows


def _names(column: Column) -> list[tuple[str, Kind]]:
    if column.kind is Kind.SPARK:
        return []
    if column.kind is Kind.WHO:
        return [(f"{column.name}_ticker", Kind.PLACE), (f"{column.name}_name", Kind.WHO)]
    if column.kind is Kind.LINK:
        return [(column.name, Kind.TEXT), (f"{column.name}_url", Kind.LINK)]
    return [(column.name, column.kind)]


def _values(cell: Cell, kind: Kind) -> list[Any]:
    if kind is Kind.SPARK:
        return []
    if kind is Kind.WHO:
        return [cell.ticker, cell.name] if isinstance(cell, Who) else [None, cell]
    if kind is Kind.LINK:
        return [str(cell) if cell else None, getattr(cell, "url", None)]
    return [cell]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (int, dt.date)):
        return str(value)
    return escaped(CONTROL.sub("", str(value)))
