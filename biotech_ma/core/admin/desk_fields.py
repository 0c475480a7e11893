"""Form fields of the desk: money as analysts write it, JSON without braces, refusals in the constraint's words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils.text import capfirst
from unfold.widgets import UnfoldAdminNullBooleanSelectWidget

from biotech_ma.core.admin.fields import KeyValueField, LinesField, MoneyField
from biotech_ma.core.admin.forms import fields_of

Shape = Callable[..., forms.Field]

MONEY_DIGITS = 20


class DeskFields:
    """Form fields of the desk: money as analysts write it, JSON without braces, refusals in the constraint's words."""

    model: type[models.Model]
    shapes: ClassVar[dict[str, Shape]] = {}

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Return the form field of a column."""
        make = self.shapes.get(db_field.name) or _shape_of(db_field)
        if make is not None:
            field: Any = make(label=capfirst(db_field.verbose_name), help_text=db_field.help_text, required=False)
        else:
            field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
            if field is not None:
                _nullable_text(db_field, field)
        if field is not None:
            _same_words(db_field, field)
            _name_the_halves(field)
            _ask_for_a_choice(db_field, field)
        return field


def _shape_of(db_field: models.Field[Any, Any]) -> Shape | None:
    if isinstance(db_field, models.DecimalField) and db_field.max_digits == MONEY_DIGITS:
        return partial(MoneyField, max_digits=db_field.max_digits, decimal_places=db_field.decimal_places)
    if isinstance(db_field, models.JSONField):
        return LinesField if db_field.default is list else KeyValueField
    return None


def _nullable_text(db_field: models.Field[Any, Any], field: Any) -> None:
    """Keep unknown text NULL, not empty."""
    if isinstance(db_field, models.TextField) and db_field.null and isinstance(field, forms.CharField):
        field.empty_value = None
    if isinstance(field, forms.NullBooleanField):
        field.widget = UnfoldAdminNullBooleanSelectWidget()


def _name_the_halves(field: Any) -> None:
    """Let day and time of an instant each say what it is: one label cannot stand for two boxes."""
    if isinstance(field, forms.SplitDateTimeField):
        for widget, half in zip(field.widget.widgets, ("day", "time"), strict=True):
            widget.attrs["aria-label"] = f"{field.label}: {half}"


def _ask_for_a_choice(db_field: models.Field[Any, Any], field: Any) -> None:
    """Let a choice without a default start empty: the first of the list is nobody's choice."""
    if isinstance(field, forms.TypedChoiceField) and not db_field.has_default():
        choices: Any = field.choices
        field.choices = [("", "Select value"), *(pair for pair in choices if pair[0] not in ("", None))]


def _same_words(db_field: models.Field[Any, Any], field: Any) -> None:
    """Let a refused choice speak as the check constraint does."""
    if "invalid_choice" not in getattr(field, "error_messages", {}) or isinstance(db_field, models.ForeignKey):
        return
    for constraint in db_field.model._meta.constraints:
        if isinstance(constraint, models.CheckConstraint) and fields_of(constraint) == [db_field.name]:
            field.error_messages["invalid_choice"] = constraint.get_violation_error_message()
