"""The one way in: bytes of an uploaded file become a grid, whatever kind of table it is."""

from __future__ import annotations

from biotech_ma.core.sheets.delimited import read_delimited
from biotech_ma.core.sheets.grid import MOST_BYTES, OLD_WORKBOOK, WORKBOOK, Grid, Unreadable


def read(content: bytes, *, sheet: str = "") -> Grid:
    """Return the cells of a CSV or XLSX file; what it is, its first bytes tell. Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it.")
    if not content.strip(b"\x00\r\n\t ,;\xef\xbb\xbf"):
        raise Unreadable("The file is empty.")
    grid = _workbook(content, sheet) if content.startswith((WORKBOOK, OLD_WORKBOOK)) else read_delimited(content)
    if not any(grid.rows):
        raise Unreadable("The sheet is empty.")
    return grid


def _workbook(content: bytes, sheet: str) -> Grid:
    # Its library, with numpy, takes 20 MB: a process that meets no workbook goes without.
    from biotech_ma.core.sheets.workbook import read_workbook

    return read_workbook(content, sheet)
