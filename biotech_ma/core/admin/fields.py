"""Form fields for money and for JSON whose shape is known. Each refuses what PostgreSQL could not store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from unfold.widgets import INPUT_CLASSES

from biotech_ma.core.admin import figures
from biotech_ma.core.admin.widgets import ChipChoices, KeyValueRows, Lines, RawJSON, from_text, pairs

MOST_CHARACTERS = 100_000
MOST_SHOWN = 5


def storable(value: Any) -> None:
    """Refuse text that PostgreSQL cannot store: NUL characters and halves of surrogate pairs."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if "\x00" in text or (not isinstance(value, str) and "\\u0000" in text):
        raise ValidationError("NUL characters cannot be stored.", code="null_characters_not_allowed")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValidationError("Half a surrogate pair cannot be stored.", code="surrogate")


def _bounded(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise ValidationError(f"At most {MOST_CHARACTERS:,} characters (this has {len(text):,}).", code="max_length")


class MoneyField(forms.DecimalField):
    """US dollars, as analysts write them: 1.3bn, $450m or 1,312,345,678."""

    widget = forms.TextInput(attrs={"class": " ".join([*INPUT_CLASSES, "desk-money"]), "inputmode": "decimal"})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            try:
                value = figures.parse_money(value)
            except ValueError as error:
                raise ValidationError(f"{str(error).capitalize()}.", code="invalid") from None
        return super().to_python(value)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        digits = 0 if value == value.to_integral_value() else 2
        return f"{value:,.{digits}f}"


class ChoiceListField(forms.MultipleChoiceField):
    """A JSON array of known words, ticked off."""

    widget = ChipChoices


class LinesField(forms.CharField):
    """A JSON array of text, one entry a line; blank lines and repetitions are dropped."""

    widget = Lines

    def __init__(self, *, check: Callable[[list[str]], Iterable[str]] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.check = check

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(item) for item in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value) or ""
        _bounded(text)
        storable(text)
        entries = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        return list(self.check(entries)) if self.check else entries

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return (initial or []) != self.clean(data)
        except ValidationError:
            return True


class KeyValueField(forms.Field):
    """A JSON object as rows of name and value; nested values are written as JSON in their row."""

    widget = KeyValueRows

    def prepare_value(self, value: Any) -> Any:
        return pairs(value) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, text in value or []:
            if not key.strip() and not text.strip():
                continue
            self._take(result, key.strip(), text)
        _bounded(json.dumps(result))
        storable(result)
        return result

    def _take(self, result: dict[str, Any], key: str, text: str) -> None:
        if not key:
            raise ValidationError(f"{text.strip()[:40]} has no name.", code="invalid")
        if key in result:
            raise ValidationError(f"{key} is there twice.", code="invalid")
        _bounded(text)
        try:
            result[key] = from_text(text)
        except RecursionError:
            raise ValidationError(f"{key}: nested too deeply.", code="invalid") from None
        except ValueError as error:
            raise ValidationError(f"{key}: {error}.", code="invalid") from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or {}) != self.clean(data))
        except ValidationError:
            return True


class JSONObjectField(forms.JSONField):
    """A JSON object of unknown shape, typed as JSON."""

    widget = RawJSON

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            _bounded(value)
        try:
            result = super().to_python(value)
        except RecursionError:
            raise ValidationError("Nested too deeply.", code="invalid") from None
        if result is None:
            return {}
        if not isinstance(result, dict):
            raise ValidationError('Write a JSON object: {"name": value}.', code="invalid")
        storable(result)
        return result

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was typed, as typed."""
        return initial if self.disabled else data

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or {}) != self.clean(data))
        except ValidationError:
            return True

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False, indent=2) if value else ""
        return value


def _wrong(noun: str, entries: list[str]) -> ValidationError:
    shown = ", ".join(entry[:100] for entry in entries[:MOST_SHOWN])
    more = f" and {len(entries) - MOST_SHOWN} more" if len(entries) > MOST_SHOWN else ""
    return ValidationError(f"{noun}: {shown}{more}.", code="invalid")


def emails(entries: list[str]) -> list[str]:
    """Return the entries if each is an e-mail address, else refuse them by name."""
    wrong = []
    for entry in entries:
        try:
            validate_email(entry)
        except ValidationError:
            wrong.append(entry)
    if wrong:
        raise _wrong("Not an e-mail address", wrong)
    return entries


def known_words(
    known: Callable[[list[str]], Iterable[str]], noun: str, near: Callable[[str], Iterable[str]] | None = None
) -> Callable[[list[str]], list[str]]:
    """Return a check that brings entries to capitals and refuses those that `known` does not return.

    `near` gives the words that one of them may have been meant for.
    """

    def check(entries: list[str]) -> list[str]:
        wanted = list(dict.fromkeys(part.upper() for entry in entries for part in entry.replace(",", " ").split()))
        there = set(known(wanted)) if wanted else set()
        wrong = [entry for entry in wanted if entry not in there]
        if wrong:
            raise _wrong(noun, [_with_near(entry, near) for entry in wrong[:MOST_SHOWN]] + wrong[MOST_SHOWN:])
        return wanted

    return check


def _with_near(entry: str, near: Callable[[str], Iterable[str]] | None) -> str:
    close = list(near(entry)) if near else []
    return f"{entry[:40]} (near: {', '.join(close)})" if close else entry
