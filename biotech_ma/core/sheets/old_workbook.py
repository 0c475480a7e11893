"""Workbooks from before 2007 (.xls): values as Excel last showed them. Nothing in them is run."""

from __future__ import annotations

import io
from typing import Any

import xlrd

from biotech_ma.core.sheets.choosing import (
    A_SPAN,
    LONGEST_TITLE,
    ROWS_LOOKED_AT,
    chosen,
    cut_ends,
    fitting_text,
    plain_number,
    take_merged,
)
from biotech_ma.core.sheets.formats import fault_of_format, is_span
from biotech_ma.core.sheets.grid import Grid, Unreadable, check_size
from biotech_ma.core.sheets.other_kinds import SAVE

_MACROS = "_VBA_PROJECT_CUR".encode("utf-16-le")


class _Silence(io.TextIOBase):
    """Takes what the library says of damaged parts, and forgets it."""

    def write(self, text: str) -> int:
        return len(text)


def read_old_workbook(content: bytes, sheet: str = "", liking: Any = None) -> Grid:
    """Return the rows of a sheet, with every fault of a cell; the sheet as `read` says.

    Raises Unreadable for macro-carrying, damaged or encrypted workbooks, and for other documents of that time.
    """
    if _MACROS in content:
        raise Unreadable("The workbook carries macros: save it as .xlsx without them.")
    try:
        return _read(content, sheet, liking)
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever a damaged part leads to
        words = str(error).lower()
        if isinstance(error, xlrd.XLRDError) and "encrypt" in words:
            raise Unreadable("This workbook is under a password: save it as .xlsx without one.") from error
        if isinstance(error, xlrd.XLRDError) and "can't find workbook" in words:
            raise Unreadable(f"This is no workbook but another old document: {SAVE}.") from error
        raise Unreadable(f"The old (.xls) workbook is damaged ({type(error).__name__}): {SAVE}.") from error


def _read(content: bytes, wanted: str, liking: Any) -> Grid:
    # Formats and what is hidden come with `formatting_info`; ragged rows end at their last cell.
    options: Any = {"formatting_info": True, "on_demand": True, "ragged_rows": True, "logfile": _Silence()}
    with xlrd.open_workbook(file_contents=content, **options) as book:
        starts = book._sh_abs_posn
        if len(set(starts)) < len(starts):
            raise Unreadable(f"The workbook has one sheet under two names: {SAVE}.")
        all_names = book.sheet_names()
        places = [place for place, state in enumerate(book._sheet_visibility) if not state] or list(range(book.nsheets))
        names = [all_names[place][:LONGEST_TITLE] for place in places]
        place = chosen(names, wanted, lambda at: _head(book, places[at]), liking)
        found = book.sheet_by_index(places[place])
        grid = Grid([], sheets=names, sheet=names[place], made_of=f"old workbook, sheet {names[place]}")
        grid.serial_1904 = bool(book.datemode)
        _take_rows(grid, book, found)
    return grid


def _head(book: Any, place: int) -> list[list[Any]]:
    sheet = book.sheet_by_index(place)
    head = Grid([])
    for row in range(min(sheet.nrows, ROWS_LOOKED_AT)):
        head.rows.append([_value(head, book, sheet, row, column) for column in range(sheet.row_len(row))])
    book.unload_sheet(place)
    return head.rows


def _take_rows(grid: Grid, book: Any, sheet: Any) -> None:
    cells = 0
    for row in range(sheet.nrows):
        width = sheet.row_len(row)
        cells += width
        check_size(row + 1, 0, cells)
        grid.rows.append([_value(grid, book, sheet, row, column) for column in range(width)])
    cut_ends(grid)
    check_size(len(grid.rows), grid.width)
    take_merged(grid, ((top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells))
    grid.hidden_rows = frozenset(
        row for row, about in sheet.rowinfo_map.items() if about.hidden and row < len(grid.rows)
    )
    grid.hidden_columns = frozenset(
        column for column, about in sheet.colinfo_map.items() if about.hidden and column < grid.width
    )


def _value(grid: Grid, book: Any, sheet: Any, row: int, column: int) -> Any:
    value = sheet.cell_value(row, column)
    match sheet.cell_type(row, column):
        case xlrd.XL_CELL_TEXT:
            return fitting_text(value, row, column)
        case xlrd.XL_CELL_NUMBER:
            if fault := fault_of_format(_format(book, sheet, row, column)):
                grid.faults[row, column] = fault
            return plain_number(value)
        case xlrd.XL_CELL_DATE:
            return _moment(grid, book, sheet, row, column)
        case xlrd.XL_CELL_BOOLEAN:
            return bool(value)
        case xlrd.XL_CELL_ERROR:
            return xlrd.error_text_from_code.get(value, "#ERROR!")
    return None


def _format(book: Any, sheet: Any, row: int, column: int) -> str:
    form = book.format_map.get(book.xf_list[sheet.cell_xf_index(row, column)].format_key)
    return str(form.format_str) if form is not None else ""


def _moment(grid: Grid, book: Any, sheet: Any, row: int, column: int) -> Any:
    value = sheet.cell_value(row, column)
    if value < 1 or is_span(_format(book, sheet, row, column)):
        grid.faults[row, column] = A_SPAN
        return str(value)
    try:
        return xlrd.xldate_as_datetime(value, book.datemode)
    except (ValueError, OverflowError):
        grid.faults[row, column] = f"{value!r} is shown as a day and is none: write 2026-01-31"
        return str(value)
