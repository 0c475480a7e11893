"""Whole lists as files, streamed: all rows that a filter names, as CSV or JSON lines, in constant memory.

One COPY statement makes the text of the rows; Python passes it on in blocks. When the client goes away the server
closes the stream, which cancels the statement.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, connection, models
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import register_converter
from django.urls.converters import StringConverter
from rest_framework import status
from rest_framework.request import Request

from biotech_ma.core.api.errors import Problem, logger
from biotech_ma.core.api.resources import PREFIX, Column, quote
from biotech_ma.core.sheets.formulas import escaped_sql

CSV, JSONL = "csv", "jsonl"
TYPES = {CSV: "text/csv; charset=utf-8; header=present", JSONL: "application/jsonl"}
_WORDS = "The export broke off here; ask for it again."
BROKEN_OFF = {
    CSV: f"!{_WORDS}\n".encode(),
    JSONL: f'{{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"{_WORDS}"}}\n'.encode(),
}
LEFT_OUT = "X-Restricted-Rows-Omitted"
BLOCK_BYTES = 64 * 1024
# Half of the threads that docs/deployment.md gives a worker: a reader that is slow holds one for as long as it reads.
MOST_AT_ONCE = 2
RETRY_SECONDS = 5
# JSON text holds neither, so COPY quotes nothing.
_NEVER_IN_JSON = r"QUOTE E'\x01', DELIMITER E'\x02'"

_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


class FormConverter(StringConverter):
    """The ending of an export's address: its form."""

    regex = f"{CSV}|{JSONL}"


register_converter(FormConverter, "export_form")


def exported(
    request: Request, rows: models.QuerySet[Any], wanted: Sequence[Column], *, form: str, name: str
) -> HttpResponseBase:
    """Return the rows, which were projected to the wanted columns, as a file `name.form`; see `streamed`."""
    statement = _statement(rows, wanted, form)
    blocks: Iterator[bytes] = iter(())
    if statement is not None:
        blocks = _copied(statement)
    elif form == CSV:
        blocks = iter((_header(wanted),))
    return streamed(request, blocks, file_name=f"{name}.{form}", content_type=TYPES[form], broken_off=BROKEN_OFF[form])


def streamed(
    request: Request, parts: Iterator[bytes], *, file_name: str, content_type: str, broken_off: bytes = b""
) -> HttpResponseBase:
    """Return the parts as a file that is sent as it is made; a HEAD request gets its headers and asks for no part.

    Raises Problem (503) while as many streams run in this process as may, and any error that comes before the first
    block. One that comes later ends the file with `broken_off`: the server would end it as if it were whole.
    """
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        return HttpResponse(content_type=content_type, headers=headers)
    return StreamingHttpResponse(Stream(parts, broken_off), content_type=content_type, headers=headers)


def say_left_out(response: HttpResponseBase, number: int) -> None:
    """Say in a header how many rows that the filters name are closed to the caller and are not in the file."""
    if number:
        response.headers[LEFT_OUT] = str(number)


def lines(rows: models.QuerySet[Any], wanted: Sequence[Column]) -> Iterator[bytes]:
    """Yield each row as a JSON object in a line of its own; close the iterator to end the statement early."""
    statement = _statement(rows, wanted, JSONL)
    if statement is not None:
        yield from _copied(statement)


class Stream:
    """The blocks of one file. Holds one of the process's turns until it is closed or at its end."""

    def __init__(self, parts: Iterator[bytes], broken_off: bytes) -> None:
        if not _turns.acquire(blocking=False):
            raise Problem(
                status.HTTP_503_SERVICE_UNAVAILABLE,
                f"{MOST_AT_ONCE} exports are running here; ask again when one has ended.",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        self.is_open, self.broken_off = True, broken_off
        self.blocks = _blocks(parts)
        try:
            # What fails, fails now, while it can still be told by a status.
            self.first: bytes | None = next(self.blocks, None)
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> bytes:
        block, self.first = self.first, None
        block = block or self._next()
        if not block:
            self.close()
            raise StopIteration
        return block

    def _next(self) -> bytes | None:
        try:
            return next(self.blocks, None)
        except DatabaseError as error:
            logger.error("an export broke off: %s", error)
            self.close()
            return self.broken_off

    def close(self) -> None:
        """End the statement, where it still runs, and give the turn back; twice is no error."""
        if self.is_open:
            self.is_open = False
            try:
                self.blocks.close()
            finally:
                _turns.release()


def _copied(statement: tuple[str, Sequence[Any]]) -> Iterator[bytes]:
    sql, params = statement
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.cursor.copy(sql, params) as copy:
        for row in copy:
            yield bytes(row)


def _blocks(parts: Iterator[bytes]) -> Generator[bytes]:
    held, size = [], 0
    try:
        for part in parts:
            held.append(part)
            size += len(part)
            if size >= BLOCK_BYTES:
                yield b"".join(held)
                held, size = [], 0
        if held:
            yield b"".join(held)
    finally:
        if isinstance(parts, Generator):
            parts.close()


def _statement(rows: models.QuerySet[Any], wanted: Sequence[Column], form: str) -> tuple[str, Sequence[Any]] | None:
    """Return the COPY statement and its parameters; None when the filter names no row whatever the tables hold.

    The rows may have further columns after the wanted ones, by which they are ordered.
    """
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return None
    kinds = [kind.output_field for name, kind in rows.query.annotations.items() if name.startswith(PREFIX)]
    places = [f"{PREFIX}{place}" for place in range(len(kinds))]
    cells = [
        f"{_cell(f'r.{place}', kind) if form == CSV else f'r.{place}'} AS {quote(column.name)}"
        for place, kind, column in zip(places, kinds, wanted, strict=False)
    ]
    chosen = f"SELECT {', '.join(cells)} FROM ({sql}) AS r({', '.join(places)})"  # noqa: S608
    if form == CSV:
        return f"COPY ({chosen}) TO STDOUT (FORMAT csv, HEADER)", params
    # Line breaks in JSON text stand between values only, never within one.
    line = f"SELECT replace(row_to_json(line)::text, E'\\n', '') FROM ({chosen}) AS line"  # noqa: S608
    return f"COPY ({line}) TO STDOUT (FORMAT csv, {_NEVER_IN_JSON})", params


def _cell(name: str, kind: Any) -> str:
    """Return the SQL of a cell: as JSON has the value; text that would be a formula begins with an apostrophe."""
    if isinstance(kind, models.BooleanField):
        return f"{name}::text"
    if isinstance(kind, models.DateTimeField):
        return f"to_json({name}) #>> '{{}}'"
    if isinstance(kind, models.CharField | models.TextField):
        return escaped_sql(name)
    return name


def _header(wanted: Sequence[Column]) -> bytes:
    return ",".join(column.name for column in wanted).encode() + b"\n"
