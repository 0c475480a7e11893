"""What scores and matches can be filtered by."""

from __future__ import annotations

from django.db import models

from biotech_ma.core.api.filters import (
    BooleanFilter,
    DayFilter,
    ListFilter,
    NumberFilter,
    ReadFilterSet,
)
from companies.api.filters import CompanyFilter
from companies.choices import TherapeuticArea
from scoring.querysets import AcquirerMatchQuerySet


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

    area = ListFilter(method="keep", choices=TherapeuticArea, label="Active in this area.")
    as_of = DayFilter(method="keep", label="The ranking of this day, or of the last day before it that has one.")
    market_cap_max = NumberFilter(method="keep", label="Market cap of at most this, USD; unknown is left out.")

    def keep(self, rows: models.QuerySet[models.Model], name: str, value: object) -> models.QuerySet[models.Model]:
        """Leave the rows as they are."""
        return rows


class _AcquirerFilter(ListFilter):
    def filter(self, qs: AcquirerMatchQuerySet, value: list[str] | None) -> AcquirerMatchQuerySet:
        """Return the matches of these acquirers, in any case."""
        return qs.filter(acquirer_ticker__in=[ticker.upper() for ticker in value]) if value else qs


class AcquirerMatchFilterSet(ReadFilterSet):
    """Matches by target, acquirer, fit and day."""

    target = CompanyFilter("target_company", label="Id or ticker of the target.")
    acquirer = _AcquirerFilter("acquirer_ticker", label="Ticker of the acquirer.")
    min_fit = NumberFilter("strategic_fit_score", lookup_expr="gte", label="Strategic fit of at least this, of ten.")
    top = BooleanFilter("is_top_match", label="Among the target's best three.")
    since = DayFilter("match_date", lookup_expr="gte", label="Of this day or later.")
    until = DayFilter("match_date", lookup_expr="lte", label="Of this day or earlier.")
