"""Filters and the form of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import (
    RadioFilter,
    TextFilter,
)

from biotech_ma.core.admin.fields import MoneyField
from biotech_ma.core.admin.forms import DeskForm, ReasonForm
from biotech_ma.core.admin.versioned import REASON
from signals_app.catalogue import CATALOGUE, Severity
from signals_app.models import FinancialFact, Signal
from signals_app.periods import USD
from signals_app.services import default_impact


class LedgerFilter(RadioFilter):  # type: ignore[misc]
    """What has happened and still stands, unless something else is asked for."""

    title = "ledger"
    parameter_name = "ledger"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what can be asked for."""
        return [("", "Happened"), ("coming", "To come"), ("superseded", "Superseded"), ("all", "Every row")]

    def value(self) -> str:
        """Return what is asked for."""
        return super().value() or ""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        now = timezone.now()
        if self.value() == "all":
            return queryset
        if self.value() == "superseded":
            return queryset.filter(pk__in=Signal.objects.filter(supersedes__isnull=False).values("supersedes"))
        if self.value() == "coming":
            return queryset.current().filter(event_date__gt=now).order_by("event_date", "id")
        return queryset.current().filter(event_date__lte=now)

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the form of the filter."""
        data = {self.parameter_name: self.value()}
        yield {
            "form": self.form_class(label="By ledger", name=self.parameter_name, choices=self.lookup_choices, data=data)
        }


class SourceFilter(TextFilter):  # type: ignore[misc]
    """One source, by its identifier."""

    title = "source"
    parameter_name = "source"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        return queryset.filter(source=self.value().strip()) if self.value() else queryset


class SignalForm(DeskForm):
    """A new row of the ledger. Severity and impact left empty are the catalogue's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hints = {
            "severity": "Empty: what the catalogue says of the type.",
            "ma_impact_score": "−10 to +10. Empty: what the catalogue says of the type.",
            "available_at": "When the public could know, in your time zone. Empty: now.",
            "event_date": "When it happened, in your time zone.",
        }
        for name, hint in hints.items():
            if name in self.fields:
                self.fields[name].help_text = hint
                self.fields[name].required = name == "event_date"
        severity: Any = self.fields.get("severity")
        if severity is not None:
            severity.choices = [("", "As the catalogue says"), *Severity.choices]
        if not self.initial.get("supersedes"):
            for name in ("severity", "ma_impact_score"):
                self.initial.pop(name, None)
                if name in self.fields:
                    self.fields[name].initial = None

    def full_clean(self) -> None:
        """Judge what was sent; a correction says why."""
        super().full_clean()
        if self.is_bound and self.cleaned_data.get("supersedes") and not str(self.data.get(REASON) or "").strip():
            self.add_error(None, ValidationError("Say why the row is corrected, beside Save.", "reason"))

    def clean(self) -> dict[str, Any]:
        """Fill severity, impact and availability where they were left empty."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        kind = CATALOGUE.get(data.get("signal_type") or "")
        if kind is not None:
            data["severity"] = data.get("severity") or kind.severity
            if data.get("ma_impact_score") is None:
                data["ma_impact_score"] = default_impact(kind.identifier)
        self.cleaned_data["chosen_available_at"] = data.get("available_at")
        if "available_at" not in self.errors:
            data["available_at"] = data.get("available_at") or timezone.now()
        return data


class FactCorrectionForm(ReasonForm):
    """What a reported figure should say. Company, concept and period are the old row's."""

    def __init__(self, *args: Any, fact: FinancialFact, **options: Any) -> None:
        super().__init__(*args, **options)
        value: Any = FinancialFact._meta.get_field("value")
        make = MoneyField if fact.unit == USD else forms.DecimalField
        field = make(
            max_digits=value.max_digits, decimal_places=value.decimal_places, initial=fact.value, label="Value"
        )
        field.help_text = f"In {fact.unit or 'the unit of the old row'}."
        self.fields = {"value": field, "reason": self.fields["reason"]}
        self.fields["reason"].required = True
