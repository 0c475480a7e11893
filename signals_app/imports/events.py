"""Plans what a file says has happened: events for the ledger, each once; one that the ledger has is corrected."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from biotech_ma.core.market_day import NEW_YORK, start_of
from companies.identity import Identities
from companies.models import Company
from signals_app.imports.companies import today
from signals_app.imports.identity import Companies
from signals_app.imports.plan import Fate, Options, Plan, PlannedRow
from signals_app.imports.reading import ReadRow
from signals_app.imports.targets import EVENTS
from signals_app.models import Signal
from signals_app.services import ANALYST
from signals_app.withdrawals import free_keys

NEEDED = {"signal_type": "the type", "event_date": "the day", "title": "the title"}
# What a row may say of a signal that the ledger has.
SAID = ("signal_type", "event_date", "title", "description", "severity", "source_url")
LABELS = {target.name: target.label for target in EVENTS}

# Company, type, title -> when, and by which source.
type Told = dict[tuple[UUID, str, str], list[tuple[dt.datetime, str]]]
type Planned = list[tuple[ReadRow, Company | None, str]]


def plan_events(rows: Iterable[ReadRow], *, options: Options, file: str) -> Plan:
    """Return what becomes of each row: an event is added once, however often a file is imported.

    A row with the key of a signal, as exports have it, corrects that one where it says something else.
    """
    plan, day = Plan(), today()
    known = Companies.load(day)
    source = options.source or ANALYST
    planned: Planned = []
    for row in plan.own(rows):
        company = known.find(row, "company")
        if company is None and not row.faults:
            row.refuse("company", "is no company of the desk: import it first")
        for name, words in NEEDED.items():
            if name not in row.values and not any(cell == row.cells.get(name) for cell, _ in row.faults):
                row.refuse(name, f"is empty: give {words}")
        planned.append((row, company, _identifier(row, company)))
    signals = Signal.objects.select_related("company__merged_into").in_bulk(
        [row.values["id"] for row, *_ in planned if "id" in row.values]
    )
    superseded = set(Signal.objects.filter(supersedes__in=list(signals)).values_list("supersedes_id", flat=True))
    told = _told(planned)
    free = free_keys({key for *_, key in planned}, source)
    met: dict[str, int] = {}
    for row, company, key in planned:
        label = f"{company.ticker or company.name}: {row.values.get('title', '')}" if company else f"Row {row.row + 1}"
        signal = _meant(row, company, signals, superseded)
        said = str(signal.pk) if signal is not None else key
        if not row.faults and (first := met.setdefault(said, row.row)) != row.row:
            row.refuse("title", f"is the event of row {first + 1}: one row an event")
        if row.faults:
            plan.refuse(row, label)
        elif signal is not None:
            _correct(plan, row, signal, label, options)
        elif by := source if not free[key] else _teller(row, company, told):
            row.notes.append(f"Is in the ledger already, told by {by}")
            plan.rows.append(PlannedRow(row.row, label, Fate.SAME, [], [], row.notes))
        else:
            _add(plan, row, company, source, free[key], label)
    return plan


def _identifier(row: ReadRow, company: Company | None) -> str:
    said = [str(company.pk) if company else "", *(str(row.values.get(name, "")) for name in NEEDED)]
    return "import:" + hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:32]


def _one_line(text: str | None) -> str | None:
    """Return a text as a cell of a file gives it back."""
    return " ".join(text.split()) if text else None


def _days_of(moment: dt.datetime) -> set[dt.date]:
    """Return the days that files call a moment: the market's, and the one of Greenwich in which exports write it."""
    return {moment.astimezone(NEW_YORK).date(), moment.astimezone(dt.UTC).date()}


def _told(planned: Planned) -> Told:
    """Return what the ledger has of these companies, types and days, whoever told it, in two queries."""
    rows = [(row, company) for row, company, _ in planned if company is not None and not row.faults]
    found: Told = defaultdict(list)
    if not rows:
        return found
    same = Identities.load()
    days = [row.values["event_date"] for row, _ in rows]
    signals = Signal.objects.current().filter(
        company_id__in=same.ids_of({company.pk for _, company in rows}),
        signal_type__in={row.values["signal_type"] for row, _ in rows},
        event_date__gte=start_of(min(days)) - dt.timedelta(days=1),
        event_date__lt=start_of(max(days)) + dt.timedelta(days=2),
    )
    for company_id, kind, title, moment, source in signals.values_list(
        "company_id", "signal_type", "title", "event_date", "source"
    ):
        found[same.of(company_id), kind, _one_line(title) or ""].append((moment, source))
    return found


def _meant(row: ReadRow, company: Company | None, signals: dict[UUID, Signal], superseded: set[UUID]) -> Signal | None:
    """Return the signal whose key the row gives, None where it gives none. A doubt refuses the cell."""
    key = row.values.get("id")
    if key is None:
        return None
    signal = signals.get(key)
    if signal is None:
        row.refuse("id", "is no signal of the desk: empty the cell to add the event")
    elif signal.pk in superseded:
        row.refuse("id", "has been corrected since: take the list anew")
    elif company is not None and signal.company.survivor != company:
        row.refuse("id", f"is about {signal.company.survivor} here: signals do not change companies")
    return signal


def _correct(plan: Plan, row: ReadRow, signal: Signal, label: str, options: Options) -> None:
    """Plan the correction of a signal; nothing where the row says what the ledger has."""
    changes = {name: value for name in SAID if name in row.values and _differs(signal, name, value := row.values[name])}
    if changes and options.source:
        row.refuse("id", "is a signal of the desk: a source does not correct it")
        plan.refuse(row, label)
        return
    shown = [(LABELS[name], _shown(signal, name), str(value)) for name, value in changes.items()]
    fate = Fate.CHANGE if changes else Fate.SAME
    plan.rows.append(PlannedRow(row.row, label, fate, shown, [], row.notes, subject=signal.pk))
    if changes:
        if "event_date" in changes:
            changes["event_date"] = start_of(changes["event_date"])
        plan.corrections.append((signal, changes))


def _differs(signal: Signal, name: str, value: Any) -> bool:
    held = getattr(signal, name)
    if name == "event_date":
        return value not in _days_of(held)
    return bool(value != (_one_line(held) if isinstance(held, str) else held))


def _shown(signal: Signal, name: str) -> str:
    held = getattr(signal, name)
    if isinstance(held, dt.datetime):
        return held.astimezone(NEW_YORK).date().isoformat()
    return "—" if held is None else str(held)


def _teller(row: ReadRow, company: Any, told: Told) -> str:
    """Return who has told the ledger of this event, empty where nobody has."""
    values = row.values
    held = told.get((company.pk, values["signal_type"], values["title"]), ())
    return next((source for moment, source in held if values["event_date"] in _days_of(moment)), "")


def _add(plan: Plan, row: ReadRow, company: Any, source: str, key: str, label: str) -> None:
    values = row.values
    skipped = {"cik", "ticker", "company", "title", "id"}
    shown = [(LABELS[name], "—", str(value)) for name, value in values.items() if name not in skipped]
    planned = PlannedRow(row.row, label, Fate.CREATE, shown, [], row.notes)
    plan.rows.append(planned)
    event = {
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
    plan.events.append((planned, event))
