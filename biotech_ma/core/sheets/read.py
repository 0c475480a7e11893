"""The one way in: bytes of an uploaded file become a grid, whatever kind of table it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from biotech_ma.core.sheets.delimited import read_delimited
from biotech_ma.core.sheets.grid import MOST_BYTES, WORKBOOK, Grid, Unreadable, is_empty
from biotech_ma.core.sheets.other_kinds import refusal_of_bytes

# Says of the first rows of a sheet how likely they are what is wanted.
type Liking = Callable[[Grid], int]


def read(content: bytes, *, sheet: str = "", encoding: str = "", liking: Liking | None = None) -> Grid:
    """Return the cells of a CSV or XLSX file; what it is, its first bytes tell. Raises Unreadable.

    Of a workbook the named sheet, else the one that is liked best, the first one of equals. `encoding` is that of a
    text file which does not say its own.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it.")
    if not content.strip(b"\x00\r\n\t ,;|\"'\xef\xbb\xbf"):
        raise Unreadable("The file is empty.")
    if refusal := refusal_of_bytes(content):
        raise Unreadable(refusal)
    grid = _workbook(content, sheet, liking) if content.startswith(WORKBOOK) else read_delimited(content, encoding)
    if all(is_empty(value) for row in grid.rows for value in row):
        raise Unreadable(f"The sheet {grid.sheet} is empty." if grid.sheet else "The sheet is empty.")
    return grid


def _workbook(content: bytes, sheet: str, liking: Any) -> Grid:
    # Its library, with numpy, takes 20 MB: a process that meets no workbook goes without.
    from biotech_ma.core.sheets.workbook import read_workbook

    return read_workbook(content, sheet, liking)
