"""The form behind every page: it refuses the rows that the database refuses, in the same words, beside the field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.expressions import F

from biotech_ma.core.admin.versioned import VersionedForm

REASON = "change_reason"
MOST_OF_A_REASON = 500
TOLD = (
    "Somebody else has changed this row since you opened it. Nothing is saved yet: choose, field by field, then save."
)
ALWAYS_COMPARED = frozenset({"deleted_at"})


def fields_of(constraint: models.BaseConstraint) -> list[str]:
    """Return the columns that a constraint speaks of, those that say "live" left out."""
    names = list(getattr(constraint, "fields", ()))
    condition = getattr(constraint, "condition", None)
    if not names and isinstance(condition, models.Q):
        names = [name.split("__")[0] for name in _names(condition)]
    return [name for name in dict.fromkeys(names) if name not in ALWAYS_COMPARED]


def _names(condition: Any) -> list[str]:
    if isinstance(condition, models.Q):
        return [name for child in condition.children for name in _names(child)]
    if isinstance(condition, tuple):
        return [condition[0]]
    if isinstance(condition, F):
        return [str(condition.name)]  # type: ignore[attr-defined]
    return [name for source in condition.get_source_expressions() if source is not None for name in _names(source)]


class DeskForm(VersionedForm):
    """A model form whose unique and check constraints are judged in full, each error beside its field."""

    def _get_validation_exclusions(self) -> set[str]:
        """Keep `deleted_at` in: without it Django skips every "unique among live rows"."""
        return set(super()._get_validation_exclusions()) - ALWAYS_COMPARED  # type: ignore[misc]

    def _post_clean(self) -> None:
        """Leave what nobody changed to the letter: ticked words in the order in which they stand, and the like."""
        if not self.instance._state.adding:
            plain = {field.name for field in self.instance._meta.concrete_fields if not field.is_relation}
            for name in plain & self.cleaned_data.keys() - set(self.changed_data):
                self.cleaned_data[name] = getattr(self.instance, name)
        super()._post_clean()  # type: ignore[misc]

    def validate_constraints(self) -> None:
        """Judge each constraint that a change touches by itself, so that each error finds its field."""
        exclude = self._get_validation_exclusions()
        changed = set(self.changed_data)
        for constraint in self.instance._meta.constraints:
            if not self.instance._state.adding and not changed.intersection(fields_of(constraint)):
                continue
            try:
                constraint.validate(type(self.instance), self.instance, exclude=exclude, using=DEFAULT_DB_ALIAS)
            except ValidationError as error:
                self._refuse(constraint, error)

    def _refuse(self, constraint: models.BaseConstraint, error: ValidationError) -> None:
        here = [name for name in fields_of(constraint) if name in self.fields]
        if any(name in self.errors for name in here):
            return
        self.add_error(here[-1] if here else NON_FIELD_ERRORS, error.messages)


class ReasonForm(forms.Form):
    """Why something is done: kept with the row's history."""

    reason = forms.CharField(
        max_length=500,
        required=False,
        label="Reason",
        help_text="Kept with the row's history. Your successor will be glad of it.",
    )
