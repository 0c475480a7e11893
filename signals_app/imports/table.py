"""Where a table ends in its sheet, and which rows in it are none of its own: sums, footnotes, headings. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from biotech_ma.core.sheets import values
from biotech_ma.core.sheets.grid import Grid, is_empty
from signals_app.imports.columns import Layout
from signals_app.imports.targets import plain

# What tables end with; never a company.
_SUMS = frozenset(
    word
    for line in (
        "total totals sum sums subtotal subtotals grandtotal average averages mean median avg maximum minimum",
        "max min high",
        "count stdev standarddeviation 25thpercentile 75thpercentile topquartile bottomquartile",
        "1stquartile 3rdquartile",
        "summe zwischensumme gesamt gesamtsumme gesamtergebnis durchschnitt mittelwert mittel moyenne somme médiane",
        "totalgénéral promedio suma media mediana totale",
    )
    for word in line.split()
)
_BEHIND_A_SUM = re.compile(r"[\s:]*(?:\([^)]*\))?[\s:]*$")


@dataclass(frozen=True)
class Table:
    """Where a table ends among the rows of its sheet, and what stands in it that is no row of its own."""

    grid: Grid
    names: tuple[str, ...]
    keys: tuple[int, ...]
    has_several: bool
    last_row: int
    width: int

    @classmethod
    def of(cls, grid: Grid, layout: Layout) -> Table:
        """Look at the rows below the headings."""
        rows = range(layout.first_row, len(grid.rows))
        return cls(
            grid,
            tuple(plain(column.heading) for column in layout.columns),
            tuple(column.place for column in layout.columns if column.target in {"cik", "ticker", "name", "company"}),
            sum(bool(column.heading) for column in layout.columns) > 1,
            max((row for row in rows if grid.filled(row) > 1), default=len(grid.rows)),
            len(grid.rows[layout.heading_row]) if layout.heading_row < len(grid.rows) else 0,
        )

    def is_alone(self, row: int) -> bool:
        """Return whether a row of several columns holds one cell only."""
        return self.has_several and self.grid.filled(row) == 1

    def why_aside(self, row: int) -> str:
        """Return why the row is none of the table's, empty where it is."""
        cells = [(place, value) for place, value in enumerate(self.grid.rows[row]) if not is_empty(value)]
        if not cells:
            return ""
        first = str(cells[0][1]).strip()
        if len(cells) == 1 and self.has_several:
            return self._why_alone(row, *cells[0])
        if first.isdecimal():  # as a CIK is: neither a sum nor a heading, and as many as there are rows
            return ""
        told = [str(value) for place, value in cells if place in self.keys and not values.is_placeholder(str(value))]
        is_sum = len(told) < len("ab") and plain(_BEHIND_A_SUM.sub("", first)) in _SUMS
        if is_sum and told in ([], [first]) and len(first) > len("LOW"):
            return f"{values.shown(first)} is no company's name: taken for a sum or an average of the rows"
        same = (plain(str(value)) == self.names[place] for place, value in cells if place < len(self.names))
        return "The headings are repeated here" if len(cells) > 1 and all(same) else ""

    def _why_alone(self, row: int, place: int, value: Any) -> str:
        if row > self.last_row and isinstance(value, str):
            return f"{values.shown(value.strip())} stands by itself below the table: taken for a footnote"
        if "is merged over" in self.grid.faults.get((row, place), ""):
            return f"{values.shown(value)} is merged over the row: taken for a heading within the table"
        return ""

    def beyond(self, row: int) -> int:
        """Return the first cell beyond the headings of a text file, 0 where there is none."""
        if not self.grid.delimiter:
            return 0
        places = range(self.width, len(self.grid.rows[row]))
        return next((place for place in places if not is_empty(self.grid.value(row, place))), 0)
