"""Cells as people write them: figures, yes and no, words. What could mean two things is refused. Pure.

Each function returns NOTHING for a cell that says that nothing is known ("N/A", "-", "n.m."), and raises ValueError
with a reason that begins with the value.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Final

from biotech_ma.core.sheets.formulas import escaped, unescaped_within


class Nothing(Enum):
    """The cell says that nothing is known."""

    NOTHING = "nothing"


NOTHING: Final = Nothing.NOTHING
PLACEHOLDERS = frozenset(
    [
        "n/a", "na", "n.a.", "n.a", "#n/a", "-", "--", "---", "–", "—", "−", "n.m.", "n.m", "nm", "n/m", "tbd", "tba",
        "unknown", "none", "null", "nil", ".", "..", "?", "undisclosed", "n.d.", "nd", "not disclosed",
        "not available", "not meaningful", "k.a.", "k. a.", "n.v.", "n/d", "#nv", "#n/d", "#n/a n/a",
        "#n/a field not applicable", "#n/a invalid security", "#n/a invalid field", "#n/a history",
    ]
)  # fmt: skip
# What programs leave in a cell where a formula failed, in the languages of their users, or has not been answered yet.
ERRORS = frozenset(
    [
        "#ref!", "#div/0!", "#value!", "#name?", "#num!", "#null!", "#spill!", "#calc!", "#field!", "#blocked!",
        "#unknown!", "#connect!", "#error!", "#bezug!", "#wert!", "#zahl!", "#überlauf!", "#valeur!", "#nom?",
        "#nombre!", "#nul!", "#propagation!", "#¡ref!", "#¡valor!", "#¿nombre?", "#¡num!", "#¡div/0!",
        "#valore!", "#rif!",
        "#verw!", "#waarde!", "#naam?", "#getal!",
    ]
)  # fmt: skip
_UNANSWERED = re.compile(
    r"#n/a (?:requesting data|connection|timeout|sec|real time|limit|auth).*|#getting_data|#busy!|loading\.\.\."
)
SHOWN = 40
MOST = Decimal(10) ** 17
CENT = Decimal("0.01")


class NumberStyle(StrEnum):
    """Which sign stands before the decimals: found out per column."""

    POINT = "point"
    COMMA = "comma"
    UNSURE = "unsure"

    # Nothing in the file tells, and its delimiter is that of countries which write 1,5.
    EITHER = "either"


class DayOrder(StrEnum):
    """How 01/02/2026 is meant: only whoever made the file knows."""

    REFUSE = "refuse"
    MONTH_FIRST = "month first"
    DAY_FIRST = "day first"


UNITS: dict[str, Decimal] = {
    "k": Decimal(10) ** 3, "thousand": Decimal(10) ** 3, "tsd": Decimal(10) ** 3,
    "m": Decimal(10) ** 6, "mm": Decimal(10) ** 6, "mn": Decimal(10) ** 6, "mio": Decimal(10) ** 6,
    "mln": Decimal(10) ** 6, "million": Decimal(10) ** 6, "millions": Decimal(10) ** 6,
    "b": Decimal(10) ** 9, "bn": Decimal(10) ** 9, "bln": Decimal(10) ** 9, "billion": Decimal(10) ** 9,
    "billions": Decimal(10) ** 9,
    "mrd": Decimal(10) ** 9, "mia": Decimal(10) ** 9, "md": Decimal(10) ** 9, "mds": Decimal(10) ** 9,
    "milliard": Decimal(10) ** 9, "milliards": Decimal(10) ** 9, "milliarde": Decimal(10) ** 9,
    "milliarden": Decimal(10) ** 9, "millionen": Decimal(10) ** 6, "tausend": Decimal(10) ** 3,
    "t": Decimal(10) ** 12, "tn": Decimal(10) ** 12, "trillion": Decimal(10) ** 12,
}  # fmt: skip
_FOREIGN = re.compile(r"[€£¥₩₹]|\b(?:EUR|GBP|CHF|JPY|CNY|RMB|DKK|SEK|NOK|CAD|AUD|HKD|KRW|INR)\b", re.IGNORECASE)
_DOLLARS = re.compile(r"US\$|\$|\bUSD\b", re.IGNORECASE)
_NUMBER = re.compile(r"^(?P<sign>[+\-−–])?\s*(?P<number>[\d.,'’\s\u00a0\u202f]*\d)\s*(?P<unit>[a-z]*)\.?$", re.I)
_POINT_ONLY = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}|\d*\.\d{1,2}|\d+\.\d{4,}|\d{4,}\.\d+|0\.\d+")
_COMMA_ONLY = re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}|\d+,\d{1,2}|\d+,\d{4,}|\d{4,},\d+|0,\d+")
_POINT = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")
_COMMA = re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?")
_UNSURE = re.compile(r"\d{1,3}[.,]\d{3}")
# LibreOffice names the errors that Excel has no word for by number.
_NUMBERED_ERROR = re.compile(r"err:\d{3}")
_SCIENTIFIC = re.compile(r"[+\-]?\d+(?:[.,]\d+)?E[+\-]?\d+", re.IGNORECASE)
_SPACES = re.compile(r"(?<=\d)['’\s\u00a0\u202f](?=\d{3}(?!\d))")


def shown(value: Any) -> str:
    """Return the value as a reason names it, cut where it is long."""
    text = str(value)
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


def is_placeholder(text: str) -> bool:
    """Return whether the text says that nothing is known."""
    return text.strip().lower() in PLACEHOLDERS


def error_in(text: str) -> str:
    """Return why a cell's text is no value but what a program left there, empty where it is none of these."""
    word = text.strip().lower()
    if word in ERRORS or _NUMBERED_ERROR.fullmatch(word):
        return f"holds the error {text.strip()}: mend it in the spreadsheet, or empty the cell"
    if _UNANSWERED.fullmatch(word):
        return f"holds {shown(text.strip())}, a value that had not arrived: refresh the spreadsheet and save it again"
    return ""


