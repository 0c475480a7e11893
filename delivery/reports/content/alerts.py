"""The alert report: which alerts went off in a period, of which companies, and why."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from biotech_ma.core.market_day import NEW_YORK, end_of, start_of
from delivery.models import AlertTrigger
from delivery.reports.content import reading
from delivery.reports.content.parts import Frame, Who
from delivery.reports.content.sources import origins
from delivery.reports.content.standings import Ranking, frame, gone
from delivery.reports.content.words import count
from delivery.reports.orders import Order

MOST = 500


@dataclass(frozen=True, slots=True)
class Triggered:
    """An alert that went off: when in New York (a day and the time), which one, of whom, and why."""

    day: dt.date
    time: str
    alert: str
    alert_type: str
    who: Who | None
    reason: str


@dataclass(frozen=True, slots=True)
class AlertCount:
    """How often an alert went off in the period, and last when."""

    alert: str
    alert_type: str
    times: int
    companies: int
    last: dt.date


@dataclass(frozen=True, slots=True)
class AlertReport:
    """The content: a line for each alert, and one for each time that one went off, the newest first."""

    frame: Frame
    counts: tuple[AlertCount, ...]
    triggers: tuple[Triggered, ...]
    is_cut: bool


def build(order: Order) -> AlertReport:
    """Return what went off in the order's period, of its companies or of all."""
    ranking = Ranking.read(order.day, order.day, order.left_out)
    own = [company.pk for company in order.companies] or None
    found = triggers(
        since=order.period_start, until=order.period_end, companies=own, left_out=order.left_out, limit=MOST + 1
    )
    is_cut, shown = len(found) > MOST, found[:MOST]
    counts = _counts(shown)
    named = ", ".join(f"{each.alert} ({each.times})" for each in counts[:5])
    findings = [f"{count(len(counts), 'alert')} went off, {count(len(shown), 'time')} in all: {named}."] if shown else [
        "No alert went off in this period."
    ]  # fmt: skip
    notes = gone(order)
    if is_cut:
        notes.append(f"The newest {MOST} are shown; a shorter period shows the rest.")
    return AlertReport(
        frame=frame(
            ranking,
            report_type=order.report_type,
            title="Alert report",
            period=(order.period_start, order.period_end),
            findings=findings,
            notes=notes,
            sources=origins(reading.newest_by_source(order.day)),
        ),
        counts=counts,
        triggers=shown,
        is_cut=is_cut,
    )


def triggers(
    *,
    since: dt.date,
    until: dt.date,
    companies: Collection[UUID] | None,
    left_out: Collection[UUID] = (),
    limit: int,
) -> tuple[Triggered, ...]:
    """Return when alerts went off between two days (both included), the newest first; none of archived companies."""
    rows = AlertTrigger.objects.filter(triggered_at__gte=start_of(since), triggered_at__lt=end_of(until))
    rows = rows.filter(Q(company=None) | Q(company__deleted_at=None)).select_related("alert", "company")
    rows = rows.exclude(company_id__in=left_out) if left_out else rows
    if companies is not None:
        rows = rows.filter(company_id__in=companies)
    picked = rows.defer("company__search_vector", "details").order_by("-triggered_at", "-id")[:limit]
    return tuple(_triggered(row) for row in picked)


def _triggered(row: AlertTrigger) -> Triggered:
    at = row.triggered_at.astimezone(NEW_YORK)
    return Triggered(
        day=at.date(),
        time=f"{at:%H:%M}",
        alert=row.alert.name,
        alert_type=row.alert.get_alert_type_display(),
        who=reading.who(row.company) if row.company else None,
        reason=row.reason,
    )


def _counts(found: Collection[Triggered]) -> tuple[AlertCount, ...]:
    times = Counter((each.alert, each.alert_type) for each in found)
    rows = []
    for (alert, kind), number in times.items():
        same = [each for each in found if (each.alert, each.alert_type) == (alert, kind)]
        companies = {each.who for each in same if each.who}
        rows.append(AlertCount(alert, kind, number, len(companies), max(each.day for each in same)))
    return tuple(sorted(rows, key=lambda row: (-row.times, row.alert)))
