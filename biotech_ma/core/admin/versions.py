"""Two people on one row: what a page showed, what stands now, and what the second of them wants (docs/adr/0029).

A page carries a digest of each value that it showed. A form that comes back is compared with the row as it stands,
locked: a field that somebody else has changed meanwhile is shown in both versions, and the sender chooses.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.utils.crypto import salted_hmac

from biotech_ma.core.admin import figures

SEEN = "desk-seen"
CHOICE = "desk-choice"
MINE, THEIRS = "mine", "theirs"
DIGITS = 12
SALT = "biotech_ma.core.admin.versions"
HIDDEN = "a secret, which is not shown"


@dataclass(frozen=True)
class Conflict:
    """One field in two versions: what the sender typed, what stands in the database, and which is chosen."""

    field: str
    name: str
    label: str
    mine: str
    theirs: str
    chosen: str


def digest(value: Any) -> str:
    """Return twelve hexadecimal digits that stand for a value; keyed, for some values are secrets."""
    text = json.dumps(_plain(value), sort_keys=True, default=str)
    return salted_hmac(SALT, text, algorithm="sha256").hexdigest()[:DIGITS]


def _plain(value: Any) -> Any:
    """Return the value in the one form that it has before and after PostgreSQL."""
    if value in ("", None):
        return None
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, dt.datetime) and value.tzinfo:
        return value.astimezone(dt.UTC).isoformat()
    is_rows = isinstance(value, list | models.QuerySet) and any(isinstance(item, models.Model) for item in value)
    return sorted(str(row.pk) for row in value) if is_rows else value


def place(form: forms.ModelForm) -> str:  # type: ignore[type-arg]
    """Return which row of the page the form is of: the formset's prefix and the row's key."""
    return f"{str(form.prefix or '').rpartition('-')[0]}:{form.instance.pk}"


def shown(forms_of_page: Iterable[forms.ModelForm]) -> str:  # type: ignore[type-arg]
    """Return what the page shows of the rows that exist, as the JSON text that it carries along."""
    rows = {
        place(form): {name: digest(form.initial.get(name)) for name in form.fields if name in form.initial}
        for form in forms_of_page
        if form.instance.pk and not form.instance._state.adding
    }
    return json.dumps({key: row for key, row in rows.items() if row}, separators=(",", ":"))


def seen_by(data: Mapping[str, Any], key: str) -> dict[str, str]:
    """Return the digests that the page carried of a row; none where it carried none, or nonsense."""
    try:
        row = json.loads(str(data.get(SEEN) or "{}")).get(key)
    except (ValueError, AttributeError, RecursionError):
        return {}
    return {str(name): str(each) for name, each in row.items()} if isinstance(row, dict) else {}


def choice_name(key: str, field: str) -> str:
    """Return the name of the radio buttons for a field of a row."""
    return f"{CHOICE}-{key}-{field}"


def text_of(field: forms.Field, value: Any) -> str:
    """Return a value as the page of a conflict shows it."""
    if getattr(field, "is_secret", False):
        return HIDDEN
    if isinstance(field, forms.ModelChoiceField) and value not in (None, ""):
        key = getattr(value, "pk", value)
        found = field.queryset.filter(pk=key).first() if field.queryset is not None else None
        return str(found or key)
    if isinstance(field, forms.ChoiceField) and not isinstance(value, list):
        return str(dict(_flat(field.choices)).get(value, figures.plain(value)))
    return figures.plain(value)


def _flat(choices: Any) -> Iterable[tuple[Any, Any]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label
