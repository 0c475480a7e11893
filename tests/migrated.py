"""A migrated database and a migrated embedded server, made once for a state of the code and copied by the tests."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from biotech_ma.core.postgres import backup, clients, embedded, login
from biotech_ma.core.postgres.backend.base import DatabaseWrapper
from tests.core.servers import ROOT, temporary_place

PACKAGES = ("biotech_ma", "companies", "signals_app", "scoring", "delivery")
PREFIX = "test_template_"
MAKING = "test_making_"
LOCK = 7_246_001
ALIAS = "template"


@cache
def state() -> str:
    """Return what the code and the packages are, in twelve letters: another state is another template."""
    found = hashlib.sha256()
    sources = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    for path in [*sorted(sources), ROOT / "uv.lock"]:
        if path.is_file():
            found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:12]


def database() -> str:
    """Return the name of a migrated database to make others of: `CREATE DATABASE … TEMPLATE`. Nobody connects to it."""
    name = PREFIX + state()
    with _one_at_a_time() as ask:
        there = {row[0] for row in ask("SELECT datname FROM pg_database WHERE starts_with(datname, 'test_')")}
        if name not in there:
            for old in there:
                if old.startswith((PREFIX, MAKING)):
                    with suppress(DatabaseError):  # another checkout copies it
                        ask(f'DROP DATABASE "{old}"')
            making = MAKING + state()
            ask(f'CREATE DATABASE "{making}"')
            with alias(making):
                call_command("migrate", database=ALIAS, verbosity=0, interactive=False)
            ask(f'ALTER DATABASE "{making}" RENAME TO "{name}"')
    return name


def server(data_dir: Path) -> None:
    """Put the data directory of a migrated embedded server there; it starts when it is asked for."""
    made = settings.DATA_DIR / "tests" / state()
    name = database()
    with _one_at_a_time():
        if not made.is_dir():
            shutil.rmtree(made.parent, ignore_errors=True)
            made.parent.mkdir()
            with temporary_place() as place:
                _make(place, name)
                _copy(place / "postgres", made.with_suffix(".part"))
            made.with_suffix(".part").rename(made)
    _copy(made, data_dir)


def _make(place: Path, name: str) -> None:
    own = {"NAME": "biotech_ma", "USER": "biotech_ma", "EMBEDDED_DIR": str(place / "postgres"), "HOST": "", "PORT": ""}
    fresh = DatabaseWrapper({**connection.settings_dict, **own}, ALIAS)
    with alias(name) as template:
        backup.backup(template, place / "migrated.dump")
    into = ["--no-owner", "--no-acl", "--no-password", "--exit-on-error", place / "migrated.dump"]
    clients.run(clients.program("pg_restore", fresh), login.parameters(fresh), into)
    embedded.stop(place / "postgres")


def _copy(source: Path, target: Path) -> None:
    # with its owner, who is another user where the tests run as root
    subprocess.run(["cp", "-a", source, target], check=True)


@contextmanager
def alias(name: str) -> Iterator[BaseDatabaseWrapper]:
    """Give a database of the tests' server an alias for as long as this lasts, and leave no connection behind."""
    connections.databases[ALIAS] = {**connection.settings_dict, "NAME": name}
    try:
        yield connections[ALIAS]
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.databases[ALIAS]


@contextmanager
def _one_at_a_time() -> Iterator[Callable[[str], list[Any]]]:
    """Yield a way to ask the server, while the other workers wait. The lock ends with the connection."""
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])

        def ask(statement: str) -> list[Any]:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

        yield ask
