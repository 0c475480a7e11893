"""Brings the companies' figures in line with the ledger: funds, burn, runway, debt, enterprise value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK, end_of
from biotech_ma.core.services import recorded
from companies.identity import Identities
from companies.models import Company
from companies.services import is_curated
from signals_app.concepts import CONCEPTS
from signals_app.dependents import FLOAT_NOTE, LEDGER, RESTS_ON, dependents
from signals_app.figures import CompanyFigures, figures
from signals_app.knowledge import Unknown
from signals_app.known_facts import known_facts
from signals_app.models import FinancialFact
from signals_app.periods import CURATED_FORM, Figure

CENT = Decimal("0.01")
FIGURES = (
    "cash_position_usd",
    "quarterly_burn_rate_usd",
    "total_debt_usd",
    "runway_quarters",
    "enterprise_value_usd",
    "is_cash_constrained",
)


def ledger_day() -> dt.date:
    """Return the last day on which a source told the ledger a figure or a market cap, at most today.

    Figures derived for a later day would call everything stale that merely has not been brought up to date.
    """
    today = timezone.localdate(timezone=NEW_YORK)
    reported = FinancialFact.objects.exclude(form=CURATED_FORM).filter(available_at__lt=end_of(today))
    filed = reported.aggregate(last=Max("available_at"))["last"]
    priced = Company.objects.filter(market_cap_as_of__lte=today).aggregate(last=Max("market_cap_as_of"))["last"]
    days = [filed.astimezone(NEW_YORK).date()] if filed else []
    return max([*days, *([priced] if priced else [])], default=today)


def refresh_company_figures(*, day: dt.date, company_ids: Collection[UUID] | None = None) -> int:
    """Derive the figures of the companies (without `company_ids`: all live ones) as of the day; return the changes.

    A figure that an analyst set stays, and what rests on it is derived from it; one that cannot be derived becomes
    NULL, with the reason in `field_sources`. What analysts said counts from the moment it was said, however long ago
    the day of the newest filing is. A duplicate's facts are the kept company's.
    """
    same = Identities.load()
    concerned = None if company_ids is None else {same.of(company_id) for company_id in company_ids}
    companies = Company.objects.all() if concerned is None else Company.objects.filter(pk__in=concerned)
    by_id = {company.pk: company for company in companies}
    changed: list[Company] = []
    with recorded("refresh figures"):
        facts = known_facts(day, by_id, CONCEPTS, same=same, said_until=timezone.localdate(timezone=NEW_YORK))
        for company_id, company in by_id.items():
            derived = figures(
                facts[company_id],
                day,
                market_cap_usd=company.market_cap_usd,
                market_cap_as_of=company.market_cap_as_of,
                history_starts=company.history_starts,
            )
            if _set(company, derived):
                company.last_data_refresh = timezone.now()
                changed.append(company)
        Company.objects.bulk_update(changed, [*FIGURES, "field_sources", "last_data_refresh"], batch_size=500)
    return len(changed)


type Said = dict[str, tuple[Any, tuple[Figure | None, ...]]]


def said_by(derived: CompanyFigures) -> Said:
    """Return by column what the derivation says, and the figures behind it."""
    liquid = derived.liquid_funds if derived.liquidity_complete else None
    return {
        # of an incomplete balance sheet the note says which it is
        "cash_position_usd": (_money(liquid), (derived.liquid_funds,)),
        "quarterly_burn_rate_usd": (_money(derived.quarterly_burn), (derived.quarterly_burn,)),
        "total_debt_usd": (_money(derived.total_debt), (derived.total_debt,)),
        "runway_quarters": (derived.runway_quarters, (liquid, derived.quarterly_burn)),
        "enterprise_value_usd": (
            derived.enterprise_value_usd,
            (liquid, derived.total_debt, derived.market_cap if derived.market_cap_is_float else None),
        ),
        "is_cash_constrained": (derived.is_cash_constrained, (liquid, derived.quarterly_burn)),
    }


def settled(
    held: Mapping[str, Any], notes: Mapping[str, Any], derived: CompanyFigures
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures by column, and all notes: what an analyst set stays, and what rests on it follows from it."""
    values, written = dict(held), dict(notes)
    for name, (value, behind) in said_by(derived).items():
        if not is_curated(notes, name):
            values[name], written[name] = value, note_of(name, value, behind, derived)
    follows = [name for name, behind in RESTS_ON.items() if any(is_curated(notes, each) for each in behind)]
    if follows:
        found = dependents(values, written, derived)
        for name in follows:
            if not is_curated(notes, name):
                values[name], written[name] = found[name]
    return values, written


def _set(company: Company, derived: CompanyFigures) -> bool:
    """Set the figures that are not an analyst's, and return whether anything changed."""
    held, notes = {name: getattr(company, name) for name in FIGURES}, company.field_sources
    values, company.field_sources = settled(held, notes, derived)
    for name, value in values.items():
        setattr(company, name, value)
    return (held, notes) != (values, company.field_sources)


def _money(figure: Figure | None) -> Decimal | None:
    return None if figure is None else figure.value.quantize(CENT, ROUND_HALF_EVEN)


def note_of(name: str, value: Any, behind: tuple[Figure | None, ...], derived: CompanyFigures) -> dict[str, str]:
    """Return where the figure comes from: accession numbers and period end; or why it is unknown."""
    used = [figure for figure in behind if figure is not None]
    note = {
        "source": LEDGER,
        "id": " ".join(sorted({accession for figure in used for accession in figure.accessions})),
        "as_of": max((figure.period_end.isoformat() for figure in used), default=""),
    }
    if value is None:
        note["note"] = _reason(name, derived)
        if note["note"] == Unknown.STALE:
            note["as_of"] = _last_reported(name, derived)
    elif name == "enterprise_value_usd" and derived.market_cap_is_float:
        note["note"] = FLOAT_NOTE
    return {key: text for key, text in note.items() if text}


# What the derivation calls the figure behind a column.
_REASONS = {
    "cash_position_usd": ("liquidity", "liquid_funds"),
    "quarterly_burn_rate_usd": ("quarterly_burn",),
    "total_debt_usd": ("total_debt",),
}


# Figures whose age is that of others.
_AGES = {
    "runway_quarters": ("liquid_funds", "quarterly_burn"),
    "is_cash_constrained": ("liquid_funds", "quarterly_burn"),
}


def _last_reported(name: str, derived: CompanyFigures) -> str:
    """Return the period end of what is too old."""
    keys = _AGES.get(name) or _REASONS.get(name, ())
    ends = (derived.last_reported[key] for key in keys if key in derived.last_reported)
    return next((end.isoformat() for end in ends), "")


def _reason(name: str, derived: CompanyFigures) -> str:
    keys = _REASONS.get(name, (name,))
    return next((str(derived.unknown[key]) for key in keys if key in derived.unknown), "")
