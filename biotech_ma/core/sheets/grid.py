"""What a file of cells is once it is read: rows of values, and the cells that have a fault of their own. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 500
# Bounds memory and time: what is read is held whole.
MOST_CELLS = 2_000_000
# As many as a cell of a workbook holds.
MOST_CHARACTERS = 32_767
# How workbooks begin: those of today, and those from before 2007 or under a password.
WORKBOOK, OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

type Place = tuple[int, int]


class Unreadable(ValueError):
    """The file as a whole cannot be taken, in words that say what to do."""


@dataclass
class Grid:
    """Rows of values as the file has them, both counted from 0; a cell in `faults` must not be used.

    Values are str, int, float, bool, date, datetime or None. `serial_1904` tells from which day serial numbers count.
    `delimiter` and `encoding` are those of a text file, empty for a workbook; `odd_words` are words that read
    differently in another encoding, where the file does not say its own. `hidden_rows` and `hidden_columns` are read
    like all others.
    """

    rows: list[list[Any]]
    faults: dict[Place, str] = field(default_factory=dict)
    sheets: list[str] = field(default_factory=list)
    sheet: str = ""
    made_of: str = ""
    serial_1904: bool = False
    delimiter: str = ""
    encoding: str = ""
    odd_words: list[str] = field(default_factory=list)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()

    def value(self, row: int, column: int) -> Any:
        """Return a cell's value, None beyond the row's end."""
        cells = self.rows[row]
        return cells[column] if column < len(cells) else None

    def filled(self, row: int) -> int:
        """Return how many cells of a row hold anything."""
        return sum(not is_empty(value) for value in self.rows[row])

    @property
    def width(self) -> int:
        """The number of columns."""
        return max((len(row) for row in self.rows), default=0)


def letter(column: int) -> str:
    """Return a column's letters as a spreadsheet has them: 0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def address(row: int, column: int) -> str:
    """Return a cell's address as a spreadsheet shows it: (0, 0) is A1."""
    return f"{letter(column)}{row + 1}"


def is_empty(value: Any) -> bool:
    """Return whether a cell holds nothing but blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def check_size(rows: int, columns: int, cells: int = 0) -> None:
    """Raise Unreadable for more rows, columns or cells than are taken at once."""
    if rows > MOST_ROWS:
        raise Unreadable(f"The sheet has more than {MOST_ROWS:,} rows. Split it.")
    if columns > MOST_COLUMNS:
        raise Unreadable(f"The sheet has more than {MOST_COLUMNS} columns. Delete those that are not needed.")
    if cells > MOST_CELLS:
        raise Unreadable(
            f"The sheet has more than {MOST_CELLS:,} cells. Delete columns that are not needed, or split it."
        )
