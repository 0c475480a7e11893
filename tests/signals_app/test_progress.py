"""How far a run has come: told in bytes of all its files, drawn as a bar on a terminal alone."""

from __future__ import annotations

import os
import pty
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from signals_app.ingest.base import Outcome, Step
from signals_app.ingest.files import Document
from signals_app.ingest.frame import watched
from signals_app.management.commands import ingest
from tests.processes import python

MEGABYTE = 1024**2


def test_steps_tell_the_bytes_read_of_all_files(tmp_path: Path) -> None:
    for name, size in (("a.csv", MEGABYTE), ("b.csv", 3 * MEGABYTE)):
        (tmp_path / name).write_bytes(b"x" * size)
    steps: list[tuple[str, int, int]] = []

    def tell(step: str) -> None:
        assert isinstance(step, Step)
        steps.append((str(step), step.done, step.total))

    outcome = Outcome("prices")
    found = [one for one in watched((tmp_path,), outcome, tell, lambda name: True) if isinstance(one, Document)]
    assert steps == [("a.csv", 0, 4 * MEGABYTE), ("b.csv", 0, 4 * MEGABYTE)]
    for document in found:
        with document.open() as stream:
            while stream.read(64 * 1024):
                pass
    assert steps[-1] == ("b.csv", 4 * MEGABYTE, 4 * MEGABYTE)
    done = [step[1] for step in steps]
    assert done == sorted(done)
    assert len(set(done)) > 3
    # A file that is read once more starts again; the others stay read.
    with found[0].open() as stream:
        stream.read(10)
    found[0].read()
    assert MEGABYTE * 3 < min(step[1] for step in steps[len(done) :]) <= MEGABYTE * 4
    assert steps[-1][1] == 4 * MEGABYTE


RUN = """
import os, sys
from django.core.management import call_command
from signals_app.ingest import base
from signals_app.ingest.base import Step
def run(request, progress):
    for done in (0, 25, 50):
        progress(Step("a[b].csv", done, 100))
    outcome = base.Outcome("prices")
    outcome.count("created")
    return outcome
base.source = lambda name: run
import signals_app.ingest.perform as perform
perform.source = base.source
call_command("ingest", "prices", "--from", sys.executable)
"""


@pytest.mark.django_db(transaction=True)
def test_bar_is_drawn_on_a_terminal() -> None:
    screen, terminal = pty.openpty()
    try:
        with python(RUN, stderr=terminal, TERM="xterm-256color", COLUMNS="100") as process:
            out, _ = process.communicate(timeout=60)
            os.close(terminal)
            drawn = _all(screen)
    finally:
        os.close(screen)
    assert process.returncode == 0, drawn
    assert "rows read" in out
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)
    assert re.search(r"prices: a\[b\]\.csv .*━.* 50% .* left ", plain), plain


def _all(screen: int) -> str:
    found = b""
    while True:
        try:
            piece = os.read(screen, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        found += piece
    return found.decode("utf-8", "replace")


@pytest.mark.django_db
def test_nothing_is_drawn_where_nobody_looks(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.csv").write_text("ticker,date,close\nNONE,2024-05-01,1\n")
    call_command("ingest", "prices", "--from", str(tmp_path))
    assert capfd.readouterr().err == ""
    with ingest.Bar("prices") as bar:
        bar.show(Step("[red]", 1, 2))
    assert capfd.readouterr().err == ""
