"""Serializer fields that take JSON at its word: a number is no text, a timestamp has a zone."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from rest_framework import serializers

MAX_ITEMS = 1000
MAX_JSON = 100_000


class StrictCharField(serializers.CharField):
    """A JSON string; numbers and booleans are refused rather than turned into text."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text; fails for what is no string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """true or false, and null where it is allowed."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the boolean; fails for "yes", 1 and the like."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictIntegerField(serializers.IntegerField):
    """A whole JSON number."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number; fails for texts, booleans and fractions."""
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictDecimalField(serializers.DecimalField):
    """A decimal text, which must fit the column, or a JSON number, which is rounded to its decimals."""

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the decimal; fails for anything else."""
        if isinstance(data, bool) or not isinstance(data, str | int | float | Decimal):
            self.fail("invalid")
        if isinstance(data, float) and self.decimal_places is not None:
            # A double has no decimals of its own: 0.1 + 0.2 is meant to be 0.3.
            data = f"{data:.{self.decimal_places}f}"
        return super().to_internal_value(data)


class StrictChoiceField(serializers.ChoiceField):
    """One of the choices, as text."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the choice; fails for everything else."""
        if not isinstance(data, str) or (data == "" and not self.allow_blank):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class InstantField(serializers.DateTimeField):
    """ISO 8601 with its zone; a timestamp without one is refused, for it names no instant."""

    default_error_messages = {"naive": "A timestamp without zone: add Z or an offset, such as 2026-01-31T16:00:00Z."}

    def to_internal_value(self, value: Any) -> dt.datetime:
        """Return the instant in UTC."""
        if not isinstance(value, str):
            self.fail("invalid", format="ISO 8601 text with its zone")
        return super().to_internal_value(value)

    def enforce_timezone(self, value: dt.datetime) -> dt.datetime:
        """Return the instant in UTC; fails for a timestamp without zone and one outside of the calendar."""
        if value.tzinfo is None:
            self.fail("naive")
        try:
            return value.astimezone(dt.UTC)
        except OverflowError:
            self.fail("overflow", timezone="UTC")


class DayField(serializers.DateField):
    """A day, YYYY-MM-DD, as text."""

    def to_internal_value(self, value: Any) -> dt.date:
        """Return the day."""
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DD")
        day: dt.date = super().to_internal_value(value)
        return day


class JSONObjectField(serializers.JSONField):
    """A JSON object of any keys."""

    default_error_messages = {
        "not_an_object": "A JSON object.",
        "max_length": "A JSON object has at most {most:,} characters, for lists carry it in every row.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object; fails for other JSON."""
        if not isinstance(data, dict):
            self.fail("not_an_object")
        if len(json.dumps(data, ensure_ascii=False, separators=(",", ":"))) > MAX_JSON:
            self.fail("max_length", most=MAX_JSON)
        return data


class TextListField(serializers.ListField):
    """A JSON array of texts."""

    child: Any = StrictCharField(max_length=1000)
    default_error_messages = {"max_length": "At most {max_length} items."}

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", MAX_ITEMS)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the texts; a list that is too long is refused before its texts are looked at."""
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        texts: list[Any] = super().to_internal_value(data)
        return texts


class TickersField(TextListField):
    """A JSON array of tickers, kept in capitals and once each."""

    child = serializers.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9.\-]{0,15}$", error_messages={"invalid": "A ticker, such as VRTX."}
    )

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the tickers in capitals."""
        return list(dict.fromkeys(ticker.upper() for ticker in super().to_internal_value(data)))


def choices_field(choices: Any, **options: Any) -> TextListField:
    """Return a field for an array of the choices."""
    return TextListField(child=StrictChoiceField(choices=choices.choices), **options)
