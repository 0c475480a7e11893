"""OpenDocument spreadsheets (.ods): the cells of its one XML part, read once from front to back. Pure.

Source: OpenDocument 1.3, part 3, 9.1 (tables) and 19.385 (office:value-type). Repeated cells and rows are counted
before they are made, so that a file of a few bytes takes no memory.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from biotech_ma.core.sheets.choosing import (
    A_SPAN,
    LONGEST_TITLE,
    NO_VALUE,
    ROWS_LOOKED_AT,
    Area,
    chosen,
    cut_ends,
    fitting_text,
    plain_number,
    take_merged,
)
from biotech_ma.core.sheets.grid import MOST_COLUMNS, MOST_ROWS, Grid, Unreadable, check_size
from biotech_ma.core.sheets.other_kinds import SAVE
from biotech_ma.core.sheets.package import check_package

_NS = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
_TABLE, _OFFICE, _TEXT, _STYLE = (f"{{{_NS.format(name)}}}" for name in ("table", "office", "text", "style"))
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_A_TABLE, _A_ROW, _A_STYLE = f"{_TABLE}table", f"{_TABLE}table-row", f"{_STYLE}style"
_KEPT = frozenset({_A_ROW, _A_STYLE})
MOST_PARTS_OF_A_ROW = 100_000
_HIDDEN = frozenset({"collapse", "filter"})
_MANIFEST = "META-INF/manifest.xml"
_TRUTHS = {"TRUE": True, "FALSE": False}
DOLLARS = frozenset({"", "USD"})
MOST_SPACES = 1000
_GENERATOR = re.compile(rb"<meta:generator>([^<]{0,200})")
_CALCULATES = re.compile(rb"LibreOffice|Collabora|OpenOffice")


@dataclass
class _Sheet:
    """One table of the document; `row` is the next one's number."""

    name: str
    style: str
    grid: Grid = field(default_factory=lambda: Grid([]))
    areas: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    row: int = 0
    column: int = 0


