"""`manage.py db` as an operator runs it: every verb, on a database of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from biotech_ma.core.postgres import embedded
from biotech_ma.core.postgres.backend.base import DatabaseWrapper
from biotech_ma.core.postgres.verbs import VERBS
from tests import migrated
from tests.core.servers import ROOT, session, temporary_place


class Desk:
    """A data folder, and `manage.py db` run upon it: in this process, or in one of its own where that matters."""

    def __init__(self, place: Path) -> None:
        self.place = place
        own = {
            "NAME": "biotech_ma",
            "USER": "biotech_ma",
            "EMBEDDED_DIR": str(place / "postgres"),
            "HOST": "",
            "PORT": "",
        }
        self.wrapper = DatabaseWrapper({**connections["default"].settings_dict, **own}, "default")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        out, err, code = io.StringIO(), io.StringIO(), 0
        kept, connections["default"] = connections["default"], self.wrapper
        try:
            call_command("db", *arguments, stdout=out, stderr=err)
        except CommandError as error:
            code = 1
            err.write(f"{error}\n")
        finally:
            self.wrapper.close()
            connections["default"] = kept
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    def run_apart(self, *arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        own = {"BIOTECH_MA_DATA_DIR": str(self.place), "DATABASE_URL": "", "BIOTECH_MA_ALLOW_ROOT": "1"}
        command = [sys.executable, "manage.py", "db", *arguments]
        environment = os.environ | own | variables
        return subprocess.run(
            command, check=False, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True
        )

    def json(self, *arguments: str, code: int = 0) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    def refused(self, *arguments: str, **variables: str) -> str:
        """Return the one line of an error, having seen exit status 1, no result and no traceback."""
        done = self.run_apart(*arguments, **variables) if variables else self.run(*arguments)
        assert done.returncode == 1
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        return done.stderr.strip().splitlines()[-1]

    @contextmanager
    def session(self, **how: Any) -> Iterator[psycopg.Connection[Any]]:
        with session(embedded.ensure_running(self.place / "postgres"), **how) as db:
            yield db


@pytest.fixture(scope="module")
def desk(django_db_blocker: Any) -> Iterator[Desk]:
    with django_db_blocker.unblock(), temporary_place() as place:
        migrated.server(place / "postgres")
        yield Desk(place)


def add_company(desk: Desk, name: str) -> None:
    with desk.session() as db:
        db.execute("INSERT INTO companies (name) VALUES (%s)", [name])


def companies(desk: Desk) -> set[str]:
    with desk.session() as db:
        return {row[0] for row in db.execute("SELECT name FROM companies").fetchall()}


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_help_with_examples_and_json(verb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from biotech_ma.core.management.commands.db import Command

    with pytest.raises(SystemExit) as left:
        Command().create_parser("manage.py", "db").parse_args([verb.name, "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert "examples:" in shown
    assert "--json" in shown
    assert f"uv run manage.py db {verb.name}" in shown


@pytest.mark.parametrize("arguments", [(), ("nope",), ("query",), ("vacuum", "--nope")])
def test_wrong_arguments_are_one_line_and_exit_one(desk: Desk, arguments: tuple[str, ...]) -> None:
    done = desk.run_apart(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("manage.py db")
    assert len(done.stderr.splitlines()) == 1


def test_check_is_well_and_then_tells_of_what_is_not(desk: Desk) -> None:
    found = desk.json("check")
    assert found["ok"] is True
    assert {"connection", "version", "migrations", "indexes", "clock", "reader"} <= {c["name"] for c in found["checks"]}
    with desk.session(user="postgres") as db:
        db.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'companies_pkey'::regclass")
    try:
        done = desk.run("check", "--json")
        assert done.returncode == 1
        assert [c["name"] for c in json.loads(done.stdout)["checks"] if not c["ok"]] == ["indexes"]
        assert "companies_pkey" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    finally:
        with desk.session(user="postgres") as db:
            db.execute("UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'companies_pkey'::regclass")


def test_check_of_a_server_that_is_not_there_is_one_line(desk: Desk) -> None:
    done = desk.run_apart("check", DATABASE_URL="postgres://desk:hidden@127.0.0.1:1/desk")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "hidden" not in done.stderr + done.stdout


def test_info_tells_what_and_where(desk: Desk) -> None:
    found = desk.json("info")
    assert found["database"] == "biotech_ma"
    assert found["version"].startswith("18.")
    assert str(desk.place) in found["server"]
    assert found["size_bytes"] > 1_000_000
    assert "postgres" in desk.run("info").stdout


def test_stats_estimate_without_counting(desk: Desk) -> None:
    with desk.session() as db:
        db.execute("CREATE TABLE counted AS SELECT generate_series(1, 5000) AS n")
        db.execute("ANALYZE counted")
        db.execute("DELETE FROM counted WHERE n <= 100")
    try:
        tables = {table["table"]: table for table in desk.json("stats")["tables"]}
        assert tables["counted"]["rows_estimated"] == 5000
        assert tables["counted"]["total_bytes"] >= tables["counted"]["table_bytes"] > 100_000
        assert {"companies", "signals"} <= set(tables)
    finally:
        with desk.session() as db:
            db.execute("DROP TABLE counted")


def test_indexes_tell_redundant_and_invalid_ones(desk: Desk) -> None:
    with desk.session() as db:
        db.execute("CREATE TABLE indexed (a int PRIMARY KEY, b int, c int)")
        db.execute("CREATE INDEX wide ON indexed (b, c)")
        db.execute("CREATE INDEX narrow ON indexed (b)")
        db.execute("CREATE INDEX partial ON indexed (b) WHERE c > 0")
        db.execute("CREATE INDEX other ON indexed (c)")
        db.execute("CREATE INDEX again ON indexed (c)")
    try:
        found = {index["index"]: index for index in desk.json("indexes")["indexes"] if index["table"] == "indexed"}
        assert {name: index["redundant_with"] for name, index in found.items()} == {
            "indexed_pkey": None,
            "wide": None,
            "narrow": "wide",
            "partial": None,
            "other": None,
            "again": "other",
        }
        assert found["wide"]["unused"] is True
        assert found["indexed_pkey"]["unused"] is False
        assert all(index["valid"] for index in found.values())
    finally:
        with desk.session() as db:
            db.execute("DROP TABLE indexed")


def test_product_has_no_redundant_index(desk: Desk) -> None:
    found = desk.json("indexes")["indexes"]
    ours = [index for index in found if not index["table"].startswith(("auth_", "django_"))]
    assert [index["index"] for index in ours if index["redundant_with"] or not index["valid"]] == []


def test_connections_show_who_blocks_whom(desk: Desk) -> None:
    with desk.session(application_name="holder") as holder, holder.transaction():
        holder.execute("LOCK TABLE companies")
        pid = holder.info.backend_pid
        found = desk.json("connections")
    mine = next(one for one in found["connections"] if one["application"] == "holder")
    assert mine["state"] == "idle in transaction"
    assert mine["pid"] == pid
    group = next(group for group in found["groups"] if group["application"] == "holder")
    assert group["sessions"] == 1


def test_vacuum_frees_dead_rows_and_shows_progress(desk: Desk) -> None:
    with desk.session() as db:
        db.execute("CREATE TABLE dusty AS SELECT generate_series(1, 20000) AS n")
        db.execute("DELETE FROM dusty")
    try:
        done = desk.run("vacuum", "dusty", "--full", "--analyze", "--json")
        assert done.returncode == 0
        (table,) = json.loads(done.stdout)["vacuumed"]
        assert table["table"] == "dusty"
        assert table["bytes_after"] < table["bytes_before"]
        assert "1/1 dusty" in done.stderr
        assert len(desk.json("vacuum")["vacuumed"]) > 20
        assert "no table 'nowhere'" in desk.refused("vacuum", "nowhere")
        assert "no table" in desk.refused("vacuum", 'dusty"; DROP TABLE companies; --')
    finally:
        with desk.session() as db:
            db.execute("DROP TABLE dusty")


def test_query_shows_rows_for_people_and_programs(desk: Desk) -> None:
    found = desk.json("query", "SELECT 1 AS n, '{\"a\": [1.50]}'::jsonb AS j, NULL AS nothing, 2.50 AS d")
    assert found == {
        "columns": ["n", "j", "nothing", "d"],
        "rows": [[1, {"a": [1.5]}, None, "2.50"]],
        "truncated": False,
    }
    assert desk.run("query", "SELECT 1 AS n, 'x' AS t").stdout == "n\tt\n1\tx\n"
    assert desk.run_apart("query", "-", stdin="SELECT 5 AS five").stdout == "five\n5\n"
    capped = desk.run("query", "SELECT generate_series(1, 9)", "--limit", "2")
    assert capped.stdout.count("\n") == 3
    assert "there are more" in capped.stderr
    assert "permission denied" in desk.refused("query", "SELECT secret FROM webhooks")
    assert "--timeout is from 1" in desk.refused("query", "SELECT 1", "--timeout", "99999")
    assert "--limit is from 1" in desk.refused("query", "SELECT 1", "--limit", "0")


def test_query_does_not_send_control_characters_to_the_terminal(desk: Desk) -> None:
    shown = desk.run("query", "SELECT E'\\x1b[2Jgone'").stdout
    assert "\x1b" not in shown
    assert "\\x1b[2Jgone" in shown


def test_backup_and_restore_bring_back_the_same_rows(desk: Desk) -> None:
    add_company(desk, "Kept Bio")
    path = desk.place / "copies" / "desk.dump"
    done = desk.run("backup", str(path), "--json")
    assert json.loads(done.stdout)["bytes"] == path.stat().st_size
    assert path.stat().st_mode & 0o777 == 0o600
    assert "keys are not in the backup" in done.stderr
    assert "exists" in desk.refused("backup", str(path))
    with desk.session() as db:
        before = db.execute("SELECT to_jsonb(c) FROM companies c ORDER BY id").fetchall()
        history = db.execute("SELECT count(*) FROM companies_companyevent").fetchone()
    add_company(desk, "Later Bio")
    with desk.session(application_name="in the way") as held:
        restored = desk.json("restore", str(path), "--force")
        with pytest.raises(psycopg.OperationalError):
            held.execute("SELECT 1")
    assert restored["tables"] > 20
    with desk.session() as db:
        assert db.execute("SELECT to_jsonb(c) FROM companies c ORDER BY id").fetchall() == before
        assert db.execute("SELECT count(*) FROM companies_companyevent").fetchone() == history
        left = db.execute("SELECT datname FROM pg_database WHERE datname LIKE 'biotech_ma%'").fetchall()
        assert left == [("biotech_ma",)]
    assert desk.json("check")["ok"] is True
    assert desk.json("query", "SELECT count(*) FROM companies")["rows"] == [[len(before)]]
    assert "permission denied" in desk.refused("query", "SELECT pg_notify('a', 'b')")


def test_restore_refuses_what_is_no_backup_and_keeps_the_database(desk: Desk) -> None:
    add_company(desk, "Stays Bio")
    good, bad = desk.place / "good.dump", desk.place / "bad.dump"
    assert desk.json("backup", str(good), "--force")
    bad.write_bytes(good.read_bytes()[: good.stat().st_size * 2 // 3])
    for path in (ROOT / "manage.py", desk.place / "nowhere.dump", bad, desk.place):
        assert desk.refused("restore", str(path), "--force")
        assert "Stays Bio" in companies(desk)
    with desk.session() as db:
        left = db.execute("SELECT datname FROM pg_database WHERE datname LIKE 'biotech_ma%'").fetchall()
    assert left == [("biotech_ma",)]


def test_backup_that_fails_leaves_no_file(desk: Desk) -> None:
    assert desk.refused("backup", "/proc/nowhere/desk.dump")
    (desk.place / "file").write_text("")
    assert desk.refused("backup", str(desk.place / "file" / "desk.dump"))
    assert list(desk.place.rglob("*.partial")) == []


@pytest.mark.parametrize("verb", [("drop-all",), ("reset",), ("restore", "{backup}")])
def test_nothing_is_destroyed_unasked(desk: Desk, verb: tuple[str, ...]) -> None:
    add_company(desk, f"Asked {verb[0]}")
    path = desk.place / f"{verb[0]}.dump"
    desk.json("backup", str(path), "--force")
    add_company(desk, f"{verb[0]} after")
    assert "--force" in desk.refused(*(part.format(backup=path) for part in verb))
    assert {f"Asked {verb[0]}", f"{verb[0]} after"} <= companies(desk)


def test_drop_create_and_reset_leave_others_tables_alone(django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), temporary_place() as place:
        desk = Desk(place)
        assert desk.json("create-all")["applied"] > 20
        add_company(desk, "Gone Bio")
        with desk.session() as db:
            db.execute("CREATE TABLE somebody_elses AS SELECT 1 AS n")
        assert "companies" in desk.json("drop-all", "--force")["dropped"]
        with desk.session() as db:
            left = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            assert left == [("somebody_elses",)]
            db.execute("DROP TABLE somebody_elses")
        assert desk.json("drop-all", "--force")["dropped"] == []
        assert desk.json("info")["migrations"] == 0
        assert desk.json("reset", "--force")["applied"] > 20
        assert desk.json("create-all")["applied"] == 0
        assert companies(desk) == set()


def test_start_status_stop(desk: Desk) -> None:
    desk.json("start")
    running = desk.json("status")
    assert running["state"] == "running"
    assert desk.json("start")["pid"] == running["pid"]
    assert desk.json("stop")["state"] == "stopped"
    assert desk.json("status") == running | {"state": "stopped", "pid": None, "socket_dir": None, "started_at": None}
    assert "was not running" in desk.run("stop").stderr
    assert desk.json("info")["database"] == "biotech_ma"


@pytest.mark.parametrize("verb", ["start", "stop", "status"])
def test_another_server_is_not_started_or_stopped(desk: Desk, verb: str) -> None:
    assert "DATABASE_URL is set" in desk.refused(verb, DATABASE_URL="postgres://u@127.0.0.1:1/d")
