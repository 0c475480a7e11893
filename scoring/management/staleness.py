"""What the scoring commands say when figures are too old for the day, or nothing is known of companies."""

from __future__ import annotations

from typing import TextIO

from scoring import services

MOST_NAMED = 10


def staleness(computed: services.ComputedDay) -> str:
    """Return in words how many figures are too old for the day, and which day is the data's own."""
    return (
        f"on {computed.day} the figures of {computed.stale_targets} of {computed.reporting_targets} reporting targets "
        f"are older than 200 days and count as missing; the data's own day is {services.data_day()}"
    )


def warn_if_stale(notes: TextIO, computed: services.ComputedDay) -> None:
    """Say that most figures are too old for the day."""
    if computed.is_stale:
        notes.write(f"warning: {staleness(computed)}: use --as-of {services.data_day()}, or ingest newer filings\n")


def name_blank(notes: TextIO, computed: services.ComputedDay) -> None:
    """Name the targets that get no score, because nothing is known of them."""
    if computed.blank:
        names = sorted(str(company) for company in computed.blank.values())
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        notes.write(
            f"left out, for nothing is known of them by {computed.day}: {', '.join(names[:MOST_NAMED])}{more}\n"
        )
