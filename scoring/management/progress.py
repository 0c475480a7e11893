"""How far a run over many days is: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scoring.computing import ComputedDay
from scoring.history import Report

LINES = 20


@contextmanager
def history_progress(notes: TextIO, days: int) -> Iterator[Report]:
    """Yield what is to be called after each day; on a terminal it moves a bar, else it writes about twenty lines."""
    if not notes.isatty():
        yield _lines(notes)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(file=notes), transient=True) as progress:
        task = progress.add_task("Scoring …", total=days)

        def report(computed: ComputedDay, number: int, of: int) -> None:
            progress.update(task, completed=number, total=of, description=f"Scored {computed.day}")

        yield report


def _lines(notes: TextIO) -> Report:
    def report(computed: ComputedDay, number: int, of: int) -> None:
        if number in (1, of) or number % max(of // LINES, 1) == 0:
            notes.write(f"scored {computed.day} ({number} of {of}): {len(computed.rows)} targets\n")
            notes.flush()

    return report
