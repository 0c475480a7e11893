"""Which days are back-tested: quarter ends whose whole horizon lies within what the labels cover. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# With fewer labels nothing is measured, and the pauses between them say nothing about where a list ends.
LABELS_TO_JUDGE_AN_END = 10
# Between rare events that come at random, a pause of five times the mean has a chance of under 1 % (e^-5).
PAUSES_OF_AN_END = 5
MONTHS_A_QUARTER = 3
LAST_DAY = date.max


def quarter_end(day: date) -> date:
    """Return the last day of the quarter in which the day lies."""
    month = -(-day.month // MONTHS_A_QUARTER) * MONTHS_A_QUARTER
    if month == LAST_DAY.month:
        return date(day.year, 12, 31)
    return date(day.year, month + 1, 1) - timedelta(days=1)


def quarter_start(day: date) -> date:
    """Return the first day of the quarter in which the day lies."""
    return date(day.year, quarter_end(day).month - MONTHS_A_QUARTER + 1, 1)


def quarter_ends(first: date, last: date) -> Iterator[date]:
    """Yield the quarter ends from `first` to `last`, both included."""
    end = quarter_end(first)
    while end <= last:
        yield end
        if end.year == LAST_DAY.year and end.month == LAST_DAY.month:
            return
        end = quarter_end(end + timedelta(days=1))


def labels_end(announced: Iterable[date], *, today: date) -> date:
    """Return until when a list of labels is taken to be complete: today, or the end of the quarter of its last one.

    A list of ten or more has ended if it has been silent for more than five times its mean pause.
    """
    days = sorted(announced)
    if len(days) < LABELS_TO_JUDGE_AN_END:
        return today
    mean_pause = (days[-1] - days[0]) / (len(days) - 1)
    if today - days[-1] <= PAUSES_OF_AN_END * mean_pause:
        return today
    return min(quarter_end(days[-1]), today)


def labels_begin(announced: Iterable[date], *, first_day: date) -> date:
    """Return from when on a list of labels is taken to be complete: the first day, or the quarter of its first label.

    The same pause that ends a list of ten or more begins one.
    """
    days = sorted(announced)
    if len(days) < LABELS_TO_JUDGE_AN_END:
        return first_day
    mean_pause = (days[-1] - days[0]) / (len(days) - 1)
    if days[0] - first_day <= PAUSES_OF_AN_END * mean_pause:
        return first_day
    return quarter_start(days[0])


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days to rank, and those left out because the labels do not cover their whole horizon."""

    days: tuple[date, ...]
    before_labels: tuple[date, ...]
    without_follow_up: tuple[date, ...]


def calendar(
    candidates: Sequence[date], *, horizon_days: int, follow_up_begins: date, follow_up_ends: date
) -> Calendar:
    """Return which of the days have the full follow-up of the horizon, from the day after them on."""
    earliest = follow_up_begins - timedelta(days=1)
    latest = follow_up_ends - timedelta(days=horizon_days)
    return Calendar(
        days=tuple(day for day in candidates if earliest <= day <= latest),
        before_labels=tuple(day for day in candidates if day < earliest),
        without_follow_up=tuple(day for day in candidates if day >= earliest and day > latest),
    )
