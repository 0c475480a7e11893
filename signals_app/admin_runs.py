"""The log of the sources' runs, and how each source of the schedule stands: a silent one is red."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Q, Value
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RadioFilter

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.column_data import WORDS
from biotech_ma.core.market_day import NEW_YORK
from signals_app.review_models import IngestRun
from signals_app.runs import living_runs
from signals_app.schedule import Freshness, freshness

COUNTS = ("read", "created", "updated", "unchanged", "skipped", "rejected")


class EndFilter(RadioFilter):  # type: ignore[misc]
    """How runs ended."""

    title = "end"
    parameter_name = "end"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what can be asked for."""
        return [("failed", "Failed"), ("open", "No end"), ("rejects", "With rejects")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        narrowed = {
            "failed": lambda rows: rows.exclude(error=""),
            "open": lambda rows: rows.filter(finished_at__isnull=True),
            "rejects": lambda rows: rows.exclude(rejects=[]),
        }
        return narrowed.get(self.value() or "", lambda rows: rows)(queryset)


def _seconds(run: IngestRun) -> float | None:
    return (run.finished_at - run.started_at).total_seconds() if run.finished_at else None


def _written(run: IngestRun) -> int | None:
    return run.counts.get("created", 0) + run.counts.get("updated", 0) if run.counts else None


@admin.register(IngestRun)
class IngestRunAdmin(ReadOnlyAdmin):
    """What each run was asked, what became of the rows, how it ended."""

    list_display = ["source_name", "how", "started", "took", "read", "written", "rejected", "data_day", "end", "now"]
    list_filter = [EndFilter]
    search_fields = ["source"]
    ordering = ["-started_at", "-id"]
    fields = ["source_name", "how", "started_at", "finished_at", "end", "data_day", "figures", "refused", "files"]
    readonly_fields = fields
    empty_hint = "No source has been read yet. On the server: manage.py ingest SOURCE."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the runs, each with whether its process lives and whether its source has gone silent."""
        silent = [state.entry.source for state in freshness() if state.is_silent]
        return (
            super().get_queryset(request).annotate(source_is_silent=_among("source", silent))
            .annotate(lives=_among("pk", living_runs()))
        )  # fmt: skip

    @column("Source", order="source")
    def source_name(self, run: IngestRun) -> str:
        """Return the source."""
        return run.source

    @column("From", data=WORDS)
    def how(self, run: IngestRun) -> str:
        """Return where it was read from, and what was left out."""
        asked = run.request
        if asked.get("live"):
            came = "live"
        elif asked.get("replay"):
            came = "what is kept"
        else:
            came = ", ".join(run.paths[:2]) + (" …" if len(run.paths) > 2 else "")  # noqa: PLR2004
        parts = [came, f"since {asked['since']}" if asked.get("since") else "", ", ".join(asked.get("companies", ()))]
        return " · ".join(filter(None, [*parts, "dry run" if asked.get("dry_run") else ""]))

    @column("Started", order="started_at")
    def started(self, run: IngestRun) -> SafeString:
        """Return how long ago it began."""
        return columns.ago(run.started_at)

    @column("Took", numeric=True, data={"Took, seconds": _seconds})
    def took(self, run: IngestRun) -> SafeString:
        """Return how long it took."""
        seconds = _seconds(run)
        if seconds is None:
            return columns.unknown("No end: under way, or its process died")
        return columns.hover(f"{seconds:,.1f} s", str(run.finished_at))

    @column("Read", numeric=True, data=lambda run: run.counts.get("read"))
    def read(self, run: IngestRun) -> str:
        """Return how many rows were read."""
        return _count(run, "read")

    @column("New or changed", numeric=True, data=_written)
    def written(self, run: IngestRun) -> str:
        """Return how many rows were written."""
        return f"{_written(run):,}" if run.counts else "—"

    @column("Rejected", numeric=True, data=lambda run: run.counts.get("rejected"))
    def rejected(self, run: IngestRun) -> str:
        """Return how many rows were not taken."""
        return _count(run, "rejected")

    @column("Data to", data=TruncDate("data_until", tzinfo=NEW_YORK))
    def data_day(self, run: IngestRun) -> SafeString:
        """Return the market's day up to which the data went that it read."""
        return columns.market_day(run.data_until, hint="Nothing dated was read, or the run is older than this column")

    @column("End", data=WORDS)
    def end(self, run: IngestRun) -> SafeString:
        """Return how it ended."""
        return end_badge(run, lives=getattr(run, "lives", False))

    @column("Source now", data={"Source is silent": "source_is_silent"})
    def now(self, run: IngestRun) -> SafeString:
        """Return whether the source has been silent for longer than its schedule."""
        if getattr(run, "source_is_silent", False):
            return columns.badge("silent", "red", title="No complete live run for longer than its schedule")
        return columns.badge("—")

    @column("Figures")
    def figures(self, run: IngestRun) -> SafeString:
        """Return what became of the rows."""
        return columns.definitions({name: _count(run, name) for name in COUNTS if name in run.counts})

    @column("Refused")
    def refused(self, run: IngestRun) -> SafeString:
        """Return the error and the rows that were not taken, with the reason of each."""
        rows = [f"{one.get('file')}, line {one.get('line') or '—'}: {one.get('reason')}" for one in run.rejects[:200]]
        return columns.bullets([*([run.error] if run.error else []), *rows], empty="Nothing")

    @column("Files")
    def files(self, run: IngestRun) -> SafeString:
        """Return what was read."""
        return columns.bullets(run.paths[:200], empty="None: live, or from what is kept")


def _among(name: str, values: list[Any]) -> Any:
    return ExpressionWrapper(Q(**{f"{name}__in": values}), BooleanField()) if values else Value(False)


def _count(run: IngestRun, name: str) -> str:
    return f"{run.counts[name]:,}" if name in run.counts else "—"


def end_badge(run: IngestRun, *, lives: bool) -> SafeString:
    """Return how a run ended; without an end it is under way where its process lives."""
    if run.error:
        return columns.badge("failed", "red", title=run.error)
    if run.finished_at is None:
        if lives:
            return columns.badge("under way", "blue")
        return columns.badge("died", "red", title="Its process is gone: run it again, nothing is half written")
    return columns.badge("rejects", "amber") if run.rejects else columns.badge("good", "green")


def state_badge(state: Freshness) -> SafeString:
    """Return how a source stands, silent ones in red."""
    if state.is_silent:
        return columns.badge("silent", "red", title="No complete live run for longer than its schedule")
    if state.blocked:
        return columns.badge("off", "grey", title=state.blocked)
    if state.fresh_at:
        return columns.badge("fresh", "green")
    return columns.badge("not fetched yet", "grey")
