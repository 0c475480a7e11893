"""Which source is fetched when, and which one has been silent for longer than that.

Times are the market's: a slot at 6:15 is 6:15 in New York in summer and in winter. A slot that passed while no worker
ran is made up for, once, when one starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from croniter import croniter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from signals_app.ingest.addresses import user_agent
from signals_app.ingest.base import SOURCES, IngestError
from signals_app.ingest.live import COMPLETE_RUN, LIVE
from signals_app.source_models import IngestCursor

# A fetch takes its time, and a source may be late once.
GRACE = timedelta(hours=1)
OFF = "off"
# Keys of the cursors: the schedule's start, the last slot that was queued, the end of the last complete live run.
ENABLED, SLOT, FRESH = "schedule enabled", "schedule slot", COMPLETE_RUN


@dataclass(frozen=True)
class Entry:
    """A source with its times, as cron has them, in New York."""

    source: str
    cron: str

    def latest(self, now: datetime) -> datetime:
        """Return the newest slot that is not in the future."""
        # The iterator leaves out its own start.
        start = now.astimezone(NEW_YORK).replace(microsecond=0) + timedelta(seconds=1)
        found: datetime = croniter(self.cron, start).get_prev(datetime)
        return found

    def after(self, moment: datetime) -> datetime:
        """Return the first slot after the moment."""
        found: datetime = croniter(self.cron, moment.astimezone(NEW_YORK)).get_next(datetime)
        return found


@dataclass(frozen=True)
class Freshness:
    """How a source stands: its times, its last complete live run, why it does not run, whether it has gone silent."""

    entry: Entry
    next_run: datetime
    enabled_at: datetime | None
    fresh_at: datetime | None
    blocked: str
    is_silent: bool

    def to_json(self) -> dict[str, Any]:
        """Return the state as the command prints it."""
        return {
            "source": self.entry.source,
            "cron": self.entry.cron,
            "time_zone": str(NEW_YORK),
            "next_run": None if self.blocked else self.next_run.isoformat(),
            "enabled_at": self.enabled_at.isoformat() if self.enabled_at else None,
            "last_complete_run": self.fresh_at.isoformat() if self.fresh_at else None,
            "blocked": self.blocked or None,
            "silent": self.is_silent,
        }


@dataclass(frozen=True)
class Planned:
    """What an app above has on its schedule: its name, its times, its next run, and where it stands in words."""

    name: str
    cron: str
    next_run: datetime
    state: str

    def to_json(self) -> dict[str, str]:
        """Return the plan as the command prints it."""
        return {
            "name": self.name,
            "cron": self.cron,
            "time_zone": str(NEW_YORK),
            "next_run": self.next_run.isoformat(),
            "state": self.state,
        }


_plans: list[Callable[[datetime], list[Planned]]] = []


def also(plan: Callable[[datetime], list[Planned]]) -> None:
    """Have the schedule of an app above shown beside the sources' own."""
    _plans.append(plan)


def planned_above(now: datetime | None = None) -> list[Planned]:
    """Return what the apps above have on their schedules."""
    moment = now or timezone.now()
    return [planned for plan in _plans for planned in plan(moment)]


def entries() -> list[Entry]:
    """Return the schedule, with the environment's changes. Raises ImproperlyConfigured for a faulty one."""
    planned: dict[str, str] = {**settings.INGEST_SCHEDULE, **_changes(settings.INGEST_SCHEDULE_CHANGES)}
    return [
        Entry(source, cron)
        for source, cron in sorted(planned.items())
        if cron != OFF and source in LIVE and source in SOURCES
    ]


@cache
def _changes(text: str) -> dict[str, str]:
    changes = {}
    for part in filter(str.strip, text.split(";")):
        source, _, cron = (word.strip() for word in part.partition("="))
        if source not in LIVE:
            raise ImproperlyConfigured(f"BIOTECH_MA_SCHEDULE names {source!r}: live sources are {', '.join(LIVE)}.")
        if cron != OFF and not croniter.is_valid(cron):
            raise ImproperlyConfigured(f"BIOTECH_MA_SCHEDULE: {cron!r} is neither off nor five cron fields.")
        changes[source] = cron
    return changes


def blocked(source: str) -> str:
    """Return why a source cannot be fetched here, empty where it can."""
    try:
        user_agent(source)
    except IngestError:
        return "SEC_USER_AGENT is not set"
    return ""


def freshness(now: datetime | None = None) -> list[Freshness]:
    """Return how each source of the schedule stands, in one query."""
    now = now or timezone.now()
    planned = entries()
    marks = marks_of([entry.source for entry in planned])
    return [_freshness(entry, marks, now) for entry in planned]


def marks_of(sources: list[str]) -> dict[tuple[str, str], datetime]:
    """Return the schedule's marks by source and key."""
    rows = IngestCursor.objects.filter(source__in=sources, key__in=(ENABLED, SLOT, FRESH))
    return {(row.source, row.key): datetime.fromisoformat(row.value) for row in rows}


def mark(source: str, key: str, moment: datetime) -> None:
    """Set a mark of the schedule."""
    IngestCursor.objects.update_or_create(source=source, key=key, defaults={"value": moment.isoformat()})


def _freshness(entry: Entry, marks: dict[tuple[str, str], datetime], now: datetime) -> Freshness:
    enabled, fresh = marks.get((entry.source, ENABLED)), marks.get((entry.source, FRESH))
    # A source that was never fetched and that no worker looks after is not missed.
    since = fresh or enabled
    silent = since is not None and now > entry.after(since) + GRACE
    return Freshness(entry, entry.after(now), enabled, fresh, blocked(entry.source), silent)


def readiness() -> str:
    """Return "ok", or the names of the sources that have been silent for longer than their schedule."""
    try:
        silent = [state.entry.source for state in freshness() if state.is_silent]
    except DatabaseError:
        return "unknown"
    return f"silent for longer than scheduled: {', '.join(silent)}" if silent else "ok"
