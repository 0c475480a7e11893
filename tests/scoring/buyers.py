"""Acquirers and what the ledger says of them, for the tests of matching."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from signals_app.models import FinancialFact, Signal
from tests.factories import CompanyFactory
from tests.scoring.universe import candidate, company, moment, research

QUARTER = "2026-03-31"


def fact(of: Company, concept: str, value: int, *, end: str = QUARTER, known: str = "2026-05-10", **other: Any) -> None:
    FinancialFact.objects.create(
        company=of,
        concept=concept,
        period_end=end,
        value=Decimal(value),
        available_at=moment(known),
        **{"unit": "USD", "form": "10-Q", "accession": f"0000000002-{end}", "source": "edgar", **other},
    )


def flow(of: Company, concept: str, value: int, *, end: str = QUARTER, **other: Any) -> None:
    start = dt.date.fromisoformat(end).replace(year=int(end[:4]) - 1) + dt.timedelta(days=1)
    fact(of, concept, value, end=end, period_start=start, **other)


def funds(of: Company, *, liquid: int, debt: int | None = 0, ebitda: int | None = None) -> None:
    """Report cash that is all of the assets, debt, and a year's earnings of which a fifth is depreciation."""
    fact(of, "cash", liquid)
    fact(of, "assets", liquid)
    if debt is not None:
        fact(of, "long_term_debt", debt)
    if ebitda is not None:
        flow(of, "operating_income", ebitda * 4 // 5)
        flow(of, "depreciation_and_amortization", ebitda - ebitda * 4 // 5)


def tell(of: Company, kind: str, known: str, happened: str | None = None, /, **data: Any) -> Signal:
    """Append a signal with data of any shape, known from the start of a day on."""
    return Signal.objects.create(
        company=of,
        signal_type=kind,
        event_date=dt.datetime.fromisoformat(happened or known).replace(tzinfo=NEW_YORK),
        available_at=moment(known),
        title=kind,
        source="test",
        source_url="https://example.org/filing",
        signal_data=data,
    )


def acquirer(ticker: str | None, name: str, **other: Any) -> Company:
    made: Company = CompanyFactory(ticker=ticker, name=name, **{"role": "acquirer", **other})
    return made


def target(ticker: str = "TEE", *, cap: int = 2_000_000_000, **other: Any) -> Company:
    """A target in phase 3 in breast cancer, with $300m of its own, $100m of debt and $50m of research a year."""
    made = company(ticker, cap=cap, **other)
    candidate(made, "phase_3", name=f"{ticker}-1", indication="Breast cancer", therapeutic_area="oncology")
    research(made, 50_000_000)
    funds(made, liquid=300_000_000, debt=100_000_000)
    return made


def buyer(ticker: str = "AYP", name: str = "Ay Pharma plc", **other: Any) -> Company:
    """An acquirer with an approved drug in breast cancer, $1bn, $600m of EBITDA, $1.3bn of debt, a deal and a cliff."""
    made = acquirer(ticker, name, **other)
    candidate(
        made, "approved", name=f"{ticker}mab", indication="Breast cancer", therapeutic_area="oncology",
        additional_data={"applications": ["BLA100001"], "approved_on": "2019-02-01"},
    )  # fmt: skip
    funds(made, liquid=1_000_000_000, debt=1_300_000_000, ebitda=600_000_000)
    tell(
        made, "takeover_acquirer", "2025-06-30", target="Old Onc, Inc.", target_cik="0000777777",
        value_usd="3300000000", areas=["oncology"], stage="phase_3", status="completed",
    )  # fmt: skip
    tell(
        made, "patent_expiry", "2026-02-20", drug=f"{ticker}mab", area="oncology",
        revenue_share="0.40", fiscal_year="2025", expires="2029-06-30",
    )  # fmt: skip
    return made
