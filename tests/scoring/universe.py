"""A small universe for the tests of scoring: rows as the sources would write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from scoring.models import COMPONENTS, ScoreVersion, ScoreWeight
from signals_app.models import FinancialFact, Signal
from tests.factories import CompanyFactory, DrugCandidateFactory

DAY = dt.date(2026, 6, 30)


def moment(text: str, hour: int = 0) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(hour=hour, tzinfo=NEW_YORK)


def company(ticker: str | None, *, cap: int | None = 2_511_886_432, as_of: str = "2026-06-01", **other: Any) -> Company:
    return CompanyFactory(
        ticker=ticker,
        name=f"{ticker or 'Unlisted'} Bio",
        market_cap_usd=cap,
        market_cap_as_of=as_of if cap is not None else None,
        field_sources={"market_cap_usd": {"source": "starter", "as_of": as_of}},
        **other,
    )


def candidate(of: Company, phase: str = "phase_3", **other: Any) -> Any:
    notes = {"phase": {"source": "starter", "id": "nct:NCT01234567"}}
    notes |= {name: {"source": "starter"} for name in other if name not in ("field_sources", "additional_data")}
    return DrugCandidateFactory(company=of, phase=phase, **{"field_sources": notes, **other})


def research(of: Company, value: int, *, end: str = "2026-03-31", known: str = "2026-05-10", **other: Any) -> None:
    start = dt.date.fromisoformat(end).replace(year=int(end[:4]) - 1) + dt.timedelta(days=1)
    FinancialFact.objects.create(
        company=of,
        concept="research_and_development",
        period_start=start,
        period_end=end,
        value=Decimal(value),
        available_at=moment(known),
        **{"unit": "USD", "form": "10-Q", "accession": f"0000000001-{end}", "source": "edgar", **other},
    )


def signal(of: Company, kind: str, known: str, *, hour: int = 0, **data: str) -> Signal:
    return Signal.objects.create(
        company=of,
        signal_type=kind,
        event_date=moment(known, hour),
        available_at=moment(known, hour),
        title=kind,
        source="test",
        source_url="https://example.org/",
        signal_data=data,
    )


def trial(
    of: Company,
    nct_id: str,
    version: str,
    *,
    drug: str,
    indication: str = "Obesity",
    phase: str = "PHASE2",
    status: str = "RECRUITING",
    **state: Any,
) -> Signal:
    """Write a version of a study as the registry's source does, known from the day of the version."""
    return Signal.objects.create(
        company=of,
        signal_type="trial_updated",
        event_date=moment(version),
        available_at=moment(version),
        title=f"{nct_id} updated",
        source="clinicaltrials",
        source_id=f"{nct_id}:{version}:trial_updated",
        signal_data={
            "nct_id": nct_id,
            "trial": {"version": version, "phase": phase, "status": status, **state},
            "candidates": [{"drug": drug, "indication": indication, "origin": f"{drug}|{indication}".casefold()}],
        },
    )


def small_universe(number: int = 3, *, as_of: str = "2026-06-01") -> list[Company]:
    """Make targets in all stages: each with a candidate, research spending and a market cap of the day."""
    phases = ["phase_1", "phase_2", "phase_3", "approved"]
    made = []
    for index in range(number):
        target = company(f"T{index:03d}", cap=(index + 1) * 300_000_000, as_of=as_of)
        candidate(target, phases[index % 4])
        research(target, (index + 1) * 9_000_000)
        made.append(target)
    return made


def draft_version(name: str, **weights: str) -> ScoreVersion:
    """A draft whose weights are those given; the pipeline has the rest."""
    version = ScoreVersion.objects.create(version=name)
    rest = Decimal(1) - sum(map(Decimal, weights.values()), Decimal(0))
    for component in COMPONENTS:
        weight = rest if component == "pipeline" else Decimal(weights.get(component, "0"))
        ScoreWeight.objects.create(score_version=version, component=component, weight=weight, reason="test")
    return version


def published_version(name: str, at: dt.datetime) -> ScoreVersion:
    version = draft_version(name, financial="0.5")
    version.status, version.published_at = "published", at
    version.save()
    return version
