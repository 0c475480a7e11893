"""Filters of lists that Unfold does not bring: a word in a JSON array, days on instants, figures in dollars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.admin import EmptyFieldListFilter
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import BooleanRadioFilter, DropdownFilter, RangeDateFilter, RangeNumericFilter

from biotech_ma.core.admin import figures

MOST = Decimal(10) ** 24


def array_filter(
    column: str, choices: type[models.TextChoices] | Iterable[tuple[str, str]], title: str
) -> type[DropdownFilter]:
    """Return a filter by one word of a jsonb array, which its GIN index serves."""
    pairs = list(getattr(choices, "choices", choices))

    class ArrayFilter(DropdownFilter):  # type: ignore[misc]
        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return pairs

        def queryset(self, request: HttpRequest, queryset: Any) -> Any:
            return queryset.filter(**{f"{column}__contains": [self.value()]}) if self.value() else queryset

    ArrayFilter.title = title
    ArrayFilter.parameter_name = column
    return ArrayFilter


def given_filter(given: str, missing: str) -> type[EmptyFieldListFilter]:
    """Return a filter by whether a column is filled, in words that say what either means."""
    words = {"0": given, "1": missing}

    class GivenFilter(EmptyFieldListFilter):
        def choices(self, changelist: Any) -> Iterator[Any]:
            for choice, lookup in zip(super().choices(changelist), (None, "1", "0"), strict=True):
                yield choice if lookup is None else {**choice, "display": words[lookup]}

    return GivenFilter


class DayRangeFilter(RangeDateFilter):  # type: ignore[misc]
    """From one day to another, both included; on instants too, in the user's zone."""

    zone: ClassVar[dt.tzinfo | None] = None

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list; what is no day narrows nothing."""
        first, last = self._day("from"), self._day("to")
        if first:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": self._start(first)})
        if last:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": self._start(last + dt.timedelta(days=1))})
        return queryset

    def _day(self, end: str) -> dt.date | None:
        text = self.used_parameters.get(f"{self.parameter_name}_{end}")
        try:
            found = models.DateField().to_python(text) if text else None
        except ValidationError:
            return None
        return found if found is not None and found < dt.date.max else None

    def _start(self, value: dt.date) -> dt.date | dt.datetime:
        if isinstance(self.field, models.DateTimeField):
            return timezone.make_aware(dt.datetime.combine(value, dt.time.min), self.zone)
        return value


class MarketDayRangeFilter(DayRangeFilter):
    """From one day to another in the market's zone: days of events are the same for every user."""

    zone = figures.market_zone()


class FigureRangeFilter(RangeNumericFilter):  # type: ignore[misc]
    """From one figure to another, both included; dollars may be written as 450m or 1.3bn in the address."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list; what is no figure narrows nothing."""
        for end, lookup in (("from", "gte"), ("to", "lte")):
            bound = self._bound(self.used_parameters.get(f"{self.parameter_name}_{end}"))
            if bound is not None:
                queryset = queryset.filter(**{f"{self.parameter_name}__{lookup}": bound})
        return queryset

    def _bound(self, text: Any) -> Decimal | None:
        try:
            value = figures.parse_money(text) if text else None
        except ValueError:
            return None
        return value if value is not None and abs(value) < MOST else None


class NullBooleanFilter(BooleanRadioFilter):  # type: ignore[misc]
    """Yes, no, and unknown where the column knows it."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the form of the filter."""
        choices = [("", "All"), ("1", "Yes"), ("0", "No")]
        if self.field.null:
            choices.append(("unknown", "Unknown"))
        yield {
            "form": self.form_class(
                label=f"By {self.title}",
                name=self.lookup_kwarg,
                choices=choices,
                data={self.lookup_kwarg: self.value()},
            )
        }

    def value(self) -> str | None:
        """Return what was chosen."""
        chosen = super().value()
        return str(chosen) if chosen is not None else None

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        chosen = self.value()
        if chosen == "unknown":
            return queryset.filter(**{f"{self.field_path}__isnull": True})
        if chosen in {"0", "1"}:
            return queryset.filter(**{self.field_path: chosen == "1"})
        return queryset
