"""Binary workbooks (.xlsb): values as Excel last showed them. Nothing in them is run or unpacked beyond bounds.

The library gives values and days. It says nothing of error cells, number formats and what is hidden, and lays out every
cell up to the last one; so the sheet's records are walked through first, by their lengths. Source: [MS-XLSB] 2.3, 2.4.
"""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook

from biotech_ma.core.sheets.choosing import (
    A_SPAN,
    LONGEST_TITLE,
    ROWS_LOOKED_AT,
    Area,
    chosen,
    cut_ends,
    fitting_text,
    plain_number,
    take_merged,
)
from biotech_ma.core.sheets.formats import fault_of_format
from biotech_ma.core.sheets.grid import Grid, Unreadable, check_size
from biotech_ma.core.sheets.other_kinds import SAVE
from biotech_ma.core.sheets.package import check_package

BOOK, STYLES, RELATIONS = "xl/workbook.bin", "xl/styles.bin", "xl/_rels/workbook.bin.rels"
ROW, BLANK, ERROR, LAST_CELL, ERROR_OF_FORMULA, COLUMNS, RICH_TEXT = 0, 1, 3, 11, 11, 60, 62
FORMAT, FORM, FORMS, FORMS_END, PROPERTIES, SHEET, MERGED = 44, 47, 617, 618, 153, 156, 176
# Of a formula, written out, shared: these may be empty.
TEXTS = frozenset({8, 6, 7})
PERCENT = (9, 10)
ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
LOST = "could not be read: save the workbook as .xlsx"


@dataclass
class _Records:
    """What the records of a sheet say beside its values. `cells` are those that hold anything, with their formats."""

    cells: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    areas: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)


def read_binary_workbook(content: bytes, sheet: str = "", liking: Any = None) -> Grid:
    """Return the rows of a sheet, with every fault of a cell; the sheet as `read` says.

    Raises Unreadable for macro-carrying, damaged or oversized workbooks.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_package(archive)
            return _read(archive, content, sheet, liking)
    except Unreadable:
        raise
    except BaseException as error:  # a panic of the library is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise Unreadable(f"The binary workbook is damaged ({type(error).__name__}): {SAVE}.") from error


def _read(archive: zipfile.ZipFile, content: bytes, wanted: str, liking: Any) -> Grid:
    parts, since_1904 = _sheets(archive)
    names = list(parts)
    walked: dict[str, _Records] = {}

    def values_of(name: str) -> list[list[Any]]:
        walked[name] = _walk(archive.read(parts[name]))
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)

    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        place = chosen(names, wanted, lambda at: values_of(names[at])[:ROWS_LOOKED_AT], liking)
        name = names[place]
        rows = values_of(name)
    shown = [each[:LONGEST_TITLE] for each in names]
    grid = Grid([], sheets=shown, sheet=shown[place], made_of=f"binary workbook, sheet {shown[place]}")
    grid.serial_1904 = since_1904
    _take(grid, rows, walked[name], _faults_of_forms(archive))
    return grid


def _sheets(archive: zipfile.ZipFile) -> tuple[dict[str, str], bool]:
    """Return the visible sheets, by name, with the parts that they are in; and whether days count from 1904."""
    relations = ElementTree.fromstring(archive.read(RELATIONS))  # noqa: S314 - entities were refused
    targets = {each.get("Id"): each.get("Target", "") for each in relations}
    # Else the library might read another part than the one that was walked through.
    if len(targets) < len(relations) or any("." in target.split("/") or ".." in target for target in targets.values()):
        raise Unreadable(f"The workbook names its parts as no spreadsheet program does: {SAVE}.")
    found: list[tuple[int, str, str]] = []
    since_1904 = False
    for kind, data in _records(archive.read(BOOK)):
        if kind == PROPERTIES:
            since_1904 = bool(data[0] & 1)
        elif kind == SHEET:
            key, rest = _text(data, 8)
            target = targets.get(key, "")
            part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if "worksheets/" in part:
                found.append((struct.unpack_from("<I", data)[0], _text(data, rest)[0], part))
    visible = [each for each in found if not each[0]] or found
    parts = {name: part for _, name, part in visible}
    if len(parts) < len(visible) or len(set(parts.values())) < len(parts):
        raise Unreadable(f"The workbook has two sheets of one name, or one under two: {SAVE}.")
    return parts, since_1904


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the type and the bytes of each record. Raises ValueError for one that is longer than what is left."""
    view, place, end = memoryview(data), 0, len(data)
    while place < end:
        kind = data[place]
        place += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (data[place] & 0x7F) << 7
            place += 1
        size = shift = 0
        for shift in (0, 7, 14, 21):
            byte = data[place]
            place += 1
            size |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        if place + size > end:
            raise ValueError("a record is longer than its part")
        yield kind, bytes(view[place : place + size])
        place += size


