"""What scoring puts on the first page: who moved, and the top of the ranking."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.dashboard import Panel, Tile, on_dashboard
from biotech_ma.core.admin.visits import since_of
from companies.admin import company_link
from scoring.admin_scores import confidence_badge
from scoring.engine.total import METHODOLOGY
from scoring.models import MAScore
from scoring.movers import Mover, moved_since

TOP_ROWS, MOVED_ROWS = 15, 8
SPARK_DAYS = 180
LIST = "admin:scoring_mascore_changelist"


def _moved(request: HttpRequest) -> list[Mover]:
    """Return who moved since the user's last visit; once a request."""
    kept: list[Mover] | None = getattr(request, "desk_moved", None)
    if kept is None:
        kept = moved_since(since_of(request).at)
        request.desk_moved = kept  # type: ignore[attr-defined]
    return kept


@on_dashboard(order=20, permission="scoring.view_mascore")
def moved_tile(request: HttpRequest) -> Tile:
    """Count the scores that moved, up and down."""
    moved = _moved(request)
    up = sum(mover.points > 0 for mover in moved)
    parts = [
        format_html('<span class="desk-up">▲ {} up</span>', f"{up:,}"),
        format_html('<span class="desk-down">▼ {} down</span>', f"{len(moved) - up:,}"),
    ]
    quiet = "" if moved else "none by a point or more with the same inputs"
    return Tile("Scores that moved", f"{len(moved):,}", quiet, reverse(LIST), parts if moved else [])


@on_dashboard(order=50, permission="scoring.view_mascore")
def top_panel(request: HttpRequest) -> Panel:
    """List the top of the ranking, each with its line and its change."""
    same = MAScore.objects.filter(company=OuterRef("company"), score_version=OuterRef("score_version"))
    since = OuterRef("score_date") - dt.timedelta(days=SPARK_DAYS)
    line = same.filter(score_date__range=(since, OuterRef("score_date"))).order_by("score_date").values("total_score")
    rows = MAScore.objects.top(TOP_ROWS).annotate(line=ArraySubquery(line))
    scores = list(rows.defer("company__search_vector", "metadata", "key_drivers", "risk_factors"))
    day = f", as of {max(row.score_date for row in scores)}" if scores else ""
    return Panel(
        "Top list",
        ["#", "Company", "Score", "180 d", "30 d", "Confidence", "Market cap"],
        [
            [
                str(place),
                company_link(row.company),
                columns.link(reverse("admin:scoring_mascore_change", args=[row.pk]), columns.bar(row.total_score)),
                _line(row, getattr(row, "line", [])),
                columns.change(row.score_change_30d),
                confidence_badge(row.confidence),
                columns.money(row.company.market_cap_usd),
            ]
            for place, row in enumerate(scores, start=1)
        ],
        note=METHODOLOGY + day,
        url=reverse(LIST),
        empty="Nothing is ranked yet. Run the score command.",
        numeric=frozenset({0, 2, 4, 5, 6}),
    )


@on_dashboard(order=54, permission="scoring.view_mascore")
def moved_panel(request: HttpRequest) -> Panel | None:
    """List the scores that moved most since the last visit; the tile says that there are none."""
    moved = _moved(request)
    if not moved:
        return None
    return Panel(
        "Scores that moved",
        ["Company", "Then", "Now", "Change", "Compared with"],
        [
            [
                columns.link(
                    reverse("admin:companies_company_view", args=[mover.company_id]),
                    mover.ticker or mover.name,
                    title=mover.name,
                ),
                columns.number(mover.earlier_total),
                columns.link(
                    reverse("admin:scoring_mascore_change", args=[mover.score_id]), columns.number(mover.total)
                ),
                columns.change(mover.points),
                columns.day(mover.earlier_day),
            ]
            for mover in moved[:MOVED_ROWS]
        ],
        note="by a point or more, with the same inputs known",
        url=reverse(LIST) + "?o=-5",
        numeric=frozenset({1, 2, 3}),
    )


def _line(row: MAScore, totals: list[Decimal]) -> SafeString:
    title = f"{row.company}: {len(totals)} scores of {SPARK_DAYS} days"
    if totals:
        title += f", from {figures.number(totals[0])} to {figures.number(totals[-1])}"
    return columns.spark([float(total) for total in totals], title=title)
