"""Liquid funds, debt and earnings of targets and acquirers as of a day, in one query for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Q

from companies.identity import Identities
from scoring import evidence
from scoring.engine.inputs import Amount
from scoring.matching.universe import Side
from signals_app.concepts import ASSETS, CASH, DEBTS, LIQUID_FUNDS, SECURITIES, TOTAL_DEBT
from signals_app.earnings import EARNINGS_CONCEPTS, ebitda
from signals_app.figures import HORIZON_DAYS, figures
from signals_app.knowledge import STALE_AFTER_DAYS, Unknown
from signals_app.models import FinancialFact
from signals_app.periods import FIELDS, Fact, Figure

BALANCES = (CASH, ASSETS, *SECURITIES, *DEBTS, LIQUID_FUNDS, TOTAL_DEBT)


@dataclass(frozen=True, slots=True)
class Funds:
    """What a company has, owes and earns, in USD; `why_unknown` names the reason for each that is None."""

    liquid_funds: Amount | None = None
    debt: Amount | None = None
    ebitda: Amount | None = None
    why_unknown: Mapping[str, str] = field(default_factory=dict)


def funds_of(
    day: date, sides: Collection[Side], *, acquirers: Collection[UUID], same: Identities
) -> Mapping[UUID, Funds]:
    """Return the funds of the companies on the day; earnings of the acquirers alone."""
    facts = _facts(day, [side.key for side in sides], acquirers, same)
    return {side.key: _funds(side, facts.get(side.key, ()), day, earns=side.key in acquirers) for side in sides}


def _facts(
    day: date, ids: Collection[UUID], acquirers: Collection[UUID], same: Identities
) -> Mapping[UUID, Sequence[Fact]]:
    # Twice as far as figures are fresh, so that a stale one is called stale.
    recent, year = day - timedelta(days=2 * STALE_AFTER_DAYS), day - timedelta(days=HORIZON_DAYS)
    wanted = Q(company_id__in=same.ids_of(ids), concept__in=BALANCES, period_start=None, period_end__gte=recent) | Q(
        company_id__in=same.ids_of(acquirers), concept__in=EARNINGS_CONCEPTS, period_end__gte=year
    )
    found: dict[UUID, list[Fact]] = defaultdict(list)
    rows = FinancialFact.objects.known_by_day(day).filter(wanted).order_by()
    for company_id, *values in rows.values_list("company_id", *FIELDS).iterator(chunk_size=20_000):
        found[same.of(company_id)].append(Fact(*values))
    return found


def _funds(side: Side, facts: Sequence[Fact], day: date, *, earns: bool) -> Funds:
    found = figures(facts, day, history_starts=side.history_starts)
    liquid = found.liquid_funds if found.liquidity_complete else None
    earned = ebitda(facts, day, history_starts=side.history_starts) if earns else Unknown.NOT_REPORTED
    why: dict[str, str] = {}
    if liquid is None:
        why["liquid_funds"] = str(found.unknown.get("liquidity") or found.unknown["liquid_funds"])
    if found.total_debt is None:
        why["debt"] = str(found.unknown["total_debt"])
    if isinstance(earned, Unknown):
        why["ebitda"] = str(earned)
    return Funds(
        liquid_funds=_amount(liquid, side),
        debt=_amount(found.total_debt, side),
        ebitda=None if isinstance(earned, Unknown) else _amount(earned, side),
        why_unknown=why,
    )


def _amount(figure: Figure | None, side: Side) -> Amount | None:
    return None if figure is None else Amount(figure.value, evidence.of_figure(figure, side.cik))
