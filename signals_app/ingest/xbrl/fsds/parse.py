"""Financial Statement Data Sets: the rows of sub.txt and num.txt. Pure. ../README.md describes the files.

Every function raises ParseError with file, line and reason for a row that cannot be taken.
Source: SEC, Financial Statement Data Sets (a zip a quarter): https://www.sec.gov/dera/data/financial-statement-data-sets
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from biotech_ma.core.market_day import NEW_YORK, start_of
from signals_app.ingest.delimited import Row
from signals_app.ingest.xbrl.choose import SHARE_UNIT, Entry, exact, fault, has_unit_of, is_wanted
from signals_app.ingest.xbrl.debt import STANDARD
from signals_app.ingest.xbrl.tags import PREFUNDED, RANKED, SHARES
from signals_app.ingest.xbrl.warrants import is_series, prefunded_tag

SUB_COLUMNS = ("adsh", "cik", "name", "sic", "form", "filed")
NUM_COLUMNS = ("adsh", "tag", "version", "ddate", "qtrs", "uom", "value")
# Pharmaceutical preparations and their kin; commercial physical and biological research.
BIOPHARMA_SIC = frozenset({"2833", "2834", "2835", "2836", "8731"})
ACCESSION = re.compile(r"\d{10}-\d{2}-\d{6}")
DIGITS = re.compile(r"(\d+)(?:\.0+)?")
DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0+)?")
NUMBER = re.compile(r"-?\d{1,20}(?:\.\d+)?")
STATE_SUFFIX = re.compile(r"\s*/\s*[A-Z]{2,3}\s*/?\s*$")
STANDARD_VERSION = re.compile(r"(?:us-gaap|ifrs(?:-full)?|dei)/")
SHARE_CLASS = re.compile(r"ClassOfStock=[^;]+;?", re.IGNORECASE)
CIK_DIGITS = 10
LONGEST_NAME = 255
LONGEST_FORM = 32
MOST_QUARTERS = 400
MIDDLE_OF_MONTH = 15
# `ddate` is the nearest month's end: it may lie up to half a month behind the true day, and so behind the filing.
ROUNDING = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Submission:
    """One filing of sub.txt. `available_at` is the moment of acceptance, else the first of the day of filing."""

    line: int
    accession: str
    cik: str
    name: str
    sic: str
    form: str
    filed: date
    available_at: datetime
    former_name: str
    changed: date | None

    @property
    def is_biopharma(self) -> bool:
        """Whether the registrant's industry code is one of drug makers."""
        return self.sic in BIOPHARMA_SIC

    @property
    def plain_name(self) -> str:
        """The name without EDGAR's mark of the state (`/DE/`)."""
        return STATE_SUFFIX.sub("", self.name).strip() or self.name


def submission(row: Row, *, today: date) -> Submission:
    """Return a row of sub.txt. `accepted` is Eastern time and outranks `filed`, the official day."""
    accession, cik = row["adsh"].strip(), _digits(row, "cik")
    if not ACCESSION.fullmatch(accession):
        raise row.fault(f"adsh {accession[:40]!r} is no accession number")
    name, form = row["name"].strip(), row["form"].strip()
    if not int(cik) or len(cik) > CIK_DIGITS:
        raise row.fault(f"cik {cik[:40]} is no CIK of up to ten digits")
    if not 0 < len(name) <= LONGEST_NAME or not 0 < len(form) <= LONGEST_FORM:
        raise row.fault("name or form is empty or too long")
    filed = _day(row, "filed")
    known = _accepted(row) or start_of(filed)
    if max(filed, known.date()) > today:
        raise row.fault(f"filed {filed} is in the future")
    sic = DIGITS.fullmatch(row["sic"].strip())
    return Submission(
        row.line,
        accession,
        cik.zfill(CIK_DIGITS),
        name,
        sic[1] if sic else "",
        form,
        filed,
        known,
        row["former"].strip()[:LONGEST_NAME],
        _day(row, "changed") if row["changed"].strip() else None,
    )


