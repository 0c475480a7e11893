"""Filters of the deal desk: status, area, stage and size."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from biotech_ma.core.market_day import NEW_YORK, start_of
from companies.choices import Phase, TherapeuticArea
from signals_app.deal_terms import PENDING, STATUSES
from signals_app.deals import RUMOUR
from signals_app.offers import OFFER

BILLION = Decimal(10) ** 9
SIZES = {
    "small": ("Under $0.5 bn", None, BILLION / 2),
    "middle": ("$0.5 bn to $2 bn", BILLION / 2, 2 * BILLION),
    "large": ("$2 bn to $10 bn", 2 * BILLION, 10 * BILLION),
    "giant": ("$10 bn and more", 10 * BILLION, None),
}
# What the address says of no status in particular.
ALL = "all"
ASKED = frozenset({"q", "status", "area", "stage", "size", "year"})
# The first year of the deals that any source has.
FIRST_YEAR = 2000
PHASES: dict[str, str] = dict(Phase.choices)


def opens(request: HttpRequest) -> bool:
    """Return whether the list is asked for without a search or a filter, on whatever page and in whatever order."""
    return not any(name in ASKED or name.startswith("event_date") for name in request.GET)


class StatusFilter(DropdownFilter):  # type: ignore[misc]
    """Pending, completed, terminated; the list opens on what is pending, a search or another filter asks all."""

    title, parameter_name = "status", "status"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.opens = opens(request)

    def value(self) -> str | None:
        """Return the status that was asked for, on opening the list that of pending deals."""
        chosen: str | None = super().value()
        return PENDING if chosen is None and self.opens else chosen

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states."""
        return [(status, status.capitalize()) for status in STATUSES]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list; a deal that says nothing is pending."""
        if self.value() not in STATUSES:
            return queryset
        wanted = Q(signal_data__status=self.value())
        if self.value() == PENDING:
            silent = ~Q(signal_data__has_key="status") & ~Q(signal_type=RUMOUR)
            return queryset.filter(wanted | silent, is_ended=False)
        return queryset.filter(wanted | Q(is_ended=True) if self.value() == "terminated" else wanted)


class AreaFilter(DropdownFilter):  # type: ignore[misc]
    """The area of the target."""

    title, parameter_name = "area", "area"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the areas."""
        return list(TherapeuticArea.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list by the deal's areas, or by the target's own."""
        area = self.value()
        if area not in TherapeuticArea.values:
            return queryset
        own = Q(signal_type=OFFER, company__therapeutic_areas__contains=[area])
        return queryset.filter(Q(signal_data__contains={"areas": [area]}) | own)


class StageFilter(DropdownFilter):  # type: ignore[misc]
    """The stage of the lead when the deal was announced."""

    title, parameter_name = "stage", "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the stages."""
        return list(Phase.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        return queryset.filter(signal_data__stage=self.value()) if self.value() in PHASES else queryset


class YearFilter(DropdownFilter):  # type: ignore[misc]
    """The market's year of the announcement."""

    title, parameter_name = "year", "year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the years, the newest first."""
        this = dt.datetime.now(tz=NEW_YORK).year
        return [(str(year), str(year)) for year in range(this, FIRST_YEAR - 1, -1)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        known = dict(self.lookup_choices)
        if self.value() not in known:
            return queryset
        first = dt.date(int(str(self.value())), 1, 1)
        return queryset.filter(
            event_date__gte=start_of(first), event_date__lt=start_of(first.replace(year=first.year + 1))
        )


class SizeFilter(DropdownFilter):  # type: ignore[misc]
    """The value of the deal."""

    title, parameter_name = "size", "size"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the sizes."""
        return [(key, words) for key, (words, *_) in SIZES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list; a deal whose value nobody knows is of no size."""
        if self.value() not in SIZES:
            return queryset
        _, low, high = SIZES[str(self.value())]
        queryset = queryset.filter(value__gte=low) if low is not None else queryset
        return queryset.filter(value__lt=high) if high is not None else queryset
