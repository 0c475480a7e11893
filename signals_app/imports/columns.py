"""Which column is what: heading row and fields are guessed by name, with the unit that a heading states. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from biotech_ma.core.sheets.grid import Grid, is_empty, letter
from signals_app.imports.targets import KEYS, NEEDED, TARGETS, Kind, Shape, Target, plain, target_of

HEADING_ROWS = 60
LONGEST_HEADING = 200
# The column of a file of faults that says what is wrong with each row.
WRONG = "What is wrong"
SCALES: dict[str, Decimal] = {
    "1": Decimal(1),
    "thousands": Decimal(10) ** 3,
    "millions": Decimal(10) ** 6,
    "billions": Decimal(10) ** 9,
}
_UNIT = re.compile(
    r"(?:\(|\[|,|in |\b)\s*(?:us)?\s*[$]?\s*(?:usd)?\s*[$]?\s*"
    r"(?P<unit>thousands?|millions?|billions?|000s?|'000|mm|mn|mio|mln|bn|bln|mrd|mds|md|tsd|milliarden"
    r"|millionen|milliards|m|b|k)\.?\s*(?:usd|us\$|\$)?\s*(?:\)|\]|$)",
    re.IGNORECASE,
)
_UNIT_SCALES = {
    "thousand": "thousands", "thousands": "thousands", "000": "thousands", "000s": "thousands", "'000": "thousands",
    "k": "thousands", "million": "millions", "millions": "millions", "mm": "millions", "mn": "millions",
    "mio": "millions", "mln": "millions", "m": "millions", "billion": "billions", "billions": "billions",
    "bn": "billions", "bln": "billions", "b": "billions", "mrd": "billions", "mds": "billions", "md": "billions",
    "tsd": "thousands", "milliarden": "billions", "millionen": "millions", "milliards": "billions",
}  # fmt: skip
# A row below the headings that says in what the columns are counted.
_UNIT_WORDS = re.compile(
    r"[(\[]?\s*(?:(?:in\s+)?(?:us|usd|us\$|\$|eur|€|gbp|£|chf)?\s*(?:thousands?|millions?|billions?|000s?|'000|mm|mn|mio|mln"
    r"|bn|bln|mrd|m|b|k)?\.?\s*(?:usd|us\$|\$|eur|€|gbp|£|chf)?|%|x|#|days?|years?|yyyy|text|date|yyyy-mm-dd|mm/dd/yyyy"
    r"|dd\.mm\.yyyy|dd/mm/yyyy|y/n|yes/no|number|actual)\s*[)\]]?",
    re.IGNORECASE,
)
# Words above the table: "US$ in millions, except per share".
_ABOVE = re.compile(
    r"(?:\b(?:in|figures|amounts|values|all)\b|[$€£]|\b(?:usd|eur|gbp|chf)\b)[^.;\n]{0,30}?\b(?:in\s+)?"
    r"(?P<unit>thousands?|millions?|billions?|000s?|mm|mn|mio|mln|bn|m)\b",
    re.IGNORECASE,
)
_FOREIGN_ABOVE = re.compile(
    r"(?:\bin|\()\s*(?P<currency>€|£|¥|EUR\b|GBP\b|CHF\b|JPY\b|CNY\b|RMB\b|DKK\b|SEK\b|NOK\b|CAD\b|AUD\b|HKD\b|INR\b)",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"[€£¥₩₹]|\b(?:EUR|GBP|CHF|JPY|CNY|RMB|DKK|SEK|NOK|CAD|AUD|HKD|KRW|INR|local(?: currency)?|LC|LCY)(?![a-z])",
    re.IGNORECASE,
)
_DOLLARS = re.compile(r"\b(?:usd|us|in)\b|[$()\[\],]", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """A column of the file: its place, its heading, the field that it fills ("" = left out) and its unit."""

    place: int
    heading: str
    target: str = ""
    scale: str = "1"


@dataclass(frozen=True)
class Layout:
    """Where the headings stand (rows from 0), whether a row of units follows them, and what each column is.

    `currency` is one that the words above the table name, where it is not the dollar. `encoding` is that of a text
    file, where somebody chose it; `odd_words` are those that another one would spell otherwise. `hidden` are columns.
    """

    heading_row: int
    columns: tuple[Column, ...]
    has_units: bool = False
    currency: str = ""
    encoding: str = ""
    odd_words: tuple[str, ...] = ()
    hidden: tuple[int, ...] = ()

    @property
    def first_row(self) -> int:
        """The first row below the headings and their units."""
        return self.heading_row + (2 if self.has_units else 1)

    def of(self, target: str) -> Column | None:
        """Return the column that fills the field."""
        return next((column for column in self.columns if column.target == target), None)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "heading_row": self.heading_row,
            "has_units": self.has_units,
            "currency": self.currency,
            "encoding": self.encoding,
            "odd_words": list(self.odd_words),
            "hidden": list(self.hidden),
            "columns": [
                {"place": column.place, "heading": column.heading, "target": column.target, "scale": column.scale}
                for column in self.columns
            ],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Layout:
        """Return what was kept."""
        return cls(
            kept["heading_row"],
            tuple(Column(**column) for column in kept["columns"]),
            has_units=kept.get("has_units", False),
            currency=kept.get("currency", ""),
            encoding=kept.get("encoding", ""),
            odd_words=tuple(kept.get("odd_words", ())),
            hidden=tuple(kept.get("hidden", ())),
        )


def headings(grid: Grid, row: int, *, has_units: bool = False) -> list[str]:
    """Return the headings of every column, with the units below them, cut where long; an empty one is empty."""
    found = [_heading(grid.value(row, place)) if row < len(grid.rows) else "" for place in range(grid.width)]
    if has_units and row + 1 < len(grid.rows):
        units = [_heading(grid.value(row + 1, place)).strip("()[] ") for place in range(grid.width)]
        found = [f"{name} ({unit})" if name and unit else name for name, unit in zip(found, units, strict=True)]
    return found


def _heading(value: Any) -> str:
    text = "" if is_empty(value) else " ".join(str(value).split())[:LONGEST_HEADING]
    return "".join(sign for sign in text if sign.isprintable())


def has_unit_row(grid: Grid, row: int) -> bool:
    """Return whether the row below the headings says in what they are counted, and nothing else."""
    if row + 1 >= len(grid.rows):
        return False
    cells = [value for value in grid.rows[row + 1] if not is_empty(value)]
    return bool(cells) and all(isinstance(cell, str) and _UNIT_WORDS.fullmatch(cell.strip()) for cell in cells)


def heading_key(names: list[str]) -> str:
    """Return what makes two files' headings the same; the column that a file of faults adds does not count."""
    return "\x1f".join(plain(name) for name in names if name != WRONG).rstrip("\x1f")