def number_style(values: Iterable[Any]) -> NumberStyle:
    """Return which sign a column's texts use before decimals, as far as any of them proves it."""
    point = comma = False
    for value in values:
        # Digits alone prove nothing.
        if isinstance(value, str) and not value.isdecimal():
            bare = _bare(value)
            point = point or bool(_POINT_ONLY.fullmatch(bare))
            comma = comma or bool(_COMMA_ONLY.fullmatch(bare))
    if point == comma:
        return NumberStyle.UNSURE
    return NumberStyle.POINT if point else NumberStyle.COMMA


def _bare(text: str) -> str:
    found = _NUMBER.match(_unwrapped(text)[0])
    return _SPACES.sub("", found["number"]) if found else ""


def _unwrapped(text: str) -> tuple[str, bool]:
    """Return the text without dollars and accountants' brackets, and whether the brackets made it negative."""
    text = _DOLLARS.sub("", text).strip()
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True
    if text.endswith(("-", "−")) and text[:1].isdigit():
        return text[:-1].strip(), True
    return text, False


def number(value: Any, *, style: NumberStyle = NumberStyle.UNSURE, scale: Decimal = Decimal(1)) -> Decimal | Nothing:
    """Return a number as people write it: `1.3bn`, `$450m`, `(12.5)`, `1.234,5`. `scale` is the column's own unit."""
    if isinstance(value, bool | dt.date | dt.time):
        raise ValueError(f"{shown(value)} is no number")
    if isinstance(value, int | float):
        return _bounded(Decimal(str(value)) * scale, value)
    if value.isascii() and value.isdecimal():  # as most are: what follows is slow
        return _bounded(Decimal(value) * scale, value)
    if is_placeholder(value):
        return NOTHING
    if _FOREIGN.search(value):
        raise ValueError(f"{shown(value)} is not in US dollars: convert it")
    if "%" in value:
        raise ValueError(f"{shown(value)} is a percentage")
    inner, is_negative = _unwrapped(value)
    if _SCIENTIFIC.fullmatch(inner):
        raise ValueError(f"{shown(value)} is shortened to powers of ten, and digits may be lost: write it out")
    found = _NUMBER.match(inner)
    unit = found["unit"].lower() if found else ""
    if not found or (unit and unit not in UNITS):
        raise ValueError(f"{shown(value)} is no number: write 1312345678, 450m or 1.3bn")
    if unit and scale != 1:
        raise ValueError(f"{shown(value)} has a unit of its own in a column that has one: write it without")
    amount = _amount(_SPACES.sub("", found["number"]), style, value, has_unit=bool(unit))
    minus = is_negative != (found["sign"] in {"-", "−", "–"})
    return _bounded((-amount if minus else amount) * UNITS.get(unit, Decimal(1)) * scale, value)


