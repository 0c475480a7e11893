"""Asks the ledger what became of companies: their takeovers, and until when they filed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK, end_of
from companies.identity import Identities
from companies.models import Company
from scoring.backtest.follow_up import Deal, FollowUp
from scoring.backtest.labels import Label
from signals_app.models import Signal
from signals_app.offers import OFFER, OFFER_ENDED, OFFER_TYPES
from signals_app.periods import CURATED_FORM

EDGAR, DELISTING = "edgar", "delisting"

# By company and snapshot, the last filing or price that became known between the snapshot before and this one.
# Period 0 lasts to the end of the first day; the last one begins after the last day.
_SIGHTINGS = """
SELECT coalesce(duplicate.merged_into_id, company_id) AS company_id,
       width_bucket(available_at, %(ends)s::timestamptz[]) AS period,
       max(available_at), max(available_at) FILTER (WHERE is_delisting)
FROM (
    SELECT company_id, available_at, false AS is_delisting FROM financial_facts
    WHERE form IS DISTINCT FROM %(curated)s
    UNION ALL
    SELECT company_id, available_at, signal_type = %(delisting)s FROM signals WHERE source = %(edgar)s
) AS filed
LEFT JOIN companies AS duplicate ON duplicate.id = company_id AND duplicate.merged_into_id IS NOT NULL
WHERE available_at <= %(now)s
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Announced:
    """A takeover as a source tells it: which company (by key), when, and whether and when it was called off."""

    company: str
    announced: date
    ended: date | None = None


def ledger_deals() -> list[Announced]:
    """Return the takeovers in the ledger, in force now: several signals about one that stands are one."""
    same = Identities.load()
    rows = (
        Signal.objects.current()
        .filter(signal_type__in=OFFER_TYPES)
        .order_by("event_date", "available_at", "id")
        .values_list("company_id", "signal_type", "event_date")
    )
    ended: list[Announced] = []
    standing: dict[str, date] = {}
    for company_id, kind, moment in rows:
        company, day = str(same.of(company_id)), moment.astimezone(NEW_YORK).date()
        if kind == OFFER:
            standing.setdefault(company, day)
        elif kind == OFFER_ENDED and company in standing:
            ended.append(Announced(company, standing.pop(company), day))
    return ended + [Announced(company, day) for company, day in standing.items()]


def labelled_deals(labels: Iterable[Label], known: Sequence[Announced]) -> tuple[list[Announced], int]:
    """Return the labels as takeovers of companies, and how many of them have a CIK that no company has.

    Archived companies count. A label ends when the ledger's takeover of that company does that was called off after it.
    """
    companies: dict[str, dict[str, None]] = defaultdict(dict)
    same = Identities.load()
    for key, cik in Company.all_objects.exclude(cik=None).order_by("pk").values_list("pk", "cik"):
        companies[str(cik)][str(same.of(key))] = None
    ends: dict[str, list[date]] = defaultdict(list)
    for deal in known:
        if deal.ended:
            ends[deal.company].append(deal.ended)
    found, strangers = [], 0
    for label in labels:
        strangers += label.cik not in companies
        for company in companies.get(label.cik, ()):
            after = [day for day in ends[company] if day >= label.announced]
            found.append(Announced(company, label.announced, min(after, default=None)))
    return found, strangers


def follow_up(
    days: Sequence[date], *, horizon_days: int, labels: Sequence[Announced], others: Sequence[Announced] = ()
) -> tuple[FollowUp, tuple[date, ...]]:
    """Return what became of the companies after the days, and the day of each label by its number.

    `others` are takeovers that are no labels.
    """
    deals: dict[str, list[Deal]] = defaultdict(list)
    for number, deal in enumerate(labels):
        deals[deal.company].append(Deal(number, deal.announced, deal.ended))
    for deal in others:
        deals[deal.company].append(Deal(-1, deal.announced, deal.ended, is_label=False))
    sightings, same = _Sightings(len(days)), Identities.load()
    for company_id, period, seen, delisted in _sightings(days):
        sightings.add(str(company_id), period, _day(seen), _day(delisted))
    for company_id, as_of in Company.all_objects.exclude(market_cap_as_of=None).values_list("pk", "market_cap_as_of"):
        if as_of is not None:
            sightings.see(str(same.of(company_id)), as_of)
    return (
        FollowUp(
            days=days,
            horizon_days=horizon_days,
            deals=deals,
            seen_by=sightings.seen_by,
            delisted_by=sightings.delisted_by,
            seen=sightings.seen,
            delisted=sightings.delisted,
            ledger_ends=max(sightings.seen.values(), default=None),
        ),
        tuple(deal.announced for deal in labels),
    )


class _Sightings:
    """Gathers the rows of one company after the other, period by period."""

    def __init__(self, days: int) -> None:
        self.days = days
        self.seen_by: dict[str, list[date | None]] = {}
        self.delisted_by: dict[str, list[date | None]] = {}
        self.seen: dict[str, date] = {}
        self.delisted: dict[str, date] = {}

    def add(self, company: str, period: int, seen: date | None, delisted: date | None) -> None:
        """Take note of what was last seen of a company in a period."""
        if seen is not None:
            self.see(company, seen)
            _from(self.seen_by.setdefault(company, [None] * self.days), period, seen)
        self.delisted_by.setdefault(company, [None] * self.days)
        if delisted is not None:
            self.delisted[company] = max(delisted, self.delisted.get(company, delisted))
            _from(self.delisted_by[company], period, delisted)

    def see(self, company: str, day: date) -> None:
        """Take note of a sign of life."""
        self.seen[company] = max(day, self.seen.get(company, day))


def _from(by_day: list[date | None], period: int, day: date) -> None:
    """Set the day from the period on."""
    by_day[period:] = [day] * (len(by_day) - period)


def _sightings(days: Sequence[date]) -> list[tuple[Any, int, datetime, datetime | None]]:
    ends = [end_of(day) for day in days]
    with connection.cursor() as cursor:
        cursor.execute(
            _SIGHTINGS,
            {"ends": ends, "curated": CURATED_FORM, "delisting": DELISTING, "edgar": EDGAR, "now": timezone.now()},
        )
        found: list[tuple[Any, int, datetime, datetime | None]] = cursor.fetchall()
    return found


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(NEW_YORK).date() if moment else None
