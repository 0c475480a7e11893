"""CSV files as programs of many countries write them: the encoding and the delimiter are found out. Pure."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from itertools import islice

from biotech_ma.core.sheets.grid import MOST_CHARACTERS, MOST_ROWS, Grid, Unreadable, address, check_size

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
LOOKED_AT = 50
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


def read_delimited(content: bytes) -> Grid:
    """Return the rows of a CSV file. Raises Unreadable for what is no text, or has one column only."""
    text, encoding = decoded(content)
    said, body = _said_delimiter(text)
    delimiter = said or delimiter_of(body)
    grid = Grid([[]] if said else [], made_of=f"{encoding}, separated by {DELIMITERS.get(delimiter, delimiter)}")
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter)
    try:
        for cells in islice(reader, MOST_ROWS + 1):
            _take(grid, cells)
    except csv.Error as error:
        raise Unreadable(f"Line {reader.line_num:,} cannot be read as CSV: {error}.") from None
    if grid.width <= 1:
        raise Unreadable("The file has one column only: separate columns by comma, semicolon, tab or |.")
    check_size(len(grid.rows), grid.width)
    return grid


def decoded(content: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding: UTF-8, UTF-16, else Windows-1252. Raises Unreadable for bytes."""
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            return _decode(content, codec, name), name
    head = content[:1000]
    if head and head.count(0) > len(head) // 4:
        codec = "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
        return _decode(content, codec, "UTF-16"), "UTF-16"
    if b"\x00" in content:
        raise Unreadable("The file is neither a workbook (.xlsx) nor text: save it as CSV or XLSX.")
    try:
        return content.decode(), "UTF-8"
    except UnicodeDecodeError:
        return _decode(content, "cp1252", "Windows-1252"), "Windows-1252"


def _decode(content: bytes, codec: str, name: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        raise Unreadable(f"The file is not {name} throughout (byte {error.start:,}): save it as UTF-8.") from None


def _said_delimiter(text: str) -> tuple[str, str]:
    """Return the delimiter that Excel's own first line `sep=;` names, and the text behind that line."""
    first, _, rest = text.partition("\n")
    first = first.rstrip("\r")
    if first.lower().startswith("sep=") and len(first) == len("sep=,"):
        return first[-1], rest
    return "", text


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


def _take(grid: Grid, cells: list[str]) -> None:
    row = len(grid.rows)
    for column, text in enumerate(cells):
        if len(text) > MOST_CHARACTERS:
            raise Unreadable(
                f"Cell {address(row, column)} has over {MOST_CHARACTERS:,} characters: a quotation mark may be missing."
            )
    grid.rows.append([text if text.strip() else None for text in cells])
