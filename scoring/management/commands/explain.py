"""`manage.py explain TICKER`: one score, down to the source of each number."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.core.management.base import CommandParser
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from biotech_ma.core.management.base import DeskCommand
from companies.models import Company
from scoring import services
from scoring.changes import Since, changes_of
from scoring.explanation import Explanation, Line, explanation_of, label_of
from scoring.management.staleness import warn_if_stale
from scoring.models import MAScore

BAR_WIDTH = 20


class Command(DeskCommand):
    """Takes a score apart; writes nothing."""

    help = "Explain one score: each contribution with its input, value, median and source, and what is missing."

    examples = (
        "explain AXSM                          the latest score",
        "explain axsm --as-of 2026-06-30       of that day, worked out anew when it was not scored",
        "explain AXSM --json                   baseline + contributions = total, exactly",
    )
    refusals = (services.ScoringError, ValueError)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", metavar="TICKER", help="ticker in any case, or the company's id")
        parser.add_argument("--as-of", metavar="DAY", help="YYYY-MM-DD, the latest score by default")
        parser.add_argument("--json", action="store_true", help="print one object")

    def handle(self, *args: Any, **options: Any) -> None:
        day = None if options["as_of"] is None else services.checked_day(options["as_of"])
        company = services.find_target(options["company"])
        score = services.score_of(company, day)
        if isinstance(score, services.ComputedDay):
            warn_if_stale(self.notes, score)
            score = _picked(score, company)
        explained, since = explanation_of(score), changes_of(score)
        if options["json"]:
            document = explained.to_json() | {"changes_30d": since.to_json() if since else None}
            self.out.write(json.dumps(document, sort_keys=True) + "\n")
        else:
            console = Console(file=self.out)
            _print(console, explained)
            _print_changes(console, since)


def _picked(computed: services.ComputedDay, company: Company) -> MAScore:
    for row in computed.rows:
        if row.company_id == company.pk:
            row.company = company
            return row
    raise services.ScoringError(computed.why_absent(company) or f"{company} has no score of {computed.day}")


def _print(console: Console, explained: Explanation) -> None:
    console.print(_table(explained))
    standing = (
        f"percentile {explained.percentile_rank:.1f}"
        if explained.percentile_rank is not None
        else ("not ranked yet" if explained.is_ranked else "insufficient data: scored, not ranked")
    )
    console.print(f"Confidence {explained.confidence:.0%} of the inputs by weight; {standing}.")
    console.print(f"Method: {explained.methodology}.")
    _print_inputs(console, explained)
    _print_gaps(console, explained)


def _print_inputs(console: Console, explained: Explanation) -> None:
    console.print("\nInputs", style="bold")
    for line in explained.lines:
        if not line.imputed:
            assumed = " (assumed)" if line.assumed else ""
            console.print(f"  {line.label}: {line.detail}{assumed}", highlight=False)
            origin = " · ".join(str(part) for part in (line.source, line.date, line.source_url) if part)
            console.print(f"    {origin}", highlight=False, soft_wrap=True, style="dim")


def _print_changes(console: Console, since: Since | None) -> None:
    if since is None:
        console.print("\nNo score of 30 to 40 days earlier to compare with.", style="dim")
        return
    console.print(f"\nSince {since.day}: {since.points:+}", style="bold", highlight=False)
    if not since.is_comparable:
        console.print("  That score knew less: the change is data becoming known.", highlight=False)
    if since.baseline_points:
        console.print(f"  {since.baseline_points:+}  Baseline: the median company moved", highlight=False)
    for moved in since.moved:
        console.print(f"  {moved.points:+}  {moved.label}: {moved.why}", highlight=False)
        if moved.before != moved.after:
            console.print(f"    {moved.before or '—'} → {moved.after or '—'}", highlight=False, style="dim")
    if not since.moved and not since.baseline_points:
        console.print("  Nothing moved.", highlight=False)


def _print_gaps(console: Console, explained: Explanation) -> None:
    if explained.missing:
        console.print("\nMissing: the median of the day stands in", style="bold")
        for gap in explained.missing:
            console.print(f"  {gap.label}: {gap.why}; {gap.supply}", highlight=False)
    if explained.unfed:
        console.print("\nNot fed by any source yet, without weight", style="bold")
        for name in explained.unfed:
            console.print(f"  {label_of(name)}", highlight=False)


def _table(explained: Explanation) -> Table:
    title = f"{explained.name} ({explained.ticker or 'not listed'}), {explained.score_date}, version"
    table = Table(title=f"{title} {explained.score_version}", box=SIMPLE_HEAD)
    table.add_column("Input")
    for heading in ("Value", "Median", "Points"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Waterfall", no_wrap=True, min_width=BAR_WIDTH)
    table.add_row("Baseline: the median company", "", "", str(explained.baseline), "")
    moving = [line for line in explained.lines if line.contribution]
    ends = list(accumulate((line.contribution for line in moving), initial=explained.baseline))
    for line, before, after in zip(moving, ends, ends[1:], strict=False):
        table.add_row(*_cells(line), bar(before, after, min(ends), max(ends)))
    table.add_section()
    table.add_row("Total", "", "", Text(str(explained.total_score), style="bold"), "")
    return table


def _cells(line: Line) -> tuple[str, str, str, str]:
    return line.label, f"{line.value:.1f}", f"{line.median:.1f}", f"{line.contribution:+}"


def bar(before: Decimal, after: Decimal, low: Decimal, high: Decimal) -> Text:
    """Return the step from one running total to the next as a bar on the scale from `low` to `high`."""
    scale = (high - low) or Decimal(1)
    left, right = (round(float((edge - low) / scale) * BAR_WIDTH) for edge in sorted((before, after)))
    style = "green" if after > before else "red"
    return Text(" " * min(left, BAR_WIDTH - 1) + "█" * max(right - left, 1), style=style)
