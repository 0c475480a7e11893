"""`db query`: one statement of an analyst, run by a role that can only read, within bounds of time and size."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import adapters as psycopg_adapters
from psycopg.adapt import AdaptersMap, Buffer, Loader
from psycopg.types.array import ListDumper
from psycopg.types.bool import BoolDumper, BoolLoader
from psycopg.types.numeric import IntLoader
from psycopg.types.string import StrDumper, TextLoader

from biotech_ma.core.postgres import login, reader

DEFAULT_ROWS = 1_000
MOST_ROWS = 100_000
MOST_BYTES = 64 * 1024 * 1024
DEFAULT_SECONDS = 30
MOST_SECONDS = 300
# What returns rows and changes nothing. The role has no right to more; this says so in words, before the server does.
VERBS = ("SELECT", "WITH", "VALUES", "TABLE", "EXPLAIN", "SHOW")
_CHUNKED_RESULTS_SINCE = 170000


class JsonText(str):
    """A json or jsonb value as PostgreSQL writes it."""

    __slots__ = ()


class _JsonTextLoader(Loader):
    def load(self, data: Buffer) -> JsonText:
        return JsonText(bytes(data).decode("utf-8", "replace"))


@dataclass(frozen=True)
class Answer:
    """What a statement returned: int, bool, JsonText or PostgreSQL's own text; `truncated` if there was more."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    truncated: bool
    seconds: float


def run(
    connection: BaseDatabaseWrapper,
    statement: str,
    *,
    limit: int = DEFAULT_ROWS,
    timeout_seconds: int = DEFAULT_SECONDS,
) -> Answer:
    """Return the rows of one reading statement, run by the reader's role in a transaction that is rolled back.

    Refreshes that role's grants first, and refuses to run if it can do more than read. Raises CommandError in one line.
    """
    refuse_unreadable(statement)
    parameters = login.reader_parameters(connection)
    reader.refresh_grants(connection, parameters.get("user", ""))
    with login.connect(parameters, context=_as_text()) as session:
        excess = reader.excess_rights(session)
        if excess:
            more = f" and {len(excess) - 3} more" if len(excess) > 3 else ""  # noqa: PLR2004
            raise CommandError(f"The role {session.info.user} can do more than read: it {', '.join(excess[:3])}{more}.")
        try:
            return _rows(session, statement, limit, timeout_seconds)
        except psycopg.errors.QueryCanceled:
            raise CommandError(f"The statement was stopped after {timeout_seconds} s; --timeout allows more.") from None
        except psycopg.errors.InsufficientPrivilege as error:
            raise CommandError(f"{login.one_line(error)}: this role reads the product's tables, no secrets.") from None
        except psycopg.Error as error:
            raise CommandError(login.one_line(error)) from None


def refuse_unreadable(statement: str) -> None:
    """Raise CommandError unless the statement can be sent and begins with a word that reads."""
    if "\0" in statement:
        raise CommandError("The statement holds a NUL character, which PostgreSQL cannot take.")
    try:
        statement.encode()
    except UnicodeEncodeError:
        raise CommandError("The statement is not valid UTF-8.") from None
    word = _first_word(statement)
    if not word:
        raise CommandError("There is no statement to run.")
    if word.upper() not in VERBS:
        raise CommandError(f"{word[:30]} is refused: only {', '.join(VERBS)} are run here.")


def _first_word(statement: str) -> str:
    """Return the first word after blanks, parentheses and comments (PostgreSQL's block comments nest)."""
    rest = statement
    while True:
        rest = rest.lstrip(" \t\r\n\f\v(;")
        if rest.startswith("--"):
            rest = rest.partition("\n")[2]
        elif rest.startswith("/*"):
            rest = rest[_comment_end(rest) :]
        else:
            found = re.match(r"\w+|\S", rest)
            return found.group() if found else ""


def _comment_end(text: str) -> int:
    depth = 0
    for mark in re.finditer(r"/\*|\*/", text):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)


def _as_text() -> AdaptersMap:
    """Return conversions that cannot fail: an infinite date or the year 10000 has no Python value, but has a text."""
    texts = AdaptersMap(types=psycopg_adapters.types)
    texts.register_loader(0, TextLoader)
    for name in ("int2", "int4", "int8", "oid"):
        texts.register_loader(name, IntLoader)
    for name in ("json", "jsonb"):
        texts.register_loader(name, _JsonTextLoader)
    texts.register_loader("bool", BoolLoader)
    texts.register_dumper(str, StrDumper)
    texts.register_dumper(bool, BoolDumper)
    texts.register_dumper(list, ListDumper)
    return texts


def _rows(session: psycopg.Connection[Any], statement: str, limit: int, timeout_seconds: int) -> Answer:
    session.execute(f"SET statement_timeout = {int(timeout_seconds) * 1000}".encode())
    # Read-only by the transaction as well as by the role; and the rollback takes back what even that lets through.
    session.execute("BEGIN TRANSACTION READ ONLY")
    watchdog = threading.Timer(timeout_seconds + 5, session.cancel_safe)
    watchdog.daemon = True
    watchdog.start()
    started = time.perf_counter()
    rows: list[tuple[Any, ...]] = []
    size, truncated = 0, False
    cursor = session.cursor()
    # stream() sends the extended protocol, which takes one statement only.
    chunk = 100 if psycopg.pq.version() >= _CHUNKED_RESULTS_SINCE else 1
    results = cursor.stream(statement.encode(), size=chunk)
    try:
        for row in results:
            size += sum(len(value) for value in row if isinstance(value, str))
            if len(rows) >= limit or size > MOST_BYTES:
                truncated = True
                break
            rows.append(row)
        columns = [column.name for column in cursor.description or ()] or _columns(session, statement)
        return Answer(columns, rows, truncated, time.perf_counter() - started)
    finally:
        results.close()  # type: ignore[attr-defined]
        watchdog.cancel()
        with suppress(psycopg.Error):
            session.execute("ROLLBACK")


def _columns(session: psycopg.Connection[Any], statement: str) -> list[str]:
    """Return the column names of a statement that returned no row, which a stream does not tell."""
    session.pgconn.prepare(b"", statement.encode())
    described = session.pgconn.describe_prepared(b"")
    names = (described.fname(number) for number in range(described.nfields))
    return [name.decode("utf-8", "replace") for name in names if name is not None]
