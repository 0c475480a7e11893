"""How a client wants to hear of things: its `notification_preferences`, read by reports and alerts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from biotech_ma.core.vocabulary import near
from delivery.choices import AlertType, Digest, ReportFormat, ScheduledReport

REPORTS, FORMAT, ALERTS, DIGEST = "reports", "format", "alerts", "digest"
DIGEST_AT, QUIET_FROM, QUIET_UNTIL = "digest_at", "quiet_from", "quiet_until"
TIMES = (DIGEST_AT, QUIET_FROM, QUIET_UNTIL)
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
LISTS: Mapping[str, tuple[str, ...]] = {
    REPORTS: tuple(ScheduledReport.values),
    ALERTS: tuple(AlertType.values),
}
WORDS: Mapping[str, tuple[str, ...]] = {FORMAT: tuple(ReportFormat.values), DIGEST: tuple(Digest.values)}


def refusal_of(preferences: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the preferences, None if nothing is."""
    for name, value in preferences.items():
        if words := _wrong(name, value):
            return words
    begins, ends = preferences.get(QUIET_FROM), preferences.get(QUIET_UNTIL)
    if (begins is None) != (ends is None) or (begins is not None and begins == ends):
        return "A quiet period has a beginning and another time as its end: quiet_from and quiet_until."
    return None


def _wrong(name: str, value: Any) -> str | None:
    if name in WORDS:
        return None if value in WORDS[name] else f"{name} is one of {', '.join(WORDS[name])}."
    if name in TIMES:
        is_time = isinstance(value, str) and TIME.fullmatch(value)
        return None if is_time else f"{name} is a time in New York, such as 07:00."
    if name not in LISTS:
        return f"There is no preference {name[:40]!r}; {near(name, [*LISTS, *WORDS, *TIMES])}."
    if not isinstance(value, list):
        return f"{name} is a list of: {', '.join(LISTS[name])}."
    wrong = [item for item in value if item not in LISTS[name]]
    return f"{name} holds {str(wrong[0])[:40]!r}; there are {', '.join(LISTS[name])}." if wrong else None


def wants_alert(preferences: Mapping[str, Any], alert_type: str) -> bool:
    """Say whether the client is written to when an alert of the type goes off: always, unless it names other types."""
    return ALERTS not in preferences or alert_type in preferences[ALERTS]


@dataclass(frozen=True, slots=True)
class Timing:
    """When a client wants to be written to. What is None is left to the alert; times are New York's."""

    digest: str | None = None
    digest_at: dt.time | None = None
    quiet_from: dt.time | None = None
    quiet_until: dt.time | None = None


def timing_of(preferences: Mapping[str, Any]) -> Timing:
    """Return when the client wants its alerts."""
    return Timing(preferences.get(DIGEST), *(_time(preferences.get(name)) for name in TIMES))


def _time(text: Any) -> dt.time | None:
    return dt.time.fromisoformat(text) if isinstance(text, str) and TIME.fullmatch(text) else None
