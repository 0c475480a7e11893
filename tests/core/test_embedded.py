"""The embedded server through a normal life: made on demand, shared, private, stopped, started again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from biotech_ma.core.postgres import embedded, processes, programs
from tests.core.servers import ROOT, child, first_line, running_child, session, temporary_place


@pytest.fixture
def place() -> Iterator[Path]:
    with temporary_place() as path:
        yield path


def test_first_connection_makes_server_roles_and_database(place: Path) -> None:
    server = embedded.ensure_running(place / "var" / "postgres")
    with session(server) as db:
        row = db.execute(
            "SELECT current_user, current_database(), rolsuper, rolcreatedb, current_setting('server_version_num')::int"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row is not None
        assert row[:4] == ("biotech_ma", "biotech_ma", False, True)
        assert row[4] // 10_000 == programs.MAJOR
        reader = db.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolcanlogin FROM pg_roles WHERE rolname = 'biotech_ma_reader'"
        ).fetchone()
        assert reader == (False, False, False, True)


def test_server_listens_on_no_network_address(place: Path) -> None:
    with session(embedded.ensure_running(place / "pg")) as db:
        shown = db.execute("SELECT current_setting('listen_addresses'), current_setting('unix_socket_permissions')")
        assert shown.fetchone() == ("", "0700")


def test_log_tells_of_errors_without_the_values_in_them(place: Path) -> None:
    with session(embedded.ensure_running(place / "pg")) as db:
        db.execute("CREATE TABLE kept (word text UNIQUE CHECK (word <> 'taboo-value'))")
        db.execute("INSERT INTO kept VALUES ('precious-value')")
        for word, error in (("precious-value", errors.UniqueViolation), ("taboo-value", errors.CheckViolation)):
            with pytest.raises(error):
                db.execute(f"INSERT INTO kept VALUES ('{word}')")

    def log() -> str:
        return "".join(path.read_text() for path in (place / "pg" / "log").iterdir())

    # The server's logger writes in its own time.
    assert processes.wait_until(lambda: "kept_word_check" in log(), 30)
    assert "kept_word_key" in log()
    assert "-value" not in log()


def test_second_call_returns_same_server_and_runs_no_program(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = embedded.ensure_running(place / "pg")
    monkeypatch.setattr(subprocess, "Popen", None)
    assert embedded.ensure_running(place / "pg") == first


def test_relative_path_and_link_lead_to_same_server(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = embedded.ensure_running(place / "pg")
    (place / "link").symlink_to(place / "pg")
    monkeypatch.chdir(place)
    assert embedded.ensure_running(place / "link").pid == first.pid
    assert embedded.ensure_running(Path("pg")).pid == first.pid


def test_four_processes_at_once_share_one_server(place: Path) -> None:
    code = f"print(embedded.ensure_running(Path({str(place / 'pg')!r})).pid)"
    children = [subprocess.Popen(child(code), stdout=subprocess.PIPE, cwd=ROOT, text=True) for _ in range(4)]
    outputs = [process.communicate(timeout=120)[0].strip() for process in children]
    assert [process.returncode for process in children] == [0] * 4
    assert len(set(outputs)) == 1
    assert outputs[0].isdigit()


def test_two_data_directories_are_two_servers(place: Path) -> None:
    one, two = embedded.ensure_running(place / "one"), embedded.ensure_running(place / "two")
    with session(one) as db:
        db.execute("CREATE TABLE only_here (n int)")
    assert embedded.stop(place / "one")
    with session(two) as db:
        assert db.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
    assert embedded.running(place / "one") is None


def test_stop_and_start_keeps_data(place: Path) -> None:
    with session(embedded.ensure_running(place / "pg")) as db:
        db.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert embedded.stop(place / "pg") is True
    assert embedded.running(place / "pg") is None
    assert embedded.stop(place / "pg") is False
    with session(embedded.ensure_running(place / "pg")) as db:
        assert db.execute("SELECT n FROM kept").fetchone() == (7,)


def test_status_of_nothing_starts_nothing(place: Path) -> None:
    assert embedded.running(place / "pg") is None
    assert embedded.stop(place / "pg") is False
    assert list(place.iterdir()) == []


def test_path_too_long_for_a_socket_is_served_from_a_private_folder(place: Path) -> None:
    data_dir = place / ("long" * 25) / "pg"
    server = embedded.ensure_running(data_dir)
    assert server.socket_dir != data_dir
    assert server.socket_dir.stat().st_mode & 0o077 == 0
    with session(server) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_awkward_characters_in_path_are_served(place: Path) -> None:
    data_dir = place / 'it\'s "odd", $HOME \\ `x`' / "pg"
    with session(embedded.ensure_running(data_dir)) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_variables_of_other_servers_do_not_disturb(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGDATA": "/nowhere", "PGPORT": "1", "PGHOST": "nowhere", "PGUSER": "nobody"}.items():
        monkeypatch.setenv(name, value)
    with session(embedded.ensure_running(place / "pg")) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try as another user")
def test_no_other_user_of_the_machine_gets_in(place: Path) -> None:
    server = embedded.ensure_running(place / "pg")
    for user in ("nobody", "daemon"):
        assert "Permission denied" in _refusal(server, user)
    # Were the folder open, the kernel would still tell PostgreSQL who is calling.
    (place / "pg").chmod(0o711)
    (place / "pg" / ".s.PGSQL.5432").chmod(0o777)
    assert "Peer authentication failed" in _refusal(server, "nobody")


def _refusal(server: embedded.Server, user: str) -> str:
    psql = str(programs.bundled("psql"))
    command = [psql, "-h", str(server.socket_dir), "-U", "postgres", "-c", "SELECT 1", "postgres"]
    tried = subprocess.run(
        command, check=False, user=user, group="nogroup", extra_groups=[], capture_output=True, text=True
    )
    assert tried.returncode != 0
    return tried.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="the warning is for root")
@pytest.mark.parametrize(("switch", "warned"), [("", True), ("1", False)])
def test_root_is_warned_once_on_stderr(
    place: Path, switch: str, warned: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(programs.ROOT_WARNING_SWITCH, switch)
    embedded.ensure_running(place / "pg")
    embedded.ensure_running(place / "pg")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("running as root") == warned


def test_import_and_settings_start_nothing(place: Path) -> None:
    named = {"BIOTECH_MA_DATA_DIR": str(place / "var"), "DJANGO_SETTINGS_MODULE": "biotech_ma.settings"}
    code = "import django; django.setup(); from django.db import connection; connection.settings_dict"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=os.environ | named | {"DATABASE_URL": ""})
    assert not (place / "var" / "postgres").exists()


def test_killed_client_frees_its_locks(place: Path) -> None:
    server = embedded.ensure_running(place / "pg")
    with session(server) as db:
        db.execute("CREATE TABLE t (n int)")
        code = (
            f"import psycopg; db = psycopg.connect(host={str(server.socket_dir)!r}, user='biotech_ma', port=5432);"
            "db.execute('LOCK TABLE t'); print('locked', flush=True); db.execute('SELECT pg_sleep(600)')"
        )
        with running_child(code) as holder:
            assert first_line(holder) == "locked"
        db.execute("SET lock_timeout = '20s'")
        with db.transaction():
            db.execute("LOCK TABLE t")


def test_wrong_role_is_refused_by_name(place: Path) -> None:
    server = embedded.ensure_running(place / "pg")
    with pytest.raises(psycopg.OperationalError, match="nobody_here"), session(server, user="nobody_here"):
        pass
