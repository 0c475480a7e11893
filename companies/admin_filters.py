"""Filters by company that several lists have."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from companies.models import Company


class SameCompanyFilter(AutocompleteSelectFilter):  # type: ignore[misc]
    """The rows of a company, those under its merged duplicates with them.

    Its ids are asked for first: with them the planner takes the company's rows in the list's order, where it guesses
    from a subquery how many companies that will be, and may read the whole table by day instead.
    """

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        try:
            company = UUID(str(self.value()))
        except ValueError:
            return super().queryset(request, queryset)
        same = Company.all_objects.filter(Q(pk=company) | Q(merged_into=company)).order_by()
        return queryset.filter(company_id__in=list(same.values_list("pk", flat=True)))
