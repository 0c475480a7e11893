"""Rows of a grid as values of fields, with a reason for every cell that cannot be one. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from biotech_ma.core.sheets import days, values
from biotech_ma.core.sheets.grid import Grid, address, is_empty
from biotech_ma.core.sheets.values import NOTHING, DayOrder, NumberStyle
from signals_app.imports.columns import SCALES, Column, Layout
from signals_app.imports.targets import Kind, Shape, Target, plain, target_of
from signals_app.ingest.edgar.identifiers import cik_of, ticker_of

# As Bloomberg and Reuters write a share that is listed in the United States.
_LISTED_IN_US = re.compile(r"\s+(?:US|UN|UQ|UW|UR|UA|UP|UV)(?:\s+EQUITY)?$|\.(?:O|OQ|N)$", re.IGNORECASE)
_EXCHANGE = re.compile(r"^(?:NASDAQ(?:GS|GM|CM)?|NYSE(?:AM| AMERICAN)?|AMEX|OTC)\s*:\s*", re.IGNORECASE)
_SEVERAL = re.compile(r"[;,|/\n]")
_ADDRESS = re.compile(r"https?://[^\s<>\"']{1,990}")
MOST_SHOWN = 8
LONGEST_ADDRESS = 1000


@dataclass
class ReadRow:
    """A row's values by field, each with its cell; and the cells that were refused or say that nothing is known."""

    row: int
    values: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, name: str, reason: str) -> None:
        """Refuse the row for the cell of a field."""
        self.faults.append((self.cells.get(name, f"row {self.row + 1}"), reason))


@dataclass(frozen=True)
class Way:
    """How cells are read that could be read in several ways."""

    day_order: DayOrder = DayOrder.REFUSE
    since_1904: bool = False


def rows_of(grid: Grid, layout: Layout, kind: Kind, way: Way) -> Iterator[ReadRow]:
    """Yield the rows below the headings that hold anything in a column that counts."""
    chosen = [(column, target) for column in layout.columns if (target := target_of(kind, column.target)) is not None]
    styles = {
        column.place: values.number_style(
            grid.value(row, column.place) for row in range(layout.heading_row + 1, len(grid.rows))
        )
        for column, target in chosen
        if target.shape in {Shape.MONEY, Shape.WHOLE}
    }
    width = max((column.place for column in layout.columns if column.heading), default=0)
    for row in range(layout.heading_row + 1, len(grid.rows)):
        found = ReadRow(row)
        for column, target in chosen:
            _take(grid, found, column, target, styles.get(column.place, NumberStyle.UNSURE), way)
        for place in range(width + 1, len(grid.rows[row])):
            if not is_empty(grid.value(row, place)):
                found.faults.append(
                    (address(row, place), "stands beyond the last heading: a delimiter may be in a value")
                )
                break
        if found.values or found.faults or found.notes:
            yield found


def _take(grid: Grid, found: ReadRow, column: Column, target: Target, style: NumberStyle, way: Way) -> None:
    cell = address(found.row, column.place)
    found.cells[target.name] = cell
    fault = grid.faults.get((found.row, column.place))
    if fault:
        found.faults.append((cell, fault))
        return
    value = grid.value(found.row, column.place)
    if is_empty(value):
        return
    try:
        read = _read(value, target, column, style, way)
    except ValueError as error:
        found.faults.append((cell, f"{target.label}: {error}"))
        return
    if read is NOTHING:
        found.notes.append(f"{cell}: {values.shown(value)} says nothing")
    else:
        found.values[target.name] = read


def _read(value: Any, target: Target, column: Column, style: NumberStyle, way: Way) -> Any:
    match target.shape:
        case Shape.MONEY:
            read: Any = values.number(value, style=style, scale=SCALES[column.scale])
            return read if read is NOTHING else _within(read.quantize(values.CENT), value, target)
        case Shape.WHOLE:
            read = values.whole(value, style=style)
            return read if read is NOTHING else _within(read, value, target)
        case Shape.DAY:
            return days.day(value, order=way.day_order, since_1904=way.since_1904)
    return _READERS[target.shape](value, target)


def _within(read: Any, value: Any, target: Target) -> Any:
    if target.least is not None and read < target.least:
        raise ValueError(f"{values.shown(value)} is less than {target.least}")
    if target.most is not None and read > target.most:
        raise ValueError(f"{values.shown(value)} is more than {target.most:,}")
    return read


def _ticker(value: Any, target: Target) -> Any:
    if isinstance(value, bool | dt.date):
        raise ValueError(f"{values.shown(value)} is no ticker: a spreadsheet program took it for something else")
    text = str(value).strip()
    # NA is a placeholder and was a ticker once; a placeholder it is.
    if values.is_placeholder(text):
        return NOTHING
    return ticker_of(_LISTED_IN_US.sub("", _EXCHANGE.sub("", text)))


def _cik(value: Any, target: Target) -> Any:
    text = values.words(value, target.longest)
    return text if text is NOTHING else cik_of(re.sub(r"^CIK\s*", "", text, flags=re.IGNORECASE))


def _web_address(value: Any, target: Target) -> Any:
    text = values.words(value, LONGEST_ADDRESS)
    if text is not NOTHING and not _ADDRESS.fullmatch(text):
        raise ValueError(f"{values.shown(text)} is no web address")
    return text


def _choice(value: Any, target: Target) -> Any:
    text = values.words(value, target.longest)
    if text is NOTHING:
        return text
    return _known(text, target)


def _choices(value: Any, target: Target) -> Any:
    text = values.words(value, 500)
    if text is NOTHING:
        return text
    if plain(text) in target.words:
        return [target.words[plain(text)]]
    return list(dict.fromkeys(_known(part, target) for part in _SEVERAL.split(text) if part.strip()))


def _known(text: str, target: Target) -> str:
    found = target.words.get(plain(text))
    if found is None:
        known = list(dict.fromkeys(target.words.values()))
        some = ", ".join(known[:MOST_SHOWN]) + (" …" if len(known) > MOST_SHOWN else "")
        raise ValueError(f"{values.shown(text)} is none of: {some}")
    return found


_READERS: dict[Shape, Callable[[Any, Target], Any]] = {
    Shape.YES: lambda value, target: values.yes_or_no(value),
    Shape.WORDS: lambda value, target: values.words(value, target.longest),
    Shape.CHOICE: _choice,
    Shape.CHOICES: _choices,
    Shape.CIK: _cik,
    Shape.TICKER: _ticker,
    Shape.ADDRESS: _web_address,
}
