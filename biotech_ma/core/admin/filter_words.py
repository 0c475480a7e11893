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
    head, _, lookup = name.partition("__")
    edge = next((words for end, words in EDGES.items() if head.endswith(end)), "")
    head = head.removesuffix("_from" if edge == "from " else "_to") if edge else head
    try:
        field = model._meta.get_field(head)
        label, labels = str(field.verbose_name), {str(key): str(said) for key, said in field.flatchoices}
    except (FieldDoesNotExist, AttributeError):
        label, labels = key_in_words(head), {}
    if lookup in ABSENT:
        return f"{label[:1].upper()}{label[1:]}: {'none' if value.lower() in TRUE else 'any'}"
    said = ", ".join(labels.get(each, key_in_words(each)) for each in value.split(","))
    return f"{label[:1].upper()}{label[1:]}: {edge}{said}"
