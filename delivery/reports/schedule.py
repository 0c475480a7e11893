"""Which report is made when: daily digests and weekly watchlists, in New York's time, each slot once.

A slot reports on what came before its day: the digest on the days since the slot before, the watchlist on the week.
Slots that passed while no worker ran are made up, the last ones, each with its own day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from croniter import croniter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.services import violated_constraint
from biotech_ma.core.vocabulary import near
from companies.identity import read_refs
from companies.watchlists import refs_on
from delivery.choices import ReportFormat, ReportStatus, ReportType, ScheduledReport
from delivery.models import Client, Report, StandingOrder
from delivery.reports.orders import ReportRefused
from delivery.reports.services import order_report
from signals_app.schedule import ENABLED, OFF, SLOT, Entry, Planned, mark, marks_of

PREFIX = "report "
# So many missed slots of a report are made up.
MOST_MADE_UP = 5
DESK = "desk"


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a report of a slot is made: the desk, a client with its watchlist, or those whom a standing order names.

    `watchlist` is what the order's own is called; without it, no companies mean that the report chooses.
    """

    key: str
    recipients: tuple[str, ...]
    form: str
    tickers: tuple[str, ...] = ()
    thresholds: Mapping[str, Any] | None = None
    client: Client | None = None
    watchlist: str = ""


def entries() -> list[Entry]:
    """Return the schedule with the environment's changes. Raises ImproperlyConfigured for a faulty one."""
    planned: dict[str, str] = {**settings.REPORTS_SCHEDULE, **_changes(settings.REPORTS_SCHEDULE_CHANGES)}
    return [Entry(f"{PREFIX}{name}", cron) for name, cron in sorted(planned.items()) if cron != OFF]


@cache
def _changes(text: str) -> dict[str, str]:
    changes = {}
    for part in filter(str.strip, text.split(";")):
        name, _, cron = (word.strip() for word in part.partition("="))
        if name not in ScheduledReport.values:
            raise ImproperlyConfigured(f"REPORTS_SCHEDULE names {name!r}; {near(name, ScheduledReport.values)}")
        if cron != OFF and not croniter.is_valid(cron):
            raise ImproperlyConfigured(f"REPORTS_SCHEDULE: {cron!r} is neither off nor five cron fields.")
        changes[name] = cron
    return changes


def queue_due_reports(now: dt.datetime | None = None) -> list[Report]:
    """Order each report whose slot has come since the last look, and return them.

    The first look only notes the schedule: the first report is made at its next slot.
    """
    moment = now or timezone.now()
    planned = entries()
    marks = marks_of([entry.source for entry in planned])
    ordered: list[Report] = []
    for entry in planned:
        last = marks.get((entry.source, SLOT))
        if last is None:
            mark(entry.source, ENABLED, moment)
            mark(entry.source, SLOT, entry.latest(moment))
            continue
        slots = list(_missed(entry, last, moment))
        for slot in slots[-MOST_MADE_UP:]:
            ordered += _order(entry, slot)
        if slots:
            mark(entry.source, SLOT, slots[-1])
    return ordered


def _missed(entry: Entry, last: dt.datetime, now: dt.datetime) -> Iterator[dt.datetime]:
    """Yield the slots after `last` up to now, oldest first: those of the last month at most."""
    slot = entry.after(max(last, now - dt.timedelta(days=31)))
    while slot <= now:
        yield slot
        slot = entry.after(slot)


def _order(entry: Entry, slot: dt.datetime) -> list[Report]:
    report_type = entry.source.removeprefix(PREFIX)
    first, last = period_of(entry, slot)
    found = [
        _ordered(report_type, first, last, f"{report_type} {slot.isoformat()}", reader)
        for reader in readers(report_type)
    ]
    return [report for report in found if report is not None]


