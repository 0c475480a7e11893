"""What the embedded server says when it cannot run: one line that names the folder and the remedy."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError

from biotech_ma.core.postgres import embedded, programs
from biotech_ma.core.postgres.errors import EmbeddedServerError
from tests.core.servers import ROOT, session, temporary_place

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def place() -> Iterator[Path]:
    with temporary_place() as path:
        yield path


def refusal(data_dir: Path) -> str:
    """Return the message with which the server refuses to start, which is one line."""
    with pytest.raises(EmbeddedServerError) as caught:
        embedded.ensure_running(data_dir)
    message = str(caught.value)
    assert "\n" not in message
    return message


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory there; the test is skipped where that is not allowed."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip(f"cannot mount a small disk: {done.stderr.strip()}")
    try:
        yield
    finally:
        for found in folder.rglob("PG_VERSION"):
            if (found.parent / "postgresql.conf").exists():
                embedded.stop(found.parent)
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_error_is_a_command_error_and_an_operational_error() -> None:
    assert issubclass(EmbeddedServerError, CommandError)
    assert issubclass(EmbeddedServerError, OperationalError)


def test_other_major_version_is_named_with_the_way_out(place: Path) -> None:
    embedded.ensure_running(place / "pg")
    embedded.stop(place / "pg")
    (place / "pg" / "PG_VERSION").write_text("16\n")
    message = refusal(place / "pg")
    assert "PostgreSQL 16" in message
    assert "runs 18" in message
    assert "restore a backup" in message


def test_file_in_the_place_of_the_folder(place: Path) -> None:
    (place / "pg").write_text("")
    assert "is not a folder" in refusal(place / "pg")


def test_file_above_the_folder(place: Path) -> None:
    (place / "var").write_text("")
    assert "is not a folder" in refusal(place / "var" / "pg")
    assert "is not a folder" in refusal(place / "var" / "deeper" / "pg")


def test_foreign_files_are_left_alone(place: Path) -> None:
    (place / "pg").mkdir()
    (place / "pg" / "thesis.txt").write_text("years of work")
    if os.geteuid() == 0:
        os.chown(place / "pg", programs.server_account().uid, -1)
    assert "holds files that are no PostgreSQL data directory" in refusal(place / "pg")
    assert (place / "pg" / "thesis.txt").read_text() == "years of work"


def test_empty_folder_is_taken(place: Path) -> None:
    (place / "pg").mkdir()
    with session(embedded.ensure_running(place / "pg")) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


@as_root
def test_folder_that_cannot_be_written(place: Path) -> None:
    with mounted(place / "disk", "ro,size=1m"):
        assert "cannot be written" in refusal(place / "disk" / "pg")


@as_root
def test_full_disk_while_making_it(place: Path) -> None:
    with mounted(place / "disk", "size=8m"):
        assert "is full: free some space" in refusal(place / "disk" / "pg")


@as_root
def test_full_disk_while_starting_and_after_space_was_freed(place: Path) -> None:
    with mounted(place / "disk", "size=120m"):
        data_dir = place / "disk" / "pg"
        embedded.ensure_running(data_dir)
        embedded.stop(data_dir)
        ballast = place / "disk" / "ballast"
        _fill(ballast)
        assert "is full: free some space" in refusal(data_dir)
        ballast.unlink()
        with session(embedded.ensure_running(data_dir)) as db:
            assert db.execute("SELECT 1").fetchone() == (1,)


def _fill(path: Path) -> None:
    """Write to the file until the disk is full."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"\0" * 4096):
            pass


@as_root
def test_data_of_root_is_refused_with_the_way_out(place: Path) -> None:
    embedded.ensure_running(place / "pg")
    embedded.stop(place / "pg")
    os.chown(place / "pg", 0, 0)
    assert "chown -R it to pgserver" in refusal(place / "pg")
    os.chown(place / "pg", programs.server_account().uid, -1)


@as_root
def test_data_of_another_user_is_refused_to_a_plain_user(place: Path) -> None:
    embedded.ensure_running(place / "pg")
    assert "belongs to another user" in _as_nobody(f"embedded.ensure_running(Path({str(place / 'pg')!r}))")


@as_root
def test_folder_closed_to_a_plain_user(place: Path) -> None:
    assert "cannot be written" in _as_nobody(f"embedded.ensure_running(Path({str(place / 'pg')!r}))")


def _as_nobody(code: str) -> str:
    """Return the message of the error that this code meets as an unprivileged user, who shares our interpreter."""
    prelude = (
        "import os; from pathlib import Path; from biotech_ma.core.postgres import embedded;"
        "from biotech_ma.core.postgres.errors import EmbeddedServerError\nos.setgroups([]); os.setgid(65534);"
        "os.setuid(65534)\ntry:\n    {code}\nexcept EmbeddedServerError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", prelude.format(code=code)]
    return subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout


def test_broken_configuration_tells_the_servers_own_reason(place: Path) -> None:
    embedded.ensure_running(place / "pg")
    embedded.stop(place / "pg")
    with (place / "pg" / "postgresql.auto.conf").open("a") as file:
        file.write("shared_buffers = 'plenty'\n")
    message = refusal(place / "pg")
    assert "shared_buffers" in message or "contains errors" in message


def test_command_reports_one_line_and_exit_one(place: Path) -> None:
    (place / "postgres").write_text("")
    environment = os.environ | {"BIOTECH_MA_DATA_DIR": str(place), "DATABASE_URL": ""}
    for verb in (["db", "info"], ["migrate"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *verb],
            check=False,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert done.stdout == ""
        assert "is not a folder" in done.stderr
        assert "Traceback" not in done.stderr
