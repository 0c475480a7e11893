"""The words of the messages: one for each alert, recipient and time of sending, however often the alert went off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from biotech_ma.core.market_day import NEW_YORK
from delivery.alerts.causes import METHODOLOGY
from delivery.models import AlertTrigger

MOST_LINES = 100
MOST_SUBJECT = 180


@dataclass(frozen=True, slots=True)
class Message:
    """A subject of one line, and the lines of the body."""

    subject: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole body as plain text."""
        return "\n".join(self.lines) + "\n"


def message_of(triggers: Sequence[AlertTrigger]) -> Message:
    """Return the message about these triggers, all of one alert; the oldest come first."""
    alert = triggers[0].alert
    shown = [f"- {_when(trigger)}  {_one_line(trigger.reason)}" for trigger in triggers[:MOST_LINES]]
    if len(triggers) > MOST_LINES:
        shown.append(f"- and {len(triggers) - MOST_LINES:,} more, in the alert history")
    what = _one_line(triggers[0].reason) if len(triggers) == 1 else f"{len(triggers):,} times"
    return Message(
        subject=_one_line(f"[{alert.name}] {what}")[:MOST_SUBJECT],
        lines=(
            f"The alert “{_one_line(alert.name)}” went off:",
            "",
            *shown,
            "",
            f"Times are New York's. Scores are a {METHODOLOGY}.",
        ),
    )


def _when(trigger: AlertTrigger) -> str:
    return f"{trigger.triggered_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
