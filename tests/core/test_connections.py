"""Connections: what the environment says, and the next request after the server has dropped every session."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured

from biotech_ma.core.postgres import embedded, processes, settings
from tests.core.servers import ROOT, session, temporary_place

SCHEMES_REFUSED = ("mysql://u:pw@h/d", "sqlite:///x.db", "http://h/d", "garbage", "://")
MALFORMED = (
    "postgres://",
    "postgres://u:pw@h:port/d",
    "postgres://u:pw@h",
    "postgres://[::1/d",
    "postgres://u:pw@h:99999/d",
)


def configured(**variables: str) -> dict[str, Any]:
    env = environ.Env()
    env.ENVIRON = variables
    return settings.database(env, Path("/data"))


def test_default_is_the_embedded_server_with_persistent_checked_connections() -> None:
    config = configured()
    assert config["EMBEDDED_DIR"] == "/data/postgres"
    assert config["CONN_MAX_AGE"] == 3600
    assert config["CONN_HEALTH_CHECKS"] is True
    assert "pool" not in config["OPTIONS"]


def test_one_setting_makes_a_pool_of_twenty_with_ten_overflow() -> None:
    config = configured(DATABASE_POOL="true")
    pool = config["OPTIONS"]["pool"]
    assert (pool["min_size"], pool["max_size"], pool["timeout"], pool["max_lifetime"]) == (20, 30, 30, 3600)
    assert config["CONN_MAX_AGE"] == 0
    assert config["CONN_HEALTH_CHECKS"] is True


@pytest.mark.parametrize("pooled", ["false", "true"])
def test_options_of_a_url_are_kept(pooled: str) -> None:
    config = configured(
        DATABASE_URL="postgresql://u:p%40ss%2F@db.example:6432/desk?sslmode=verify-full&connect_timeout=3&application_name=x",
        DATABASE_POOL=pooled,
    )
    assert (config["HOST"], config["PORT"], config["NAME"], config["PASSWORD"]) == ("db.example", 6432, "desk", "p@ss/")
    options = config["OPTIONS"]
    assert (options["sslmode"], options["connect_timeout"], options["application_name"]) == ("verify-full", 3, "x")
    assert "EMBEDDED_DIR" not in config
    assert ("pool" in options) == (pooled == "true")


@pytest.mark.parametrize("url", SCHEMES_REFUSED)
def test_url_of_another_kind_is_one_clear_line(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL begins with .* only postgres:// is served\.$"):
        configured(DATABASE_URL=url)


@pytest.mark.parametrize("url", MALFORMED)
def test_malformed_url_is_one_clear_line_without_the_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="is not of the form postgres://") as caught:
        configured(DATABASE_URL=url)
    assert "pw" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_option_of_a_url_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match="sllmode"):
        configured(DATABASE_URL="postgres://u@h/d?sllmode=require")


def test_pool_setting_that_is_no_truth_value_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_POOL"):
        configured(DATABASE_POOL="twenty")


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["manage.py", "score", "--json"], "biotech_ma score"),
        (["/srv/manage.py", "--traceback", "worker"], "biotech_ma worker"),
        (["/venv/bin/granian", "biotech_ma.wsgi"], "biotech_ma web"),
        (["-c"], "biotech_ma"),
        ([], "biotech_ma"),
        (["manage.py", "x" * 100], "biotech_ma " + "x" * 52),
    ],
)
def test_application_name_tells_what_a_session_is(argv: list[str], name: str) -> None:
    assert settings.process_name(argv) == name


def test_application_name_can_be_set() -> None:
    assert configured(PGAPPNAME="desk two")["OPTIONS"]["application_name"] == "desk two"


@pytest.fixture
def place() -> Iterator[Path]:
    with temporary_place() as path:
        yield path


# A web process in miniature: each line on stdin is a request, whose answer is the number of its server process.
REQUESTS = """
import sys, django
django.setup()
from django.core.signals import request_finished, request_started
from django.db import connection
for line in sys.stdin:
    request_started.send(None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_setting('application_name')")
        print(*cursor.fetchone(), sep="|", flush=True)
    request_finished.send(None)
"""


class Web:
    """A process that answers one request a call."""

    def __init__(self, data_dir: Path, **variables: str) -> None:
        named = {"BIOTECH_MA_DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "biotech_ma.settings"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", REQUESTS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": "", "PGAPPNAME": ""} | named | variables,
            text=True,
        )

    def request(self) -> tuple[int, str]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        pid, _, name = self.process.stdout.readline().strip().partition("|")
        return int(pid), name

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(params=["false", "true"], ids=["persistent", "pool"])
def web(request: pytest.FixtureRequest, place: Path) -> Iterator[Web]:
    with Web(place, DATABASE_POOL=request.param) as running:
        yield running


def data_dir(place: Path) -> Path:
    return place / "postgres"


def test_connection_is_kept_from_request_to_request_and_named(place: Path) -> None:
    with Web(place, PGAPPNAME="desk web") as web:
        first, name = web.request()
        assert name == "desk web"
        assert web.request()[0] == first


def test_next_request_works_after_server_dropped_every_session(web: Web, place: Path) -> None:
    before, _ = web.request()
    with session(embedded.ensure_running(data_dir(place)), user="postgres") as db:
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    after, _ = web.request()
    assert after != before
    assert web.request()[0]


def test_next_request_works_after_server_was_restarted(web: Web, place: Path) -> None:
    before, _ = web.request()
    assert embedded.stop(data_dir(place))
    embedded.ensure_running(data_dir(place))
    assert web.request()[0] != before


def test_next_request_starts_a_server_that_was_killed(web: Web, place: Path) -> None:
    web.request()
    killed = embedded.ensure_running(data_dir(place)).pid
    os.kill(killed, signal.SIGKILL)
    processes.wait_until(lambda: not processes.is_alive(killed), 10)
    assert web.request()[0]
    assert embedded.ensure_running(data_dir(place)).pid != killed


def test_pool_keeps_twenty_and_persistent_keeps_one(place: Path) -> None:
    def held(least: int, most: int) -> bool:
        with session(embedded.ensure_running(data_dir(place))) as db:
            counted = db.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted'").fetchone()
        return counted is not None and least <= counted[0] <= most

    with Web(place, PGAPPNAME="counted") as web:
        web.request()
        assert held(1, 1)
    with Web(place, PGAPPNAME="counted", DATABASE_POOL="true") as web:
        web.request()
        assert processes.wait_until(lambda: held(20, 30), 20)


def test_server_that_is_not_there_is_one_line(place: Path) -> None:
    variables = {"DATABASE_URL": "postgres://desk:hidden@127.0.0.1:1/desk", "BIOTECH_MA_DATA_DIR": str(place)}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        check=False,
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr
