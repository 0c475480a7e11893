"""The verb that asks: query."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from biotech_ma.core.postgres import query
from biotech_ma.core.postgres.present import Display
from biotech_ma.core.postgres.verbs.base import Options, Verb


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("sql", metavar="SQL", help="one statement that reads; - takes it from stdin")
    parser.add_argument(
        "--limit", type=int, default=query.DEFAULT_ROWS, help=f"rows at most (default {query.DEFAULT_ROWS})"
    )
    parser.add_argument(
        "--timeout", type=int, default=query.DEFAULT_SECONDS, help=f"seconds at most (default {query.DEFAULT_SECONDS})"
    )


def _query(display: Display, options: Options) -> None:
    limit, timeout = options["limit"], options["timeout"]
    if not 1 <= limit <= query.MOST_ROWS:
        raise CommandError(f"--limit is from 1 to {query.MOST_ROWS}.")
    if not 1 <= timeout <= query.MOST_SECONDS:
        raise CommandError(f"--timeout is from 1 to {query.MOST_SECONDS} seconds.")
    answer = query.run(connection, _statement(options["sql"]), limit=limit, timeout_seconds=timeout)
    if display.as_json:
        rows = [[_value(value) for value in row] for row in answer.rows]
        display.json({"columns": answer.columns, "rows": rows, "truncated": answer.truncated})
    else:
        display.table("", answer.columns, answer.rows)
    if answer.truncated:
        display.note(f"Only the first {len(answer.rows)} rows are shown: there are more (--limit).")


def _statement(argument: str) -> str:
    if argument != "-":
        return argument
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise CommandError("The statement on stdin is not valid UTF-8.") from None


def _value(value: Any) -> Any:
    return json.loads(value) if isinstance(value, query.JsonText) else value


VERBS = (
    Verb(
        "query",
        "run one statement as a role that may only read, within bounds of time and rows",
        (
            "db query \"SELECT ticker, name FROM companies WHERE role = 'target' LIMIT 5\"",
            "db query - --json < question.sql",
        ),
        _query,
        _arguments,
    ),
)
