"""A condition as a sentence, for those who read an alert and do not write it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from biotech_ma.core.admin import figures
from companies.choices import Role, TherapeuticArea
from delivery.alerts.conditions import AnyOf, Comparison, ConditionError, Every, Node, Not, parse
from delivery.alerts.fields import OPERATOR_LABELS
from signals_app.catalogue import CATALOGUE

LABELS: dict[str, str] = {
    **{str(key): str(label) for key, label in (*Role.choices, *TherapeuticArea.choices)},
    **{key: kind.label for key, kind in CATALOGUE.items()},
}


def in_words(condition: dict[str, Any]) -> str:
    """Return the condition as a sentence; one that cannot be read any more as what it is."""
    try:
        return _sentence(parse(condition), is_whole=True)
    except ConditionError as error:
        return f"It cannot be read: {error}"


def _sentence(node: Node, *, is_whole: bool = False) -> str:
    match node:
        case Comparison():
            return _comparison(node)
        case Not(part):
            return f"not ({_sentence(part, is_whole=True)})"
        case Every(parts):
            word = " and "
        case AnyOf(parts):
            word = " or "
    text = word.join(_sentence(part) for part in parts)
    return text if is_whole or len(parts) == 1 else f"({text})"


def _comparison(node: Comparison) -> str:
    if node.operator == "known":
        return f"{node.field.label} is {'known' if node.value else 'not known'}"
    values = node.value if isinstance(node.value, tuple) else (node.value,)
    said = ", ".join(_value(node, value) for value in values)
    return f"{node.field.label} {OPERATOR_LABELS[node.operator]} {said}"


def _value(node: Comparison, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal) and node.field.name.endswith("_usd"):
        return figures.money(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, dt.date):
        return figures.day(value)
    return LABELS.get(str(value), str(value)) if node.field.choices else str(value)
