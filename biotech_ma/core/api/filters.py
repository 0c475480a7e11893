"""The filters' ground: only the parameters that were sent become form fields, and each error names its parameter."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime

MAX_VALUES = 500
# Beyond any column of numbers; what a double can be written with.
MAX_NUMBER = 10**20
MAX_DECIMALS = 400


class ReadFilterSet(django_filters.FilterSet):
    """A filter set that builds just what the request names, which keeps a list without filters cheap."""

    # Parameters that begin like this are the filter set's own business (`data__key=value`).
    prefixes: ClassVar[tuple[str, ...]] = ()
    base_filters: Any

    def __init__(self, data: QueryDict, queryset: models.QuerySet[Any], request: Any = None) -> None:
        self.base_filters = {name: f for name, f in type(self).base_filters.items() if name in data}
        super().__init__(data, queryset, request=request)

    @classmethod
    def known(cls) -> set[str]:
        """Return the names of the parameters."""
        return set(cls.base_filters)

    @classmethod
    def slot(cls, name: str) -> NumberFilter | None:
        """Return the filter of this name if its value only ends up as a parameter of the statement."""
        found = cls.base_filters.get(name)
        return found if isinstance(found, NumberFilter) else None

    @classmethod
    def repeatable(cls) -> set[str]:
        """Return the names of the parameters that may be given more than once."""
        return {name for name, f in cls.base_filters.items() if isinstance(f, ListFilter)}


class _ListWidget(forms.Widget):
    """Reads `a,b` and repeated parameters alike."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return [word.strip() for text in data.getlist(name) for word in text.split(",")]


class ListField(forms.Field):
    widget = _ListWidget

    def __init__(self, *, choices: Sequence[str] = (), **options: Any) -> None:
        self.choices = tuple(choices)
        super().__init__(**options)

    def clean(self, value: Any) -> list[str]:
        """Return the words; each must be one of the choices, where there are any."""
        words = [word for word in value if word]
        if not words:
            raise ValidationError("A value is missing.", code="required")
        if len(words) > MAX_VALUES:
            raise ValidationError(f"At most {MAX_VALUES} values.", code="max_length")
        if self.choices:
            for word in words:
                if word not in self.choices:
                    raise ValidationError(unknown_choice(word, self.choices), code="invalid_choice")
        return words


def unknown_choice(word: str, choices: Sequence[str]) -> str:
    """Return what to say about a word that is none of the choices."""
    near = get_close_matches(word, choices, n=3, cutoff=0.6)
    hint = f"Near: {', '.join(near)}." if near else f"One of: {', '.join(choices)}."
    return f'There is no "{word[:100]}". {hint}'


class ListFilter(django_filters.Filter):
    """One or more words, separated by commas or given repeatedly; a row matches when it has any of them."""

    field_class: type[forms.Field] = ListField

    def __init__(self, *args: Any, choices: type[models.TextChoices] | None = None, **options: Any) -> None:
        self.vocabulary = choices
        options.setdefault("lookup_expr", "in")
        super().__init__(*args, choices=list(choices.values) if choices else (), required=False, **options)


class _ChoiceField(ListField):
    def clean(self, value: Any) -> Any:
        """Return the word; there must be one, and it must be one of the choices."""
        words = super().clean(value)
        if len(words) > 1:
            raise ValidationError("One value.", code="max_length")
        return words[0]


class ChoiceFilter(django_filters.Filter):
    """One of the choices."""

    field_class: type[forms.Field] = _ChoiceField

    def __init__(self, *args: Any, choices: type[models.TextChoices], **options: Any) -> None:
        self.vocabulary = choices
        super().__init__(*args, choices=list(choices.values), required=False, **options)


class _TextField(forms.CharField):
    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if not cleaned:
            raise ValidationError("A value is missing.", code="required")
        return cleaned


class TextFilter(django_filters.Filter):
    """A text, compared as it is."""

    field_class = _TextField

    def __init__(self, *args: Any, max_length: int = 255, **options: Any) -> None:
        super().__init__(*args, max_length=max_length, required=False, **options)


