"""`manage.py ingest`: bring companies, candidates and the ledger in line with a source."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from biotech_ma.core.management.base import DeskCommand
from signals_app.ingest.base import SOURCES, IngestError, Outcome, Request, Step
from signals_app.ingest.perform import perform

REJECTS_SHOWN = 20


class Command(DeskCommand):
    """Reads a source and writes what is new; a second run of the same input changes nothing."""

    help = "Load a source's data. What is there already stays; analysts' values are never overwritten."
    examples = (
        "ingest universe --from FOLDER                      the files of a universe",
        "ingest edgar-facts                                 live, of all companies (set SEC_USER_AGENT first)",
        "ingest edgar-facts --from companyfacts.zip         from the SEC's own archive",
        "ingest clinicaltrials --company AXSM --dry-run     what would change, and nothing kept",
        "ingest drugsfda --from drugsfda.zip --json         counts and rejects as one object",
        "ingest edgar-ownership --since 2024-01-01          live, from a day on; the cursors stay where they are",
        "ingest edgar-facts --replay                        again from what earlier live runs fetched",
    )
    refusals = (IngestError,)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", choices=sorted(SOURCES), metavar="SOURCE", help=", ".join(sorted(SOURCES)))
        parser.add_argument(
            "--from",
            dest="paths",
            action="append",
            type=Path,
            default=[],
            metavar="PATH",
            help="a file, folder or zip to read; may be repeated. Without it the source is fetched live",
        )
        parser.add_argument(
            "--replay", action="store_true", help="read again what earlier live runs fetched, without asking anybody"
        )
        parser.add_argument("--since", type=_day, metavar="DAY", help="leave out what was known before this day")
        parser.add_argument(
            "--company",
            dest="companies",
            action="append",
            default=[],
            metavar="TICKER_OR_CIK",
            help="only this company; may be repeated",
        )
        parser.add_argument("--dry-run", action="store_true", help="report what would happen, and keep nothing")
        parser.add_argument("--json", action="store_true", help="print one object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        request = Request(
            paths=tuple(options["paths"]),
            since=options["since"],
            dry_run=options["dry_run"],
            companies=frozenset(_company(text) for text in options["companies"]),
        )
        try:
            with Bar(options["source"]) as bar:
                outcome = perform(options["source"], request, bar.show, is_replay=options["replay"])
        except (DatabaseError, psycopg.Error) as error:  # COPY speaks to psycopg past Django
            raise CommandError(f"what was not complete is undone: {' '.join(str(error).split())}") from error
        if options["json"]:
            self.stdout.write(json.dumps(outcome.to_json()))
        else:
            self._print(outcome, dry_run=request.dry_run)
        if outcome.is_in_vain:
            raise CommandError("; ".join(outcome.notes))
        for note in outcome.notes:
            self.notes.write(f"{note}\n")

    def _print(self, outcome: Outcome, *, dry_run: bool) -> None:
        counts = ", ".join(
            f"{getattr(outcome, name):,} {name}" for name in ("created", "updated", "unchanged", "skipped", "rejected")
        )
        self.stdout.write(f"{outcome.source}: {outcome.read:,} rows read: {counts}")
        if dry_run:
            self.stdout.write("dry run: nothing was kept")
        for reject in outcome.rejects[:REJECTS_SHOWN]:
            sys.stderr.write(f"rejected: {reject}\n")
        if len(outcome.rejects) > REJECTS_SHOWN:
            sys.stderr.write(f"… and more; --json lists up to {len(outcome.rejects)} of them\n")
        for refusal in outcome.refusals[:REJECTS_SHOWN]:
            sys.stderr.write(f"kept: {refusal}\n")


class Bar:
    """A progress bar on stderr where that is a terminal, and nothing at all where it is not."""

    def __init__(self, source: str) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True)),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._source = source
        self._task = self._progress.add_task(source, total=None)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def show(self, step: str) -> None:
        """Show what the run is doing and, where the step knows, how much of all is done."""
        self._progress.update(self._task, description=escape(f"{self._source}: {step}"))
        if isinstance(step, Step) and step.total:
            self._progress.update(self._task, completed=step.done, total=step.total)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day YYYY-MM-DD") from None


def _company(text: str) -> str:
    return text.strip().zfill(10) if text.strip().isdigit() else text.strip().upper()
