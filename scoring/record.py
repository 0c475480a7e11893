"""How a result of the engine becomes a row of `ma_scores`, figures as decimal strings in its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from scoring.engine.total import BOUNDS, METHODOLOGY, CompanyScore, Contribution, UniverseScore
from scoring.models import COMPONENTS, MAScore

RANKED, INSUFFICIENT = "ranked", "insufficient data"


def rows_of(result: UniverseScore, *, day: date, version: str) -> list[MAScore]:
    """Return the unsaved rows of a day, one a company."""
    return [_row(score, result, day=day, version=version) for score in result.scores]


def _row(score: CompanyScore, result: UniverseScore, *, day: date, version: str) -> MAScore:
    parts = [as_json(item) for item in score.contributions]
    by_size = sorted(zip(score.contributions, parts, strict=True), key=lambda pair: -abs(pair[0].points))
    return MAScore(
        company_id=UUID(score.key),
        score_date=day,
        score_version=version,
        total_score=score.total,
        confidence=score.confidence,
        key_drivers=[part for item, part in by_size if item.points > 0],
        risk_factors=[part for item, part in by_size if item.points < 0],
        metadata=_metadata(score, result, parts),
        **{f"{name}_score": score.components.get(name) for name in COMPONENTS},
    )


def _metadata(score: CompanyScore, result: UniverseScore, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "baseline": str(score.baseline),
        "contributions": parts,
        "coverage": _texts(score.coverage),
        "weights": {name: f"{weight:.6f}" for name, weight in result.weights.items()},
        "missing": [f"{item.component}.{item.feature}" for item in score.contributions if item.is_imputed],
        "unfed": list(result.unfed),
        "status": RANKED if score.is_ranked else INSUFFICIENT,
        "methodology": METHODOLOGY,
    }


def _texts(figures: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: str(figure) for name, figure in figures.items()}


def as_json(item: Contribution) -> dict[str, Any]:
    """Return a contribution as it is kept, served and printed. An imputed one has no source: its input is missing."""
    proof = None if item.is_imputed or item.feature == BOUNDS else item.evidence
    part: dict[str, Any] = {
        "component": item.component,
        "feature": item.feature,
        "label": item.label,
        "detail": item.words,
        "weight": str(item.weight),
        "value": str(item.value),
        "median": str(item.median),
        "contribution": str(item.points),
        "source": proof.source if proof else None,
        "source_url": proof.url if proof else None,
        "date": proof.day.isoformat() if proof and proof.day else None,
        "imputed": item.is_imputed,
        "assumed": item.is_assumed,
        "signal_ids": list(proof.signal_ids) if proof else [],
        "accessions": list(proof.accessions) if proof else [],
    }
    return part
