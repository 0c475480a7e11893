"""The tables' own constraints, asked before a write and read from the refusal of a write that lost a race."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models
from django.db.models import BooleanField, CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Coalesce
from django.db.models.sql import Query
from rest_framework import status

from biotech_ma.core.api.errors import FieldError, Problem


@dataclass
class Rule:
    """What a column's constraints say: its bounds and choices, and the words for refusing others."""

    low: Decimal | int | None = None
    high: Decimal | int | None = None
    range_message: str = ""
    choice_message: str = ""


@cache
def rules(model: type[models.Model]) -> dict[str, Rule]:
    """Return by field what the model's range and choice checks say."""
    found: dict[str, Rule] = {}
    for constraint in model._meta.constraints:
        if not isinstance(constraint, CheckConstraint) or not isinstance(constraint.condition, Q):
            continue
        leaves = list(_leaves(constraint.condition))
        names = {name for name, _, _ in leaves}
        lookups = {lookup: value for _, lookup, value in leaves}
        if len(names) != 1 or not lookups.keys() <= {"gte", "lte", "isnull", "in"}:
            continue
        rule = found.setdefault(names.pop(), Rule())
        if "in" in lookups:
            rule.choice_message = str(constraint.violation_error_message)
        elif lookups.keys() & {"gte", "lte"}:
            rule.low, rule.high = lookups.get("gte"), lookups.get("lte")
            rule.range_message = str(constraint.violation_error_message)
    return found


def _leaves(condition: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield field, lookup and value of every plain leaf; a leaf of another kind has no field."""
    for child in condition.children:
        if isinstance(child, Q):
            yield from _leaves(child)
        elif isinstance(child, tuple):
            name, _, lookup = child[0].partition("__")
            yield name, lookup or "exact", child[1]
        else:
            yield from ((str(getattr(expression, "name", "")), "expression", None) for expression in _references(child))


def _references(expression: Any) -> Iterator[F]:
    if isinstance(expression, F):
        yield expression
    for inner in getattr(expression, "get_source_expressions", list)():
        yield from _references(inner)


def fields_of(constraint: models.BaseConstraint) -> list[str]:
    """Return the fields that the constraint is about."""
    if isinstance(constraint, UniqueConstraint):
        return list(constraint.fields)
    condition = getattr(constraint, "condition", None)
    return list(dict.fromkeys(name for name, _, _ in _leaves(condition))) if isinstance(condition, Q) else []


def violations(instance: models.Model, *, sent: set[str], managed: set[str]) -> list[FieldError]:
    """Return what the row violates: the checks on the managed fields in one statement, and each key that was sent."""
    model = type(instance)
    errors = [error_of(constraint, sent) for constraint in _failed_checks(instance, managed)]
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and sent & set(constraint.fields):
            try:
                constraint.validate(model, instance)
            except ValidationError:
                errors.append(error_of(constraint, sent, "unique"))
    return errors


def _failed_checks(instance: models.Model, managed: set[str]) -> list[models.BaseConstraint]:
    checks = [
        constraint
        for constraint in type(instance)._meta.constraints
        if isinstance(constraint, CheckConstraint) and managed & set(fields_of(constraint))
    ]
    if not checks:
        return []
    known = instance._get_field_expression_map(meta=instance._meta)  # type: ignore[attr-defined]
    checks = [check for check in checks if set(fields_of(check)) <= known.keys()]
    query = Query(None)
    for name, value in known.items():
        query.add_annotation(value, name, select=False)
    for place, check in enumerate(checks):
        query.add_annotation(Coalesce(check.condition, True, output_field=BooleanField()), f"check_{place}")
    compiler = query.get_compiler(connection=connection)
    row = next(iter(compiler.results_iter()), None) or ()
    return [check for check, held in zip(checks, row, strict=False) if held is False]


def error_of(constraint: models.BaseConstraint, sent: Collection[str], code: str = "invalid") -> FieldError:
    """Return what breaking the constraint means to a caller who has sent these fields."""
    names = fields_of(constraint)
    field = next((name for name in names if name in sent), names[0] if names else "")
    return FieldError(field, code, str(constraint.get_violation_error_message()))


def integrity_problem(error: IntegrityError, model: type[models.Model]) -> Problem:
    """Return what a refused write means to the caller: 409 for a key that is taken, 400 for a check that fails."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None)
    for constraint in model._meta.constraints:
        if constraint.name == name:
            taken = isinstance(constraint, UniqueConstraint)
            found = error_of(constraint, set(), "unique" if taken else "invalid")
            return Problem(
                status.HTTP_409_CONFLICT if taken else status.HTTP_400_BAD_REQUEST,
                f"{found.field}: {found.detail}",
                [found],
            )
    if getattr(diagnosis, "sqlstate", "") == "23503":
        return Problem(status.HTTP_409_CONFLICT, "A row that this one refers to is gone.")
    return Problem(status.HTTP_409_CONFLICT, "The database refuses this row: it conflicts with another.")
