"""Verbs that change: vacuum, create-all, drop-all, reset."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from biotech_ma.core.postgres import login, tables, vacuum
from biotech_ma.core.postgres.errors import DatabaseUnavailableError
from biotech_ma.core.postgres.present import Display, size
from biotech_ma.core.postgres.verbs.base import Options, Verb, force


def _vacuum_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="these tables only")
    parser.add_argument("--full", action="store_true", help="rewrite each table; it is locked meanwhile")
    parser.add_argument("--analyze", action="store_true", help="bring the planner's estimates up to date too")


def _vacuum(display: Display, options: Options) -> None:
    names = vacuum.tables(connection, options["tables"])
    done = []
    with display.progress(len(names), "vacuum") as step:
        for table in vacuum.vacuum(connection, names, full=options["full"], analyze=options["analyze"]):
            done.append(table)
            step(f"{len(done)}/{len(names)} {table.table} {table.seconds:.2f} s {size(table.bytes_after)}")
    if display.as_json:
        display.json({"vacuumed": [asdict(table) for table in done]})
    else:
        columns = {"table": "table", "seconds": "seconds", "bytes_before": "before", "bytes_after": "after"}
        display.rows("vacuumed", done, columns)


def _create_all(display: Display, options: Options) -> None:
    display.document({"applied": tables.create_all(connection, display.stderr)})


def _drop_all(display: Display, options: Options) -> None:
    display.document({"dropped": _drop(display, options)})


def _reset(display: Display, options: Options) -> None:
    dropped = _drop(display, options)
    display.document({"dropped": dropped, "applied": tables.create_all(connection, display.stderr)})


def _drop(display: Display, options: Options) -> list[str]:
    found = tables.ours(connection)
    display.confirm(
        f"This drops {len(found)} tables of {connection.settings_dict['NAME']} with all they hold.",
        force=options["force"],
    )
    try:
        return tables.drop_all(connection)
    except DatabaseUnavailableError:
        raise
    except DatabaseError as error:
        raise CommandError(f"Nothing was dropped: {login.one_line(error)}") from None


VERBS = (
    Verb(
        "vacuum",
        "free what dead rows hold, table by table",
        ("db vacuum", "db vacuum --analyze companies signals", "db vacuum --full reports"),
        _vacuum,
        _vacuum_arguments,
    ),
    Verb("create-all", "make all tables: apply the migrations", ("db create-all",), _create_all),
    Verb("drop-all", "drop every table of the product", ("db drop-all", "db drop-all --force"), _drop_all, force),
    Verb("reset", "drop every table and make it anew, empty", ("db reset --force",), _reset, force),
)
