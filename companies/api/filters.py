"""What companies and drug candidates can be filtered by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from biotech_ma.core.api.filters import (
    BooleanFilter,
    DayFilter,
    InstantFilter,
    ListField,
    ListFilter,
    NumberFilter,
    ReadFilterSet,
    TextFilter,
)
from biotech_ma.core.api.schema_fields import COMPANY
from companies.choices import Phase, Role, TherapeuticArea
from companies.querysets import CompanyQuerySet, company_q, id_or_ticker, same_company_q


class _CompaniesField(ListField):
    def clean(self, value: Any) -> list[Any]:
        """Return ids and tickers."""
        words = super().clean(value)
        refs = [id_or_ticker(word) for word in words]
        for word, ref in zip(words, refs, strict=True):
            if ref is None:
                raise ValidationError(f'"{word[:100]}" is neither an id nor a ticker.', code="invalid")
        return [ref for ref in refs if ref is not None]


class CompanyFilter(ListFilter):
    """Companies by id or live ticker, one or more; `together` with the rows of their merged duplicates."""

    field_class = _CompaniesField
    word_pattern = COMPANY

    def __init__(self, *args: Any, together: bool = False, **options: Any) -> None:
        self.condition = same_company_q if together else company_q
        super().__init__(*args, **options)

    def filter(self, qs: models.QuerySet[Any], value: Any) -> models.QuerySet[Any]:
        """Return the rows of these companies."""
        if not value:
            return qs
        condition = Q()
        for ref in value:
            condition |= self.condition(ref, self.field_name)
        return qs.filter(condition)


class CompanyFilterSet(ReadFilterSet):
    """Companies by words, area, size, cash, pipeline and score."""

    search = TextFilter(method="find", label="Words of name, ticker or former names; the best match first.")
    role = ListFilter("role", choices=Role, label="target, acquirer or excluded.")
    therapeutic_area = ListFilter(method="in_area", choices=TherapeuticArea, label="Active in any of these areas.")
    market_cap_min = NumberFilter("market_cap_usd", lookup_expr="gte", label="USD, end included.")
    market_cap_max = NumberFilter("market_cap_usd", lookup_expr="lte", label="USD, end included.")
    cash_constrained = BooleanFilter("is_cash_constrained", label="Runway under four quarters; unknown is neither.")
    is_public = BooleanFilter("is_public", label="Whether its shares are listed.")
    phase = ListFilter(method="with_phase", choices=Phase, label="With a live candidate in any of these phases.")
    min_score = NumberFilter(method="with_min_score", label="Latest score of at least this.")

    def find(self, rows: CompanyQuerySet, name: str, value: str) -> CompanyQuerySet:
        """Return what the words find."""
        return rows.search(value)

    def in_area(self, rows: CompanyQuerySet, name: str, value: list[str]) -> CompanyQuerySet:
        """Return the companies of any of the areas."""
        return rows.in_area(*value)

    def with_phase(self, rows: CompanyQuerySet, name: str, value: list[str]) -> CompanyQuerySet:
        """Return the companies with a candidate in any of the phases."""
        return rows.with_phase(*value)

    def with_min_score(self, rows: CompanyQuerySet, name: str, value: Decimal) -> CompanyQuerySet:
        """Return the companies whose latest score is at least this."""
        return rows.with_min_score(value)


class CashConstrainedFilterSet(CompanyFilterSet):
    """As for companies, with the runway under which one counts as short of cash."""

    max_runway_quarters = NumberFilter(method="under", label="Fewer quarters of runway than this; 4 by default.")
    cash_constrained = None  # type: ignore[assignment]

    def under(self, rows: CompanyQuerySet, name: str, value: Decimal) -> CompanyQuerySet:
        """Leave the rows as they are: the view has asked already."""
        return rows


class DrugCandidateFilterSet(ReadFilterSet):
    """Drug candidates by company, phase, area, designations and dates."""

    company = CompanyFilter("company", label="Id or ticker.")
    phase = ListFilter("phase", choices=Phase, label="Any of these phases.")
    therapeutic_area = ListFilter("therapeutic_area", choices=TherapeuticArea, label="Any of these areas.")
    orphan = BooleanFilter("orphan_designation", label="FDA orphan designation; unknown is neither.")
    fast_track = BooleanFilter("fast_track", label="FDA fast-track designation.")
    breakthrough = BooleanFilter("breakthrough_therapy", label="FDA breakthrough or RMAT designation.")
    name = TextFilter("name", lookup_expr="icontains", label="Part of the name.")
    indication = TextFilter("indication", lookup_expr="icontains", label="Part of the indication.")
    patent_expiry_before = DayFilter("patent_expiry", lookup_expr="lte", label="Protected until this day at most.")
    patent_expiry_after = DayFilter("patent_expiry", lookup_expr="gte", label="Protected until this day at least.")
    milestone_before = DayFilter("next_milestone_date", lookup_expr="lte", label="Next milestone by this day.")
    milestone_after = DayFilter("next_milestone_date", lookup_expr="gte", label="Next milestone from this day on.")


class HistoryFilterSet(ReadFilterSet):
    """A company's history by what happened and when."""

    action = ListFilter("pgh_label", label="insert, update or delete.")
    since = InstantFilter("pgh_created_at", lookup_expr="gte", label="At or after this day (UTC) or instant.")
    until = InstantFilter("pgh_created_at", lookup_expr="lte", label="At or before this day (UTC) or instant.")
