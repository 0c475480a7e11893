"""Widgets for JSON whose shape is known: tick boxes, one entry a line, rows of name and value. No braces to type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from unfold.widgets import INPUT_CLASSES, TEXTAREA_CLASSES

MONO = "desk-mono"


class ChipChoices(forms.CheckboxSelectMultiple):
    """Tick boxes that look like chips, for a list of known words."""

    template_name = "admin/desk/widgets/chips.html"


class Lines(forms.Textarea):
    """A text box with one entry a line."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": " ".join(TEXTAREA_CLASSES), "rows": 4, **(attrs or {})})


class RawJSON(forms.Textarea):
    """A text box for JSON of unknown shape."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"class": " ".join([*TEXTAREA_CLASSES, MONO]), "rows": 6, "spellcheck": "false", **(attrs or {})}
        )


class KeyValueRows(forms.Widget):
    """Rows of a name and a value; a row can be added and taken away, and an empty one is ignored."""

    template_name = "admin/desk/widgets/key_value.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows = value if isinstance(value, list) else []
        context["widget"] |= {
            "rows": [*rows, ("", "")],
            "input_class": " ".join(INPUT_CLASSES),
            "is_disabled": bool((attrs or {}).get("disabled")),
        }
        return context

    def format_value(self, value: Any) -> Any:
        return value

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]]:
        """Return the pairs as typed, so that a refused form shows them again."""
        if not hasattr(data, "getlist"):
            return [(str(key), str(text)) for key, text in data.get(name, [])]
        return list(zip(data.getlist(f"{name}-key"), data.getlist(f"{name}-value"), strict=False))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-key" not in data

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0" if id_ else id_


def as_text(value: Any) -> str:
    """Return one value of an object as it is typed: text stands as it is unless it would read as JSON."""
    if isinstance(value, str) and not _reads_as_json(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _reads_as_json(text: str) -> bool:
    if text.strip()[:1] in {"{", "[", '"'} or text != text.strip() or not text:
        return True
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def from_text(text: str) -> Any:
    """Read one value as typed: true, 12, ["a"] and "12" are JSON, anything else is text.

    Raises ValueError for what begins as JSON but is none.
    """
    text = text.strip()
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError:
        if text[:1] in {"{", "[", '"'}:
            raise ValueError(f"{text[:40]} begins like JSON but is none; put text in double quotes") from None
        return text


def _no_constant(name: str) -> Any:
    return name


def pairs(value: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return an object as the rows that KeyValueRows shows."""
    return [(key, as_text(item)) for key, item in (value or {}).items()]
