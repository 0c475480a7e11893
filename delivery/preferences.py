"""How a client wants to hear of things: its `notification_preferences`, read by reports and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from biotech_ma.core.vocabulary import near
from delivery.choices import AlertType, Digest, ReportFormat, ReportType

REPORTS, FORMAT, ALERTS, DIGEST = "reports", "format", "alerts", "digest"
# Those that are made on a schedule.
SCHEDULED = (ReportType.DAILY_DIGEST, ReportType.WEEKLY_WATCHLIST)
LISTS: Mapping[str, tuple[str, ...]] = {
    REPORTS: tuple(kind.value for kind in SCHEDULED),
    ALERTS: tuple(AlertType.values),
}
WORDS: Mapping[str, tuple[str, ...]] = {FORMAT: tuple(ReportFormat.values), DIGEST: tuple(Digest.values)}


def refusal_of(preferences: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the preferences, None if nothing is."""
    for name, value in preferences.items():
        if name in WORDS:
            if value not in WORDS[name]:
                return f"{name} is one of {', '.join(WORDS[name])}."
        elif name in LISTS:
            if not isinstance(value, list):
                return f"{name} is a list of: {', '.join(LISTS[name])}."
            if wrong := [item for item in value if item not in LISTS[name]]:
                return f"{name} holds {str(wrong[0])[:40]!r}; there are {', '.join(LISTS[name])}."
        else:
            return f"There is no preference {name[:40]!r}; {near(name, [*LISTS, *WORDS])}."
    return None


def wants_alert(preferences: Mapping[str, Any], alert_type: str) -> bool:
    """Say whether the client is written to when an alert of the type goes off: always, unless it names other types."""
    return ALERTS not in preferences or alert_type in preferences[ALERTS]


def digest_of(preferences: Mapping[str, Any]) -> str | None:
    """Return how the client wants its alerts gathered, None where it leaves that to the alert."""
    return preferences.get(DIGEST)
