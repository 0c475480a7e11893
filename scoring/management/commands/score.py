"""`manage.py score`: score every target as of a day."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from biotech_ma.core.management.base import DeskCommand
from scoring import services
from scoring.computing import Identity
from scoring.engine.total import METHODOLOGY
from scoring.explanation import label_of
from scoring.history import Every, days_between, score_days
from scoring.management.progress import history_progress
from scoring.management.staleness import name_blank, staleness, warn_if_stale
from scoring.models import COMPONENTS, MAScore

SHOWN = 20

type Shown = tuple[MAScore, Identity]


class Command(DeskCommand):
    """Scores, ranks and compares all targets; the same day gives the same bytes."""

    help = "Score every target as of a day, or of many: totals, percentiles, changes over 30 and 90 days."

    examples = (
        "score                                            every target, as of today or the data's own day",
        "score --as-of 2026-06-30                         with what was public by the end of that day",
        "score --as-of 2026-06-30 --company AXSM --json   one company's figures, as JSON",
        "score --from 2025-01-01 --to 2026-06-30          every day that has no scores yet; again, to go on",
        "score --from 2023-01-01 --to 2026-06-30 --every month-end",
    )
    refusals = (services.ScoringError, ValueError)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # `--version` is the version of the weights here, as it is in every script that uses this command.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-of",
            metavar="DAY",
            help="YYYY-MM-DD; by default today in New York, or the data's own day when today's figures are stale",
        )
        parser.add_argument(
            "--even-stale",
            action="store_true",
            help="without --as-of: score today although most figures are too old for it",
        )
        parser.add_argument("--from", dest="first", metavar="DAY", help="first day of a history, with --to")
        parser.add_argument("--to", dest="last", metavar="DAY", help="last day of a history")
        parser.add_argument(
            "--every",
            choices=[every.value for every in Every],
            help="which days of the history: day (default), week (its Friday) or month-end",
        )
        parser.add_argument("--again", action="store_true", help="score days of the history that have scores anew, too")
        parser.add_argument("--version", metavar="V", help="version of the weights, the one in force by default")
        parser.add_argument(
            "--company",
            dest="companies",
            action="append",
            default=[],
            metavar="TICKER",
            help="show only this company, repeatable; all are scored, for medians and percentiles need all",
        )
        parser.add_argument("--json", action="store_true", help="print one object: tickers and figures")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["first"] is not None or options["last"] is not None:
            self._score_history(options)
            return
        if options["every"] or options["again"]:
            raise CommandError("--every and --again belong to a history: name its --from and --to")
        wanted = [services.find_target(ref) for ref in options["companies"]]
        day = self._day(options)
        computed = services.score_universe(day=day, version=options["version"], required=wanted)
        warn_if_stale(self.notes, computed)
        name_blank(self.notes, computed)
        scores = _scores(computed, {company.pk for company in wanted})
        if options["json"]:
            self.out.write(json.dumps(_document(computed, scores), sort_keys=True) + "\n")
        else:
            _print(Console(file=self.out), computed, scores, everything=bool(wanted))

    def _score_history(self, options: dict[str, Any]) -> None:
        """Score the days of a range, with progress on stderr; what was left to do is found by running it again."""
        if options["first"] is None or options["last"] is None:
            raise CommandError("a history needs both --from and --to")
        if options["as_of"] or options["companies"]:
            raise CommandError("--as-of and --company belong to one day; a history has --from and --to")
        first, last = (services.checked_day(options[name]) for name in ("first", "last"))
        days = days_between(first, last, Every(options["every"] or Every.DAY))
        with history_progress(self.notes, len(days)) as report:
            done = score_days(days, version=options["version"], again=options["again"], report=report)
        if options["json"]:
            document = {
                "score_version": done.version,
                "from": days[0].isoformat(),
                "to": days[-1].isoformat(),
                "days": len(days),
                "methodology": METHODOLOGY,
            }
            self.out.write(json.dumps(document, sort_keys=True) + "\n")
        else:
            held = f"; {len(done.held)} had scores already (--again scores them anew)" if done.held else ""
            self.out.write(f"scored {len(done.scored)} of {len(days)} days from {days[0]} to {days[-1]}{held}\n")

    def _day(self, options: dict[str, Any]) -> dt.date:
        """Return the day asked for; without one today, or the data's own day (and say so) if today's are stale."""
        if options["as_of"] is not None:
            return services.checked_day(options["as_of"])
        today = services.market_today()
        if not options["even_stale"]:
            computed = services.compute_day(day=today, version=options["version"])
            if computed.is_stale:
                self.notes.write(
                    f"warning: {staleness(computed)} and is scored instead, so that no stale score becomes the latest; "
                    "ingest newer filings, or insist on today with --even-stale\n"
                )
                return services.data_day()
        return today


def _scores(computed: services.ComputedDay, wanted: Collection[UUID]) -> list[Shown]:
    """Return the stored scores of the day, best first; those that were asked for, or all.

    Each under the ticker that the company had on the day: a later change of ticker changes no earlier answer.
    """
    rows = MAScore.objects.filter(score_date=computed.day, score_version=computed.version)
    rows = rows.defer("key_drivers", "risk_factors", "metadata")
    if wanted:
        rows = rows.filter(company_id__in=wanted)
    shown = [(row, computed.companies[row.company_id]) for row in rows]
    return sorted(shown, key=lambda pair: (-pair[0].total_score, pair[1].ticker or "~", pair[1].cik or pair[1].name))


def _document(computed: services.ComputedDay, scores: Iterable[Shown]) -> dict[str, Any]:
    return {
        "score_date": computed.day.isoformat(),
        "score_version": computed.version,
        "methodology": METHODOLOGY,
        "unfed": list(computed.unfed),
        "scores": [
            {
                "ticker": company.ticker,
                "cik": company.cik,
                "total_score": str(row.total_score),
                "percentile_rank": _text(row.percentile_rank),
                "confidence": str(row.confidence),
                **{f"{name}_score": _text(getattr(row, f"{name}_score")) for name in COMPONENTS},
            }
            for row, company in scores
        ],
    }


def _text(figure: object) -> str | None:
    return None if figure is None else str(figure)


def _print(console: Console, computed: services.ComputedDay, scores: list[Shown], *, everything: bool) -> None:
    ranked = [pair for pair in scores if pair[0].percentile_rank is not None]
    shown = scores if everything else ranked[:SHOWN]
    table = Table(title=f"Scores as of {computed.day}, version {computed.version}")
    for heading in ("Ticker", "Name"):
        table.add_column(heading)
    for heading in ("Total", "Percentile", "30 days", "90 days", "Confidence"):
        table.add_column(heading, justify="right")
    for row, company in shown:
        table.add_row(
            company.ticker or "",
            company.name,
            f"{row.total_score:.2f}",
            "insufficient data" if row.percentile_rank is None else f"{row.percentile_rank:.1f}",
            _change(row.score_change_30d),
            _change(row.score_change_90d),
            f"{row.confidence:.0%}",
        )
    console.print(table)
    if not everything:
        console.print(
            f"{len(ranked)} targets ranked, {len(scores) - len(ranked)} with insufficient data; "
            f"the first {len(shown)} are shown"
        )
    console.print(f"Not fed yet: {', '.join(label_of(name) for name in computed.unfed) or 'none'}. {METHODOLOGY}.")


def _change(points: Any) -> str:
    return "" if points is None else f"{points:+.2f}"
