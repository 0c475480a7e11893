"""Keys, stamps and money as every table has them, with defaults that the server itself fills in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models.expressions import F, Func, Value
from django.db.models.lookups import Exact

__all__ = [
    "JsonText",
    "UUIDv7",
    "json_array",
    "json_object",
    "json_shapes",
    "list_of",
    "money_usd",
    "one_of",
    "score_0_100",
    "within",
]


class UUIDv7(Func):
    """PostgreSQL's `uuidv7()`: built in from version 18 on, made by core's first migration on older servers."""

    function = "uuidv7"
    arity = 0
    output_field = models.UUIDField()


class JsonText(models.TextField):  # type: ignore[type-arg]
    """JSON that is kept as the text it came as, so that sending it costs nothing. Read by the ORM it is Python's."""

    def db_type(self, connection: Any) -> str:
        """Return `json`: checked when written, never taken apart."""
        return "json"


def json_array(**options: Any) -> models.JSONField[Any, Any]:
    """Return a jsonb column that is an array, empty by default."""
    return models.JSONField(default=list, db_default=Value([], models.JSONField()), blank=True, **options)


def json_object(**options: Any) -> models.JSONField[Any, Any]:
    """Return a jsonb column that is an object, empty by default."""
    return models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True, **options)


def money_usd(verbose_name: str, **options: Any) -> models.DecimalField[Any, Any]:
    """Return a nullable column of US dollars (not thousands) with cents; NULL = unknown."""
    options.setdefault("db_comment", "USD, not thousands. NULL = unknown.")
    return models.DecimalField(verbose_name, max_digits=20, decimal_places=2, null=True, blank=True, **options)


def score_0_100(verbose_name: str, **options: Any) -> models.DecimalField[Any, Any]:
    """Return a nullable score from 0 to 100 with four decimals; NULL = not computed."""
    options.setdefault("db_comment", "0-100. NULL = no source feeds it yet.")
    return models.DecimalField(verbose_name, max_digits=7, decimal_places=4, null=True, blank=True, **options)


def within(
    field: str, low: Decimal | int | None, high: Decimal | int | None, *, name: str, message: str
) -> models.CheckConstraint:
    """Return a check that the column, where known, lies between the two ends (both included, None = open)."""
    condition = models.Q()
    if low is not None:
        condition &= models.Q(**{f"{field}__gte": low})
    if high is not None:
        condition &= models.Q(**{f"{field}__lte": high})
    return models.CheckConstraint(
        condition=condition | models.Q(**{f"{field}__isnull": True}), name=name, violation_error_message=message
    )


def one_of(field: str, choices: type[models.TextChoices], *, name: str) -> models.CheckConstraint:
    """Return a check that the column holds one of the choices (or NULL, where the column allows it)."""
    values = list(choices.values)
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": values}),
        name=name,
        violation_error_message=f"{field.replace('_', ' ').capitalize()} must be one of: {', '.join(values)}.",
    )


def _json_is(field: str, shape: str) -> Exact[Any]:
    return Exact(Func(F(field), function="jsonb_typeof", output_field=models.TextField()), Value(shape))


def list_of(field: str, choices: type[models.TextChoices], *, name: str, noun: str) -> models.CheckConstraint:
    """Return a check that the jsonb column is an array of the choices."""
    values = list(choices.values)
    return models.CheckConstraint(
        condition=models.Q(_json_is(field, "array"), **{f"{field}__contained_by": values}),
        name=name,
        violation_error_message=f"{noun} are a list of: {', '.join(values)}.",
    )


def json_shapes(
    table: str, *, arrays: tuple[str, ...] = (), objects: tuple[str, ...] = ()
) -> list[models.CheckConstraint]:
    """Return the checks that these jsonb columns are arrays and objects, as named."""
    return [
        models.CheckConstraint(
            condition=models.Q(_json_is(field, shape)),
            name=f"{table}_{field}_is_{shape}",
            violation_error_message=f"{field.replace('_', ' ').capitalize()} is a JSON {shape}.",
        )
        for shape, fields in (("array", arrays), ("object", objects))
        for field in fields
    ]