def guessed(grid: Grid, kind: Kind) -> Layout:
    """Return the most likely heading row, and for each column the field that its heading names."""
    rows = range(min(HEADING_ROWS, len(grid.rows)))
    best = max(rows, key=lambda row: (_meaning(headings(grid, row), kind), _texts(grid, row), -row), default=0)
    return mapped(grid, kind, best)


def liking(kind: Kind) -> Callable[[Grid], int]:
    """Return what says how many fields of this kind the best row of a sheet names."""
    return lambda grid: max((_meaning(headings(grid, row), kind) for row in range(len(grid.rows))), default=0)


def _meaning(names: list[str], kind: Kind) -> int:
    return len({found.name for name in names if (found := _target(name, kind)) is not None})


def _texts(grid: Grid, row: int) -> int:
    """Return how many texts a row holds: of rows that mean nothing the widest is likest to be headings."""
    return sum(isinstance(value, str) and not is_empty(value) for value in grid.rows[row])


def mapped(grid: Grid, kind: Kind, heading_row: int, *, has_units: bool | None = None) -> Layout:
    """Return the columns under the headings of a row, each field taken by the first column that names it best.

    Units are those of the headings, else those that the words above the table name.
    """
    has_units = has_unit_row(grid, heading_row) if has_units is None else has_units
    names = headings(grid, heading_row, has_units=has_units)
    above = _words_above(grid, heading_row)
    taken: dict[str, tuple[int, int]] = {}
    for place, name in enumerate(names):
        target = _target(name, kind)
        if target is None:
            continue
        rank = _rank(name, target)
        if target.name not in taken or rank < taken[target.name][0]:
            taken[target.name] = rank, place
    by_place = {place: name for name, (_, place) in taken.items()}
    unit = _ABOVE.search(above)
    rest = _UNIT_SCALES.get(unit["unit"].lower(), "1") if unit else "1"
    foreign = _FOREIGN_ABOVE.search(above)
    columns = tuple(
        Column(place, name, by_place.get(place, ""), _scale(name, target_of(kind, by_place.get(place, "")), rest))
        for place, name in enumerate(names)
    )
    return Layout(
        heading_row,
        columns,
        has_units=has_units,
        currency=foreign["currency"].upper() if foreign else "",
        odd_words=tuple(grid.odd_words),
        hidden=tuple(sorted(grid.hidden_columns)),
    )


def _words_above(grid: Grid, heading_row: int) -> str:
    rows = grid.rows[max(0, heading_row - HEADING_ROWS) : heading_row]
    return "\n".join(value for cells in rows for value in cells if isinstance(value, str))


def _bare(name: str) -> str:
    """Return a heading without its unit and currency."""
    return plain(_DOLLARS.sub(" ", _UNIT.sub(" ", name)))


def _target(name: str, kind: Kind) -> Target | None:
    """Return the field that a heading names: with its unit or without."""
    for key in (plain(name), _bare(name)):
        for target in TARGETS[kind]:
            if key and key in {plain(word) for word in target.headings}:
                return target
    return None


def _rank(name: str, target: Target) -> int:
    words = [plain(word) for word in target.headings]
    key = plain(name) if plain(name) in words else _bare(name)
    return words.index(key)


def _scale(name: str, target: Target | None, rest: str) -> str:
    """Return the unit that a heading states; one that names dollars alone is in dollars, whatever stands above."""
    if target is None or target.shape is not Shape.MONEY:
        return "1"
    found = _UNIT.search(name)
    return _UNIT_SCALES[found["unit"].lower()] if found else rest


def faults_of(mapping: Layout, kind: Kind) -> list[str]:
    """Return why rows cannot be read with this mapping: a field twice, no key, a needed field missing."""
    names = [column.target for column in mapping.columns if column.target]
    found = []
    for column in mapping.columns:
        target = target_of(kind, column.target)
        if target is None or target.shape is not Shape.MONEY:
            continue
        currency = _FOREIGN.search(column.heading)
        words = currency[0] if currency else mapping.currency if "$" not in column.heading else ""
        if words:
            found.append(
                f"Column {letter(column.place)}, {target.label}, is not in US dollars ({words}): convert it, or "
                "leave it out."
            )
    for name in sorted({name for name in names if names.count(name) > 1}):
        target = target_of(kind, name)
        found.append(f"{target.label if target else name} is filled by two columns: choose one.")
    if not set(names) & set(KEYS[kind]):
        found.append("No column says which company a row is about: choose the CIK, the ticker or the name.")
    for name in NEEDED[kind]:
        if name not in names:
            target = target_of(kind, name)
            found.append(f"Choose the column for {target.label if target else name}.")
    return found
