"""Keeps market caps in the ledger before another value takes their place in the company's row.

The row holds one market cap with its day. What it held on an earlier day must stay known, or a later price would change
the score of that day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from signals_app.concepts import MARKET_CAP
from signals_app.ingest.merge.authority import CURATED
from signals_app.models import FinancialFact
from signals_app.periods import CURATED_FORM, USD
from signals_app.services import ANALYST

CLOSING_TIME = dt.time(16)
PRICE_FORM = "price"


def keep_market_caps(companies: Iterable[Company]) -> None:
    """Append a fact for each company's dated market cap, known from the close of its day, unless there is one."""
    held = [fact for company in companies if (fact := market_cap_fact(company)) is not None]
    there = set(
        FinancialFact.objects.of_concepts(MARKET_CAP)
        .filter(company_id__in={fact.company_id for fact in held}, period_end__in={fact.period_end for fact in held})
        .values_list("company_id", "period_end", "value")
    )
    FinancialFact.objects.bulk_create(
        (fact for fact in held if (fact.company_id, fact.period_end, fact.value) not in there), ignore_conflicts=True
    )


def market_cap_fact(company: Company) -> FinancialFact | None:
    """Return the fact that the company's row stands for, not written yet; None where its day is not sure."""
    cap, day = company.market_cap_usd, company.market_cap_as_of
    if cap is None or day is None:
        return None
    note: dict[str, Any] = company.field_sources.get("market_cap_usd") or {}
    source = str(note.get("source") or CURATED)
    if source != CURATED and note.get("as_of", day.isoformat()) != day.isoformat():
        return None  # The amount and the day are of two origins.
    return FinancialFact(
        company_id=company.pk,
        concept=MARKET_CAP,
        period_end=day,
        value=Decimal(cap),
        unit=USD,
        form=CURATED_FORM if source == CURATED else PRICE_FORM,
        available_at=dt.datetime.combine(day, CLOSING_TIME, tzinfo=NEW_YORK),
        source=ANALYST if source == CURATED else source,
    )
