"""The base of every write: strict fields, the model's own constraints in its own words, races told apart."""

from __future__ import annotations

from copy import copy
from itertools import islice
from typing import Any, ClassVar, cast

from django.db import IntegrityError, models, transaction
from rest_framework import serializers

from biotech_ma.core.api.constraints import integrity_problem, rules, violations
from biotech_ma.core.api.errors import MAX_ERRORS, FieldError, Problem, unknown_names
from biotech_ma.core.api.fields import (
    DayField,
    InstantField,
    JSONObjectField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictDecimalField,
    StrictIntegerField,
)
from biotech_ma.core.api.resources import Resource

STRICT: dict[type[models.Field[Any, Any]], type[serializers.Field[Any, Any, Any, Any]]] = {
    models.BooleanField: StrictBooleanField,
    models.CharField: StrictCharField,
    models.TextField: StrictCharField,
    models.DateField: DayField,
    models.DateTimeField: InstantField,
    models.DecimalField: StrictDecimalField,
    models.PositiveIntegerField: StrictIntegerField,
    models.PositiveSmallIntegerField: StrictIntegerField,
    models.PositiveBigIntegerField: StrictIntegerField,
    models.JSONField: JSONObjectField,
}


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know, and names the near ones."""

    # Fields of the answer that may come back unchanged in a PUT; they are not read.
    echoed: ClassVar[frozenset[str]] = frozenset()

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values."""
        known = {*self.fields, *self.echoed}
        if isinstance(data, dict) and (unknown := list(islice((n for n in data if n not in known), MAX_ERRORS))):
            problem = unknown_names("field", unknown, self.writable)
            raise serializers.ValidationError(
                {error.field: serializers.ErrorDetail(error.detail, code=error.code) for error in problem.errors}
            )
        return super().to_internal_value(data)

    @property
    def writable(self) -> list[str]:
        """The names of the fields that can be written."""
        return [name for name, field in self.fields.items() if not field.read_only]


class CheckedModelSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """Runs the model's own constraints, so that the API and the admin refuse the same rows in the same words."""

    serializer_field_mapping = {**serializers.ModelSerializer.serializer_field_mapping, **STRICT}
    serializer_choice_field = StrictChoiceField
    resource: ClassVar[Resource | None] = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # What only the creating answer shows: a secret, a key.
        self.shown_once: dict[str, str] = {}
        if self.resource is not None:
            self.echoed = frozenset(self.resource.by_name)  # type: ignore[misc]

    @property
    def model(self) -> type[models.Model]:
        """The model that is written."""
        return cast("type[models.Model]", self.Meta.model)

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        """Return the field, with the bounds and the words of the column's constraints."""
        field_class, options = super().build_standard_field(field_name, model_field)
        rule = rules(self.model).get(field_name)
        if rule and rule.range_message and issubclass(field_class, serializers.DecimalField | serializers.IntegerField):
            ends = {"min_value": rule.low, "max_value": rule.high}
            options |= {name: end for name, end in ends.items() if end is not None}
            options["error_messages"] = dict.fromkeys(ends, rule.range_message)
            options["validators"] = []
        if rule and rule.choice_message and "choices" in options:
            options["error_messages"] = {"invalid_choice": rule.choice_message}
        if model_field.has_db_default():
            options["required"] = False
        if issubclass(field_class, serializers.CharField):
            options.pop("allow_blank", None)
        if issubclass(field_class, serializers.JSONField):
            options.pop("encoder", None)
            options.pop("decoder", None)
        return field_class, options

    def get_unique_validators(self) -> list[Any]:
        """Return none: the model's own constraints are asked instead."""
        return []

    def get_unique_together_validators(self) -> list[Any]:
        """Return none: the model's own constraints are asked instead."""
        return []

    def get_extra_kwargs(self) -> Any:
        """Return the declared options, without the uniqueness validators that DRF would add by itself."""
        options = super().get_extra_kwargs()
        for field in self.model._meta.fields:
            if field.unique and not field.primary_key:
                options.setdefault(field.name, {}).setdefault("validators", [])
        return options

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values in the form in which they are kept; fails with what the model's constraints say."""
        attrs = super().validate(attrs)
        candidate = copy(self.instance) if self.instance else self.model()
        for name, value in attrs.items():
            setattr(candidate, name, value)
        candidate.clean()
        attrs = {name: getattr(candidate, name) for name in attrs}
        errors = self.check_constraints(candidate, set(attrs))
        if errors:
            details: dict[str, list[Any]] = {}
            for error in errors:
                details.setdefault(self.public_name(error), []).append(
                    serializers.ErrorDetail(error.detail, code=error.code)
                )
            raise serializers.ValidationError(details)
        return attrs

    def check_constraints(self, candidate: models.Model, sent: set[str]) -> list[FieldError]:
        """Return what the row would violate."""
        managed = set(self.writable) if self.instance is None else sent
        return violations(candidate, sent=sent, managed=managed)

    def public_name(self, error: FieldError) -> str:
        """Return the field's name as the caller knows it."""
        return error.field or "non_field_errors"

    def save(self, **extra: Any) -> Any:
        """Write the row; raises Problem (409) when another write was faster."""
        try:
            with transaction.atomic():
                return super().save(**extra)
        except IntegrityError as error:
            raise self.refused(error) from error

    def refused(self, error: IntegrityError) -> Problem:
        """Return what the database's refusal means to the caller."""
        return integrity_problem(error, self.model)
