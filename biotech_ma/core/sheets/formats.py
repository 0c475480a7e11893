"""Number formats: what a spreadsheet shows beside a bare number, and a file of values would lose. Pure."""

from __future__ import annotations

import re

# [$€-407], [$EUR]: a currency, with its locale or without; [$-409] is a locale alone.
_NAMED = re.compile(r"\[\$([^\]-]*)(?:-[0-9A-Za-z_-]*)?\]")
_DOLLARS = frozenset({"", "$", "US$", "USD", "usd"})
_CURRENCY = re.compile(
    r"[€£¥₩₹]|\b(?:EUR|GBP|CHF|JPY|CNY|RMB|DKK|SEK|NOK|CAD|AUD|HKD|KRW|INR)\b|\b(?:CA?|AU?|HK|NZ|NT|S|R)\$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"[^"]*"|\\.')
_SPAN = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)


def fault_of_format(code: str) -> str:
    """Return why a number that is shown in this format is no plain one: another currency, a percentage; else empty."""
    names = [found.strip() for found in _NAMED.findall(code)]
    bare = _NAMED.sub("", code)
    names += _CURRENCY.findall(bare)
    if name := next((name for name in names if name not in _DOLLARS), ""):
        return f"is shown in {name}, not in US dollars: convert it"
    if "%" in _QUOTED.sub("", bare):
        return "is a percentage: write an amount, or empty the cell"
    return ""


def is_span(code: str) -> bool:
    """Return whether the format shows a length of time (30 hours), not a moment."""
    return bool(_SPAN.search(_QUOTED.sub("", code)))
