"""When the day that has just ended is matched and scored: past midnight in New York, once however many workers."""

from __future__ import annotations

import datetime as dt

from croniter import croniter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from biotech_ma.core.market_day import NEW_YORK
from signals_app.schedule import ENABLED, OFF, SLOT, Entry, Planned, mark, marks_of

NAME = "match and score"


def entry() -> Entry | None:
    """Return the times, None where scoring is switched off. Raises ImproperlyConfigured for what is no schedule."""
    cron: str = settings.SCORE_SCHEDULE.strip()
    if cron == OFF:
        return None
    if not croniter.is_valid(cron):
        raise ImproperlyConfigured(f"BIOTECH_MA_SCORE_SCHEDULE: {cron!r} is neither off nor five cron fields.")
    return Entry(NAME, cron)


def due_day(now: dt.datetime) -> dt.date | None:
    """Return the day whose slot has come since the last look, and note the look; None where none has.

    The first look only notes the schedule. Of several slots that passed while no worker ran the last one is made up.
    """
    planned = entry()
    if planned is None:
        return None
    last, slot = marks_of([NAME]).get((NAME, SLOT)), planned.latest(now)
    if last is not None and slot <= last:
        return None
    if last is None:
        mark(NAME, ENABLED, now)
    mark(NAME, SLOT, slot)
    return slot.astimezone(NEW_YORK).date() - dt.timedelta(days=1) if last is not None else None


def plan(now: dt.datetime) -> list[Planned]:
    """Return the schedule as the command shows it."""
    planned = entry()
    if planned is None:
        return []
    slot = marks_of([NAME]).get((NAME, SLOT))
    state = "waits for a worker" if slot is None else f"made up to {slot.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
    return [Planned(NAME, planned.cron, planned.after(now), state)]
