"""How fresh every source is, on the first page."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns
from biotech_ma.core.admin.dashboard import Panel, on_dashboard
from signals_app.admin_runs import end_badge, state_badge
from signals_app.ingest.base import SOURCES
from signals_app.models import IngestRun
from signals_app.runs import living_runs
from signals_app.schedule import Freshness, freshness


@on_dashboard(order=90, permission="signals_app.view_ingestrun")
def sources(request: HttpRequest) -> Panel:
    """List every source: how it stands, its last run, up to which day its data go, its next run."""
    planned = {state.entry.source: state for state in freshness()}
    last = _last_runs()
    names = [*planned, *(name for name in sorted(SOURCES) if name in last and name not in planned)]
    lives = set(living_runs()) if any(run.finished_at is None for run in last.values()) else set()
    return Panel(
        "Sources",
        ["Source", "State", "Last run", "Data to", "Last complete run", "Next run"],
        [_row(name, planned.get(name), last.get(name), lives) for name in names],
        note="data to: the newest day that a run has read",
        url=reverse("admin:signals_app_ingestrun_changelist"),
        empty="No source is on the schedule, and none has been read. Run the ingest command.",
        wide=True,
    )


def _last_runs() -> dict[str, Any]:
    """Return the last run of each source that has one, with `data_to` of its newest run with dated data."""
    of_source = IngestRun.objects.filter(source=OuterRef("source")).order_by("-started_at", "-id")
    kept = of_source.filter(Q(request__dry_run__isnull=True), data_until__isnull=False)
    runs = (
        IngestRun.objects.filter(source__in=list(SOURCES))
        .order_by("source", "-started_at", "-id")
        .distinct("source")
        .annotate(data_to=Subquery(kept.values("data_until")[:1]))
        .defer("paths")
    )
    return {run.source: run for run in runs}


def _row(name: str, state: Freshness | None, run: Any, lives: set[Any]) -> list[Any]:
    waits = state is None or bool(state.blocked)
    return [
        name,
        columns.badge("by hand", "grey", title="Not on the schedule") if state is None else state_badge(state),
        _run_cell(run, lives),
        columns.market_day(run.data_to if run else None, hint="Nothing dated has been read yet"),
        columns.ago(state.fresh_at if state else None),
        columns.unknown("Does not run by itself") if waits or state is None else columns.moment(state.next_run),
    ]


def _run_cell(run: Any, lives: set[Any]) -> SafeString:
    if run is None:
        return columns.unknown("Never")
    return columns.beside(columns.ago(run.started_at), end_badge(run, lives=run.pk in lives))
