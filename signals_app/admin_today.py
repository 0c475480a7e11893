"""What signals put on the first page: what is new by severity, and who is short of cash."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.charts import Chart, Series
from biotech_ma.core.admin.dashboard import Panel, Tile, on_dashboard
from biotech_ma.core.admin.visits import Since, data_ends, since_of
from biotech_ma.core.market_day import NEW_YORK, start_of
from companies.admin import company_link
from companies.duplicates import pairs_sql
from companies.models import Company
from signals_app.admin_cells import severity_badge, signal_link
from signals_app.admin_review_merges import may_merge
from signals_app.catalogue import SEVERITY_ORDER, Severity, at_least
from signals_app.catalysts import Catalyst, coming
from signals_app.models import Signal
from signals_app.review_models import ReviewKind, noun_of
from signals_app.runway import lasts_until

PANEL_ROWS = 10
CHART_DAYS = 30
# Beside the kinds of proposals.
PAIRS = "pairs"
LOOK_AHEAD = dt.timedelta(days=730)
# Their own colours; the bars stand on each other, the gravest on top.
SEVERITY_COLOURS = {"low": "grey", "medium": "blue", "high": "amber", "critical": "red"}
SIGNALS = "admin:signals_app_signal_changelist"


@data_ends
def newest_known() -> dt.datetime | None:
    """Return when the newest signal became known, None where there is none."""
    known = Signal.objects.filter(available_at__lte=timezone.now()).order_by("-available_at")
    return known.values_list("available_at", flat=True).first()


def _is_new(since: Since) -> Q:
    return Q(created_at__gte=since.at, available_at__gte=since.at - dt.timedelta(days=settings.NEWS_DAYS))


def _by_day(request: HttpRequest) -> list[tuple[dt.date, str, int, int]]:
    """Return day, severity, how many signals became known, how many of them are new; once a request."""
    kept: list[tuple[dt.date, str, int, int]] | None = getattr(request, "desk_signals_by_day", None)
    if kept is None:
        since = since_of(request)
        today = timezone.localdate(timezone=NEW_YORK)
        first = min(today - dt.timedelta(days=CHART_DAYS), (since.at - dt.timedelta(days=settings.NEWS_DAYS)).date())
        rows = Signal.objects.current().of_live_companies().filter(available_at__gte=start_of(first)).order_by()
        found = rows.values_list(TruncDate("available_at", tzinfo=NEW_YORK), "severity").annotate(
            number=Count("pk"), new=Count("pk", filter=_is_new(since))
        )
        kept = list(found)
        request.desk_signals_by_day = kept  # type: ignore[attr-defined]
    return kept


@on_dashboard(order=10, permission="signals_app.view_signal")
def signal_tile(request: HttpRequest) -> Tile:
    """Count the new signals by severity, the gravest first."""
    since = since_of(request)
    new: Counter[str] = Counter()
    for _, severity, _, number in _by_day(request):
        new[severity] += number
    labels = dict(Severity.choices)
    parts = [
        format_html(
            '<a class="desk-tile-part" href="{}">{}&nbsp;{}</a>',
            _list_of(since, severity), columns.severity(severity, f"{new[severity]:,}"), labels[severity].lower(),
        )
        for severity in reversed(SEVERITY_ORDER) if new[severity]
    ]  # fmt: skip
    quiet = "" if parts else "nothing new: history loaded late does not count"
    return Tile("New signals", f"{new.total():,}", quiet, _list_of(since), parts)


def _list_of(since: Since, severity: str = "") -> str:
    first = (since.at - dt.timedelta(days=settings.NEWS_DAYS)).astimezone(NEW_YORK).date()
    asked = {"severity__exact": severity} if severity else {}
    return f"{reverse(SIGNALS)}?{urlencode({**asked, 'event_date_from': first.isoformat()})}"


@on_dashboard(order=40, permission="signals_app.view_reviewitem")
def review_tile(request: HttpRequest) -> Tile:
    """Count what waits for a decision, by kind; for those who may merge companies with those that seem to be one."""
    waiting = _waiting(with_pairs=may_merge(request))
    pairs = waiting.pop(PAIRS, 0)
    here = reverse("admin:signals_app_reviewitem_changelist")
    parts = [
        columns.link(f"{here}?kind__exact={kind}", f"{waiting[kind]:,} {noun_of(kind, waiting[kind])}")
        for kind in ReviewKind.values
        if waiting.get(kind)
    ]
    if pairs:
        words = f"{pairs:,} possible duplicate{'' if pairs == 1 else 's'}"
        parts.append(columns.link(reverse("admin:companies_companydistinction_possible"), words))
    total = sum(waiting.values()) + pairs
    return Tile("Waits for you", f"{total:,}", "" if parts else "no proposal is open", here, parts)


def _waiting(*, with_pairs: bool) -> dict[str, int]:
    """Return how many proposals of each kind are open, and how many pairs of companies seem to be one. One query."""
    open_items = "SELECT kind, count(*) FROM review_items WHERE status = 'open' GROUP BY kind"
    sql = open_items
    if with_pairs:
        sql = f"{pairs_sql()} {open_items} UNION ALL SELECT '{PAIRS}', count(*) FROM pairs"  # noqa: S608 - no values
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return dict(cursor.fetchall())


@on_dashboard(order=52, permission="signals_app.view_signal")
def signal_panel(request: HttpRequest) -> Panel:
    """List the new signals that matter, the gravest first; where there are none, the newest that are known."""
    since = since_of(request)
    grave = Case(
        *(When(severity=name, then=Value(place)) for place, name in enumerate(SEVERITY_ORDER)),
        output_field=IntegerField(),
    )
    standing = Signal.objects.current().of_live_companies().with_company()
    standing = standing.defer("company__search_vector", "description", "signal_data")
    is_quiet = not any(new for _, severity, _, new in _by_day(request) if severity in at_least(Severity.MEDIUM))
    if is_quiet:
        rows = standing.at_least(Severity.MEDIUM).recent(PANEL_ROWS)
    else:
        # "not low" finds them by their day alone: an index of severities has most of the table for medium and above
        rows = (
            standing.filter(_is_new(since))
            .exclude(severity=Severity.LOW)
            .order_by(grave.desc(), "-available_at", "-id")[:PANEL_ROWS]
        )
    return Panel(
        "Signals that matter" if is_quiet else "New signals",
        ["Event", "Severity", "Company", "Title"],
        [
            [columns.market_day(row.event_date), severity_badge(row), company_link(row.company), signal_link(row)]
            for row in rows
        ],
        note="nothing new; the newest of medium and above" if is_quiet else "medium and above, the gravest first",
        url=reverse(SIGNALS),
        empty="No signal yet. Load the starter data or a source.",
        chart=_chart(request),
    )


def _chart(request: HttpRequest) -> Chart | None:
    by_day = _by_day(request)
    if not by_day:
        return None
    counts = {(day, severity): number for day, severity, number, _ in by_day}
    first, last = min(day for day, _ in counts), max(day for day, _ in counts)
    days = [first + dt.timedelta(days=offset) for offset in range((last - first).days + 1)]
    return Chart(
        title=f"Signals by the day they became known, {first} to {last}, by severity; the table has the gravest",
        kind="stacked",
        labels=[f"{day:%d %b}" for day in days],
        series=[
            Series(str(label), [counts.get((day, severity), 0) for day in days], SEVERITY_COLOURS[severity])
            for severity, label in Severity.choices
        ],
        height=150,
    )


@on_dashboard(order=70, permission="companies.view_company")
def cash_panel(request: HttpRequest) -> Panel:
    """List the targets with the least runway, and whether the money lasts to what comes next."""
    rows = list(Company.objects.targets().cash_constrained().defer("search_vector", "metadata")[:PANEL_ROWS])
    nearest = _next_of([company.pk for company in rows])
    chart = Chart(
        title="Quarters of runway of the targets that are short of cash; the table has the figures",
        kind="across",
        labels=[company.ticker or company.name for company in rows],
        series=[Series("Runway, quarters", [_number(company.runway_quarters) for company in rows], "red")],
        unit="quarters",
        height=max(120, 26 * len(rows) + 40),
        low=0,
    )
    return Panel(
        "Short of cash",
        ["Company", "Liquid funds", "Burn a quarter", "Runway", "Lasts to", "Next catalyst"],
        [
            [
                company_link(company),
                columns.money(company.cash_position_usd),
                columns.money(company.quarterly_burn_rate_usd),
                columns.runway(company.runway_quarters),
                _last_day(company),
                _catalyst(nearest.get(company.pk)),
            ]
            for company in rows
        ],
        note="targets with under four quarters of runway at the last balance sheet",
        url=reverse("admin:companies_company_changelist") + "?is_cash_constrained__exact=1&o=6",
        empty="No target is known to have less than four quarters of runway.",
        numeric=frozenset({1, 2, 3}),
        chart=chart if rows else None,
        wide=True,
    )


def _last_day(company: Company) -> Any:
    day = lasts_until(company)
    if day is None:
        return columns.unknown("The day of the balance sheet is not known")
    if day >= timezone.localdate(timezone=NEW_YORK):
        return columns.day(day)
    return columns.badge(figures.day(day), "red", title="Past: money has come in since, or the burn fell")


def _next_of(companies: list[UUID]) -> dict[UUID, Catalyst]:
    today = timezone.localdate(timezone=NEW_YORK)
    found: dict[UUID, Catalyst] = {}
    for row in coming(today, today + LOOK_AHEAD, companies=companies) if companies else ():
        found.setdefault(row.company_id, row)
    return found


def _catalyst(row: Catalyst | None) -> Any:
    if row is None:
        return columns.unknown("Nothing with a day ahead is known")
    words = " · ".join(filter(None, (row.drug, row.what)))
    return columns.hover(f"{figures.day(row.day)} {words[:40]}", words)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