def _accepted(row: Row) -> datetime | None:
    text = row["accepted"].strip()
    if not text:
        return None
    try:
        return datetime.fromisoformat(text.removesuffix(".0")).replace(tzinfo=NEW_YORK)
    except ValueError:
        raise row.fault(f"accepted {text[:40]!r} is no moment") from None


def entry(row: Row, *, filed: date) -> Entry | None:
    """Return the figure of a row of num.txt; None where it is not the company's total, or says nothing of ours.

    Rows of a segment or a co-registrant are parts. The one exception is the cover page's shares of a class, which
    has no total: they are summed by the caller.
    """
    tag, unit = tag_of(row), row["uom"]
    if not is_total(row) or not has_unit_of(tag, unit) or not row["value"].strip():
        return None
    end, quarters = month_end(_day(row, "ddate")), int(_digits(row, "qtrs"))
    if quarters > MOST_QUARTERS:
        raise row.fault(f"qtrs {quarters} is no number of quarters of a company")
    start = None if quarters == 0 else first_day(end, quarters)
    found = Entry(tag, start, end, _value(row), unit)
    reason = fault(found, latest_end=filed + ROUNDING)
    if reason:
        raise row.fault(f"{tag}: {reason}")
    return found


def is_total(row: Row) -> bool:
    """Return whether a row is of a tag that the desk keeps, and for the company as a whole."""
    tag = tag_of(row)
    if tag == PREFUNDED:
        return not row["coreg"].strip()
    is_standard = STANDARD_VERSION.match(row["version"]) is not None
    # A company's own tag may have a standard one's name; only a few debts are known by their names.
    if not is_wanted(tag) or (not is_standard and (tag in RANKED or tag in STANDARD)):
        return False
    if row["coreg"].strip():
        return False
    return not row["segments"].strip() or is_share_class(row)


def tag_of(row: Row) -> str:
    """Return a row's tag; rows that count pre-funded warrants have one of the desk's."""
    if row["uom"] != SHARE_UNIT:
        return row["tag"]
    return prefunded_tag(row["tag"], row["segments"].strip()) or row["tag"]


def is_share_class(row: Row) -> bool:
    """Return whether a row is the cover page's number of shares of one class, or of one series of warrants."""
    if tag_of(row) == PREFUNDED:
        return is_series(row["segments"].strip())
    concept = RANKED.get(row["tag"], ("", 0))[0]
    return concept in SHARES and row["uom"] == SHARE_UNIT and SHARE_CLASS.fullmatch(row["segments"].strip()) is not None


def month_end(day: date) -> date:
    """Return the nearest month's end, to which the Data Sets round every day."""
    if day.day <= MIDDLE_OF_MONTH:
        return day.replace(day=1) - timedelta(days=1)
    return day.replace(day=monthrange(day.year, day.month)[1])


def first_day(end: date, quarters: int) -> date:
    """Return the first day of a period of so many quarters that ends with a month."""
    months = end.year * 12 + end.month - 3 * quarters
    return date(months // 12, months % 12 + 1, 1)


def _digits(row: Row, column: str) -> str:
    match = DIGITS.fullmatch(row[column].strip())
    if match is None or not match[1].isascii():
        raise row.fault(f"{column} {row[column][:40]!r} is no number")
    return match[1]


def _day(row: Row, column: str) -> date:
    text = row[column].strip()
    match = DAY.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise row.fault(f"{column} {text[:40]!r} is no day YYYYMMDD") from None


def _value(row: Row) -> Decimal:
    text = row["value"].strip()
    if not NUMBER.fullmatch(text):
        raise row.fault(f"value {text[:40]!r} is no number")
    try:
        return exact(Decimal(text))
    except InvalidOperation:
        raise row.fault(f"value {text[:40]!r} is no number") from None
