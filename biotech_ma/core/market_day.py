"""The market's day, from midnight to midnight in `MARKET_TIME_ZONE`: what a day's scores may know."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings

ONE_DAY = dt.timedelta(days=1)


def start_of(day: dt.date) -> dt.datetime:
    """Return the day's first instant."""
    return dt.datetime.combine(day, dt.time.min, tzinfo=ZoneInfo(settings.MARKET_TIME_ZONE))


def end_of(day: dt.date) -> dt.datetime:
    """Return the first instant after the day: what was available before it was known on that day."""
    return start_of(day + ONE_DAY)
