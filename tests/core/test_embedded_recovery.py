"""The embedded server after real kills: of who started it, of the server itself, in the middle of being made."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from biotech_ma.core.postgres import cluster, embedded, processes
from biotech_ma.core.postgres.errors import EmbeddedServerError
from tests.core.servers import first_line, running_child, session, temporary_place


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with temporary_place() as path:
        yield path / "pg"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_server_outlives_process_that_started_it(data_dir: Path, number: signal.Signals) -> None:
    code = f"import time; print(embedded.ensure_running(Path({str(data_dir)!r})).pid, flush=True); time.sleep(600)"
    with running_child(code) as process:
        pid = int(first_line(process))
        # The whole group, as the terminal does on Ctrl-C.
        os.killpg(process.pid, number)
        process.wait(timeout=30)
    server = embedded.running(data_dir)
    assert server is not None
    assert server.pid == pid
    with session(server) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


def kill(pid: int) -> None:
    """Kill the process and see it gone: SIGKILL takes a moment with much memory."""
    os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not processes.is_alive(pid), 10)


def test_killed_server_starts_again_with_its_data(data_dir: Path) -> None:
    first = embedded.ensure_running(data_dir)
    with session(first) as db:
        db.execute("CREATE TABLE kept AS SELECT 7 AS n")
    kill(first.pid)
    second = embedded.ensure_running(data_dir)
    assert second.pid != first.pid
    with session(second) as db:
        assert db.execute("SELECT n FROM kept").fetchone() == (7,)


def test_busy_session_of_killed_server_is_ended_before_the_next_starts(data_dir: Path) -> None:
    first = embedded.ensure_running(data_dir)
    code = (
        f"import psycopg; db = psycopg.connect(host={str(first.socket_dir)!r}, user='biotech_ma', port=5432);"
        "print(db.info.backend_pid, flush=True);"
        "db.execute('SELECT count(*) FROM generate_series(1, 1000000000000) a')"
    )
    with running_child(code) as busy:
        backend = int(first_line(busy))
        time.sleep(0.3)
        kill(first.pid)
        assert processes.is_alive(backend)
        with session(embedded.ensure_running(data_dir)) as db:
            assert db.execute("SELECT 1").fetchone() == (1,)
        assert not processes.is_alive(backend)


@pytest.mark.parametrize("content", ["", "garbage\n", "12\n\xff\xfe\n", "999999999999999999999\n" * 8])
def test_damaged_pid_file_of_killed_server_is_replaced(data_dir: Path, content: str) -> None:
    first = embedded.ensure_running(data_dir)
    kill(first.pid)
    (data_dir / "postmaster.pid").write_text(content, encoding="latin-1")
    assert embedded.ensure_running(data_dir).pid != first.pid


def test_damaged_pid_file_of_living_server_leaves_one_server(data_dir: Path) -> None:
    first = embedded.ensure_running(data_dir)
    (data_dir / "postmaster.pid").write_text("garbage")
    second = embedded.ensure_running(data_dir)
    assert not processes.is_alive(first.pid)
    with session(second) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_stale_pid_file_whose_number_another_process_has_taken(data_dir: Path) -> None:
    first = embedded.ensure_running(data_dir)
    lines = (data_dir / "postmaster.pid").read_text().splitlines()
    embedded.stop(data_dir)
    # As after a container's restart, where numbers come back: ours is alive and no server.
    (data_dir / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert embedded.running(data_dir) is None
    assert embedded.ensure_running(data_dir).pid not in (first.pid, os.getpid())


def test_lost_socket_is_made_again(data_dir: Path) -> None:
    first = embedded.ensure_running(data_dir)
    (first.socket_dir / ".s.PGSQL.5432").unlink()
    with session(embedded.ensure_running(data_dir)) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_lock_file_of_dead_process_with_any_content_is_no_obstacle(data_dir: Path) -> None:
    lock = data_dir.parent / ".pg.lock"
    lock.write_bytes(b"\x00garbage\xff" * 1000)
    code = (
        f"import fcntl, time; f = open({str(lock)!r}); fcntl.flock(f, fcntl.LOCK_EX);"
        "print('held', flush=True); time.sleep(600)"
    )
    with running_child(code) as holder:
        assert first_line(holder) == "held"
    assert embedded.ensure_running(data_dir).pid


def test_lock_held_too_long_is_one_line(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LOCK_SECONDS", 0.2)
    with (data_dir.parent / ".pg.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedServerError, match="Another process has been starting"):
            embedded.ensure_running(data_dir)


def test_server_that_cannot_be_seen_is_not_started_beside(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As between two containers that share the folder: only the inherited lock tells."""
    first = embedded.ensure_running(data_dir)
    monkeypatch.setattr(embedded, "RUNNING_LOCK_SECONDS", 0.2)
    monkeypatch.setattr(processes, "of_cluster", lambda _: [])
    kept = (data_dir / "postmaster.pid").read_text()
    (data_dir / "postmaster.pid").unlink()
    with pytest.raises(EmbeddedServerError, match="in another container"):
        embedded.ensure_running(data_dir)
    assert processes.is_alive(first.pid)
    (data_dir / "postmaster.pid").write_text(kept)


@pytest.mark.parametrize("seconds", [0.05, 0.25, 0.45])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_making_it_can_be_interrupted_at_any_time(data_dir: Path, seconds: float, number: signal.Signals) -> None:
    code = f"print('go', flush=True); embedded.ensure_running(Path({str(data_dir)!r}))"
    with running_child(code) as process:
        first_line(process)
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(timeout=60)
    with session(embedded.ensure_running(data_dir)) as db:
        roles = db.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'biotech_ma%'").fetchone()
        assert roles == (2,)
    assert not [path for path in data_dir.parent.iterdir() if "initialising" in path.name]


def test_failure_in_the_middle_of_making_leaves_nothing(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "_furnish", fail)
    with pytest.raises(KeyboardInterrupt):
        embedded.ensure_running(data_dir)
    assert [path.name for path in data_dir.parent.iterdir()] == [".pg.lock"]


def test_sessions_end_and_reconnect_when_server_is_stopped(data_dir: Path) -> None:
    server = embedded.ensure_running(data_dir)
    with session(server) as db:
        embedded.stop(data_dir)
        with pytest.raises(psycopg.OperationalError):
            db.execute("SELECT 1")
    with session(embedded.ensure_running(data_dir)) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)
