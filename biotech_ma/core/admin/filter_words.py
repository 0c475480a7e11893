"""What a list's address asks for, in words: `role__exact=target&q=acme` is *Role: Target · search “acme”*."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import FieldDoesNotExist

from biotech_ma.core.wording import key_in_words

# How a list is shown, not which rows: order, page, boxes.
SHOWN = frozenset({"o", "p", "e", "all", "_edit", "_figures"})
EDGES = {"_from": "from ", "_to": "to "}
ABSENT = frozenset({"isempty", "isnull"})
TRUE = frozenset({"1", "true"})


def filters_in_words(model: Any, query: str) -> str:
    """Return the filters of a query string in words, in its order; a value without a label stays as it is."""
    said = (_one(model, name, value) for name, value in parse_qsl(query) if name not in SHOWN)
    return " · ".join(said)


def _one(model: Any, name: str, value: str) -> str:
    if name == "q":
        return f"search “{value}”"
    key, _, lookup = name.partition("__")
    key, edge = _edge_of(model, key)
    try:
        field = model._meta.get_field(key)
        label, labels = str(field.verbose_name), {str(each): str(said) for each, said in field.flatchoices}
    except (FieldDoesNotExist, AttributeError):
        label, labels = key_in_words(key), {}
    if lookup in ABSENT:
        said = "none" if value.lower() in TRUE else "any"
    else:
        said = edge + ", ".join(labels.get(each, key_in_words(each)) for each in value.split(","))
    return f"{label[:1].upper()}{label[1:]}: {said}"


def _edge_of(model: Any, key: str) -> tuple[str, str]:
    """Return the field of a range's edge, and which edge that is; a field of the name, `valid_to`, is no edge."""
    if key not in {field.name for field in model._meta.get_fields()}:
        for end, words in EDGES.items():
            if key.endswith(end):
                return key.removesuffix(end), words
    return key, ""
