"""An ingest killed in mid-file, and its PostgreSQL killed in mid-file: the state before, then the whole file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biotech_ma.core.postgres import embedded, processes
from tests import migrated
from tests.core.servers import ROOT, session, temporary_place

DATA = ROOT / "tests" / "data" / "universe"
WAIT_SECONDS = 60
TABLES = ("companies", "drug_candidates", "signals", "financial_facts")

# Stops in mid-file, once rows of the file are written and others are still to come, and says so.
IN_MID_FILE = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "biotech_ma.settings"
import django
django.setup()
from django.core.management import call_command
from signals_app.ingest.merge import ledger
written = ledger._written
def stopped(cursor, staged, table):
    result = written(cursor, staged, table)
    if table == "financial_facts":
        print("in mid-file", flush=True)
        sys.stdin.readline()
    return result
ledger._written = stopped
call_command("ingest", "universe", "--from", sys.argv[1])
"""


@pytest.fixture
def place(django_db_blocker) -> Iterator[Path]:
    with temporary_place() as found, django_db_blocker.unblock():
        migrated.server(found / "postgres")
        yield found


@pytest.fixture(scope="module")
def undisturbed(django_db_blocker) -> Iterator[tuple[dict[str, Any], dict[str, int]]]:
    """What the command says, and how many rows there are, where nothing is killed."""
    with temporary_place() as found, django_db_blocker.unblock():
        migrated.server(found / "postgres")
        yield ingested(found), rows(found)


def environment(place: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    return kept | {"BIOTECH_MA_DATA_DIR": str(place)}


def manage(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=environment(place), text=True, capture_output=True, timeout=WAIT_SECONDS * 3, check=False,
    )  # fmt: skip


def server(place: Path) -> embedded.Server:
    return embedded.ensure_running(place / "postgres")


def rows(place: Path) -> dict[str, int]:
    with session(server(place)) as db:
        found: dict[str, Any] = {table: db.execute(f"SELECT count(*) FROM {table}").fetchone() for table in TABLES}
    return {table: count[0] for table, count in found.items()}


def ingested(place: Path) -> dict[str, Any]:
    done = manage(place, "ingest", "universe", "--from", str(DATA), "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("victim", ["command", "postgres"])
def test_kill_in_mid_file_leaves_nothing_and_the_next_run_finishes(place, undisturbed, victim):
    before = rows(place)
    running = subprocess.Popen(
        [sys.executable, "-c", IN_MID_FILE, str(DATA)], cwd=ROOT, env=environment(place), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "in mid-file\n"
        pid = running.pid if victim == "command" else server(place).pid
        os.kill(pid, signal.SIGKILL)
        if victim == "command":
            running.wait(WAIT_SECONDS)
        else:
            assert processes.wait_until(lambda: not processes.is_alive(pid), WAIT_SECONDS)
            # The next command starts the server, which recovers; the run that lost it says so and ends.
            server(place)
            _, errors = running.communicate("go on\n", timeout=WAIT_SECONDS)
            assert running.returncode != 0
            assert errors
    finally:
        running.kill()
        running.communicate()
    assert rows(place) == before
    finished = ingested(place)
    after = rows(place)
    again = ingested(place)
    assert (again["created"], again["updated"]) == (0, 0)
    assert (finished, after) == undisturbed
    assert after["financial_facts"] > before["financial_facts"]
