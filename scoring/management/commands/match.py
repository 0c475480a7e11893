"""`manage.py match`: match every target with the acquirers as of a day."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser
from django.db.models import Q
from rich import box
from rich.console import Console
from rich.table import Table

from biotech_ma.core.management.base import DeskCommand
from companies.choices import Role
from scoring import services
from scoring.engine.acquirers import WEIGHTS
from scoring.engine.valuation import METHODS
from scoring.engine.wording import dollars
from scoring.management.staleness import staleness, warn_if_stale
from scoring.matching.record import COLUMNS, METHODOLOGY
from scoring.matching.services import MatchedDay, match_day
from scoring.models import AcquirerMatch

SHOWN = 20
ENDS = ("low", "mid", "high")
BELOW = "<"
# Headings and widths that no narrow terminal cuts.
FIGURES = (
    ("#", 2), ("Fit", 5), ("Ther.", 5), ("Geo.", 4), ("Cap.", 4), ("Cliff", 5), ("Hist.", 5), ("Value", 6),
)  # fmt: skip


class Command(DeskCommand):
    """Matches all targets with all acquirers and keeps the best; the same day gives the same bytes."""

    help = "Match every target with the acquirers as of a day: fit of ten, terms, rationale, valuation range."

    examples = (
        "match                                            every target, as of today or the data's own day",
        "match --as-of 2026-06-30                         with what was public by the end of that day",
        "match --as-of 2026-06-30 --company AXSM --json   one target's acquirers, or one acquirer's targets, as JSON",
    )
    refusals = (services.ScoringError, ValueError)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-of",
            metavar="DAY",
            help="YYYY-MM-DD; by default today in New York, or the data's own day when today's figures are stale",
        )
        parser.add_argument(
            "--company",
            dest="companies",
            action="append",
            default=[],
            metavar="TICKER",
            help="show only this target or acquirer (ticker or id), repeatable; all are matched, for past deals are "
            "weighed against everybody's",
        )
        parser.add_argument("--json", action="store_true", help="print one object: tickers and figures")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {_party(ref) for ref in options["companies"]}
        matched = match_day(day=self._day(options), say=self._say)
        warn_if_stale(self.notes, matched.computed)
        matches = _matches(matched.day, wanted)
        if options["json"]:
            self.out.write(json.dumps(_document(matched, matches), sort_keys=True) + "\n")
        else:
            _print(Console(file=self.out), matched, matches, everything=bool(wanted))

    def _say(self, line: str) -> None:
        self.notes.write(f"{line}\n")
        self.notes.flush()

    def _day(self, options: dict[str, Any]) -> dt.date:
        """Return the day asked for; without one today, or the data's own day (and say so) if today's are stale."""
        if options["as_of"] is not None:
            return services.checked_day(options["as_of"])
        today = services.market_today()
        computed = services.compute_day(day=today)
        if not computed.is_stale:
            return today
        self._say(f"warning: {staleness(computed)} and is matched instead; name a day with --as-of to match another")
        return services.data_day()


def _party(ref: str) -> UUID:
    company = services.find_company(ref)
    if company.role == Role.EXCLUDED:
        raise services.ScoringError(f"{company} is not matched: its role is {company.role}")
    return company.pk


def _matches(day: dt.date, wanted: Collection[UUID]) -> list[AcquirerMatch]:
    """Return the stored matches of the day, by target and rank; those that were asked for, or all."""
    # Archived ones too: what a past day matched does not change with what has become of a company since.
    rows = AcquirerMatch.objects.filter(match_date=day).select_related("target_company")
    if wanted:
        rows = rows.filter(Q(target_company_id__in=wanted) | Q(acquirer_company_id__in=wanted))
    rows = rows.defer("target_company__search_vector", "target_company__metadata")
    return sorted(rows, key=lambda row: (row.target_company.ticker or "~", row.target_company.name, row.match_rank))


def _document(matched: MatchedDay, matches: list[AcquirerMatch]) -> dict[str, Any]:
    return {
        "match_date": matched.day.isoformat(),
        "targets": matched.targets,
        "acquirers": matched.acquirers,
        "weights": {name: str(weight) for name, weight in WEIGHTS.items()},
        "methodology": METHODOLOGY,
        "matches": [_match(row) for row in matches],
    }


def _match(row: AcquirerMatch) -> dict[str, Any]:
    worth = row.estimated_valuation_range_usd
    return {
        "target_ticker": row.target_company.ticker,
        "target_cik": row.target_company.cik,
        "target_name": row.target_company.name,
        "acquirer_ticker": row.acquirer_ticker,
        "acquirer_name": row.acquirer_name,
        "match_rank": row.match_rank,
        "is_top_match": row.is_top_match,
        "strategic_fit_score": str(row.strategic_fit_score),
        **{column: _text(getattr(row, column)) for column in COLUMNS.values()},
        "terms": {term["term"]: term["value"] for term in row.metadata["terms"]},
        "left_out": row.metadata["left_out"],
        "coverage": row.metadata["coverage"],
        "feasibility": row.metadata["feasibility"],
        "antitrust": row.metadata["antitrust"],
        "relations": row.metadata["relations"],
        "key_assets_of_interest": row.key_assets_of_interest,
        "estimated_valuation_range_usd": {
            **{end: worth[end] for end in ENDS},
            "methods": [method["method"] for method in worth["methods"]],
            "by_method": {method["method"]: {end: method[end] for end in ENDS} for method in worth["methods"]},
            "market_cap": worth.get("market_cap"),
            "caveat": worth.get("caveat", ""),
        },
        "synergy_rationale": row.synergy_rationale,
    }


def _text(figure: Decimal | None) -> str | None:
    return None if figure is None else str(figure)


def _print(console: Console, matched: MatchedDay, matches: list[AcquirerMatch], *, everything: bool) -> None:
    best = sorted(
        (row for row in matches if row.is_top_match), key=lambda row: (-row.strategic_fit_score, row.acquirer_name)
    )
    shown = matches if everything else best[:SHOWN]
    table = Table(title=f"Acquirer matches as of {matched.day}", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Target", no_wrap=True, min_width=6)
    table.add_column("Acquirer")
    for heading, width in FIGURES:
        table.add_column(heading, justify="right", no_wrap=True, min_width=width)
    for row in shown:
        values = {term["term"]: term["value"] for term in row.metadata["terms"]}
        table.add_row(
            row.target_company.ticker or row.target_company.name,
            row.acquirer_ticker or row.acquirer_name,
            str(row.match_rank),
            f"{row.strategic_fit_score:.2f}",
            *(_shown(values[name]) for name in WEIGHTS),
            _middle(row.estimated_valuation_range_usd),
        )
    console.print(table)
    if everything and shown and len({row.target_company_id for row in shown}) == 1:
        console.print(shown[0].synergy_rationale)
        _print_valuation(console, shown[0].estimated_valuation_range_usd)
    console.print(
        f"{matched.targets} targets, {matched.acquirers} acquirers, {matched.matches} matches kept"
        f"{'' if everything else f'; the {len(shown)} best fits of ranked targets are shown'}. Therapeutic overlap, "
        "geography, financial capacity, revenue to replace (cliff) and deal history are 0 to 1, empty without input; "
        f"value is the middle of the range, {BELOW} where that lies below the market cap. {METHODOLOGY.capitalize()}."
    )


def _print_valuation(console: Console, worth: dict[str, Any]) -> None:
    """Print the range method by method, with what each rests on, and which give less than the market pays."""
    table = Table(title="What the equity might cost", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Method")
    for end in ENDS:
        table.add_column(end.capitalize(), justify="right", no_wrap=True)
    table.add_column("Rests on")
    for method in worth["methods"]:
        table.add_row(method["label"], *(dollars(Decimal(method[end])) for end in ENDS), method["detail"])
    for name, why in worth["left_out"].items():
        table.add_row(METHODS[name], "", "", "", f"left out: {why}")
    if worth["mid"] is not None:
        table.add_row("Median", *(dollars(Decimal(worth[end])) for end in ENDS), "")
    console.print(table)
    if caveat := worth.get("caveat"):
        console.print(caveat)


def _middle(worth: dict[str, Any]) -> str:
    """Return the middle of the range, marked where the market pays more already."""
    mid, cap = worth["mid"], worth.get("market_cap")
    if mid is None:
        return ""
    return dollars(Decimal(mid)) + (BELOW if cap is not None and Decimal(mid) < Decimal(cap) else "")


def _shown(value: str | None) -> str:
    return "" if value is None else f"{Decimal(value):.2f}"
