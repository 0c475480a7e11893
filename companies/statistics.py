"""Counts and sums over a set of companies."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Count, Q

from biotech_ma.core.medians import MiddleValue, median_of
from companies.choices import Role, TherapeuticArea

if TYPE_CHECKING:
    from companies.models import Company


@dataclass(frozen=True)
class CompanyStatistics:
    """Counts and sums over a set of companies. Money is in USD; unknown caps count in neither total nor median."""

    total: int
    listed: int
    unlisted: int
    by_role: dict[str, int]
    by_area: dict[str, int]
    cash_constrained: int
    cash_unconstrained: int
    cash_unknown: int
    market_cap_known: int
    market_cap_total_usd: Decimal
    market_cap_median_usd: Decimal | None


def statistics_of(companies: models.QuerySet[Company]) -> CompanyStatistics:
    """Return counts and sums over the companies, in one statement."""
    found = companies.order_by().aggregate(
        total=Count("pk"),
        listed=Count("pk", filter=Q(is_public=True)),
        cash_constrained=Count("pk", filter=Q(is_cash_constrained=True)),
        cash_unconstrained=Count("pk", filter=Q(is_cash_constrained=False)),
        market_cap_known=Count("market_cap_usd"),
        market_cap_total_usd=models.Sum("market_cap_usd"),
        lower=MiddleValue("market_cap_usd", upper=False),
        upper=MiddleValue("market_cap_usd", upper=True),
        **{f"role_{role}": Count("pk", filter=Q(role=role)) for role in Role.values},
        **{f"area_{a}": Count("pk", filter=Q(therapeutic_areas__contains=[a])) for a in TherapeuticArea.values},
    )
    return CompanyStatistics(
        total=found["total"],
        listed=found["listed"],
        unlisted=found["total"] - found["listed"],
        by_role={role: found[f"role_{role}"] for role in Role.values},
        by_area={area: found[f"area_{area}"] for area in TherapeuticArea.values},
        cash_constrained=found["cash_constrained"],
        cash_unconstrained=found["cash_unconstrained"],
        cash_unknown=found["total"] - found["cash_constrained"] - found["cash_unconstrained"],
        market_cap_known=found["market_cap_known"],
        market_cap_total_usd=found["market_cap_total_usd"] or Decimal(0),
        market_cap_median_usd=median_of(found["lower"], found["upper"]),
    )
