"""A small desk to report on: its figures are chosen so that every expected value can be worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from biotech_ma.core.services import archive
from companies.models import Company
from scoring.models import MAScore
from signals_app.models import Signal
from tests.factories import AcquirerMatchFactory, CompanyFactory, MAScoreFactory, SignalFactory

DAY, BEFORE = dt.date(2025, 6, 30), dt.date(2025, 5, 31)


def line(feature: str, value: str, median: str, points: str, **other: Any) -> dict[str, Any]:
    return {
        "component": "pipeline", "feature": feature, "label": feature.replace("_", " ").capitalize(),
        "detail": "phase_3: AB-1 in Obesity", "weight": "0.2", "value": value, "median": median,
        "contribution": points, "source": "clinicaltrials", "source_url": "https://clinicaltrials.gov/study/NCT1",
        "date": "2025-06-01", "imputed": False, "assumed": False, "signal_ids": [], "accessions": [], **other,
    }  # fmt: skip


def score(of: Company, day: dt.date, total: str, *lines: dict[str, Any], **other: Any) -> MAScore:
    baseline = Decimal(total) - sum(Decimal(part["contribution"]) for part in lines)
    metadata = {"baseline": str(baseline), "contributions": list(lines), "unfed": ["patent"]}
    values = {"confidence": Decimal("0.8"), "pipeline_score": Decimal(60), **other}
    return MAScoreFactory(company=of, score_date=day, total_score=Decimal(total), metadata=metadata, **values)


def told(of: Company, day: str, **other: Any) -> Signal:
    at = dt.datetime.fromisoformat(f"{day}T12:00:00-04:00")
    return SignalFactory(company=of, event_date=at, available_at=at, **other)


@pytest.fixture
def desk(db: None) -> SimpleNamespace:
    """Four ranked targets, one under offer, one archived, one without enough data, and an acquirer."""
    names = {"AAA": "Alpha Bio", "BBB": "Beta Bio", "CCC": "Gamma Bio", "OFF": "Offered Bio", "GON": "Gone Bio"}
    rows = {ticker: CompanyFactory(ticker=ticker, name=name) for ticker, name in names.items()}
    thin = CompanyFactory(ticker="THN", name="Thin Bio")
    buyer = CompanyFactory(ticker="BUY", name="Buyer plc", role="acquirer")
    # AAA: its own value rose by 20 of 100, times a weight of 0.2: 4 points of its own.
    score(rows["AAA"], BEFORE, "61.0", line("lead_stage", "60.0", "50.0", "2.0"))
    score(rows["AAA"], DAY, "65.0", line("lead_stage", "80.0", "50.0", "6.0"), score_change_30d=Decimal(4),
          percentile_rank=Decimal(100), is_latest=True)  # fmt: skip
    # BBB: the input became known: six points that are no news.
    score(rows["BBB"], BEFORE, "54.0", line("lead_stage", "50.0", "50.0", "0.0", imputed=True, source=None))
    score(
        rows["BBB"], DAY, "60.0", line("lead_stage", "80.0", "50.0", "6.0"), score_change_30d=Decimal(6), is_latest=True
    )
    # CCC: fell by three points of its own (15 of 100, times 0.2).
    score(rows["CCC"], BEFORE, "63.0", line("lead_stage", "65.0", "50.0", "3.0"))
    score(
        rows["CCC"],
        DAY,
        "60.0",
        line("lead_stage", "50.0", "50.0", "0.0"),
        score_change_30d=Decimal(-3),
        is_latest=True,
    )
    score(rows["OFF"], DAY, "90.0", is_latest=True)
    score(rows["GON"], DAY, "95.0", is_latest=True)
    score(thin, DAY, "99.0", confidence=Decimal("0.3"), is_latest=True)
    told(rows["OFF"], "2025-06-20", signal_type="takeover_target", severity="critical", title="Offer for Offered Bio")
    told(rows["AAA"], "2025-06-25", signal_type="fda_approval", severity="critical", title="FDA approves <AB-1>",
         source="drugsfda", source_url="https://example.org/approval")  # fmt: skip
    told(rows["BBB"], "2025-06-10", signal_type="partnership", severity="medium", title="Old partnership")
    AcquirerMatchFactory(
        target_company=rows["AAA"], acquirer_company=buyer, acquirer_ticker="BUY", acquirer_name="Buyer plc",
        strategic_fit_score=Decimal("7.5"), match_rank=1, therapeutic_overlap_score=Decimal(8),
        synergy_rationale="Both work in obesity. Buyer plc bought Small Inc. in 2024.",
        estimated_valuation_range_usd={"low": "100000000", "mid": "150000000", "high": "200000000", "methods": []},
    )  # fmt: skip
    archive(row=rows["GON"])
    return SimpleNamespace(**rows, THN=thin, BUY=buyer)
