"""What signals can be filtered by."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from biotech_ma.core.api.errors import invalid
from biotech_ma.core.api.filters import (
    BooleanFilter,
    ChoiceFilter,
    InstantFilter,
    ListFilter,
    NumberFilter,
    ReadFilterSet,
)
from biotech_ma.core.api.parsers import unstorable
from companies.api.filters import CompanyFilter
from signals_app.catalogue import Severity, SignalType
from signals_app.querysets import SignalQuerySet

DATA = "data__"
MAX_KEY = 100
MAX_VALUE = 1000
MAX_DATA_FILTERS = 10


class _SeverityFilter(ChoiceFilter):
    def filter(self, qs: Any, value: Any) -> Any:
        """Return the signals of this severity or above."""
        return qs.at_least(value) if value else qs


class SignalFilterSet(ReadFilterSet):
    """Signals by company, type, severity, period, source and particulars."""

    prefixes = (DATA,)

    company = CompanyFilter("company", together=True, label="Id or ticker.")
    type = ListFilter("signal_type", choices=SignalType, label="Any of these types.")
    severity = ListFilter("severity", choices=Severity, label="Any of these severities.")
    min_severity = _SeverityFilter("severity", choices=Severity, label="This severity or above.")
    since = InstantFilter(method="from_moment", label="Happened at or after this day (New York) or instant.")
    until = InstantFilter(method="to_moment", label="Happened at or before this day (New York) or instant.")
    source = ListFilter("source", label="Any of these sources.")
    source_id = ListFilter("source_id", label="Any of these identifiers within the source.")
    min_confidence = NumberFilter("confidence", lookup_expr="gte", label="Confidence of at least this, 0 to 1.")
    min_impact = NumberFilter("ma_impact_score", lookup_expr="gte", label="Impact of at least this, −10 to 10.")
    superseded = BooleanFilter(method="with_superseded", label="true shows corrected rows too.")

    def from_moment(self, rows: SignalQuerySet, name: str, value: dt.date) -> SignalQuerySet:
        """Return what happened from then on."""
        return rows.between(value, None)

    def to_moment(self, rows: SignalQuerySet, name: str, value: dt.date) -> SignalQuerySet:
        """Return what happened until then."""
        return rows.between(None, value)

    def with_superseded(self, rows: SignalQuerySet, name: str, value: bool) -> SignalQuerySet:
        """Leave the rows as they are: `filter_queryset` has asked already."""
        return rows

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return the current signals that match, corrected ones too when asked for."""
        if self.form.cleaned_data.get("superseded"):
            queryset = queryset.filter(available_at__lte=Now())
        else:
            queryset = queryset.current()  # type: ignore[attr-defined]
        queryset = super().filter_queryset(queryset)
        for condition in self._particulars():
            queryset = queryset.filter(condition)
        return queryset

    def _particulars(self) -> list[Q]:
        names = [name for name in self.data if name.startswith(DATA)]
        if len(names) > MAX_DATA_FILTERS:
            raise invalid(names[MAX_DATA_FILTERS], f"At most {MAX_DATA_FILTERS} filters on the particulars.")
        return [self._contains(name, str(self.data[name])) for name in names]

    def _contains(self, name: str, text: str) -> Q:
        """Return containment of `{key: value}`: the value as text, or also as the JSON scalar that it reads as."""
        key = name.removeprefix(DATA)
        if not key or len(key) > MAX_KEY or len(text) > MAX_VALUE:
            raise invalid(name[:MAX_KEY], f"A key of up to {MAX_KEY} and a value of up to {MAX_VALUE} characters.")
        condition = Q(signal_data__contains={key: text})
        value = _scalar(text)
        return condition if value is None else condition | Q(signal_data__contains={key: value[0]})


def _scalar(text: str) -> tuple[Any] | None:
    """Return the JSON scalar that the text reads as, in a tuple; None when it reads as none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict | list) or any(unstorable(value)) or value != value:
        return None
    return (value,)