def _amount(text: str, style: NumberStyle, value: Any, *, has_unit: bool) -> Decimal:
    if style in {NumberStyle.UNSURE, NumberStyle.EITHER} and _UNSURE.fullmatch(text):
        if "," in text and not has_unit and style is NumberStyle.UNSURE:
            return Decimal(text.replace(",", ""))  # as the desk's own forms read it
        whole, decimal = text.replace(".", "").replace(",", ""), text.replace(",", ".")
        raise ValueError(f"{shown(value)} may be {whole} or {decimal}: write it plainly")
    if (style is not NumberStyle.COMMA and _POINT.fullmatch(text)) and not (
        style in {NumberStyle.UNSURE, NumberStyle.EITHER} and _COMMA_ONLY.fullmatch(text)
    ):
        return Decimal(text.replace(",", ""))
    if style is not NumberStyle.POINT and _COMMA.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    raise ValueError(f"{shown(value)} does not group digits as the rest of its column does: write it plainly")


def _bounded(found: Decimal, value: Any) -> Decimal:
    if not found.is_finite() or abs(found) >= MOST:
        raise ValueError(f"{shown(value)} is larger than any figure of a company")
    return found


def whole(value: Any, *, style: NumberStyle = NumberStyle.UNSURE) -> int | Nothing:
    """Return a whole number."""
    found = number(value, style=style)
    if found is NOTHING:
        return NOTHING
    if found != found.to_integral_value():
        raise ValueError(f"{shown(value)} is no whole number")
    return int(found)


YES = frozenset({"yes", "y", "true", "t", "1", "x", "✓", "✔", "ja", "wahr", "oui", "vrai", "si", "sí"})
NO = frozenset({"no", "n", "false", "f", "0", "✗", "nein", "falsch", "non", "faux"})


def yes_or_no(value: Any) -> bool | Nothing:
    """Return whether the cell says yes."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in YES or value == 1:
        return True
    if text in NO or value == 0:
        return False
    if is_placeholder(text):
        return NOTHING
    raise ValueError(f"{shown(value)} is neither yes nor no")


_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd\ufffe\uffff]")
_FORMULA = re.compile(r"^\s*(?:=|@\w|[+\-][^\d\s].*[|!(])", re.DOTALL)


def words(value: Any, longest: int) -> str | Nothing:
    """Return one line of text of bounded length. Formulas, NUL and control characters are refused."""
    if isinstance(value, bool | dt.date | dt.time):
        raise ValueError(f"{shown(value)} is no text")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = " ".join(unescaped_within(str(value)).split())
    if is_placeholder(text):
        return NOTHING
    is_kept = text.startswith("'") and escaped(text[1:]) == text
    if is_kept:
        text = text[1:]  # as exports keep it from being a formula
    if text.startswith("=") or (_FORMULA.match(text) and not is_kept):
        raise ValueError(f"{shown(text)} is a formula: write its value")
    if _NO_TEXT.search(text):
        raise ValueError(f"{shown(text)} holds signs that are no text")
    if meant := misread(text):
        raise ValueError(f"{shown(text)} was read in a wrong encoding on its way here: it may be {shown(meant)}")
    if len(text) > longest:
        raise ValueError(f"{shown(text)} has {len(text):,} characters, of which {longest:,} can be kept")
    return text


def misread(text: str) -> str:
    """Return what a text is if UTF-8 was once read as Windows-1252 ("MÃ¼nchen"), empty where it was not."""
    if text.isascii():
        return ""
    try:
        meant = text.encode("cp1252").decode()
    except UnicodeError:
        return ""
    return meant if any(sign.isalpha() and sign > "\x7f" for sign in meant) or "’" in meant or "–" in meant else ""
