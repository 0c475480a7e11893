"""Scores of many past days: which days, which are there already, and one after the other, each all or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from scoring.computing import ComputedDay, ScoringError, compute_days, weights_of
from scoring.models import MAScore
from scoring.services import store, take_turn
from signals_app.offers import refresh_offers

# Statistics go stale slowly: once in this many days is often enough for the planner.
ANALYZED_EVERY = 50
SATURDAY = 5

type Report = Callable[[ComputedDay, int, int], None]


class Every(StrEnum):
    """Which days of a range are scored: all, the last trading day of each week (Friday), the last day of each month."""

    DAY = "day"
    WEEK = "week"
    MONTH_END = "month-end"


def days_between(first: dt.date, last: dt.date, every: Every = Every.DAY) -> list[dt.date]:
    """Return the days of the range, rising, both ends counted. Raises ScoringError where there is none."""
    days = list(_days(first, last, every))
    if not days:
        raise ScoringError(f"no {every.value} lies between {first} and {last}; --from comes first")
    return days


def _days(first: dt.date, last: dt.date, every: Every) -> Iterator[dt.date]:
    for number in range((last - first).days + 1):
        day = first + dt.timedelta(days=number)
        next_day = day + dt.timedelta(days=1)
        is_wanted = {
            Every.DAY: True,
            Every.WEEK: next_day.weekday() == SATURDAY,
            Every.MONTH_END: next_day.month != day.month,
        }[every]
        if is_wanted:
            yield day


@dataclass(frozen=True, slots=True)
class History:
    """What a run over many days did: the version, the days scored, and those that had scores already."""

    version: str
    scored: tuple[dt.date, ...]
    held: tuple[dt.date, ...]


def score_days(
    days: Sequence[dt.date], *, version: str | None = None, again: bool = False, report: Report | None = None
) -> History:
    """Score the days, which rise, oldest first; those that have scores of the version are left unless `again`.

    Each day is a transaction of its own: a run that was ended goes on where it stopped. `report` is called after each
    day with its number and the number of all. Raises ScoringError, with nothing written, where the first day has none.
    """
    name, _ = weights_of(version)
    held = set() if again else _scored_already(days, name)
    missing = [day for day in days if day not in held]
    for number, computed in enumerate(compute_days(missing, version=name) if missing else (), start=1):
        with transaction.atomic():
            take_turn(name)
            if number == 1:
                refresh_offers()
            store(computed, is_analyzed=number % ANALYZED_EVERY == 1)
        if report is not None:
            report(computed, number, len(missing))
    return History(name, tuple(missing), tuple(sorted(held)))


def _scored_already(days: Sequence[dt.date], version: str) -> set[dt.date]:
    rows = MAScore.objects.order_by().filter(score_version=version, score_date__range=(days[0], days[-1]))
    return set(rows.values_list("score_date", flat=True).distinct()).intersection(days)
