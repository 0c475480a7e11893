"""`manage.py backtest`: what the ranking of past days was worth."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from rich.console import Console

from biotech_ma.core.management.base import DeskCommand
from scoring import services
from scoring.backtest.document import document
from scoring.backtest.labels import LabelError
from scoring.backtest.run import Asked, BacktestError, run
from scoring.backtest.terminal import show


class Command(DeskCommand):
    """Ranks past quarter ends with what was known then and measures the rankings on announced takeovers."""

    help = "Back-test the ranking on announced takeovers: measures with intervals, baselines, controls. Writes nothing."

    examples = (
        "backtest --from 2012-01-01 --to 2020-12-31                      on the ledger's takeovers",
        "backtest --from 2012-01-01 --to 2020-12-31 --labels deals.csv   on a file cik,announced[,acquirer]",
        "backtest --from 2012-01-01 --to 2020-12-31 --html report.html   with plots, as one page",
        "backtest --from 2012-01-01 --to 2020-12-31 --json               as one JSON object",
    )
    refusals = (BacktestError, LabelError, services.ScoringError)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # `--version` is the version of the weights, as for `score`.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="first", required=True, metavar="DAY", help="rank quarter ends from this day"
        )
        parser.add_argument("--to", dest="last", required=True, metavar="DAY", help="to this day, both included")
        parser.add_argument(
            "--horizon", type=int, default=365, metavar="DAYS", help="a takeover counts if announced within; 365"
        )
        parser.add_argument(
            "--labels", type=Path, metavar="CSV", help="cik,announced[,acquirer]; without it the ledger's takeovers"
        )
        parser.add_argument(
            "--labels-until",
            metavar="DAY",
            help="the labels are complete up to this day; by default today, unless they stop long before",
        )
        parser.add_argument("--version", metavar="V", help="version of the weights, the one in force by default")
        parser.add_argument("--html", type=Path, metavar="PATH", help="also write one self-contained page with plots")
        parser.add_argument("--json", action="store_true", help="print one object")

    def handle(self, *args: Any, **options: Any) -> None:
        page: Path | None = options["html"]
        if page is not None and not page.parent.is_dir():
            raise BacktestError(f"--html {page}: there is no folder {page.parent}")
        asked = Asked(
            first=_day(options["first"], "--from"),
            last=_day(options["last"], "--to"),
            horizon_days=options["horizon"],
            labels=options["labels"],
            labels_until=_day(options["labels_until"], "--labels-until") if options["labels_until"] else None,
            version=options["version"],
        )
        result = run(asked, self._say)
        if page is not None:
            # The plots take a second to load: only for a page.
            from scoring.backtest.page import write_page

            write_page(result, page)
            self._say(f"Wrote {page}")
        if options["json"]:
            self.out.write(json.dumps(document(result), sort_keys=True) + "\n")
        else:
            show(Console(file=self.out), result)

    def _say(self, line: str) -> None:
        self.notes.write(f"{line}\n")
        self.notes.flush()


def _day(text: str, option: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BacktestError(f"{option} {text!r} is not a day; write it as YYYY-MM-DD") from None
