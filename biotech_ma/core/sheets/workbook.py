"""Workbooks (.xlsx): values as Excel last showed them. Nothing in them is run, fetched or unpacked beyond bounds."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook
from openpyxl.styles import numbers
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.escape import unescape

from biotech_ma.core.sheets.choosing import (
    A_SPAN,
    LONGEST_TITLE,
    NO_VALUE,
    ROWS_LOOKED_AT,
    Area,
    chosen,
    fitting_text,
    take_merged,
)
from biotech_ma.core.sheets.formats import fault_of_format
from biotech_ma.core.sheets.grid import MOST_COLUMNS, MOST_ROWS, Grid, Unreadable, check_size, is_empty
from biotech_ma.core.sheets.package import check_package

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_DEEP = re.compile(rb'<(?:\w+:)?c r="[A-Z]+([0-9]{5,7})"[^>/]*><(?:\w+:)?(?:f|v|is)\b')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\s(?=[^>]*?\bhidden="(?:1|true)")[^>]*?\br="([0-9]{1,7})"')
_HIDDEN_COLUMNS = re.compile(rb'<(?:\w+:)?col\s(?=[^>]*?\bhidden="(?:1|true)")([^>]*)>')
_SPAN = re.compile(rb'\b(min|max)="([0-9]{1,5})"')
# A formula whose result is an empty text, which is a result.
_EMPTY_TEXT = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]+[0-9]+)"[^>]*?\bt="str"[^>]*>\s*<(?:\w+:)?f\b[^<]*(?:</(?:\w+:)?f>)?'
    rb"\s*<(?:\w+:)?v(?:\s*/>|></(?:\w+:)?v>)"
)
# Who writes formulas without calculating them asks the next program to do so.
_CALCULATE = re.compile(rb'<(?:\w+:)?calcPr\b[^>]*\bfullCalcOnLoad="(?:1|true)"')


def read_workbook(content: bytes, sheet: str = "", liking: Any = None) -> Grid:
    """Return the rows of a sheet; merged cells are filled or at fault.

    It is the sheet of that name, else the visible one that is liked best, the first one of equals. Raises Unreadable
    for macro-carrying, damaged or oversized workbooks and for archives of other kinds.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_package(archive)
        with warnings.catch_warnings():
            # What openpyxl leaves out - styles, validation, drawings - no import asks for.
            warnings.simplefilter("ignore")
            return _read(content, sheet, liking)
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever a damaged part leads to
        raise Unreadable(f"The workbook is damaged ({type(error).__name__}): save it again as .xlsx.") from error


def _read(content: bytes, wanted: str, liking: Any) -> Grid:
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
    names = [sheet.title[:LONGEST_TITLE] for sheet in visible]
    sheet = visible[chosen(names, wanted, lambda place: _head(visible[place]), liking)]
    name = sheet.title[:LONGEST_TITLE]
    grid = Grid([], sheets=names, sheet=name, made_of=f"workbook, sheet {name}")
    _take_rows(grid, sheet)
    _find_formats(grid, book, sheet)
    grid.serial_1904 = book.epoch == CALENDAR_MAC_1904
    book.close()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _look_into(grid, archive, content, sheet)
    return grid


def _head(sheet: Any) -> list[list[Any]]:
    sheet.reset_dimensions()
    return [list(row) for row in sheet.iter_rows(max_row=ROWS_LOOKED_AT, max_col=MOST_COLUMNS, values_only=True)]


def _take_rows(grid: Grid, sheet: Any) -> None:
    """Take the rows; their number and width come from the cells, not from what the sheet says of itself."""
    sheet.reset_dimensions()
    cells = 0
    for number, row in enumerate(sheet.iter_rows(max_row=MOST_ROWS + 1, values_only=True)):
        values = list(row)
        while values and is_empty(values[-1]):
            values.pop()
        cells += len(values)
        check_size(0, len(values), cells)
        for place, value in enumerate(values):
            if isinstance(value, str):
                values[place] = _text(value, number, place)
            elif isinstance(value, dt.timedelta | dt.time):
                grid.faults[number, place] = A_SPAN
                values[place] = str(value)
        grid.rows.append(values)
    while grid.rows and not grid.rows[-1]:
        grid.rows.pop()
    check_size(len(grid.rows), grid.width)


def _text(value: str, row: int, column: int) -> str:
    # A carriage return within a cell is kept as _x000D_.
    return unescape(fitting_text(value, row, column)) if "_x" in value else fitting_text(value, row, column)


def _find_formats(grid: Grid, book: Any, sheet: Any) -> None:
    """Note the numbers that are shown as percentages or in another currency; most workbooks have no such format."""
    codes = {*book._number_formats, *(numbers.BUILTIN_FORMATS.get(form.numFmtId, "") for form in book._cell_styles)}
    odd = {code: fault for code in codes if (fault := fault_of_format(code))}
    if not odd:
        return
    sheet.reset_dimensions()
    for row, cells in enumerate(sheet.iter_rows(max_row=len(grid.rows), max_col=grid.width)):
        for column, cell in enumerate(cells):
            is_number = isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
            if is_number and cell.number_format in odd:
                grid.faults[row, column] = odd[cell.number_format]


def _look_into(grid: Grid, archive: zipfile.ZipFile, content: bytes, sheet: Any) -> None:
    """Note what the library does not tell: formulas without a result, merged areas, what is hidden."""
    part = str(getattr(sheet, "_worksheet_path", ""))
    xml = archive.read(part) if part in archive.namelist() else b""
    if any(int(found) > MOST_ROWS for found in _DEEP.findall(xml)):
        raise Unreadable(f"The sheet has values below row {MOST_ROWS:,}. Split it.")
    if _FORMULA.search(xml):
        book = archive.read("xl/workbook.xml") if "xl/workbook.xml" in archive.namelist() else b""
        _find_lost_formulas(content, sheet.title, grid, is_calculated=not _CALCULATE.search(book))
        for found in _EMPTY_TEXT.findall(xml):
            row, column = coordinate_to_tuple(found.decode())
            grid.faults.pop((row - 1, column - 1), None)
    take_merged(grid, (_area(found.decode()) for found in _MERGED.findall(xml)))
    grid.hidden_rows = frozenset(int(found) - 1 for found in _HIDDEN_ROW.findall(xml) if int(found) <= len(grid.rows))
    grid.hidden_columns = frozenset(_hidden_columns(xml, grid.width))


def _area(text: str) -> Area:
    left, top, right, bottom = (number - 1 for number in range_boundaries(text))
    return top, left, bottom, right


def _hidden_columns(xml: bytes, width: int) -> Iterator[int]:
    for attributes in _HIDDEN_COLUMNS.findall(xml):
        span = {name: int(number) for name, number in _SPAN.findall(attributes)}
        if b"min" in span and b"max" in span:
            yield from range(span[b"min"] - 1, min(span[b"max"], width))


def _find_lost_formulas(content: bytes, title: str, grid: Grid, *, is_calculated: bool) -> None:
    """Note the cells whose formula was never calculated: their value would be taken for an empty one, or for 0."""
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    sheet = book[title]
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            is_formula = (isinstance(value, str) and value.startswith("=")) or hasattr(value, "text")
            if not is_formula:
                continue
            held = grid.value(row, column) if row < len(grid.rows) else None
            if held is None or (held == 0 and not is_calculated):
                grid.faults[row, column] = NO_VALUE
    book.close()