def _text(data: bytes, place: int) -> tuple[str, int]:
    """Return the text that begins there, and where it ends."""
    (length,) = struct.unpack_from("<I", data, place)
    if length == 2**32 - 1:
        return "", place + 4
    end = place + 4 + 2 * length
    return data[place + 4 : end].decode("utf-16-le"), end


def _walk(data: bytes) -> _Records:
    """Return what a sheet's records say. Raises Unreadable for more cells, or cells further out, than are taken."""
    found = _Records()
    row = last_row = last_column = 0
    for kind, record in _records(data):
        if kind == ROW:
            (row,) = struct.unpack_from("<I", record)
            if record[11] & 0x10:
                found.hidden_rows.add(row)
        elif BLANK < kind <= LAST_CELL or kind == RICH_TEXT:
            column, style = struct.unpack_from("<II", record)
            if kind in {ERROR, ERROR_OF_FORMULA}:
                found.errors[row, column] = ERRORS.get(record[8], "#ERROR!")
            found.cells[row, column] = kind, style & 0xFFFFFF
            last_row, last_column = max(last_row, row), max(last_column, column)
            check_size(last_row + 1, last_column + 1, max(len(found.cells), (last_row + 1) * (last_column + 1)))
        elif kind == COLUMNS:
            first, last = struct.unpack_from("<II", record)
            if record[16] & 1:
                found.hidden_columns.update(range(first, min(last, 2**14) + 1))
        elif kind == MERGED:
            top, bottom, left, right = struct.unpack_from("<IIII", record)
            found.areas.append((top, left, bottom, right))
    return found


def _faults_of_forms(archive: zipfile.ZipFile) -> dict[int, str]:
    """Return by the number of a cell's format why a number in it is no plain one."""
    codes = dict.fromkeys(PERCENT, "0%")
    forms: list[int] = []
    is_within = False
    for kind, data in _records(archive.read(STYLES) if STYLES in archive.namelist() else b""):
        if kind == FORMAT:
            codes[struct.unpack_from("<H", data)[0]] = _text(data, 2)[0]
        elif kind in {FORMS, FORMS_END}:
            is_within = kind == FORMS
        elif kind == FORM and is_within:
            forms.append(struct.unpack_from("<H", data, 2)[0])
    faults = {number: fault_of_format(code) for number, code in codes.items()}
    return {place: fault for place, number in enumerate(forms) if (fault := faults.get(number, ""))}


def _take(grid: Grid, rows: list[list[Any]], records: _Records, forms: dict[int, str]) -> None:
    """Put the values where the records have cells; a cell without a value is at fault."""
    grid.rows = [[] for _ in range(max((row for row, _ in records.cells), default=-1) + 1)]
    for (row, column), (kind, style) in records.cells.items():
        value = rows[row][column] if row < len(rows) and column < len(rows[row]) else ""
        fault = ""
        if (row, column) in records.errors:
            value = records.errors[row, column]
        elif isinstance(value, str):
            fitting_text(value, row, column)
            fault = "" if value or kind in TEXTS else LOST
        elif isinstance(value, float):
            value, fault = plain_number(value), forms.get(style, "")
        elif isinstance(value, dt.timedelta | dt.time):
            value, fault = str(value), A_SPAN
        if fault:
            grid.faults[row, column] = fault
        cells = grid.rows[row]
        cells.extend([None] * (column + 1 - len(cells)))
        cells[column] = value
    cut_ends(grid)
    take_merged(grid, records.areas)
    grid.hidden_rows = frozenset(row for row in records.hidden_rows if row < len(grid.rows))
    grid.hidden_columns = frozenset(column for column in records.hidden_columns if column < grid.width)
