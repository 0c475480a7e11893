"""EDGAR's identifiers in the form in which they are kept. Pure."""

from __future__ import annotations

import re
from typing import Any

ACCESSION = re.compile(r"\d{10}-\d{2}-\d{6}")
_ACCESSION_ANYWHERE = re.compile(r"(?<!\d)(\d{10})-?(\d{2})-?(\d{6})(?!\d)")
CIK_DIGITS = 10
# As companies.ticker has it; EDGAR writes classes with a hyphen (BRK-B).
TICKER = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,15}")
# Pharmaceuticals, diagnostics, biologicals, medicinal chemicals; commercial physical and biological research.
BIOTECH_SIC = frozenset({"2833", "2834", "2835", "2836", "8731"})


def cik_of(value: Any) -> str:
    """Return a CIK as ten digits, from a number or padded text. Raises ValueError for what is none."""
    text = str(value).strip() if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit()) or len(text) > CIK_DIGITS or not text.strip("0"):
        raise ValueError(f"{str(value)[:40]!r} is no CIK")
    return text.zfill(CIK_DIGITS)


def accession_of(value: Any) -> str:
    """Return an accession number. Raises ValueError for what is none."""
    text = str(value).strip()
    if not ACCESSION.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no accession number")
    return text


def accession_in(path: str) -> str | None:
    """Return the accession number that a path or URL contains, with or without hyphens; None where there is none."""
    found = _ACCESSION_ANYWHERE.search(path)
    return "-".join(found.groups()) if found else None


def ticker_of(value: Any) -> str | None:
    """Return a ticker in capitals; None where the value is empty. Raises ValueError for what is none."""
    text = str(value or "").strip().upper()
    if not text:
        return None
    if not TICKER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no ticker")
    return text
