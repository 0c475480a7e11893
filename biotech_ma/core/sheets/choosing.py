"""What all kinds of workbooks have in common: which sheet is taken, and what merged cells mean. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from biotech_ma.core.sheets.grid import MOST_CHARACTERS, MOST_COLUMNS, Grid, Unreadable, address, is_empty

MOST_MERGED = 100_000
MOST_SHEETS_LOOKED_AT, ROWS_LOOKED_AT = 50, 60
LONGEST_TITLE = 200
# Beyond it a binary number does not hold every whole one.
MOST_EXACT = 2**53
NO_VALUE = "is a formula without a stored value: open the file in a spreadsheet program and save it"
A_SPAN = "holds a span of time, not a value: change the cell's format to number or date"

# First row, first column, last row, last column; each counted from 0 and inclusive.
type Area = tuple[int, int, int, int]


def chosen(
    names: Sequence[str], wanted: str, head_of: Callable[[int], list[list[Any]]], liking: Callable[[Grid], int] | None
) -> int:
    """Return the place of the sheet of that name; else of the one whose first rows are liked best, the first of equals.

    Without a liking it is the first one that holds anything. Raises Unreadable where there is no sheet.
    """
    if not names:
        raise Unreadable("The workbook has no sheet of cells.")
    if wanted in names:
        return names.index(wanted)
    scores = []
    for place in range(min(len(names), MOST_SHEETS_LOOKED_AT)):
        head = Grid(head_of(place))
        has_cells = any(head.filled(row) for row in range(len(head.rows)))
        scores.append((liking(head) if liking and has_cells else 0, has_cells, -place))
    return -max(scores)[2]


def fitting_text(value: str, row: int, column: int) -> str:
    """Return the text of a cell. Raises Unreadable for one that no spreadsheet program writes."""
    if len(value) > MOST_CHARACTERS:
        raise Unreadable(f"Cell {address(row, column)} has over {MOST_CHARACTERS:,} characters.")
    return value


def plain_number(value: float) -> float | int:
    """Return a binary number as a whole one where it is: files of some kinds have no other numbers."""
    return int(value) if value.is_integer() and abs(value) < MOST_EXACT else value


def cut_ends(grid: Grid) -> None:
    """Take away empty cells at the ends of rows, and empty rows at the end of the sheet."""
    for row in grid.rows:
        while row and is_empty(row[-1]):
            row.pop()
    while grid.rows and not grid.rows[-1]:
        grid.rows.pop()


def take_merged(grid: Grid, areas: Iterable[Area]) -> None:
    """Take a merged column for one value of all its rows; a cell merged over columns is at fault.

    Raises Unreadable where more cells are merged than anybody merges.
    """
    left = MOST_MERGED
    for area in areas:
        left -= _merge(grid, area)
        if left < 0:
            raise Unreadable(f"More than {MOST_MERGED:,} cells are merged with others: unmerge them.")


def _merge(grid: Grid, area: Area) -> int:
    """Return how many cells an area has, having changed nothing where they are too many."""
    top, left, bottom, right = area
    name = f"{address(top, left)}:{address(bottom, right)}"
    bottom, right = min(bottom, len(grid.rows) - 1), min(right, MOST_COLUMNS)
    size = max(0, bottom - top + 1) * max(0, right - left + 1)
    if not size or size > MOST_MERGED:
        return size
    value, fault = grid.value(top, left), grid.faults.get((top, left))
    for row in range(top, bottom + 1):
        if right > left:
            for column in range(left, right + 1):
                grid.faults[row, column] = f"is merged over {name}: unmerge it and give each cell its value"
            continue
        cells = grid.rows[row]
        cells.extend([None] * (left + 1 - len(cells)))
        cells[left] = value
        if fault:
            grid.faults[row, left] = fault
    return size
