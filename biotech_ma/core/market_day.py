"""The market's day: what was public by the end of it, in New York."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


def start_of(day: date) -> datetime:
    """Return the day's first instant. What a source knows by its day alone counts from here on."""
    return datetime.combine(day, time.min, tzinfo=NEW_YORK)


def end_of(day: date) -> datetime:
    """Return the first instant after the day: what was available before it was known on that day."""
    return start_of(day + timedelta(days=1))
