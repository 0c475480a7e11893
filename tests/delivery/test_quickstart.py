"""The first command of the README, run as a new user would: real processes, an embedded server of their own."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from biotech_ma.core.postgres import embedded
from delivery.quickstart import month_ends
from tests import migrated
from tests.core.servers import ROOT, session, temporary_place

PATIENCE_SECONDS = 120
OLDER_ANALYST = """
INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff, is_active, date_joined)
VALUES ('analyst', '!', '', '', '', true, true, true, now())
"""


def environment(place: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "DJANGO_SECRET_KEY"}}
    return {**kept, "BIOTECH_MA_DATA_DIR": str(place), "BIOTECH_MA_ALLOW_ROOT": "1"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


@contextmanager
def started(place: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command("quickstart", *arguments), cwd=ROOT, env=environment(place), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0,
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the server's worker too, which would keep the pipes open
        process.communicate()


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, env=environment(place), text=True, capture_output=True,
        timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    pytest.fail(f"the process ended without saying {words!r}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str, **headers: str) -> int:
    """Return the status of the address, waiting for the server to come up."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with temporary_place() as folder:
        yield folder


@pytest.fixture(scope="module")
def first(place: Path, django_db_blocker: Any) -> dict[str, object]:
    """The outcome of the quick start that follows one interrupted while it loaded data, in place of an older desk."""
    with django_db_blocker.unblock():
        migrated.server(place / "postgres")
    with session(embedded.ensure_running(place / "postgres")) as db:
        db.execute("INSERT INTO companies (name) VALUES ('Older Bio')")
        db.execute(OLDER_ANALYST)
    with started(place, "--fresh", "--force", "--no-serve", "--json") as process:
        read_until(process, "Loading the starter data set")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0
        assert out == ""
        assert "goes on from here" in err
    done = run(place, "quickstart", "--no-serve", "--json")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert isinstance(outcome, dict)
    return outcome


def test_quickstart_after_an_interruption_gives_a_scored_universe(first):
    assert first["companies"] >= 150
    assert first["drug_candidates"] >= 400
    assert first["signals"] >= 300
    # seven days of about 170 targets
    assert first["scores"] >= 7 * 150
    assert first["matches"] >= 7 * 150
    assert first["username"] == "analyst"
    assert str(first["api_key"]).startswith("bma_")
    assert len(first["top"]) == 10
    totals = [row["total_score"] for row in first["top"]]
    assert totals == sorted(totals, reverse=True)
    assert first["top"][0]["percentile_rank"] == 100


def test_quickstart_again_keeps_the_data_and_issues_nothing(place, first):
    done = run(place, "quickstart", "--no-serve", "--json")
    again = json.loads(done.stdout)
    assert (again["password"], again["api_key"]) == (None, None)
    assert {**again, "password": first["password"], "api_key": first["api_key"]} == first


def test_quickstart_prints_leaderboard_and_addresses_for_people(place, first):
    done = run(place, "quickstart", "--no-serve", "--port", "8765")
    assert first["top"][0]["ticker"] in done.stdout
    assert "http://127.0.0.1:8765/admin/" in done.stdout
    assert "2026-06-30" in done.stdout
    assert "not validated" in done.stdout


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_quickstart_serves_until_it_is_ended(place, first, ending):
    port = free_port()
    with started(place, "--port", str(port)) as process:
        assert answers(f"http://127.0.0.1:{port}/admin/login/") == 200
        key = str(first["api_key"])
        assert answers(f"http://127.0.0.1:{port}/api/v1/scores/top/", Authorization=f"Bearer {key}") == 200
        assert answers(f"http://127.0.0.1:{port}/api/v1/scores/top/") == 401
        process.send_signal(ending)
        process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0


def test_quickstart_ends_although_somebody_is_in_the_middle_of_a_request(place, first):
    port = free_port()
    with started(place, "--port", str(port)) as process:
        assert answers(f"http://127.0.0.1:{port}/livez") == 200
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(b"GET /livez HTTP/1.1\r\nHost: loc")
            time.sleep(0.2)
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=30)
        assert process.returncode == 0


def test_quickstart_refuses_a_port_in_use(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(place, "quickstart", "--port", port)
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr


def test_fresh_without_a_terminal_deletes_nothing(place, first):
    done = run(place, "quickstart", "--fresh", "--no-serve")
    assert done.returncode == 1
    assert "--force" in done.stderr
    assert (place / "postgres" / "PG_VERSION").exists()


def test_fresh_with_force_starts_over(place, first):
    assert first["password"] is not None  # although there was an analyst
    with session(embedded.ensure_running(place / "postgres")) as db:
        assert db.execute("SELECT count(*) FROM companies").fetchone() == (first["companies"],)
        assert db.execute("SELECT count(*) FROM companies WHERE name = 'Older Bio'").fetchone() == (0,)


def test_fresh_refuses_a_database_of_ones_own(place):
    own = {**environment(place), "DATABASE_URL": "postgresql://desk@127.0.0.1:1/desk"}
    arguments = command("quickstart", "--fresh", "--force", "--no-serve")
    done = subprocess.run(arguments, cwd=ROOT, env=own, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr


def test_month_ends_cover_the_year_before_a_day():
    days = month_ends(dt.date(2026, 3, 31), 12)
    assert days[0] == dt.date(2025, 3, 31)
    assert days[-2:] == [dt.date(2026, 2, 28), dt.date(2026, 3, 31)]
    assert len(days) == 13
