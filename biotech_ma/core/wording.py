"""Words for what is stored as a key: `operating_cash_flow`, `phase_2`, `market_cap_usd` (one way, for every page).

A key is known by the choices and the names of the tables' own fields, and by what an app names with `name_keys`. The
API and the columns of *every column* exports keep keys; people read words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.apps import apps

KEY = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
_named: dict[str, str] = {}
_lists: dict[str, dict[str, str]] = {}


def name_keys(words: Mapping[str, str]) -> None:
    """Let these keys be shown under these names."""
    _named.update(words)


def name_list(field: str, choices: Iterable[tuple[Any, Any]]) -> None:
    """Let the members of the arrays in a column of this name be shown under the labels of these choices."""
    _lists[field] = {str(key): str(label) for key, label in choices}


@cache
def _of_tables() -> dict[str, str]:
    """Return the keys that the tables know: the names of their fields, and before these the labels of their choices."""
    fields = [field for model in apps.get_models() for field in model._meta.concrete_fields]
    found = {field.name: str(field.verbose_name) for field in fields if KEY.fullmatch(field.name)}
    for field in fields:
        found |= {str(key): str(label) for key, label in field.flatchoices if KEY.fullmatch(str(key))}
    return found


def in_words(text: str) -> str:
    """Return the name of a key that is known; any other text stays as it is."""
    return _named.get(text) or _of_tables().get(text) or text


def key_in_words(key: Any) -> str:
    """Return the name of what is a key for certain: known, or with blanks for its underscores."""
    text = str(key)
    named = in_words(text)
    return text.replace("_", " ") if named == text and KEY.fullmatch(text) else named


def within(text: str) -> str:
    """Return a sentence with the keys in it under their names; what is not known stays."""
    return KEY.sub(lambda found: in_words(found[0]), text)


def list_in_words(field: str, values: Iterable[Any]) -> list[str] | None:
    """Return the members of an array under the labels of its column; None for a column without any."""
    labels = _lists.get(field)
    return None if labels is None else [labels.get(str(each), str(each)) for each in values]
