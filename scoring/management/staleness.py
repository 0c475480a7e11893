"""What the scoring commands say when most figures are too old for the day."""

from __future__ import annotations

from typing import TextIO

from scoring import services


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
