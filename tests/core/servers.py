"""Embedded servers of the tests' own, in folders that no other test sees."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from biotech_ma.core.postgres import embedded

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def temporary_place() -> Iterator[Path]:
    """Yield a new folder; afterwards stop every server below it and remove it.

    Not pytest's tmp_path: that one is closed to the user who runs the server when the tests run as root.
    """
    place = Path(tempfile.mkdtemp(prefix="biotech-ma-test-"))
    place.chmod(0o711)
    try:
        yield place
    finally:
        for found in place.rglob("PG_VERSION"):
            if (found.parent / "postgresql.conf").exists():
                embedded.stop(found.parent)
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def session(server: embedded.Server, user: str = "biotech_ma", **changes: Any) -> Iterator[psycopg.Connection[Any]]:
    """Yield an autocommit session of the product's database."""
    named: dict[str, Any] = {"host": str(server.socket_dir), "port": 5432, "user": user, "dbname": "biotech_ma"}
    with psycopg.connect(**(named | changes), autocommit=True) as db:
        yield db


@contextmanager
def running_child(code: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that leads its own group and runs this code; afterwards it is dead and collected."""
    process = subprocess.Popen(
        child(code), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, text=True, process_group=0
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    """Return the first line that the process writes, as soon as it does."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def child(code: str) -> list[str]:
    """Return the command of a process that runs this code with `embedded` and `Path` at hand."""
    prelude = "from pathlib import Path; from biotech_ma.core.postgres import embedded; "
    return [sys.executable, "-c", prelude + code]
