"""What a score would be with what is known today, while today itself cannot be scored. Never stored, never ranked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from companies.models import Company
from scoring.engine.components import COMPONENTS
from scoring.engine.features import FOUR_PLACES, Reading, readings
from scoring.engine.total import BOUNDS, score_against
from scoring.explanation import Line, NotExplained, explanation_of
from scoring.inputs import Window
from scoring.models import MAScore
from scoring.services import market_today
from signals_app.knowledge import Unknown


@dataclass(frozen=True, slots=True)
class Provisional:
    """A total from 0 to 100, and by how many points it lies above the stored score that it starts from."""

    total: Decimal
    points: Decimal


def provisional(company: Company, score: MAScore) -> Provisional | None:
    """Return the score with today's inputs against the medians and weights of the stored score's day.

    A figure that has merely grown too old for today counts as it stood on that day. None where the row carries no
    explanation that the engine of today understands, or the company is no target of today. Reads that company alone,
    once the row is known to be explained.
    """
    try:
        explained = explanation_of(score)
    except NotExplained:
        return None
    lines = {(line.component, line.feature): line for line in explained.lines if line.feature != BOUNDS}
    weights = {name: Decimal(weight) for name, weight in score.metadata.get("weights", {}).items()}
    asked = {(part.name, feature.name) for part in COMPONENTS if part.name in weights for feature in part.features}
    if asked != lines.keys():
        return None
    today = market_today()
    inputs = next(Window.load(today, today, company_ids=[company.pk]).on(today), None)
    if inputs is None:
        return None
    is_old = inputs.why_unknown.get("research_spending") == Unknown.STALE
    read = {
        key: _as_it_stood(lines[key]) if is_old and key == ("financial", "research_spending") else reading
        for key, reading in readings(inputs).items()
        if key in lines
    }
    medians = {key: line.median for key, line in lines.items()}
    before = {key: _as_it_stood(line) for key, line in lines.items()}
    points = score_against(medians, weights, read) - score_against(medians, weights, before)
    return Provisional((score.total_score + points).quantize(FOUR_PLACES), points)


def _as_it_stood(line: Line) -> Reading:
    return Reading(None if line.imputed else line.value, line.detail)
