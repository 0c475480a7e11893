"""Filters by company that several lists have."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from companies.querysets import same_company_q


class SameCompanyFilter(AutocompleteSelectFilter):  # type: ignore[misc]
    """The rows of a company, those under its merged duplicates with them."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        try:
            company = UUID(str(self.value()))
        except ValueError:
            return super().queryset(request, queryset)
        return queryset.filter(same_company_q(company))
