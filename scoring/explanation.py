"""A stored score taken apart: baseline plus contributions, exactly; what is missing, and how to supply it.

The command line, the API and the admin show the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from scoring.engine.components import COMPONENTS, LABELS
from scoring.engine.total import METHODOLOGY, RANKED_FROM_CONFIDENCE
from scoring.evidence import as_day
from scoring.models import MAScore
from scoring.record import contributions_of

_SUPPLY = {(component.name, feature.name): feature.supply for component in COMPONENTS for feature in component.features}


class NotExplained(ValueError):
    """The score was not made by the score command: its row carries no contributions."""


@dataclass(frozen=True, slots=True)
class Line:
    """One contribution: weight x (value - median), in points of the total. Value and median are on 0 to 100.

    An imputed one has no source: the median stands in for the missing input. `detail` is the input in words.
    """

    component: str
    feature: str
    label: str
    detail: str
    weight: Decimal
    value: Decimal
    median: Decimal
    contribution: Decimal
    source: str | None
    source_url: str | None
    date: date | None
    imputed: bool
    assumed: bool
    signal_ids: tuple[str, ...]
    accessions: tuple[str, ...]
    match_ids: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the contribution with figures as decimal strings."""
        return {
            "component": self.component,
            "feature": self.feature,
            "label": self.label,
            "detail": self.detail,
            "weight": str(self.weight),
            "value": str(self.value),
            "median": str(self.median),
            "contribution": str(self.contribution),
            "source": self.source,
            "source_url": self.source_url,
            "date": self.date.isoformat() if self.date else None,
            "imputed": self.imputed,
            "assumed": self.assumed,
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """An input that is missing, why, and how to supply it."""

    component: str
    feature: str
    label: str
    why: str
    supply: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One score, down to the source of each number. `baseline` plus the lines' contributions is `total_score`."""

    ticker: str | None
    name: str
    score_date: date
    score_version: str
    total_score: Decimal
    percentile_rank: Decimal | None
    baseline: Decimal
    confidence: Decimal
    lines: tuple[Line, ...]
    missing: tuple[Gap, ...]
    unfed: tuple[str, ...]
    methodology: str

    @property
    def is_ranked(self) -> bool:
        """Return False for `insufficient data`."""
        return self.confidence >= RANKED_FROM_CONFIDENCE

    def to_json(self) -> dict[str, Any]:
        """Return the explanation with figures as decimal strings."""
        return {
            "ticker": self.ticker,
            "name": self.name,
            "score_date": self.score_date.isoformat(),
            "score_version": self.score_version,
            "total_score": str(self.total_score),
            "baseline": str(self.baseline),
            "confidence": str(self.confidence),
            "ranked": self.is_ranked,
            "contributions": [line.to_json() for line in self.lines],
            "missing": [
                {"component": gap.component, "feature": gap.feature, "why": gap.why, "supply": gap.supply}
                for gap in self.missing
            ],
            "unfed": list(self.unfed),
            "methodology": self.methodology,
        }


def explanation_of(score: MAScore) -> Explanation:
    """Return the explanation that the score carries. Raises NotExplained when it carries none; reads its company."""
    data, parts = score.metadata, contributions_of(score)
    if "baseline" not in data or parts is None:
        raise NotExplained(f"the score of {score.score_date} carries no explanation: score that day again")
    lines = tuple(_line(part) for part in parts)
    return Explanation(
        ticker=score.company.ticker,
        name=score.company.name,
        score_date=score.score_date,
        score_version=score.score_version,
        total_score=score.total_score,
        percentile_rank=score.percentile_rank,
        baseline=Decimal(data["baseline"]),
        confidence=score.confidence,
        lines=lines,
        missing=tuple(_gap(line) for line in lines if line.imputed),
        unfed=tuple(data.get("unfed", ())),
        methodology=data.get("methodology", METHODOLOGY),
    )


def label_of(component: str) -> str:
    """Return a component's name for people."""
    return LABELS.get(component, component)


def _gap(line: Line) -> Gap:
    supply = _SUPPLY.get((line.component, line.feature), "")
    return Gap(line.component, line.feature, line.label, line.detail, supply)


def _line(part: dict[str, Any]) -> Line:
    return Line(
        component=part["component"],
        feature=part["feature"],
        label=part["label"],
        detail=part["detail"],
        weight=Decimal(part["weight"]),
        value=Decimal(part["value"]),
        median=Decimal(part["median"]),
        contribution=Decimal(part["contribution"]),
        source=part["source"],
        source_url=part["source_url"],
        date=as_day(part["date"]),
        imputed=part["imputed"],
        assumed=part["assumed"],
        signal_ids=tuple(part["signal_ids"]),
        accessions=tuple(part["accessions"]),
        match_ids=tuple(part.get("match_ids", ())),
    )
