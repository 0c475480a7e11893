"""One company's figures as they were known by a day, read from the ledger and written as JSON."""

from __future__ import annotations

import datetime as dt
from typing import Any

from companies.models import Company
from companies.querysets import same_company_q
from signals_app.concepts import CONCEPTS, MARKET_CAP
from signals_app.figures import CompanyFigures, figures
from signals_app.known_facts import mattering
from signals_app.periods import FIELDS, Fact, Figure
from signals_app.pro_forma import ProForma, pro_forma

# Name in the answer -> figure. All are dollars but the last, which counts shares.
AMOUNTS = {
    "liquid_funds_usd": "liquid_funds",
    "quarterly_burn_usd": "quarterly_burn",
    "last_quarter_burn_usd": "last_quarter_burn",
    "total_debt_usd": "total_debt",
    "research_spending_usd": "research_spending",
    "prefunded_warrants_shares": "prefunded_warrants",
}


def figures_of(company: Company, day: dt.date) -> CompanyFigures:
    """Return the company's figures as they were known by the end of the day in New York."""
    facts = mattering(day, (*CONCEPTS, MARKET_CAP)).filter(same_company_q(company))
    return figures(
        [Fact(*row) for row in facts.values_list(*FIELDS)],
        day,
        market_cap_usd=company.market_cap_usd,
        market_cap_as_of=company.market_cap_as_of,
        history_starts=company.history_starts,
    )


def figures_document(company: Company, day: dt.date) -> dict[str, Any]:
    """Return the company's figures of a day, each with its period and filings, and why the others are unknown.

    Amounts are decimal texts; pre-funded warrants are in no other figure, nor is what was raised since the period end.
    """
    found = figures_of(company, day)
    liquid = found.liquid_funds
    raised = liquid and pro_forma(
        company_id=company.pk, liquid_funds_usd=liquid.value, period_end=liquid.period_end, day=day
    )
    return {
        "company_id": str(company.pk),
        "ticker": company.ticker,
        "as_of": day.isoformat(),
        **{name: _figure(getattr(found, attribute)) for name, attribute in AMOUNTS.items()},
        "liquidity_complete": found.liquidity_complete,
        "runway_quarters": _text(found.runway_quarters),
        "is_cash_constrained": found.is_cash_constrained,
        "market_cap_usd": _text(found.market_cap_usd),
        "market_cap_as_of": _text(found.market_cap_as_of),
        "market_cap_is_float": found.market_cap_is_float,
        "enterprise_value_usd": _text(found.enterprise_value_usd),
        "pro_forma": _pro_forma(raised) if raised and raised.financings else None,
        "unknown": {name: str(reason) for name, reason in sorted(found.unknown.items())},
    }


def _figure(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    return {
        "value": f"{figure.value:f}",
        "period_start": _text(figure.period_start),
        "period_end": _text(figure.period_end),
        "available_at": figure.available_at.isoformat(),
        "accessions": list(figure.accessions),
        "sources": list(figure.sources),
    }


def _pro_forma(found: ProForma) -> dict[str, Any]:
    return {
        "raised_usd": f"{found.raised_usd:f}",
        "liquid_funds_pro_forma_usd": f"{found.liquid_funds_pro_forma_usd:f}",
        "financings": [
            {"day": each.day.isoformat(), "title": each.title, "usd": _text(each.usd), "source_url": each.source_url}
            for each in found.financings
        ],
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
