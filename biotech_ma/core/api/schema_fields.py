"""Parameters and fields as JSON Schema has them, as narrow as the code that reads them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from biotech_ma.core.api import filters
from biotech_ma.core.api.endpoints import Parameter
from biotech_ma.core.api.fields import MAX_ITEMS, JSONObjectField
from biotech_ma.core.api.parsers import MAX_TEXT
from biotech_ma.core.api.query import DEFAULT_LIMIT, MAX_LIMIT

# Something to read, and nothing that PostgreSQL cannot keep.
TEXT = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
WORD = r"^[^,\u0000]*[^,\s\u0000][^,\u0000]*$"
UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
COMPANY = rf"^([0-9A-Za-z][0-9A-Za-z.\-]{{0,15}}|{UUID})$"
DATE = {"type": "string", "format": "date"}
PAGING: dict[str, tuple[dict[str, Any], str]] = {
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        f"Rows a page, 1 to {MAX_LIMIT}; {DEFAULT_LIMIT} by default.",
    ),
    "cursor": ({"type": "string", "format": "cursor"}, "From `next` or `previous`, as it is."),
    "count": ({"type": "boolean", "default": False}, "true adds the number of all matching rows."),
}
KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "day": DATE,
    "boolean": {"type": "boolean"},
}
SCALARS: dict[type[Any], dict[str, Any]] = {
    filters.BooleanFilter: {"type": "boolean"},
    filters.NumberFilter: {"type": "number", "minimum": -filters.MAX_NUMBER, "maximum": filters.MAX_NUMBER},
    filters.DayFilter: DATE,
    filters.InstantFilter: {"anyOf": [DATE, {"type": "string", "format": "date-time"}]},
    filters.IdFilter: {"type": "string", "format": "uuid"},
}


def words(name: str, choices: list[str], text: str) -> OpenApiParameter:
    """Return a parameter of names with commas between them."""
    schema = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": choices}}
    return OpenApiParameter(name, schema, description=text, style="form", explode=False)


def paging_parameter(name: str) -> OpenApiParameter:
    """Return one of the parameters of pages."""
    schema, text = PAGING[name]
    return OpenApiParameter(name, schema, description=text)


def further_parameter(parameter: Parameter) -> OpenApiParameter:
    """Return a parameter that the endpoint itself declares."""
    schema = dict(KINDS[parameter.kind])
    if parameter.max_length is not None:
        schema["maxLength"] = parameter.max_length
    return OpenApiParameter(parameter.name, schema, description=parameter.text)


def filter_parameter(name: str, declared: Any) -> OpenApiParameter:
    """Return the parameter that a filter reads."""
    text = str(declared.extra.get("label") or declared.label or "")
    if isinstance(declared, filters.ListFilter):
        schema = {"type": "array", "minItems": 1, "maxItems": filters.MAX_VALUES, "items": _word(declared)}
        return OpenApiParameter(name, schema, description=text, style="form", explode=False)
    return OpenApiParameter(name, _scalar(declared), description=text)


def _word(declared: filters.ListFilter) -> dict[str, Any]:
    if declared.vocabulary:
        return {"type": "string", "enum": list(declared.vocabulary.values)}
    return {"type": "string", "pattern": getattr(declared, "word_pattern", WORD)}


def _scalar(declared: Any) -> dict[str, Any]:
    if isinstance(declared, filters.ChoiceFilter):
        return {"type": "string", "enum": list(declared.vocabulary.values)}
    for kind, schema in SCALARS.items():
        if isinstance(declared, kind):
            return dict(schema)
    return {"type": "string", "pattern": TEXT, "maxLength": declared.extra.get("max_length", 255)}


def narrowed(field: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a written field may be, as narrow as the field reads it."""
    if isinstance(field, serializers.ListField):
        if isinstance(schema.get("items"), dict):
            schema["items"] = narrowed(field.child, schema["items"])
        schema["maxItems"] = field.max_length or MAX_ITEMS
    elif isinstance(field, JSONObjectField):
        schema |= {"type": "object", "additionalProperties": {}}
    elif isinstance(field, serializers.DecimalField):
        schema = _decimal(field, schema)
    elif isinstance(field, serializers.CharField) and "pattern" not in schema:
        schema["pattern"] = getattr(field, "word_pattern", TEXT)
        schema.setdefault("maxLength", MAX_TEXT)
    return schema


def _decimal(field: serializers.DecimalField, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a decimal: text that fits the column, or a number, which is rounded to it."""
    places = field.decimal_places or 0
    whole = (field.max_digits or 20) - places
    most = 10**whole - 1
    low = -most if field.min_value is None else max(field.min_value, -most)
    high = most if field.max_value is None else min(field.max_value, most)
    sign = "-?" if low < 0 else ""
    found: dict[str, Any] = {"minimum": float(low), "maximum": float(high)}
    kinds = ["number"]
    if field.max_value is None:
        # Bounds are no matter of text, so a bounded column is described as a number; decimal text is read there, too.
        kinds.append("string")
        found["pattern"] = rf"^{sign}(0|[1-9][0-9]{{0,{whole - 1}}})(\.[0-9]{{1,{places}}})?$"
    found["type"] = [*kinds, "null"] if field.allow_null else kinds
    if text := schema.get("description"):
        found["description"] = text
    return found
