"""What scores and matches can be filtered by."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models

from biotech_ma.core.api.filters import (
    BooleanFilter,
    ChoiceFilter,
    DayFilter,
    ListFilter,
    NumberFilter,
    ReadFilterSet,
)
from companies.api.filters import CompanyFilter
from companies.choices import TherapeuticArea


class ScoreFilterSet(ReadFilterSet):
    """Scores by company, day, version and range."""

    company = CompanyFilter("company", label="Id or ticker.")
    since = DayFilter("score_date", lookup_expr="gte", label="Of this day or later.")
    until = DayFilter("score_date", lookup_expr="lte", label="Of this day or earlier.")
    version = ListFilter("score_version", label="Version of the weights.")
    min_score = NumberFilter("total_score", lookup_expr="gte", label="Total of at least this.")
    max_score = NumberFilter("total_score", lookup_expr="lte", label="Total of at most this.")
    latest = BooleanFilter("is_latest", label="true shows each company's newest score only.")


class TopFilterSet(ReadFilterSet):
    """The leaderboard by area, day and size; `TopViewSet` applies them, for they go together."""

    area = ChoiceFilter(method="keep", choices=TherapeuticArea, label="Active in this area.")
    as_of = DayFilter(method="keep", label="The ranking of this day, or of the last day before it that has one.")
    market_cap_max = NumberFilter(method="keep", label="Market cap of at most this, USD; unknown is left out.")

    def keep(self, rows: models.QuerySet[models.Model], name: str, value: object) -> models.QuerySet[models.Model]:
        """Leave the rows as they are."""
        return rows


class _AcquirerFilter(CompanyFilter):
    def filter(self, qs: models.QuerySet[Any], value: Any) -> models.QuerySet[Any]:
        """Return the matches of these acquirers: by the id of the row, or the ticker that the match has."""
        if not value:
            return qs
        ids = [ref for ref in value if isinstance(ref, UUID)]
        tickers = [ref.upper() for ref in value if isinstance(ref, str)]
        return qs.filter(models.Q(acquirer_company__in=ids) | models.Q(acquirer_ticker__in=tickers))


class AcquirerMatchFilterSet(ReadFilterSet):
    """Matches by target, acquirer, fit and day."""

    target = CompanyFilter("target_company", label="Id or ticker of the target.")
    acquirer = _AcquirerFilter("acquirer_ticker", label="Id or ticker of the acquirer; unlisted ones have an id alone.")
    min_fit = NumberFilter("strategic_fit_score", lookup_expr="gte", label="Strategic fit of at least this, of ten.")
    top = BooleanFilter("is_top_match", label="Among the target's best three.")
    since = DayFilter("match_date", lookup_expr="gte", label="Of this day or later.")
    until = DayFilter("match_date", lookup_expr="lte", label="Of this day or earlier.")
