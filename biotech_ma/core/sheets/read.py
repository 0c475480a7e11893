"""The one way in: bytes of an uploaded file become a grid, whatever kind of table it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from biotech_ma.core.sheets.delimited import read_delimited
from biotech_ma.core.sheets.grid import MOST_BYTES, OLD_WORKBOOK, WORKBOOK, Grid, Unreadable, is_empty
from biotech_ma.core.sheets.other_kinds import refusal_of_bytes

# Says of the first rows of a sheet how likely they are what is wanted.
type Liking = Callable[[Grid], int]


def read(content: bytes, *, sheet: str = "", encoding: str = "", liking: Liking | None = None) -> Grid:
    """Return the cells of a CSV, XLSX, XLSB, XLS or ODS file; what it is, its bytes tell. Raises Unreadable.

    Of a workbook the named sheet, else the one that is liked best, the first one of equals. `encoding` is that of a
    text file which does not say its own.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it.")
    if not content.strip(b"\x00\r\n\t ,;|\"'\xef\xbb\xbf"):
        raise Unreadable("The file is empty.")
    if refusal := refusal_of_bytes(content):
        raise Unreadable(refusal)
    is_workbook = content.startswith((WORKBOOK, OLD_WORKBOOK))
    grid = _workbook(content, sheet, liking) if is_workbook else read_delimited(content, encoding)
    if all(is_empty(value) for row in grid.rows for value in row):
        raise Unreadable(f"The sheet {grid.sheet} is empty." if grid.sheet else "The sheet is empty.")
    return grid


def _workbook(content: bytes, sheet: str, liking: Any) -> Grid:
    # Their libraries, with numpy, take 20 MB: a process that meets no workbook goes without.
    if content.startswith(OLD_WORKBOOK):
        from biotech_ma.core.sheets.old_workbook import read_old_workbook

        return read_old_workbook(content, sheet, liking)
    from biotech_ma.core.sheets.package import Package, package_of

    match package_of(content):
        case Package.OPEN_DOCUMENT:
            from biotech_ma.core.sheets.open_document import read_open_document

            return read_open_document(content, sheet, liking)
        case Package.BINARY:
            from biotech_ma.core.sheets.binary_workbook import read_binary_workbook

            return read_binary_workbook(content, sheet, liking)
        case Package.OPEN_XML:
            from biotech_ma.core.sheets.workbook import read_workbook

            return read_workbook(content, sheet, liking)
