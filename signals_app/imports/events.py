"""Plans what a file says has happened: events for the ledger, each once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from signals_app.imports.companies import today
from signals_app.imports.identity import Companies
from signals_app.imports.plan import Fate, Options, Plan, PlannedRow
from signals_app.imports.reading import ReadRow
from signals_app.imports.targets import EVENTS
from signals_app.market_day import start_of
from signals_app.models import Signal
from signals_app.services import ANALYST

NEEDED = {"signal_type": "the type", "event_date": "the day", "title": "the title"}


def plan_events(rows: Iterable[ReadRow], *, options: Options, file: str) -> Plan:
    """Return what becomes of each row: an event is added once, however often a file is imported."""
    plan, day = Plan(), today()
    known = Companies.load(day)
    source = options.source or ANALYST
    planned: list[tuple[ReadRow, Any, str]] = []
    for row in plan.own(rows):
        company = known.find(row, "company")
        if company is None and not row.faults:
            row.refuse("company", "is no company of the desk: import it first")
        for name, words in NEEDED.items():
            if name not in row.values and not any(cell == row.cells.get(name) for cell, _ in row.faults):
                row.refuse(name, f"is empty: give {words}")
        planned.append((row, company, _identifier(row, company)))
    there = set(
        Signal.objects.filter(source=source, source_id__in=[key for *_, key in planned]).values_list(
            "source_id", flat=True
        )
    )
    met: dict[str, int] = {}
    for row, company, key in planned:
        label = f"{company.ticker or company.name}: {row.values.get('title', '')}" if company else f"Row {row.row + 1}"
        if not row.faults and (first := met.setdefault(key, row.row)) != row.row:
            row.refuse("title", f"is the event of row {first + 1}: one row an event")
        if row.faults:
            plan.refuse(row, label)
            continue
        is_there = key in there
        changes = [] if is_there else _shown(row)
        fate = Fate.SAME if is_there else Fate.CREATE
        plan.rows.append(PlannedRow(row.row, label, fate, changes, [], row.notes))
        if not is_there:
            plan.events.append(_event(row, company, source, key))
    return plan


def _identifier(row: ReadRow, company: Any) -> str:
    said = [str(company.pk) if company else "", *(str(row.values.get(name, "")) for name in NEEDED)]
    return "import:" + hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:32]


def _shown(row: ReadRow) -> list[tuple[str, str, str]]:
    labels = {target.name: target.label for target in EVENTS}
    skipped = {"cik", "ticker", "company", "title"}
    return [(labels[name], "—", str(value)) for name, value in row.values.items() if name not in skipped]


def _event(row: ReadRow, company: Any, source: str, key: str) -> dict[str, Any]:
    values = row.values
    return {
        "company": company,
        "signal_type": values["signal_type"],
        "event_date": start_of(values["event_date"]),
        "title": values["title"],
        "description": values.get("description"),
        "severity": values.get("severity"),
        "source_url": values.get("source_url"),
        "source": source,
        "source_id": key,
    }
