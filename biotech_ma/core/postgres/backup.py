"""Backup and restore: one file of pg_dump; a restore fills a new database and then takes the old one's place."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from biotech_ma.core.postgres import clients, login, processes, reader

SWAP_SECONDS = 30
# The comment of a database that a restore may drop.
_MARK = "biotech_ma: left by a restore, dropped by the next one"
KEY_NOTICE = (
    "The keys are not in the backup: keep DJANGO_SECRET_KEY and BIOTECH_MA_FIELD_KEYS, or their files in the data "
    "folder, apart from it. Without them the stored secrets cannot be read."
)
type Progress = Callable[[str], None]
type Administrator = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Backup:
    """A finished backup: its file and size in bytes."""

    path: str
    bytes: int


@dataclass(frozen=True)
class Restored:
    """A finished restore: the database, from which file, how many tables it has."""

    database: str
    path: str
    tables: int


def backup(connection: BaseDatabaseWrapper, path: Path, *, overwrite: bool = False) -> Backup:
    """Write the whole database to one file, readable by its owner only, complete or not at all.

    Raises CommandError, also when the file exists and `overwrite` is not set.
    """
    if path.exists() and not overwrite:
        raise CommandError(f"{path} exists: choose another name, or --force.")
    connection.ensure_connection()
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600))
        arguments = ["--format=custom", "--no-owner", "--no-acl", "--no-password", f"--file={partial}"]
        clients.run(clients.program("pg_dump", connection), login.parameters(connection), arguments)
        partial.replace(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return Backup(str(path), path.stat().st_size)


def examine(connection: BaseDatabaseWrapper, path: Path) -> None:
    """Raise CommandError unless the file is a backup that pg_restore can read to its end of contents."""
    if not path.is_file():
        raise CommandError(f"There is no file {path}.")
    connection.ensure_connection()
    listing = clients.run(clients.program("pg_restore", connection), {}, ["--list", path])
    if "TABLE DATA public django_migrations" not in listing:
        raise CommandError(f"{path} is a backup of another kind of database.")


def restore(connection: BaseDatabaseWrapper, path: Path, progress: Progress) -> Restored:
    """Fill a new database from a backup and put it in the place of the present one, which is kept until that is done.

    Ends every session of the old database. A failure at any point leaves the old database in its place. Raises
    CommandError.
    """
    examine(connection, path)
    name = str(connection.settings_dict["NAME"])
    fresh = f"{name[:40]}_restoring_{secrets.token_hex(4)}"
    with login.connect(login.parameters(connection, dbname="postgres")) as administrator:
        try:
            drop_leftovers(administrator)
            progress(f"Filling {fresh} from {path}")
            tables = _fill(connection, administrator, path, fresh)
            progress(f"Putting it in the place of {name}")
            connections.close_all()
            _swap(administrator, name, fresh)
        except psycopg.Error as error:
            raise CommandError(f"The restore failed, and {name} is as it was: {login.one_line(error)}") from None
        finally:
            # What is marked by now is the half-filled new database, or the old one that was replaced.
            with suppress(psycopg.Error):
                drop_leftovers(administrator)
    with suppress(CommandError):
        reader.refresh_grants(connection, login.reader_parameters(connection).get("user", ""))
    return Restored(name, str(path), tables)


def drop_leftovers(administrator: Administrator) -> None:
    """Drop the databases that a restore has marked as its own, those of a restore that was killed among them."""
    found = administrator.execute(
        "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = %s", [_MARK]
    )
    for (name,) in found.fetchall():
        administrator.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _mark(database: sql.Identifier) -> sql.Composed:
    return sql.SQL("COMMENT ON DATABASE {} IS {}").format(database, sql.Literal(_MARK))


def _fill(connection: BaseDatabaseWrapper, administrator: Administrator, path: Path, fresh: str) -> int:
    database = sql.Identifier(fresh)
    # The embedded template1 carries what the reader may not call; another server's may carry anything.
    template = sql.Identifier("template1" if login.is_embedded(connection) else "template0")
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'").format(database, template)
    administrator.execute(create)
    administrator.execute(_mark(database))
    arguments: list[str | Path] = ["--no-owner", "--no-acl", "--no-password", "--exit-on-error", path]
    target = login.parameters(connection, dbname=fresh)
    clients.run(clients.program("pg_restore", connection), target, arguments)
    with login.connect(target) as restored:
        restored.execute("ANALYZE")
        found = restored.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    return int(found[0]) if found else 0


def _swap(administrator: Administrator, name: str, fresh: str) -> None:
    """Rename the old database away and the new one to its name, in one transaction, ending the sessions of both."""
    old, new, former = sql.Identifier(name), sql.Identifier(fresh), sql.Identifier(fresh + "_former")

    def swapped() -> bool:
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY (%s)", [[name, fresh]]
        )
        try:
            with administrator.transaction():
                # From here on, whoever connects waits until the names are exchanged.
                administrator.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(old, former))
                administrator.execute(_mark(former))
                administrator.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(new, old))
                administrator.execute(sql.SQL("COMMENT ON DATABASE {} IS NULL").format(old))
        except psycopg.errors.ObjectInUse:
            return False
        return True

    if not processes.wait_until(swapped, SWAP_SECONDS):
        raise CommandError(f"The sessions of {name} do not end; it is as it was.")
