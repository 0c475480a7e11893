"""Workbooks (.xlsx): values as Excel last showed them. Nothing in them is run, fetched or unpacked beyond bounds."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from biotech_ma.core.sheets.grid import (
    MOST_CHARACTERS,
    MOST_COLUMNS,
    MOST_ROWS,
    OLD_WORKBOOK,
    Grid,
    Unreadable,
    address,
    check_size,
    is_empty,
)

MOST_UNPACKED_BYTES = 120 * 1024 * 1024
MOST_PARTS = 2000
MOST_RATIO = 200
MOST_MERGED = 100_000
SMALL_BYTES = 1024 * 1024
# What cells hold instead of a value where a formula failed.
ERRORS = frozenset({"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"})
_ENTITY = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_DEEP = re.compile(rb'<(?:\w+:)?c r="[A-Z]+([0-9]{5,7})"[^>/]*><(?:\w+:)?(?:f|v|is)\b')
NO_VALUE = "is a formula without a stored value: open the file in a spreadsheet program and save it"


def read_workbook(content: bytes, sheet: str = "") -> Grid:
    """Return the rows of a sheet, the first visible one unless named; merged cells are filled or at fault.

    Raises Unreadable for old, encrypted, macro-carrying, damaged or oversized workbooks.
    """
    if content.startswith(OLD_WORKBOOK):
        raise Unreadable("This is an old (.xls) or encrypted workbook: save it as .xlsx without a password.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check(archive)
        with warnings.catch_warnings():
            # What openpyxl leaves out - styles, validation, drawings - no import asks for.
            warnings.simplefilter("ignore")
            return _read(content, sheet)
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever a damaged part leads to
        raise Unreadable(f"The workbook is damaged ({type(error).__name__}): save it again as .xlsx.") from error


def _check(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED_BYTES:
        raise Unreadable(f"The workbook unpacks to more than {MOST_UNPACKED_BYTES // 1024 // 1024} MB. Split it.")
    for part in parts:
        if part.file_size > SMALL_BYTES and part.file_size > MOST_RATIO * max(1, part.compress_size):
            raise Unreadable("The workbook is packed beyond what a spreadsheet program does: save it again.")
        if part.filename.lower().endswith("vbaproject.bin"):
            raise Unreadable("The workbook carries macros: save it as .xlsx without them.")
        if part.filename.lower().endswith((".xml", ".rels")) and _has_entities(archive, part):
            raise Unreadable("The workbook defines XML entities, which no spreadsheet program writes.")
    if not any(part.filename == "[Content_Types].xml" for part in parts):
        raise Unreadable("This archive is no workbook: unpack it, and upload the CSV or XLSX file in it.")


def _has_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Return whether a part declares anything; such declarations stand before the first element, in any encoding."""
    with archive.open(part) as stream:
        head = stream.read(64 * 1024)
    return bool(_ENTITY.search(head.replace(b"\x00", b"")))


def _read(content: bytes, wanted: str) -> Grid:
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
    names = [sheet.title for sheet in visible]
    if not names:
        raise Unreadable("The workbook has no sheet of cells.")
    sheet = visible[names.index(wanted)] if wanted in names else visible[0]
    part = str(getattr(sheet, "_worksheet_path", ""))
    grid = Grid(list(_rows(sheet)), sheets=names, sheet=sheet.title, made_of=f"workbook, sheet {sheet.title}")
    grid.serial_1904 = book.epoch == CALENDAR_MAC_1904
    book.close()
    while grid.rows and all(value is None for value in grid.rows[-1]):
        grid.rows.pop()
    check_size(len(grid.rows), grid.width)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read(part) if part in archive.namelist() else b""
    if any(int(found) > MOST_ROWS for found in _DEEP.findall(xml)):
        raise Unreadable(f"The sheet has values below row {MOST_ROWS:,}. Split it.")
    if _FORMULA.search(xml):
        _find_lost_formulas(content, sheet.title, grid)
    left = MOST_MERGED
    for found in _MERGED.findall(xml):
        left -= _merge(grid, found.decode())
        if left < 0:
            raise Unreadable(f"More than {MOST_MERGED:,} cells are merged with others: unmerge them.")
    _find_errors(grid)
    return grid


def _rows(sheet: Any) -> Iterator[list[Any]]:
    """Yield the rows; their number and width come from the cells, not from what the sheet says of itself."""
    sheet.reset_dimensions()
    for row in sheet.iter_rows(max_row=MOST_ROWS + 1, values_only=True):
        cells = list(row)
        while cells and is_empty(cells[-1]):
            cells.pop()
        check_size(0, len(cells))
        yield cells


def _find_lost_formulas(content: bytes, title: str, grid: Grid) -> None:
    """Note the cells whose formula was never calculated: their value would be taken for an empty one."""
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    sheet = book[title]
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            is_formula = (isinstance(value, str) and value.startswith("=")) or hasattr(value, "text")
            if is_formula and (row >= len(grid.rows) or grid.value(row, column) is None):
                grid.faults[row, column] = NO_VALUE
    book.close()


def _merge(grid: Grid, area: str) -> int:
    """Take a merged column for one value of all its rows; a cell merged over columns is at fault.

    Returns how many cells that were, and changes nothing where they are too many.
    """
    left, top, right, bottom = (number - 1 for number in range_boundaries(area))
    bottom, right = min(bottom, len(grid.rows) - 1), min(right, MOST_COLUMNS)
    size: int = max(0, bottom - top + 1) * max(0, right - left + 1)
    if not size or size > MOST_MERGED:
        return size
    value = grid.value(top, left)
    for row in range(top, bottom + 1):
        if right > left:
            for column in range(left, right + 1):
                grid.faults[row, column] = f"is merged over {area}: unmerge it and give each cell its value"
        else:
            cells = grid.rows[row]
            cells.extend([None] * (left + 1 - len(cells)))
            cells[left] = value
    return size


def _find_errors(grid: Grid) -> None:
    for row, cells in enumerate(grid.rows):
        for column, value in enumerate(cells):
            if not isinstance(value, str):
                continue
            if value in ERRORS and value != "#N/A":
                grid.faults[row, column] = f"holds the error {value}"
            elif len(value) > MOST_CHARACTERS:
                raise Unreadable(f"Cell {address(row, column)} has over {MOST_CHARACTERS:,} characters.")
