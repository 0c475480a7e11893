"""Days as spreadsheets and people write them. One that could be two days is refused. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from typing import Any

from biotech_ma.core.sheets.values import NOTHING, DayOrder, Nothing, is_placeholder, shown

# 1927 to 2119: a number outside is no day that the desk deals with.
FIRST_SERIAL, LAST_SERIAL = 10_000, 80_000
EPOCH_1900, EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)
FIRST_YEAR, LAST_YEAR = 1900, 2119
CENTURY, TURN = 100, 70
MONTHS_A_YEAR, MONTHS_A_QUARTER, MONTHS_A_HALF = 12, 3, 6

# Of each month what the words of a language begin with, as far as they differ from the English ones or go on.
_WORDS = """
1 january jan januar jän jänner janvier janv enero ene gennaio gen janeiro januari
2 february feb februar februari février fevrier févr fevr fév febrero febbraio fevereiro fev
3 march mar märz mär maerz mrz mars marzo março maart mrt marts
4 april apr avril avr abril abr aprile
5 may mai mayo maggio mag maio mei maj
6 june jun juni juin junio giugno giu junho
7 july jul juli juillet juil julio luglio lug julho
8 august aug août aout aoû agosto ago augustus augusti
9 september sep sept septembre septiembre settembre set setembro
10 october oct oktober okt octobre octubre ottobre ott outubro out
11 november nov novembre noviembre novembro
12 december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro
"""
_MONTHS = {word: int(line.split()[0]) for line in _WORDS.strip().splitlines() for word in line.split()[1:]}
_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DOTS = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})")
_SLASHES = re.compile(
    r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})(?: \d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?)?", re.IGNORECASE
)
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?[ \-/]([^\W\d_]{3,10})\.?[ \-/,]+(\d{4}|\d{2})", re.IGNORECASE)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,10})\.?[ \-/](\d{1,2})(?:st|nd|rd|th)?,?[ \-/](\d{4}|\d{2})", re.IGNORECASE)
_MONTH = re.compile(r"([^\W\d_]{3,10})\.?[ \-/,]+(\d{4})", re.IGNORECASE)
_NUMBERED_MONTH = re.compile(r"(\d{4})-(\d{2})|(\d{1,2})/(\d{4})")
# 31 de enero de 2026
_OF = re.compile(r"(?<=[\w.]) de(?:l|) (?=\w)", re.IGNORECASE)
_QUARTER = re.compile(r"([1-4])?Q([1-4])?[ \-/]*(?:FY)?'?(\d{4}|\d{2})|(\d{4})[ \-/]*Q([1-4])", re.IGNORECASE)
_HALF = re.compile(r"([12])?H([12])?[ \-/]*'?(\d{4}|\d{2})|(\d{4})[ \-/]*H([12])", re.IGNORECASE)


def day(value: Any, *, order: DayOrder = DayOrder.REFUSE, since_1904: bool = False) -> dt.date | Nothing:
    """Return the day of a cell: a date, a serial number, or text in a usual form; of a month or quarter its last day.

    `01/02/2026` is refused unless the order says how it is meant. A year alone is no day.
    """
    if isinstance(value, dt.datetime):
        return _plausible(value.date(), value)
    if isinstance(value, dt.date):
        return _plausible(value, value)
    if isinstance(value, bool | dt.time):
        raise ValueError(f"{shown(value)} is no day")
    if isinstance(value, int | float):
        return _serial(value, since_1904)
    if isinstance(value, dt.timedelta):
        raise ValueError(f"{shown(value)} is no day")
    text = _OF.sub(" ", " ".join(value.split()))
    if is_placeholder(text):
        return NOTHING
    try:
        found = _exact(text, order, since_1904) or _last_of(text)
    except (ValueError, OverflowError) as error:
        reason = str(error) if str(error).startswith("'") else f"{shown(value)} is no day of the calendar"
        raise ValueError(reason) from None
    if found is None:
        raise ValueError(f"{shown(value)} is no day: write 2026-01-31")
    return _plausible(found, value)


def _plausible(found: dt.date, value: Any) -> dt.date:
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"{shown(value)} lies outside {FIRST_YEAR} to {LAST_YEAR}")
    return found


def _serial(value: float, since_1904: bool) -> dt.date:
    if not FIRST_SERIAL <= value <= LAST_SERIAL:
        raise ValueError(f"{shown(value)} is no day and no serial number of one")
    return (EPOCH_1904 if since_1904 else EPOCH_1900) + dt.timedelta(days=int(value))


def _exact(text: str, order: DayOrder, since_1904: bool) -> dt.date | None:
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        return dt.date(int(found[1]), int(found[2]), int(found[3]))
    if text.isascii() and text.isdigit() and FIRST_SERIAL <= int(text) <= LAST_SERIAL:
        return _serial(int(text), since_1904)
    if found := _DOTS.fullmatch(text):
        return dt.date(_year(found[3]), int(found[2]), int(found[1]))
    if found := _SLASHES.fullmatch(text):
        return _ordered(int(found[1]), int(found[2]), _year(found[3]), order, text)
    return _with_month_name(text)


def _with_month_name(text: str) -> dt.date | None:
    if (found := _DAY_MONTH.fullmatch(text)) and (month := _month(found[2])):
        return dt.date(_year(found[3]), month, int(found[1]))
    if (found := _MONTH_DAY.fullmatch(text)) and (month := _month(found[1])):
        return dt.date(_year(found[3]), month, int(found[2]))
    return None


def _ordered(first: int, second: int, year: int, order: DayOrder, text: str) -> dt.date:
    if first > MONTHS_A_YEAR:
        return dt.date(year, second, first)
    if second > MONTHS_A_YEAR or first == second or order is DayOrder.MONTH_FIRST:
        return dt.date(year, first, second)
    if order is DayOrder.DAY_FIRST:
        return dt.date(year, second, first)
    raise ValueError(
        f"{shown(text)} may be {dt.date(year, first, second)} or {dt.date(year, second, first)}: say which comes first"
    )


def _last_of(text: str) -> dt.date | None:
    """Return the last day of a month, quarter or half year."""
    if (found := _MONTH.fullmatch(text)) and (month := _month(found[1])):
        return _month_end(int(found[2]), month)
    if found := _NUMBERED_MONTH.fullmatch(text):
        return _month_end(int(found[1] or found[4]), int(found[2] or found[3]))
    if (found := _QUARTER.fullmatch(text)) and (found[4] or bool(found[1]) != bool(found[2])):
        return _month_end(_year(found[3] or found[4]), int(found[1] or found[2] or found[5]) * MONTHS_A_QUARTER)
    if (found := _HALF.fullmatch(text)) and (found[4] or bool(found[1]) != bool(found[2])):
        return _month_end(_year(found[3] or found[4]), int(found[1] or found[2] or found[5]) * MONTHS_A_HALF)
    return None


def _month_end(year: int, month: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first.replace(day=calendar.monthrange(year, month)[1])


def _month(name: str) -> int | None:
    return _MONTHS.get(unicodedata.normalize("NFC", name.lower()))


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) > len("26") else year + (2000 if year < TURN else 1900)
