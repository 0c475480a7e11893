"""Rows of a grid as values of fields, with a reason for every cell that cannot be one. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from biotech_ma.core.sheets import days, values
from biotech_ma.core.sheets.grid import Grid, address, is_empty
from biotech_ma.core.sheets.values import NOTHING, DayOrder, NumberStyle
from signals_app.imports.columns import SCALES, Column, Layout
from signals_app.imports.table import Table
from signals_app.imports.targets import Kind, Shape, Target, plain, target_of
from signals_app.ingest.edgar.identifiers import cik_of, ticker_of

# As Bloomberg, FactSet and Reuters write a share that is listed in the United States.
_LISTED_IN_US = re.compile(
    r"(?:\s+|[:-])(?:US|UN|UQ|UW|UR|UA|UP|UV)(?:\s+EQUITY)?$|\s+EQUITY$|\.(?:O|OQ|N|US)$", re.IGNORECASE
)
_EXCHANGE = re.compile(
    r"^(?:NASDAQ(?:GS|GM|CM)?|NYSE ?(?:AM|AMERICAN|ARCA|MKT)?|AMEX|OTC(?:MKTS|PK|QB|QX)?|XNAS|XNGS|XNMS|XNCM|XNYS|XASE"
    r"|ARCX|BATS|US)\s*:\s*",
    re.IGNORECASE,
)
# A share that is listed elsewhere: ROG SW, GMAB.CO, ETR:BAYN.
_LISTED_ELSEWHERE = re.compile(
    r"[A-Z0-9]{1,8}(?:\s+|:)[A-Z]{2}(?:\s+EQUITY)?|[A-Z0-9-]{1,10}\.(?:DE|F|SW|PA|AS|BR|MI|MC|LS|CO|ST|HE|OL|VI|IR|L|TO|CN"
    r"|AX|HK|SS|SZ|KS|KQ|TW|NS|BO|SI|TA|JK|SA|MX|NZ|T)|(?:ETR|FRA|EPA|LON|LSE|SWX|AMS|CPH|STO|TSE|TYO|HKG|ASX|TSX)\s*:.+",
    re.IGNORECASE,
)
_MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|MÄR|MAI|OKT|DEZ|FÉVR|AVR|JUIN|JUIL|AOÛT|DÉC"
# What a spreadsheet program makes of MAR1 or OCT4, and keeps when it writes text.
_WAS_A_DAY = re.compile(rf"\d{{1,2}}[-. ](?:{_MONTHS})\.?|(?:{_MONTHS})\.?-\d{{1,2}}", re.IGNORECASE)
_DIGITS = re.compile(r"(\d{1,10})(?:[.,]0+)?|(\d{1,3}(?:,\d{3}){1,3})")
_SEVERAL = re.compile(r"[;,|/\n]")
_ADDRESS = re.compile(r"https?://[^\s<>\"']{1,990}")
# Brokers write it as a cash flow, with the sign of one.
BURN = "quarterly_burn_rate_usd"
NAMES = frozenset({"name", "company", "new_name"})
# Less than any company's market cap or funds: the unit of the column was not said.
LITTLE_USD = 10_000
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
    # Why the row is none of the table's: a sum, a footnote. Empty = it is.
    aside: str = ""
    # Whether it is the row's only cell that holds anything.
    is_alone: bool = False
    # The cells as the file has them.
    raw: list[Any] = field(default_factory=list)
    # Figures that are too small to be dollars, with the reason; they count where the row changes with them.
    doubts: dict[str, str] = field(default_factory=dict)

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
    styles = _styles(grid, layout, chosen)
    table = Table.of(grid, layout)
    for row in range(layout.first_row, len(grid.rows)):
        found = ReadRow(row, aside=table.why_aside(row), is_alone=table.is_alone(row), raw=grid.rows[row])
        if found.aside:
            yield found
            continue
        if row in grid.hidden_rows:
            found.notes.append("The row is hidden in the sheet, and counts like any other")
        told = len(found.notes)
        for column, target in chosen:
            _take(grid, found, column, target, styles.get(column.place, NumberStyle.UNSURE), way)
        if place := table.beyond(row):
            found.faults.append((address(row, place), "stands beyond the last heading: a delimiter may be in a value"))
        if found.values or found.faults or len(found.notes) > told:
            yield found
        elif grid.filled(row):
            found.aside = "Holds nothing in the columns that are imported"
            yield found


def _styles(grid: Grid, layout: Layout, chosen: list[tuple[Column, Target]]) -> dict[int, NumberStyle]:
    """Return by column which sign stands before decimals: as the column itself proves, else as the others do."""
    rows = range(layout.first_row, len(grid.rows))
    found = {
        column.place: values.number_style(grid.value(row, column.place) for row in rows)
        for column, target in chosen
        if target.shape in {Shape.MONEY, Shape.WHOLE}
    }
    proven = {style for style in found.values() if style is not NumberStyle.UNSURE}
    if len(proven) == 1:
        rest: NumberStyle = proven.pop()
    else:
        # Where decimals have a comma, lists are separated by semicolons.
        rest = NumberStyle.EITHER if proven or grid.delimiter == ";" else NumberStyle.UNSURE
    return {place: rest if style is NumberStyle.UNSURE else style for place, style in found.items()}


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
        if isinstance(value, str) and (error := values.error_in(value)):
            raise ValueError(error)
        read = _read(value, target, column, style, way)
    except ValueError as error:
        found.faults.append((cell, f"{target.label}: {error}"))
        return
    if read is NOTHING:
        found.notes.append(f"{cell}: {values.shown(value)} says nothing")
        return
    found.values[target.name] = read
    if target.name == BURN and read < 0:
        found.doubts[target.name] = (
            f"{target.label}: {values.shown(value)} would be money coming in, for burn counts what is spent: write it "
            "without its sign"
        )
    if target.shape is Shape.MONEY and column.scale == "1" and 0 < abs(read) < LITTLE_USD and _is_bare(value):
        found.doubts[target.name] = (
            f"{target.label}: {values.shown(value)} would be {read:,} dollars: choose the unit of the column, or write "
            "the cell with one, such as 5k"
        )


def _is_bare(value: Any) -> bool:
    return not isinstance(value, str) or not any(sign.isalpha() for sign in value.upper().replace("USD", ""))


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
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    # NA is a placeholder and was a ticker once; a placeholder it is.
    if values.is_placeholder(text):
        return NOTHING
    if _WAS_A_DAY.fullmatch(text):
        raise ValueError(f"{values.shown(text)} is no ticker: a spreadsheet program took it for a day")
    bare = _LISTED_IN_US.sub("", _EXCHANGE.sub("", text))
    if _LISTED_ELSEWHERE.fullmatch(bare):
        raise ValueError(
            f"{values.shown(text)} is listed outside the United States: empty the cell, and give the CIK or the name"
        )
    if isinstance(value, float) or re.fullmatch(r"\d+[.,]\d+", bare):
        raise ValueError(f"{values.shown(text)} is a number, and no ticker")
    return ticker_of(bare)


def _cik(value: Any, target: Target) -> Any:
    text = values.words(value, target.longest)
    if text is NOTHING:
        return text
    bare = re.sub(r"^CIK\W*", "", text, flags=re.IGNORECASE)
    found = _DIGITS.fullmatch(bare)
    return cik_of((found[1] or found[2].replace(",", "")) if found else bare)


def _words(value: Any, target: Target) -> Any:
    text = values.words(value, target.longest)
    if text is not NOTHING and target.name in NAMES and _WAS_A_DAY.fullmatch(text):
        raise ValueError(f"{values.shown(text)} is no name: a spreadsheet program took it for a day")
    return text


def _web_address(value: Any, target: Target) -> Any:
    text = values.words(value, LONGEST_ADDRESS)
    if text is not NOTHING and not _ADDRESS.fullmatch(text):
        raise ValueError(f"{values.shown(text)} is no web address")
    return text


def _key(value: Any, target: Target) -> Any:
    """Return the key of a row of the desk; numbers that others give their rows say nothing."""
    try:
        return UUID(str(value).strip())
    except ValueError:
        return NOTHING


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
    Shape.WORDS: _words,
    Shape.KEY: _key,
    Shape.CHOICE: _choice,
    Shape.CHOICES: _choices,
    Shape.CIK: _cik,
    Shape.TICKER: _ticker,
    Shape.ADDRESS: _web_address,
}
