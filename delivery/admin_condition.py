"""A condition as rows of field, operator and value, all or any of them; nested ones as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES, TEXTAREA_CLASSES

from biotech_ma.core.admin import figures
from biotech_ma.core.admin.fields import JSONObjectField
from biotech_ma.core.admin.widgets import MONO
from delivery.alerts.conditions import AnyOf, Comparison, ConditionError, Every, Node, parse
from delivery.alerts.fields import BY_NAME, FIELDS, OPERATOR_LABELS, Kind
from delivery.alerts.in_words import in_words

ALL, ANY, JSON = "all", "any", "json"
MODES = ((ALL, "All of these"), (ANY, "Any of these"), (JSON, "As JSON"))
OWNERS = {"company": "Company", "score": "Latest score", "signal": "Signal"}
YES, NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison as it is typed."""

    field: str = ""
    operator: str = "gte"
    value: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nobody has filled it in."""
        return not self.field and not self.value.strip()


@dataclass(frozen=True, slots=True)
class Typed:
    """A condition as it is typed: which of the two counts, the rows, the JSON."""

    mode: str = ALL
    rows: tuple[Row, ...] = field(default=())
    json: str = ""


class ConditionRows(forms.Widget):
    """Rows of field, operator and value with all or any of them, and JSON for what rows cannot say."""

    template_name = "admin/delivery/condition.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        typed = value if isinstance(value, Typed) else Typed()
        context["widget"] |= {
            "mode": typed.mode,
            "modes": MODES,
            "rows": [*typed.rows, Row()],
            "blank": Row(),
            "json": typed.json,
            "owners": [(OWNERS[key], list(found)) for key, found in groupby(FIELDS, key=lambda each: each.owner)],
            "operators": list(OPERATOR_LABELS.items()),
            "lists": LISTS,
            "takes_json": json.dumps({each.name: each.operators for each in FIELDS}),
            "lists_json": json.dumps(dict.fromkeys(LISTS, True)),
            "select_class": " ".join(SELECT_CLASSES),
            "input_class": " ".join(INPUT_CLASSES),
            "text_class": " ".join([*TEXTAREA_CLASSES, MONO]),
            "is_disabled": bool((attrs or {}).get("disabled")),
        }
        return context

    def format_value(self, value: Any) -> Any:
        return value

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Typed:
        """Return what was typed, so that a refused form shows it again; one text alone is the JSON."""
        if f"{name}-mode" not in data:
            return Typed(JSON, (), data.get(name) or "")
        parts = [data.getlist(f"{name}-{part}") for part in ("field", "operator", "value")]
        rows = (Row(*(str(text) for text in texts)) for texts in zip(*parts, strict=False))
        mode = data.get(f"{name}-mode")
        return Typed(
            mode if mode in dict(MODES) else ALL,
            tuple(row for row in rows if not row.is_blank),
            data.get(f"{name}-json") or "",
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-mode" not in data and name not in data

    def id_for_label(self, id_: str) -> str:
        return ""


LISTS = {each.name: each.choices or ("yes", "no") for each in FIELDS if each.choices or each.kind == Kind.BOOLEAN}


class ConditionField(forms.Field):
    """A condition of the language in `delivery.alerts.conditions`, built row by row."""

    widget = ConditionRows

    def in_words(self, value: dict[str, Any]) -> str:
        """Return the condition as who may not edit it reads it."""
        return in_words(value)

    def prepare_value(self, value: Any) -> Any:
        """Return the condition as it is typed."""
        return value if isinstance(value, Typed) else typed_of(value if isinstance(value, dict) else {})

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was typed, as typed."""
        return initial if self.disabled else data

    def clean(self, value: Any) -> dict[str, Any]:
        """Return the condition as JSON. Raises ValidationError that names the row, or the place in the JSON."""
        typed = value if isinstance(value, Typed) else Typed(JSON, (), "")
        if typed.mode == JSON:
            condition: dict[str, Any] = JSONObjectField(required=False).clean(typed.json)
            _parsed(condition)
            return condition
        parts = [_comparison(row, number) for number, row in enumerate(typed.rows, start=1)]
        if len(parts) <= 1:
            return parts[0] if parts else {}
        condition = {"and" if typed.mode == ALL else "or": parts}
        _parsed(condition)
        return condition

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether what is typed means something else than what was there."""
        try:
            return bool((initial or {}) != self.clean(data))
        except ValidationError:
            return True


def _parsed(condition: Any, prefix: str = "") -> Node:
    try:
        return parse(condition)
    except ConditionError as error:
        raise ValidationError(f"{prefix}{error}", code="invalid") from None


def _comparison(row: Row, number: int) -> dict[str, Any]:
    if not row.field:
        raise ValidationError(f"Row {number}: choose a field.", code="invalid")
    comparison = {"field": row.field, "operator": row.operator, "value": _value(row)}
    if not row.value.strip() and row.operator != "known":
        raise ValidationError(f"Row {number}: give a value.", code="invalid")
    try:
        parse(comparison)
    except ConditionError as error:
        raise ValidationError(f"Row {number}: {str(error).partition(': ')[2] or error}", code="invalid") from None
    return comparison


def _value(row: Row) -> Any:
    text = row.value.strip()
    known = BY_NAME.get(row.field)
    if row.operator == "known":
        return _boolean(text or "yes")
    if known is None:
        return text
    if row.operator in ("in", "not_in"):
        return [_one(part.strip(), known.kind, known.name) for part in text.split(",") if part.strip()]
    return _one(text, known.kind, known.name)


def _one(text: str, kind: Kind, name: str) -> Any:
    if kind == Kind.BOOLEAN:
        return _boolean(text)
    if kind not in (Kind.NUMBER, Kind.WHOLE):
        return text
    try:
        number = figures.parse_money(text) if name.endswith("_usd") else json.loads(text.replace("−", "-"))
    except (ValueError, RecursionError):
        return text
    if isinstance(number, bool) or not isinstance(number, int | float):
        # A figure in dollars has at most two decimals: as JSON it is a whole number or exact to the cent.
        number = _plain(number) if name.endswith("_usd") else text
    return number


def _plain(number: Any) -> Any:
    return int(number) if number == number.to_integral_value() else float(number)


def _boolean(text: str) -> Any:
    lowered = text.lower()
    return True if lowered in YES else False if lowered in NO else text


def typed_of(condition: dict[str, Any]) -> Typed:
    """Return the condition as rows if rows can say it, else as JSON."""
    as_json = json.dumps(condition, ensure_ascii=False, indent=2) if condition else ""
    try:
        node = parse(condition)
    except ConditionError:
        return Typed(JSON, (), as_json)
    match node:
        case Comparison():
            mode, parts = ALL, (node,)
        case Every(parts):
            mode = ALL
        case AnyOf(parts):
            mode = ANY
        case _:
            return Typed(JSON, (), as_json)
    rows = tuple(_row(part) for part in parts if isinstance(part, Comparison))
    if len(rows) < len(parts) or any(row is None for row in rows):
        return Typed(JSON, (), as_json)
    return Typed(mode, tuple(row for row in rows if row is not None), as_json)


def _row(comparison: Comparison) -> Row | None:
    value = comparison.value
    is_money = comparison.field.name.endswith("_usd")
    texts = [_text(each, is_money) for each in (value if isinstance(value, tuple) else (value,))]
    if isinstance(value, tuple) and any("," in text for text in texts):
        return None
    return Row(comparison.field.name, comparison.operator, ", ".join(texts))


def _text(value: Any, is_money: bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,f}" if is_money else f"{value:f}"
    return str(value)
