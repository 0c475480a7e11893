"""Conditions as SQL: each becomes one boolean expression, so that many are asked of many rows in one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q

from biotech_ma.core.market_day import end_of, start_of
from delivery.alerts.conditions import AnyOf, Comparison, Every, Node, Not
from delivery.alerts.fields import Field, Kind
from signals_app.catalogue import SEVERITY_ORDER

# True of every row, and, negated, of none; an empty Q would vanish from the statement.
TRUE = Q(pk__isnull=False)
FALSE = ~TRUE
# The path from the row to the columns of company, score and signal: "company__", "" for the row's own.
type Roots = Mapping[str, str]


def as_q(node: Node, roots: Roots) -> Q:
    """Return the condition over a row whose columns lie at these roots. A name without a root does not occur in it."""
    match node:
        case Comparison():
            return _comparison(node, roots)
        case Not(part):
            return ~as_q(part, roots)
        case Every(parts):
            return reduce(and_, (as_q(part, roots) for part in parts)) if parts else TRUE
        case AnyOf(parts):
            return reduce(or_, (as_q(part, roots) for part in parts))


def _comparison(comparison: Comparison, roots: Roots) -> Q:
    field, operator, value = comparison.field, comparison.operator, comparison.value
    path = roots[field.owner] + field.column
    known = Q(**{f"{path}__isnull": False})
    if operator == "known":
        return known if value else ~known
    # Said of every comparison, so that it is false, not unknown, where the value is unknown.
    negated = operator in ("ne", "not_in")
    held = _positive(field, {"ne": "eq", "not_in": "in"}.get(operator, operator), value, path)
    return known & (~held if negated else held)


def _positive(field: Field, operator: str, value: Any, path: str) -> Q:
    match field.kind:
        case Kind.TEXT:
            return _text(operator, value, path)
        case Kind.RANK if operator in ("gt", "gte", "lt", "lte"):
            return Q(**{f"{path}__in": _ranks(operator, value)})
        case Kind.WORDS | Kind.TAGS:
            words = value if operator == "in" else (value,)
            return reduce(or_, (Q(**{f"{path}__contains": [word]}) for word in words))
        case Kind.INSTANT:
            return _on_days(operator, value, path)
    if operator == "in":
        return Q(**{f"{path}__in": list(value)})
    return Q(**{path if operator == "eq" else f"{path}__{operator}": value})


def _text(operator: str, value: Any, path: str) -> Q:
    if operator == "in":
        return reduce(or_, (Q(**{f"{path}__iexact": each}) for each in value))
    lookup = {"eq": "iexact", "contains": "icontains", "starts_with": "istartswith"}[operator]
    return Q(**{f"{path}__{lookup}": value})


def _ranks(operator: str, value: str) -> list[str]:
    at = SEVERITY_ORDER.index(value)
    first, last = {
        "gt": (at + 1, None), "gte": (at, None), "lt": (0, at), "lte": (0, at + 1),
    }[operator]  # fmt: skip
    return list(SEVERITY_ORDER[first:last])


def _on_days(operator: str, day: dt.date, path: str) -> Q:
    first, after = start_of(day), end_of(day)
    match operator:
        case "gt":
            return Q(**{f"{path}__gte": after})
        case "gte":
            return Q(**{f"{path}__gte": first})
        case "lt":
            return Q(**{f"{path}__lt": first})
        case "lte":
            return Q(**{f"{path}__lt": after})
    return Q(**{f"{path}__gte": first, f"{path}__lt": after})
