"""Tables of the agencies, read line by line: columns are found by name, rows that are wrong become ParseError.

UTF-8, else Latin-1, which the agencies mix; the desk's own files (`utf8=True`) are UTF-8 or refused. A physical line is
a row: none of the tables has line breaks inside a field, and a stray quote must not swallow the file. Memory does not
grow with the file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from signals_app.ingest.base import ParseError
from signals_app.ingest.files import DAMAGE, Document, damaged

LONGEST_LINE_BYTES = 256 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NO_UTF8 = "is not UTF-8: save the file as UTF-8"


@dataclass(frozen=True, slots=True)
class Row:
    """A row's fields by column name, with the file and the number of its line, header = 1."""

    file: str
    line: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    def fault(self, reason: str) -> ParseError:
        """Return the error for this row."""
        return ParseError(self.file, self.line, reason)


class Table:
    """A delimited file. `left_out` counts the rows that `keep` refused, which are checked for their columns only."""

    def __init__(
        self, document: Document, delimiter: str, *, needed: Sequence[str], quoted: bool = False, utf8: bool = False
    ) -> None:
        self.document, self.delimiter, self.needed, self.quoted = document, delimiter, needed, quoted
        self.decoded = _utf8 if utf8 else decoded
        self.left_out = 0

    def rows(self, keep: Callable[[bytes], bool] | None = None) -> Iterator[Row | ParseError]:
        """Yield the rows after the header. Raises ParseError for a file that is empty or lacks a needed column."""
        name = self.document.name
        self.document.head()
        try:
            with self.document.open() as stream:
                yield from self._rows(stream, keep)
        except DAMAGE as error:
            yield damaged(name, error)

    def columns(self) -> tuple[str, ...]:
        """Return the header's names. Raises ParseError as `rows` does."""
        self.document.head()
        try:
            with self.document.open() as stream:
                return self._header(stream.readline(LONGEST_LINE_BYTES))
        except DAMAGE as error:
            raise damaged(self.document.name, error) from error

    def _header(self, raw: bytes) -> tuple[str, ...]:
        if not raw.strip():
            raise ParseError(self.document.name, None, "is empty")
        try:
            names = tuple(name.strip() for name in self._fields(raw.removeprefix(BYTE_ORDER_MARK)))
        except UnicodeDecodeError as error:
            raise ParseError(self.document.name, 1, NO_UTF8) from error
        except csv.Error as error:
            raise ParseError(self.document.name, 1, "is no header") from error
        missing = [name for name in self.needed if name not in names]
        if missing or b"\x00" in raw:
            raise ParseError(self.document.name, 1, f"the header lacks {', '.join(missing or self.needed)}")
        return names

    def _rows(self, stream: IO[bytes], keep: Callable[[bytes], bool] | None) -> Iterator[Row | ParseError]:
        names = self._header(stream.readline(LONGEST_LINE_BYTES))
        separator, most = self.delimiter.encode(), len(names) - 1
        number = 1
        while raw := stream.readline(LONGEST_LINE_BYTES):
            number += 1
            if keep is not None and raw.count(separator) == most and not keep(raw):
                self.left_out += 1
                continue
            if len(raw) == LONGEST_LINE_BYTES and not raw.endswith(b"\n"):
                while (rest := stream.readline(LONGEST_LINE_BYTES)) and not rest.endswith(b"\n"):
                    pass
                yield ParseError(self.document.name, number, f"longer than {LONGEST_LINE_BYTES} bytes")
            elif raw.strip():
                yield self._row(number, raw, names)

    def _row(self, number: int, raw: bytes, names: Sequence[str]) -> Row | ParseError:
        name = self.document.name
        if b"\x00" in raw:
            return ParseError(name, number, "contains a NUL byte")
        try:
            fields = self._fields(raw)
        except UnicodeDecodeError:
            return ParseError(name, number, NO_UTF8)
        except csv.Error as error:
            return ParseError(name, number, f"is no delimited row ({error})")
        while len(fields) > len(names) and not fields[-1]:
            fields.pop()
        if len(fields) != len(names):
            return ParseError(name, number, f"has {len(fields)} columns, expected {len(names)}")
        return Row(name, number, dict(zip(names, fields, strict=True)))

    def _fields(self, raw: bytes) -> list[str]:
        text = self.decoded(raw).rstrip("\r\n")
        if self.quoted and '"' in text:
            return next(csv.reader([text], delimiter=self.delimiter, strict=True), [])
        return text.split(self.delimiter)


def decoded(raw: bytes) -> str:
    """Return the text: UTF-8, else Latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _utf8(raw: bytes) -> str:
    return raw.decode("utf-8")
