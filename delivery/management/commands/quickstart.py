"""`manage.py quickstart`: from nothing to a scored, browsable, queryable universe."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import signal
import socket
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from rich.console import Console
from rich.table import Table

from biotech_ma.core.management.base import DeskCommand
from biotech_ma.core.postgres import embedded
from companies.starter import STARTER_AS_OF
from delivery import quickstart

LAST_PORT = 65535
STOP_SECONDS = 3


class Command(DeskCommand):
    """Set up everything that is missing, print the leaderboard and the access, and serve until Ctrl-C."""

    help = "Set up the database, the data, the matches and the scores, print how to log in, and serve until Ctrl-C."
    examples = (
        "quickstart                       set up and serve on http://127.0.0.1:8000",
        "quickstart --port 8080           serve elsewhere",
        "quickstart --no-serve --json     set up, print one JSON object, stop",
        "quickstart --fresh               throw the embedded database away and start over",
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="stop after printing")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")
        parser.add_argument("--port", type=_port, default=8000, metavar="N", help="port to serve on (default: 8000)")
        parser.add_argument("--fresh", action="store_true", help="start over with an empty database; asks first")
        parser.add_argument("--force", action="store_true", help="with --fresh: do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        self.console = Console(file=self.notes, highlight=False, soft_wrap=True)
        try:
            if not options["no_serve"]:
                _refuse_busy_port(options["port"])
            if options["fresh"]:
                self._start_over(force=options["force"])
            self._run(options)
        except KeyboardInterrupt:
            self.console.print("Stopped. The same command goes on from here.")

    def _run(self, options: dict[str, Any]) -> None:
        base_url = f"http://127.0.0.1:{options['port']}"
        outcome = quickstart.set_up(self.console.print)
        if options["json"]:
            self.stdout.write(json.dumps(outcome.to_json(base_url=base_url)))
            self.stdout.flush()
        else:
            self._print(outcome, base_url)
        if not options["no_serve"]:
            connection.close()
            self._serve(options["port"], base_url)

    def _print(self, outcome: quickstart.Outcome, base_url: str) -> None:
        console = Console(file=self.out, highlight=False, soft_wrap=True)
        console.print(_leaderboard(outcome))
        console.print(
            f"{outcome.companies} companies, {outcome.drug_candidates} drug candidates, {outcome.signals} signals, "
            f"{outcome.scores} scores, {outcome.matches} acquirer matches. Transparent ranking, not validated."
        )
        console.print(
            f"Scores are as of {outcome.as_of}{_whose(outcome.as_of)}. Figures up to date: `uv run manage.py ingest "
            "edgar-facts` (set SEC_USER_AGENT first), then `uv run manage.py match` and `uv run manage.py score`."
        )
        for label, address in quickstart.addresses(base_url).items():
            console.print(f"{label.removesuffix('_url'):<10}{address}")
        access = outcome.access
        console.print(f"{'username':<10}{access.username}")
        for label, secret, renew in (
            ("password", access.password, f"changepassword {access.username}"),
            ("API key", access.api_key, f"client rotate {quickstart.CLIENT}"),
        ):
            console.print(f"{label:<10}{secret or f'as printed the first time; a new one: manage.py {renew}'}")

    def _start_over(self, *, force: bool) -> None:
        folder = embedded_folder()
        if folder is None:
            raise CommandError("--fresh is for the embedded database; DATABASE_URL is set: see `manage.py db reset`.")
        if not force:
            if not sys.stdin.isatty():
                raise CommandError("--fresh deletes the embedded database; no terminal to ask on, so add --force.")
            self.console.print(f"This deletes the embedded database in {folder} with all its data. Type yes to go on:")
            if input().strip().lower() != "yes":
                raise CommandError("Nothing was deleted.")
        connection.close()
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)

    def _serve(self, port: int, base_url: str) -> None:
        from granian import Granian
        from granian.constants import Interfaces

        stays = "" if not embedded_folder() else " The embedded PostgreSQL stays up: `manage.py db stop`."
        self.console.print(f"Serving on {base_url} until Ctrl-C.{stays}")
        Granian(
            "biotech_ma.wsgi:application",
            address="127.0.0.1",
            port=port,
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=4,
            # A browser's half-sent request would keep Ctrl-C waiting for ever.
            workers_kill_timeout=STOP_SECONDS,
            log_level="warning",  # type: ignore[arg-type]
        ).serve()
        self.console.print("Stopped.")


def embedded_folder() -> Path | None:
    """Return where the embedded database lives, None on a server of one's own."""
    folder = settings.DATABASES["default"].get("EMBEDDED_DIR")
    return Path(folder) if folder else None


def _leaderboard(outcome: quickstart.Outcome) -> Table:
    table = Table(title=f"Most likely targets, as of {outcome.as_of}", title_justify="left")
    for title, side in (("#", "right"), ("ticker", "left"), ("company", "left")):
        table.add_column(title, justify=side)  # type: ignore[arg-type]
    for title in ("score", "percentile", "30 days"):
        table.add_column(title, justify="right")
    for rank, row in enumerate(outcome.top, start=1):
        percentile = "—" if row.percentile_rank is None else f"{row.percentile_rank:.1f}"
        change = "—" if row.score_change_30d is None else f"{row.score_change_30d:+.1f}"
        table.add_row(str(rank), row.ticker or "—", row.name, f"{row.total_score:.2f}", percentile, change)
    return table


def _whose(day: dt.date) -> str:
    return ", the day of the starter data" if day == STARTER_AS_OF else ""


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LAST_PORT:
        raise ArgumentTypeError(f"{text!r} is no port: 1 to {LAST_PORT}")
    return int(text)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _refuse_busy_port(port: int) -> None:
    """Refuse a port that somebody serves: SO_REUSEPORT would let both answer in turn."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise CommandError(f"Port {port} is in use; choose another with --port, or stop what serves there.")
