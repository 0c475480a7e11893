"""The Orange Book's patents and exclusivities: rows of patent.txt and exclusivity.txt. Pure.

`*PED` rows are protections of their own, their day six months after the patent's or the exclusivity's.
Source: FDA, Orange Book data files (`~` delimited; CRLF in some editions, LF in others).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from companies.starter.build.protection import Protection
from signals_app.ingest.delimited import Row

PATENT = ("Appl_Type", "Appl_No", "Patent_No", "Patent_Expire_Date_Text")
EXCLUSIVITY = ("Appl_Type", "Appl_No", "Exclusivity_Code", "Exclusivity_Date")
PRODUCTS = ("Ingredient", "Appl_Type", "Appl_No", "Trade_Name")
KINDS = {"N": "NDA", "A": "ANDA", "B": "BLA"}
NUMBER = re.compile(r"\d{1,6}")
DAY = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4})")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EARLIEST_YEAR, LATEST_YEAR = 1980, 2100
LONGEST_CODE = 20
# Without the six paediatric months: five years from the approval, or from its scheduling by the DEA.
NEW_CHEMICAL_ENTITY = "exclusivity NCE"


@dataclass(frozen=True, slots=True)
class Listing:
    """A row: the protection, whether FDA delists it, and the day on which the patent was submitted (if said)."""

    protection: Protection
    is_delisted: bool
    submitted: date | None


def patent(row: Row, *, today: date) -> Listing:
    """Return a row of patent.txt. Raises ParseError."""
    number = _code(row, "Patent_No")
    submitted = _day(row, "Submission_Date") if row["Submission_Date"].strip() else None
    if submitted and submitted > today:
        raise row.fault(f"Submission_Date {submitted} is in the future")
    found = Protection(_application(row), f"patent {number}", _day(row, "Patent_Expire_Date_Text"))
    return Listing(found, row["Delist_Flag"].strip().upper() == "Y", submitted)


def exclusivity(row: Row) -> Listing:
    """Return a row of exclusivity.txt. Raises ParseError."""
    code = _code(row, "Exclusivity_Code")
    return Listing(Protection(_application(row), f"exclusivity {code}", _day(row, "Exclusivity_Date")), False, None)


def _application(row: Row) -> str:
    kind, number = KINDS.get(row["Appl_Type"].strip().upper()), row["Appl_No"].strip()
    if kind is None:
        raise row.fault(f"Appl_Type {row['Appl_Type'][:20]!r} is unknown")
    if not NUMBER.fullmatch(number):
        raise row.fault(f"Appl_No {number[:40]!r} is no application number")
    return f"{kind}{number.zfill(6)}"


def _code(row: Row, column: str) -> str:
    code = row[column].strip()
    if not 0 < len(code) <= LONGEST_CODE:
        raise row.fault(f"{column} {code[:40]!r} is empty or too long")
    return code


def _day(row: Row, column: str) -> date:
    match = DAY.fullmatch(row[column].strip())
    try:
        if match is None:
            raise ValueError
        found = date(int(match[3]), MONTHS.index(match[1]) + 1, int(match[2]))
    except ValueError:
        raise row.fault(f"{column} {row[column][:40]!r} is no day like Jul 13, 2026") from None
    if not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
        raise row.fault(f"{column} {found} is no day of a patent")
    return found