class _BooleanField(forms.CharField):
    def clean(self, value: Any) -> bool:
        if str(value).lower() not in ("true", "false", "1", "0"):
            raise ValidationError("true or false.", code="invalid")
        return str(value).lower() in ("true", "1")


class BooleanFilter(django_filters.Filter):
    """true or false."""

    field_class = _BooleanField


class _NumberField(forms.CharField):
    def clean(self, value: Any) -> Decimal:
        """Return the number, as exact as it was written."""
        text = str(value or "").strip()
        if not text:
            raise ValidationError("A number is missing.", code="required")
        try:
            number = Decimal(text) if text.isascii() and "_" not in text else Decimal("NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise ValidationError("A number, such as 12.5.", code="invalid")
        # compared, not computed with: what overflows is out of range, too
        if not -MAX_NUMBER <= number <= MAX_NUMBER or number.as_tuple().exponent < -MAX_DECIMALS:  # type: ignore[operator]
            raise ValidationError(f"A number between -{MAX_NUMBER:,} and {MAX_NUMBER:,}.", code="invalid")
        return number


class NumberFilter(django_filters.Filter):
    """A number, as exact as it was written."""

    field_class = _NumberField

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, required=False, **options)

    def rare(self) -> str:
        """Return a number that nobody asks for."""
        return f"{secrets.randbelow(10**15)}.{secrets.randbelow(10**9):09d}1"


class _DayField(forms.CharField):
    def clean(self, value: Any) -> dt.date:
        try:
            day = parse_date(str(value))
        except ValueError:
            day = None
        if day is None:
            raise ValidationError("A day: YYYY-MM-DD.", code="invalid")
        return day


class DayFilter(django_filters.Filter):
    """A day, YYYY-MM-DD."""

    field_class = _DayField


class _InstantField(forms.CharField):
    def clean(self, value: Any) -> dt.datetime | dt.date:
        return day_or_instant(str(value))


def day_or_instant(text: str) -> dt.datetime | dt.date:
    """Return the day (YYYY-MM-DD) or the instant (ISO 8601 with its zone, brought to UTC) that the text is.

    Raises ValidationError for anything else, a timestamp without zone included.
    """
    moment: dt.datetime | dt.date | None = None
    try:
        moment = parse_date(text) or parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise ValidationError(
            "A day (YYYY-MM-DD), or ISO 8601 with its zone (2026-01-31T16:00:00Z; write + as %2B).", code="invalid"
        )
    if not isinstance(moment, dt.datetime):
        return within_calendar(moment)
    if moment.tzinfo is None:
        raise ValidationError("A timestamp without zone: add Z or an offset.", code="naive")
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        raise ValidationError("This instant is outside of the calendar.", code="overflow") from None


def within_calendar(day: dt.date) -> dt.date:
    """Return the day, drawn in by one from either end of the calendar: beyond them a time zone finds no midnight."""
    return min(max(day, dt.date.min + dt.timedelta(days=1)), dt.date.max - dt.timedelta(days=1))


class InstantFilter(django_filters.Filter):
    """An instant with its zone, or a day: for `gte` its first moment in UTC, for `lte` its last."""

    field_class = _InstantField

    def filter(self, qs: models.QuerySet[Any], value: Any) -> models.QuerySet[Any]:
        """Return the rows at or after (before) the instant or day."""
        if value is not None and not isinstance(value, dt.datetime) and self._method is None:
            end = dt.time.max if self.lookup_expr == "lte" else dt.time.min
            value = dt.datetime.combine(value, end, tzinfo=dt.UTC)
        rows: models.QuerySet[Any] = super().filter(qs, value)
        return rows


class _UUIDField(forms.CharField):
    def clean(self, value: Any) -> uuid.UUID:
        return identifier(str(value))


def identifier(text: str) -> uuid.UUID:
    """Return the UUID that the text is; raises ValidationError for anything else."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ValidationError("An id: a UUID.", code="invalid") from None


class IdFilter(django_filters.Filter):
    """A row's id."""

    field_class = _UUIDField
