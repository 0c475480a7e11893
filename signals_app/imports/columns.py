"""Which column is what: heading row and fields are guessed by name, with the unit that a heading states. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from biotech_ma.core.sheets.grid import Grid, is_empty
from signals_app.imports.targets import KEYS, NEEDED, TARGETS, Kind, Shape, Target, plain, target_of

HEADING_ROWS = 20
LONGEST_HEADING = 200
SCALES: dict[str, Decimal] = {
    "1": Decimal(1),
    "thousands": Decimal(10) ** 3,
    "millions": Decimal(10) ** 6,
    "billions": Decimal(10) ** 9,
}
_UNIT = re.compile(
    r"(?:\(|\[|,|in |\b)\s*(?:us)?\s*[$]?\s*(?:usd)?\s*[$]?\s*"
    r"(?P<unit>thousands?|millions?|billions?|000s?|'000|mm|mn|mio|mln|bn|bln|m|b|k)\s*(?:usd|us\$|\$)?\s*(?:\)|\]|$)",
    re.IGNORECASE,
)
_UNIT_SCALES = {
    "thousand": "thousands", "thousands": "thousands", "000": "thousands", "000s": "thousands", "'000": "thousands",
    "k": "thousands", "million": "millions", "millions": "millions", "mm": "millions", "mn": "millions",
    "mio": "millions", "mln": "millions", "m": "millions", "billion": "billions", "billions": "billions",
    "bn": "billions", "bln": "billions", "b": "billions",
}  # fmt: skip
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
    """Where the headings stand (row from 0) and what each column is."""

    heading_row: int
    columns: tuple[Column, ...]

    def of(self, target: str) -> Column | None:
        """Return the column that fills the field."""
        return next((column for column in self.columns if column.target == target), None)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "heading_row": self.heading_row,
            "columns": [
                {"place": column.place, "heading": column.heading, "target": column.target, "scale": column.scale}
                for column in self.columns
            ],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Layout:
        """Return what was kept."""
        return cls(kept["heading_row"], tuple(Column(**column) for column in kept["columns"]))


def headings(grid: Grid, row: int) -> list[str]:
    """Return the headings of every column, cut where long; an empty one is empty."""
    cells = grid.rows[row] if row < len(grid.rows) else []
    found = ["" if is_empty(value) else " ".join(str(value).split())[:LONGEST_HEADING] for value in cells]
    return [*found, *[""] * (grid.width - len(found))]


def heading_key(names: list[str]) -> str:
    """Return what makes two files' headings the same."""
    return "\x1f".join(plain(name) for name in names)


def guessed(grid: Grid, kind: Kind) -> Layout:
    """Return the most likely heading row, and for each column the field that its heading names."""
    rows = range(min(HEADING_ROWS, len(grid.rows)))
    best = max(rows, key=lambda row: (_meaning(headings(grid, row), kind), -row), default=0)
    return mapped(grid, kind, best)


def _meaning(names: list[str], kind: Kind) -> int:
    return len({found.name for name in names if (found := _target(name, kind)) is not None})


def mapped(grid: Grid, kind: Kind, heading_row: int) -> Layout:
    """Return the columns under the headings of a row, each field taken by the first column that names it best."""
    names = headings(grid, heading_row)
    taken: dict[str, tuple[int, int]] = {}
    for place, name in enumerate(names):
        target = _target(name, kind)
        if target is None:
            continue
        rank = _rank(name, target)
        if target.name not in taken or rank < taken[target.name][0]:
            taken[target.name] = rank, place
    by_place = {place: name for name, (_, place) in taken.items()}
    return Layout(
        heading_row,
        tuple(
            Column(place, name, by_place.get(place, ""), _scale(name, target_of(kind, by_place.get(place, ""))))
            for place, name in enumerate(names)
        ),
    )


def _bare(name: str) -> str:
    """Return a heading without its unit and currency."""
    return plain(_DOLLARS.sub(" ", _UNIT.sub(" ", name)))


def _target(name: str, kind: Kind) -> Target | None:
    """Return the field that a heading names: with its unit or without."""
    for key in (plain(name), _bare(name)):
        for target in TARGETS[kind]:
            if key and key in {plain(word) for word in (target.name, target.label, *target.also)}:
                return target
    return None


def _rank(name: str, target: Target) -> int:
    words = [plain(word) for word in (target.name, target.label, *target.also)]
    key = plain(name) if plain(name) in words else _bare(name)
    return words.index(key)


def _scale(name: str, target: Target | None) -> str:
    if target is None or target.shape is not Shape.MONEY:
        return "1"
    found = _UNIT.search(name)
    return _UNIT_SCALES[found["unit"].lower()] if found else "1"


def faults_of(mapping: Layout, kind: Kind) -> list[str]:
    """Return why rows cannot be read with this mapping: a field twice, no key, a needed field missing."""
    names = [column.target for column in mapping.columns if column.target]
    found = []
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