def _ordered(report_type: str, first: dt.date, last: dt.date, slot: str, reader: Reader) -> Report | None:
    """Order the report; None where another worker has. What is refused is kept as failed, with its reason."""
    named = f"{slot} {reader.key}"
    try:
        if reader.watchlist and not reader.tickers:
            raise ReportRefused(f"no live company is on {reader.watchlist}")
        with transaction.atomic():
            return order_report(
                report_type=report_type, day=last, period_start=first, period_end=last, form=reader.form,
                companies=reader.tickers, recipients=reader.recipients, thresholds=reader.thresholds, slot=named,
                client=reader.client, title=_title(report_type, last, reader),
            )  # fmt: skip
    except ReportRefused as refusal:
        return _refused(report_type, (first, last), named, reader, str(refusal))
    except IntegrityError as error:
        if violated_constraint(error) != "reports_slot_uniq":
            raise
        return None


def _refused(
    report_type: str, period: tuple[dt.date, dt.date], slot: str, reader: Reader, reason: str
) -> Report | None:
    first, last = period
    report, is_new = Report.all_objects.get_or_create(
        slot=slot,
        defaults={
            "report_type": report_type,
            "report_date": last,
            "period_start": first,
            "period_end": last,
            "title": _title(report_type, last, reader) or f"{ReportType(report_type).label} {last}",
            "format": reader.form if reader.form in ReportFormat.values else ReportFormat.HTML,
            "delivery_status": ReportStatus.FAILED,
            "failure": reason,
            "client": reader.client,
        },
    )
    return report if is_new else None


def period_of(entry: Entry, slot: dt.datetime) -> tuple[dt.date, dt.date]:
    """Return the days that a slot reports on: up to the day before it, from the week's or the slot before's day on."""
    last = slot.astimezone(NEW_YORK).date() - dt.timedelta(days=1)
    if entry.source == f"{PREFIX}{ReportType.WEEKLY_WATCHLIST}":
        return last - dt.timedelta(days=6), last
    earlier: dt.datetime = croniter(entry.cron, slot.astimezone(NEW_YORK)).get_prev(dt.datetime)
    return min(earlier.date(), last), last


def readers(report_type: str) -> list[Reader]:
    """Return the desk, each active client that has an address and asked for the report, and each standing order.

    A client asks by its preferences: `{"reports": ["weekly_watchlist"], "format": "pdf"}`.
    """
    found = [Reader(DESK, tuple(settings.REPORTS_RECIPIENTS), settings.REPORTS_FORMAT)]
    wanted = {"reports": [report_type]}
    clients = Client.objects.active().filter(notification_preferences__contains=wanted, contact_email__isnull=False)
    for client in clients.order_by("id"):
        form = client.notification_preferences.get("format", ReportFormat.HTML)
        found.append(
            Reader(str(client.pk), (client.contact_email or "",), str(form), tuple(live(client.watchlist_tickers)),
                   client.custom_thresholds, client)
        )  # fmt: skip
    return [*found, *_standing(report_type)]


def _standing(report_type: str) -> list[Reader]:
    orders = list(StandingOrder.objects.due(report_type).select_related("watchlist__owner").order_by("id"))
    refs = refs_on(order.watchlist_id for order in orders)
    return [
        Reader(
            f"watchlist {order.watchlist_id}",
            tuple(order.recipients),
            order.format,
            tuple(refs[order.watchlist_id]),
            watchlist=order.watchlist.public_name,
        )
        for order in orders
    ]


def _title(report_type: str, day: dt.date, reader: Reader) -> str:
    """Return the title of a standing order's report; empty for the others, which make their own."""
    return f"{ReportType(report_type).label} of {reader.watchlist} {day}" if reader.watchlist else ""


def live(tickers: list[str]) -> list[str]:
    """Return those tickers that lead to live companies, in their order; a merged duplicate's leads to the one kept."""
    held = read_refs(tickers)
    return [ticker for ticker in tickers if ticker in held]


def plan(now: dt.datetime) -> list[Planned]:
    """Return the schedule as the command shows it."""
    planned = entries()
    marks = marks_of([entry.source for entry in planned])
    return [
        Planned(entry.source, entry.cron, entry.after(now), _state(marks.get((entry.source, SLOT))))
        for entry in planned
    ]


def _state(slot: dt.datetime | None) -> str:
    return (
        "waits for a worker" if slot is None else f"made up to the slot of {slot.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
    )
