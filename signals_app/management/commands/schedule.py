"""`manage.py schedule`: which source is fetched when, and how each one stands."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser
from rich.console import Console
from rich.table import Table

from biotech_ma.core.management.base import DeskCommand
from biotech_ma.core.market_day import NEW_YORK
from signals_app.review_models import IngestRun
from signals_app.schedule import Freshness, Planned, freshness, planned_above

MINUTES = "%Y-%m-%d %H:%M"
# Where no terminal says how wide it is.
WIDTH = 160


class Command(DeskCommand):
    """Prints the schedule of the worker; times are New York's."""

    help = "Show what the worker fetches when, each source's last run and next run, and which one has gone silent."
    examples = ("schedule", "schedule --json")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        states = freshness()
        runs = {state.entry.source: _last_run(state.entry.source) for state in states}
        if options["json"]:
            rows = [state.to_json() | {"last_run": _run_json(runs[state.entry.source])} for state in states]
            above = [planned.to_json() for planned in planned_above()]
            self.stdout.write(json.dumps({"schedule": rows, "also": above}))
            return
        table = Table("source", "when (New York)", "next run", "last complete run", "last run", "state")
        for state in states:
            table.add_row(*_cells(state, runs[state.entry.source]))
        on_terminal = self.stdout.isatty()
        console = Console(force_terminal=on_terminal, width=None if on_terminal else WIDTH)
        with console.capture() as drawn:
            console.print(table)
            if planned := planned_above():
                console.print(_also(planned))
        self.stdout.write(drawn.get())


def _also(planned: list[Planned]) -> Table:
    table = Table("also", "when (New York)", "next run", "state")
    for one in planned:
        table.add_row(one.name, one.cron, f"{one.next_run.astimezone(NEW_YORK):{MINUTES}}", one.state)
    return table


def _last_run(source: str) -> IngestRun | None:
    return IngestRun.objects.filter(source=source).order_by("-started_at").first()


def _run_json(run: IngestRun | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "request": run.request,
        "counts": run.counts,
        "error": run.error or None,
    }


def _cells(state: Freshness, run: IngestRun | None) -> tuple[str, ...]:
    def local(moment: Any) -> str:
        return f"{moment.astimezone(NEW_YORK):{MINUTES}}" if moment else "—"

    if state.blocked:
        stands = f"off: {state.blocked}"
    elif state.is_silent:
        stands = "[red]silent for longer than scheduled[/red]"
    else:
        stands = "fresh" if state.fresh_at else "not fetched yet" if state.enabled_at else "waits for a worker"
    last = "—" if run is None else f"{local(run.started_at)} {run.error or ('ok' if run.finished_at else 'no end')}"
    return (
        state.entry.source,
        state.entry.cron,
        "—" if state.blocked else local(state.next_run),
        local(state.fresh_at),
        last,
        stands,
    )
