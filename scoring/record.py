"""How a result of the engine becomes a row of `ma_scores`, figures as decimal strings in its JSON.

A contribution is kept once: above zero in `key_drivers`, below in `risk_factors`, else in `metadata.neutral`, each with
its place in the explanation (`n`) and without what is the same everywhere (`DEFAULTS`, the label). `contributions_of`
puts them together again; scoring/api/reads.py does the same in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from scoring.engine.components import COMPONENTS as ENGINE_COMPONENTS
from scoring.engine.components import FEATURE_LABELS
from scoring.engine.features import NONE
from scoring.engine.total import BOUNDS, METHODOLOGY, CompanyScore, Contribution, UniverseScore
from scoring.models import COMPONENTS, MAScore

RANKED, INSUFFICIENT = "ranked", "insufficient data"
PLACE = "n"
DEFAULTS: dict[str, Any] = {
    "detail": NONE,
    "value": "0.0000",
    "median": "0.0000",
    "contribution": "0.0000",
    "source": None,
    "source_url": None,
    "date": None,
    "imputed": False,
    "assumed": False,
    "signal_ids": [],
    "accessions": [],
}
PART_LABELS: dict[str, str] = {
    **{f"{component}.{feature}": label for (component, feature), label in FEATURE_LABELS.items()},
    **{f"{part.name}.{BOUNDS}": f"{part.label} stays within 0 and 100" for part in ENGINE_COMPONENTS},
}


def rows_of(result: UniverseScore, *, day: date, version: str) -> list[MAScore]:
    """Return the unsaved rows of a day, one a company."""
    return [_row(score, result, day=day, version=version) for score in result.scores]


def _row(score: CompanyScore, result: UniverseScore, *, day: date, version: str) -> MAScore:
    parts = [{PLACE: place, **_thin(as_json(item))} for place, item in enumerate(score.contributions)]
    by_size = sorted(zip(score.contributions, parts, strict=True), key=lambda pair: -abs(pair[0].points))
    return MAScore(
        company_id=UUID(score.key),
        score_date=day,
        score_version=version,
        total_score=score.total,
        confidence=score.confidence,
        key_drivers=[part for item, part in by_size if item.points > 0],
        risk_factors=[part for item, part in by_size if item.points < 0],
        metadata=_metadata(score, result, [part for item, part in by_size if not item.points]),
        **{f"{name}_score": score.components.get(name) for name in COMPONENTS},
    )


def _metadata(score: CompanyScore, result: UniverseScore, neutral: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "baseline": str(score.baseline),
        "neutral": neutral,
        "coverage": _texts(score.coverage),
        "weights": {name: f"{weight:.6f}" for name, weight in result.weights.items()},
        "missing": [f"{item.component}.{item.feature}" for item in score.contributions if item.is_imputed],
        "unfed": list(result.unfed),
        "unknown": list(result.unknown),
        "status": RANKED if score.is_ranked else INSUFFICIENT,
        "methodology": METHODOLOGY,
    }


def _texts(figures: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: str(figure) for name, figure in figures.items()}


def as_json(item: Contribution) -> dict[str, Any]:
    """Return a contribution as it is served and printed. An imputed one has no source: its input is missing."""
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
    if proof and proof.match_ids:
        part["match_ids"] = list(proof.match_ids)
    return part


def _thin(part: dict[str, Any]) -> dict[str, Any]:
    """Return a contribution without what is the same everywhere."""
    return {
        name: value
        for name, value in part.items()
        if name != "label" and (name not in DEFAULTS or value != DEFAULTS[name])
    }


def contributions_of(score: MAScore) -> list[dict[str, Any]] | None:
    """Return all contributions of a row as they are served, in the order of the explanation; None if it has none."""
    if "neutral" not in score.metadata:
        held: list[dict[str, Any]] | None = score.metadata.get("contributions")
        return held
    parts = sorted([*score.key_drivers, *score.risk_factors, *score.metadata["neutral"]], key=lambda part: part[PLACE])
    return [whole(part) for part in parts]


def whole(part: dict[str, Any]) -> dict[str, Any]:
    """Return a contribution as it is served from how it is kept."""
    label = PART_LABELS.get(f"{part['component']}.{part['feature']}", part["feature"])
    kept = {name: value for name, value in part.items() if name != PLACE}
    return {"label": label, **DEFAULTS, **kept}
