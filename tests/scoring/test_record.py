"""How a score is kept and served: each contribution once in the row, whole in every answer, in Python as in SQL."""

from __future__ import annotations

import json
from typing import Any

import pytest

from biotech_ma.core.api import reads
from scoring.api.reads import SCORES
from scoring.models import MAScore
from scoring.record import DEFAULTS, contributions_of
from scoring.services import score_universe
from tests.factories import AcquirerMatchFactory
from tests.scoring.universe import DAY, company, signal, small_universe

pytestmark = pytest.mark.django_db

KEYS = {"component", "feature", "label", "weight", *DEFAULTS}


def served(*names: str) -> list[dict[str, Any]]:
    rows = MAScore.objects.order_by("id")
    found: list[dict[str, Any]] = json.loads(reads.rows(rows, [SCORES.by_name[name] for name in names]).run().rows)
    return found


@pytest.fixture
def rows() -> list[MAScore]:
    targets = small_universe(4)
    signal(targets[0], "designation_orphan", "2026-01-01")
    signal(targets[1], "activist_stake", "2026-01-01")
    signal(targets[3], "clinical_hold", "2026-01-01")
    AcquirerMatchFactory(target_company=targets[2], acquirer_name="Bigpharma", match_date=DAY, strategic_fit_score=8)
    score_universe(day=DAY)
    return list(MAScore.objects.order_by("id"))


def test_row_keeps_each_contribution_once(rows: list[MAScore]) -> None:
    for row in rows:
        kept = [*row.key_drivers, *row.risk_factors, *row.metadata["neutral"]]
        assert sorted(part["n"] for part in kept) == list(range(len(kept)))
        assert "contributions" not in row.metadata
        assert not any(part.get(name, "absent") == default for part in kept for name, default in DEFAULTS.items())


def test_api_serves_all_contributions_whole_and_in_order(rows: list[MAScore]) -> None:
    found = served("metadata", "key_drivers", "risk_factors")
    for row, answer in zip(rows, found, strict=True):
        contributions = answer["metadata"]["contributions"]
        assert contributions == contributions_of(row)
        assert "neutral" not in answer["metadata"]
        assert all(KEYS <= set(part) <= {*KEYS, "match_ids"} for part in contributions)
        assert answer["key_drivers"] == [part for part in by_size(contributions) if float(part["contribution"]) > 0]
        assert answer["risk_factors"] == [part for part in by_size(contributions) if float(part["contribution"]) < 0]


def by_size(contributions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(contributions, key=lambda part: -abs(float(part["contribution"])))


def test_match_behind_strategic_fit_is_named_with_its_day(rows: list[MAScore]) -> None:
    [row] = [row for row in rows if row.company.ticker == "T002"]
    [part] = [part for part in contributions_of(row) or [] if part["component"] == "strategic_fit"]
    assert (part["label"], part["detail"]) == ("Fit of the best acquirers", "Bigpharma 8.0 of 10")
    assert (part["value"], part["source"], part["date"]) == ("80.0000", f"match of {DAY}", str(DAY))
    assert len(part["match_ids"]) == 1


def test_row_made_by_other_means_is_served_as_it_is() -> None:
    MAScore.objects.create(
        company=company("HAND"), score_date=DAY, total_score=50, key_drivers=[{"why": "a hunch"}],
        metadata={"by": "hand"},
    )  # fmt: skip
    assert served("key_drivers", "risk_factors", "metadata") == [
        {"key_drivers": [{"why": "a hunch"}], "risk_factors": [], "metadata": {"by": "hand"}}
    ]
    assert contributions_of(MAScore.objects.get()) is None
