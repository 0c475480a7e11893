"""Pairs of acquirer and target, from the matches of the last day that has any."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from companies.models import Company
from delivery.reports.content.parts import Fit, HeatMap, Who
from delivery.reports.content.reading import who
from scoring.models import AcquirerMatch

ROWS, COLUMNS = 15, 10
# As the matches have it; anything else is unknown.
FEASIBLE = {"feasible": True, "infeasible": False}
_LONG = ("target_company__search_vector", "acquirer_company__search_vector")


def of_targets(
    day: dt.date, targets: Collection[UUID], *, most: int, left_out: Collection[UUID] = ()
) -> dict[UUID, tuple[Fit, ...]]:
    """Return by target its best acquirers, by rank, of its last matched day by this one."""
    found: dict[UUID, list[Fit]] = {}
    for match in _rows(day, Q(target_company_id__in=targets), left_out):
        kept = found.setdefault(match.target_company_id, [])
        if len(kept) < most:
            kept.append(fit(match))
    return {key: tuple(fits) for key, fits in found.items()}


def of_acquirers(
    day: dt.date, acquirers: Collection[Company], *, most: int, left_out: Collection[UUID] = ()
) -> tuple[Fit, ...]:
    """Return the targets that fit these acquirers best, best first."""
    named = Q(acquirer_company_id__in=[company.pk for company in acquirers])
    tickers = [company.ticker for company in acquirers if company.ticker]
    rows = _rows(day, named | Q(acquirer_company=None, acquirer_ticker__in=tickers), left_out)
    rows.sort(key=lambda match: (-match.strategic_fit_score, match.match_rank or 0, str(match.target_company_id)))
    return tuple(fit(match) for match in rows[:most])


def best(day: dt.date, targets: Collection[UUID]) -> list[AcquirerMatch]:
    """Return every kept match of these targets, of each target's last matched day by this one, by rank."""
    return _rows(day, Q(target_company_id__in=targets))


def _rows(day: dt.date, condition: Q, left_out: Collection[UUID] = ()) -> list[AcquirerMatch]:
    same = AcquirerMatch.objects.filter(target_company=OuterRef("target_company"), match_date__lte=day)
    newest = Subquery(same.order_by("-match_date").values("match_date")[:1])
    rows = AcquirerMatch.objects.of_live_targets().filter(condition, match_date=newest).with_companies()
    if left_out:
        tickers = Company.all_objects.filter(pk__in=left_out, ticker__isnull=False).values("ticker")
        rows = rows.exclude(target_company_id__in=left_out).exclude(acquirer_company_id__in=left_out)
        rows = rows.exclude(acquirer_company=None, acquirer_ticker__in=tickers)
    return list(rows.defer(*_LONG).order_by("target_company_id", "match_rank", "-strategic_fit_score", "id"))


def fit(match: AcquirerMatch) -> Fit:
    """Return a match as reports show it."""
    acquirer = match.acquirer_company
    worth = match.estimated_valuation_range_usd
    return Fit(
        target=who(match.target_company),
        acquirer=who(acquirer) if acquirer else Who(match.acquirer_ticker or None, match.acquirer_name),
        day=match.match_date,
        rank=match.match_rank,
        fit=match.strategic_fit_score,
        overlap=match.therapeutic_overlap_score,
        geography=match.geographic_fit_score,
        capacity=match.financial_capacity_score,
        history=match.historical_ma_score,
        low_usd=_usd(worth, "low"),
        mid_usd=_usd(worth, "mid"),
        high_usd=_usd(worth, "high"),
        is_feasible=FEASIBLE.get(str(match.metadata.get("feasibility"))),
        rationale=match.synergy_rationale or "",
        caveat=str(worth.get("caveat") or ""),
    )


def _usd(worth: Mapping[str, Any], name: str) -> Decimal | None:
    try:
        value = Decimal(str(worth.get(name)))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def grid(pairs: Sequence[Fit]) -> HeatMap:
    """Return the fits as a grid: targets in their order, the acquirers that fit most of them first."""
    targets = list(dict.fromkeys(pair.target for pair in pairs))[:ROWS]
    weight: dict[Who, Decimal] = defaultdict(Decimal)
    held = {(pair.target, pair.acquirer): pair.fit for pair in pairs}
    for pair in pairs:
        weight[pair.acquirer] += pair.fit
    acquirers = sorted(weight, key=lambda named: (-weight[named], str(named)))[:COLUMNS]
    cells = tuple(tuple(held.get((target, acquirer)) for acquirer in acquirers) for target in targets)
    return HeatMap(tuple(targets), tuple(acquirers), cells)
