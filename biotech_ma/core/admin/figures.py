"""Figures as a desk reads them: $1.3 bn, +2.4, 7.5 quarters; a dash with a hint where nothing is known."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from biotech_ma.core.wording import in_words, key_in_words

UNKNOWN = "—"
MINUS = "−"

_UNITS: tuple[tuple[Decimal, str], ...] = (
    (Decimal(10) ** 12, "tn"),
    (Decimal(10) ** 9, "bn"),
    (Decimal(10) ** 6, "m"),
    (Decimal(10) ** 3, "k"),
)
_FACTORS = {
    "": Decimal(1),
    "k": Decimal(10) ** 3,
    "m": Decimal(10) ** 6,
    "mn": Decimal(10) ** 6,
    "b": Decimal(10) ** 9,
    "bn": Decimal(10) ** 9,
    "t": Decimal(10) ** 12,
    "tn": Decimal(10) ** 12,
}
_MONEY = re.compile(
    r"^(?P<sign>[-−])?\s*(?:\$|USD)?\s*(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"\s*(?P<unit>[a-z]*)\s*(?:USD)?$",
    re.IGNORECASE | re.ASCII,
)
_WHOLE = Decimal(100)


def _shown(value: Decimal) -> Decimal:
    """Round once, halves away from zero: to a whole from a hundred on, else to a tenth."""
    step = Decimal(1) if value >= _WHOLE - Decimal("0.05") else Decimal("0.1")
    return value.quantize(step, rounding=ROUND_HALF_UP)


def money(value: Decimal | None) -> str:
    """Return US dollars to about three digits: `$1.3 bn`, `$450 m`, `−$12.0 m`; a dash when unknown."""
    if value is None:
        return UNKNOWN
    size = abs(Decimal(value))
    sign = MINUS if value < 0 else ""
    for factor, unit in _UNITS:
        # what would be shown as 1,000 of the next smaller unit is one of this
        if size >= factor * Decimal("0.9995"):
            return f"{sign}${_shown(size / factor):,} {unit}"
    return f"{sign}${size.quantize(Decimal(1), rounding=ROUND_HALF_UP):,}"


def exact_money(value: Decimal | None) -> str:
    """Return US dollars to the cent where there are cents: `$1,312,345,678`; a dash when unknown."""
    if value is None:
        return UNKNOWN
    sign = MINUS if value < 0 else ""
    digits = 0 if value == value.to_integral_value() else 2
    return f"{sign}${abs(value):,.{digits}f}"


def in_full(text: str, *, is_money: bool) -> str:
    """Return a figure's digits as they are read; what is none, such as the sign for an unknown one, stays."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if is_money:
        return exact_money(value)
    return plain(value.quantize(Decimal(1)) if value == value.to_integral_value() else value)


def parse_money(text: str) -> Decimal:
    """Read US dollars as analysts write them: `1.3bn`, `$450m`, `1,312,345,678`.

    Raises ValueError for anything that could mean two things, such as `1,5`.
    """
    found = _MONEY.match(text.strip())
    if not found or found["unit"].lower() not in _FACTORS:
        raise ValueError("write dollars as 1312345678, 1,312,345,678, 450m or 1.3bn")
    value = Decimal(found["number"].replace(",", "")) * _FACTORS[found["unit"].lower()]
    return -value if found["sign"] else value


def number(value: Decimal | int | None, digits: int = 1) -> str:
    """Return a number with separators and so many decimals; a dash when unknown."""
    if value is None:
        return UNKNOWN
    return f"{value:,.{digits}f}".replace("-", MINUS)


def change(value: Decimal | None, digits: int = 1) -> str:
    """Return a signed change: `+2.4`, `−0.3`, `0.0`; a dash when unknown."""
    if value is None:
        return UNKNOWN
    rounded = round(value, digits)
    text = f"{abs(rounded):,.{digits}f}"
    if rounded == 0:
        return text
    return f"{'+' if rounded > 0 else MINUS}{text}"


def day(value: dt.date | dt.datetime | None) -> str:
    """Return a day as 2026-01-31; a dash when unknown."""
    if value is None:
        return UNKNOWN
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value)
    return value.strftime("%Y-%m-%d")


@cache
def market_zone() -> ZoneInfo:
    """Return the market's time zone."""
    return ZoneInfo(settings.MARKET_TIME_ZONE)


def market_day(value: dt.datetime | None) -> str:
    """Return the market's day of an instant: what happened on a day in New York happened on it for every user."""
    return UNKNOWN if value is None else timezone.localtime(value, market_zone()).strftime("%Y-%m-%d")


def moment(value: dt.datetime | None) -> str:
    """Return an instant as 2026-01-31 14:05 UTC; a dash when unknown."""
    if value is None:
        return UNKNOWN
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M %Z")


def age(value: dt.datetime | None, now: dt.datetime | None = None) -> str:
    """Return how long ago that was: `3 h ago`, `12 d ago`; a dash when unknown."""
    if value is None:
        return UNKNOWN
    seconds = int(((now or timezone.now()) - value).total_seconds())
    if seconds < 0:
        return f"in {_span(-seconds)}"
    return f"{_span(seconds)} ago"


def _span(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:,} {unit}"
    return f"{seconds} s"


def plain(value: Any) -> str:
    """Return any value of a row as one line of text, for history and logs; keys within it in words."""
    if value is None or value in ("", [], {}):
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_member(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{key_in_words(key)}: {_member(item)}" for key, item in value.items())
    return _plain_scalar(value)


def _member(value: Any) -> str:
    """Return a value within an array or an object: keys that are known in words."""
    return in_words(value) if isinstance(value, str) and value else plain(value)


def _plain_scalar(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return moment(value)
    if isinstance(value, dt.date):
        return day(value)
    return f"{value:,f}".replace("-", MINUS) if isinstance(value, Decimal) else str(value)
