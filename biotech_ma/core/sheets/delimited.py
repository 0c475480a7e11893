"""CSV files as programs of many countries write them: the encoding and the delimiter are found out. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice

from biotech_ma.core.sheets.encodings import decoded, odd_words
from biotech_ma.core.sheets.grid import MOST_CHARACTERS, Grid, Unreadable, address, check_size
from biotech_ma.core.sheets.other_kinds import refusal_of_text

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", "^": "caret"}
LOOKED_AT = 50
LONGEST_SHARED, MOST_SHARED = 8, 100_000
_SAID = re.compile(r"sep=([^\w\s\"']|\t)[\";]*(?:\r\n|\r|\n|$)", re.IGNORECASE)
# How exports keep a spreadsheet program from taking digits for a number: ="000123".
_AS_TEXT = re.compile(r'="([^"]*)"')
SWALLOWED = "holds a line break and the rest of another row: a quotation mark is missing or too many"


def read_delimited(content: bytes, encoding: str = "") -> Grid:
    """Return the rows of a CSV file. Raises Unreadable for what is no text, or has one column only."""
    text, name, is_sure = decoded(content, encoding)
    if refusal := refusal_of_text(text):
        raise Unreadable(refusal)
    said, body = _said_delimiter(text)
    delimiter = said or delimiter_of(body)
    grid = Grid(
        [[]] if said else [],
        made_of=f"{name}, separated by {DELIMITERS.get(delimiter, delimiter)}",
        delimiter=delimiter,
        encoding=name,
        odd_words=[] if is_sure else odd_words(text),
    )
    _take_all(grid, body)
    if grid.width <= 1:
        raise Unreadable("The file has one column only: separate columns by comma, semicolon, tab or |.")
    check_size(len(grid.rows), grid.width)
    _find_swallowed(grid)
    return grid


def _take_all(grid: Grid, body: str) -> None:
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=grid.delimiter, strict=True)
    shared: dict[str, str] = {}
    first = len(grid.rows)
    cells = 0
    while True:
        line = reader.line_num + first + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise Unreadable(
                f"Line {line:,} cannot be read: a quotation mark is not closed, or stands within a value without being "
                f'doubled ("") ({error}).'
            ) from None
        if row is None:
            break
        cells += len(row)
        check_size(len(grid.rows) + 1, len(row), cells)
        grid.rows.append([_cell(grid, text, place, shared) for place, text in enumerate(row)])


def _cell(grid: Grid, text: str, place: int, shared: dict[str, str]) -> str | None:
    if not text or text.isspace():
        return None
    if len(text) > MOST_CHARACTERS:
        where = address(len(grid.rows), place)
        raise Unreadable(f"Cell {where} has over {MOST_CHARACTERS:,} characters: a quotation mark may be missing.")
    if text.startswith('="') and (found := _AS_TEXT.fullmatch(text)):
        text = found[1]
    # Short values recur, and each would else take sixty bytes.
    return shared.setdefault(text, text) if len(text) <= LONGEST_SHARED and len(shared) < MOST_SHARED else text


def _said_delimiter(text: str) -> tuple[str, str]:
    """Return the delimiter that Excel's own first line `sep=;` names, and the text behind that line."""
    found = _SAID.match(text)
    return (found[1], text[found.end() :]) if found else ("", text)


def delimiter_of(text: str) -> str:
    """Return the delimiter that gives the most rows of one width; a comma where none gives more than one column."""
    best, found = (0, 0), ","
    for delimiter in DELIMITERS:
        try:
            rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), LOOKED_AT))
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows if len(row) > 1)
        width, agree = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        if (agree, width) > best:
            best, found = (agree, width), delimiter
    return found


def _find_swallowed(grid: Grid) -> None:
    """Note the cells in which a quotation mark too few has joined the end of a row and the beginning of another.

    Such a cell has as many delimiters before its first line break as follow it in a row, and as many after its last
    one as come before it.
    """
    for row, cells in enumerate(grid.rows):
        for place, text in enumerate(cells):
            if not isinstance(text, str) or ("\n" not in text and "\r" not in text):
                continue
            lines = re.split(r"\r\n|\r|\n", text)
            after = len(cells) - 1 - place
            if (lines[0].count(grid.delimiter), lines[-1].count(grid.delimiter)) == (after, place) and after + place:
                grid.faults[row, place] = SWALLOWED
