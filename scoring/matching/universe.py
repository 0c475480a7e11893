"""Targets and acquirers of a day with their programmes, from the same window on the past as the scores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from biotech_ma.core.market_day import end_of
from companies.choices import Role
from scoring import evidence
from scoring.engine.inputs import Amount, CompanyInputs, Programme
from scoring.inputs import Window
from scoring.inputs.versions import Version, in_force


@dataclass(frozen=True, slots=True)
class Side:
    """A company on one side of a purchase, as known on the day. `stated_areas` are those of its row."""

    key: UUID
    name: str
    ticker: str | None
    cik: str | None
    programmes: tuple[Programme, ...]
    market_cap: Amount | None
    why_no_cap: str
    stated_areas: tuple[str, ...]
    history_starts: date | None


def sides(day: date) -> tuple[list[Side], list[Side]]:
    """Return the targets of the day of which anything is known, and the acquirers, those under offer left out."""
    window = Window.load(day, day)
    targets = [_side(window, inputs) for inputs in window.on(day) if not inputs.is_blank]
    return targets, [_side(window, inputs) for inputs in window.on(day, role=Role.ACQUIRER)]


def _side(window: Window, inputs: CompanyInputs) -> Side:
    key = UUID(inputs.key)
    version = in_force(window.companies[key], inputs.day)
    return Side(
        key=key,
        name=inputs.name,
        ticker=inputs.ticker,
        cik=inputs.cik,
        programmes=inputs.programmes,
        market_cap=inputs.market_cap,
        why_no_cap=inputs.why_unknown.get("market_cap_usd", ""),
        stated_areas=_stated_areas(version, inputs.day),
        history_starts=version.values["history_starts"],
    )


def _stated_areas(version: Version, day: date) -> tuple[str, ...]:
    """Return the areas of the row; none where an analyst entered them after the day."""
    note = version.values["field_sources"].get("therapeutic_areas")
    is_curated = not isinstance(note, dict) or note.get("source", evidence.CURATED) == evidence.CURATED
    noted = evidence.as_day(note.get("as_of")) if isinstance(note, dict) else None
    is_later = version.recorded_at >= end_of(day) and is_curated and (noted or version.recorded_on) > day
    return () if is_later else tuple(version.values["therapeutic_areas"])