def read_open_document(content: bytes, sheet: str = "", liking: Any = None) -> Grid:
    """Return the rows of a sheet, with every fault of a cell; the sheet as `read` says.

    Raises Unreadable for documents that are encrypted, damaged, oversized, or carry macros.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_package(archive)
            names = set(archive.namelist())
            if any(name.startswith(("Basic/", "Scripts/")) and not name.endswith("/") for name in names):
                raise Unreadable("The spreadsheet carries macros: save it without them.")
            if _MANIFEST in names and b"encryption-data" in archive.read(_MANIFEST):
                raise Unreadable("This spreadsheet is under a password: save it without one.")
            made_by = _GENERATOR.search(archive.read("meta.xml")) if "meta.xml" in names else None
            with archive.open("content.xml") as stream:
                grid = _read(stream, sheet, liking)
            if made_by and _CALCULATES.search(made_by[1]):
                # It stores every result, and of an empty text none.
                grid.faults = {place: fault for place, fault in grid.faults.items() if fault != NO_VALUE}
            return grid
    except Unreadable:
        raise
    except Exception as error:  # whatever a damaged archive or part leads to
        raise Unreadable(f"The OpenDocument file is damaged ({type(error).__name__}): {SAVE}.") from error


def _read(stream: Any, wanted: str, liking: Any) -> Grid:
    unseen: set[str] = set()
    sheets = list(_sheets(stream, unseen))
    visible = [found for found in sheets if found.style not in unseen] or sheets
    names = [found.name for found in visible]
    place = chosen(names, wanted, lambda at: visible[at].grid.rows[:ROWS_LOOKED_AT], liking)
    found = visible[place]
    grid = found.grid
    cut_ends(grid)
    check_size(len(grid.rows), grid.width)
    take_merged(grid, found.areas)
    grid.sheets, grid.sheet = names, names[place]
    grid.made_of = f"OpenDocument, sheet {names[place]}"
    grid.hidden_rows = frozenset(row for row in found.hidden_rows if row < len(grid.rows))
    grid.hidden_columns = frozenset(column for column in found.hidden_columns if column < grid.width)
    return grid


def _sheets(stream: Any, unseen: set[str]) -> Iterator[_Sheet]:
    """Yield the tables; `unseen` takes the styles of hidden ones. Tables within cells are no sheets, and left out."""
    sheet: _Sheet | None = None
    cells = 0
    for event, element, within in _elements(stream):
        tables = within.count(_A_TABLE)
        if element.tag == _A_TABLE and tables == 0:
            if event == "end" and sheet is not None:
                yield sheet
            name = element.get(f"{_TABLE}name", "")[:LONGEST_TITLE] or "Sheet"
            sheet = _Sheet(name, element.get(f"{_TABLE}style-name", ""))
        elif event == "end" and element.tag == _A_STYLE:
            properties = element.find(f"{_STYLE}table-properties")
            if properties is not None and properties.get(f"{_TABLE}display") == "false":
                unseen.add(element.get(f"{_STYLE}name", ""))
        elif event == "end" and tables == 1 and sheet is not None:
            if element.tag == f"{_TABLE}table-column":
                _take_column(sheet, element)
            elif element.tag == _A_ROW:
                cells += _take_row(sheet, element)
                check_size(0, 0, cells)


def _elements(stream: Any) -> Iterator[tuple[str, Any, list[str]]]:
    """Yield the beginning and the end of each element with the names of those around it.

    Nothing is kept but rows and styles until they end. Raises Unreadable for a row that no program writes.
    """
    around: list[Any] = []
    names: list[str] = []
    kept = inside = 0
    for event, element in ElementTree.iterparse(stream, events=("start", "end")):  # noqa: S314 - entities were refused
        if event == "start":
            yield event, element, names
            around.append(element)
            names.append(element.tag)
            kept += element.tag in _KEPT
            inside = inside + 1 if kept else 0
            if inside > MOST_PARTS_OF_A_ROW:
                raise Unreadable(f"A row holds more than {MOST_PARTS_OF_A_ROW:,} parts. Split the sheet.")
            continue
        around.pop()
        names.pop()
        kept -= element.tag in _KEPT
        yield event, element, names
        if not kept and around:
            around[-1].clear()


def _repeated(element: Any, what: str, most: int) -> int:
    return max(1, min(int(element.get(f"{_TABLE}number-{what}-repeated", "1")), most))


def _take_column(sheet: _Sheet, element: Any) -> None:
    times = _repeated(element, "columns", MOST_COLUMNS + 1)
    if element.get(f"{_TABLE}visibility") in _HIDDEN:
        sheet.hidden_columns.update(range(sheet.column, min(sheet.column + times, MOST_COLUMNS)))
    sheet.column += times


def _take_row(sheet: _Sheet, element: Any) -> int:
    """Take a row as often as it is repeated, and return how many cells that are; empty ones are none."""
    times = _repeated(element, "rows", 2**21)
    values: list[Any] = []
    gap = 0
    for cell in element:
        if cell.tag not in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            continue
        repeated = _repeated(cell, "columns", 2**15)
        value, fault = (None, "") if cell.tag.endswith("}covered-table-cell") else _value(cell)
        if value is None and not fault:
            _take_span(sheet, cell, len(values) + gap)
            gap += repeated
            continue
        check_size(sheet.row + times, len(values) + gap + repeated)
        values.extend([None] * gap)
        gap = 0
        _take_span(sheet, cell, len(values))
        if isinstance(value, str):
            fitting_text(value, sheet.row, len(values))
        if fault:
            check_size(0, 0, times * repeated)
            for row in range(sheet.row, sheet.row + times):
                sheet.grid.faults.update({(row, len(values) + at): fault for at in range(repeated)})
        values.extend([value] * repeated)
    cells = _append(sheet, values, times)
    if element.get(f"{_TABLE}visibility") in _HIDDEN:
        sheet.hidden_rows.update(range(sheet.row, min(sheet.row + times, MOST_ROWS)))
    sheet.row += times
    return cells


def _append(sheet: _Sheet, values: list[Any], times: int) -> int:
    """Put the row under the others, empty ones between; those that nothing follows are not made."""
    if not values:
        return 0
    cells = len(values) * times
    check_size(sheet.row + times, len(values), cells)
    sheet.grid.rows.extend([] for _ in range(sheet.row - len(sheet.grid.rows)))
    sheet.grid.rows.extend(list(values) for _ in range(times))
    return cells


def _take_span(sheet: _Sheet, cell: Any, column: int) -> None:
    down, right = (int(cell.get(f"{_TABLE}number-{what}-spanned", "1")) for what in ("rows", "columns"))
    if down > 1 or right > 1:
        sheet.areas.append((sheet.row, column, sheet.row + max(down, 1) - 1, column + max(right, 1) - 1))


def _value(cell: Any) -> tuple[Any, str]:
    """Return what a cell holds, None for nothing, and why it must not be used, empty where it may."""
    kind = cell.get(f"{_OFFICE}value-type") or ""
    if cell.get(f"{_CALC}value-type") == "error":
        return _words(cell) or "#ERROR!", ""
    match kind:
        case "float" if (truth := _TRUTHS.get(_words(cell))) is not None:
            # what was a truth in another kind of workbook, and is shown as one
            found: tuple[Any, str] = truth, ""
        case "float" | "currency" | "percentage":
            found = plain_number(float(cell.get(f"{_OFFICE}value", ""))), _fault_of(kind, cell)
        case "boolean":
            found = cell.get(f"{_OFFICE}boolean-value") == "true", ""
        case "date":
            found = _moment(cell.get(f"{_OFFICE}date-value", ""))
        case "time":
            found = cell.get(f"{_OFFICE}time-value", ""), A_SPAN
        case "string":
            text = cell.get(f"{_OFFICE}string-value")
            found = (_words(cell) if text is None else text) or None, ""
        case _:
            found = None, NO_VALUE if cell.get(f"{_TABLE}formula") else ""
    return found


def _fault_of(kind: str, cell: Any) -> str:
    if kind == "percentage":
        return "is a percentage: write an amount, or empty the cell"
    name = cell.get(f"{_OFFICE}currency", "")
    return "" if name in DOLLARS else f"is shown in {name}, not in US dollars: convert it"


def _moment(text: str) -> tuple[Any, str]:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return text or "?", "is shown as a day and is none: write 2026-01-31"
    return (found.replace(tzinfo=None) if "T" in text else found.date()), ""


def _words(cell: Any) -> str:
    """Return the paragraphs of a cell, one a line; what somebody noted beside it is none."""
    return "\n".join(_inner(paragraph) for paragraph in cell.findall(f"{_TEXT}p"))


def _inner(element: Any) -> str:
    parts = [element.text or ""]
    for inner in element:
        if inner.tag == f"{_TEXT}s":
            parts.append(" " * min(int(inner.get(f"{_TEXT}c", "1")), MOST_SPACES))
        elif inner.tag in {f"{_TEXT}tab", f"{_TEXT}line-break"}:
            parts.append("\t" if inner.tag.endswith("tab") else "\n")
        elif not inner.tag.startswith(_OFFICE):
            parts.append(_inner(inner))
        parts.append(inner.tail or "")
    return "".join(parts)
