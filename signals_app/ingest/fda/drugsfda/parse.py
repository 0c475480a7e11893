"""Drugs@FDA: the decisions of the data files (a zip of tables) and of the monthly approval reports. Pure.

Every function raises ParseError with file, line and reason for a row that cannot be taken.
Source: FDA, Drugs@FDA data files; Drugs@FDA, "Drug Approval Reports by Month" (CSV).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from signals_app.ingest.delimited import Row

APPLICATIONS = ("ApplNo", "ApplType", "SponsorName")
PRODUCTS = ("ApplNo", "DrugName", "ActiveIngredient")
CLASSES = ("SubmissionClassCodeID", "SubmissionClassCode")
SUBMISSIONS = ("ApplNo", "SubmissionClassCodeID", "SubmissionType", "SubmissionNo", "SubmissionStatus",
               "SubmissionStatusDate")  # fmt: skip
REPORT = ("Approval Date", "Drug Name", "Submission", "Company", "Submission Status")
REPORT_CLASS = "Submission Classification *"

# New drugs and biologics. Copies (ANDA) are no news of a company's own drug.
KINDS = frozenset({"NDA", "BLA"})
NUMBER = re.compile(r"[0-9]{6}")
SERIAL = re.compile(r"[0-9]{1,6}")
# The kind is padded to six characters, which tells TECFIDERA + `NDA   ` from a copy called TECFIDER + `ANDA  `.
NAMED = re.compile(r"(?P<drug>.*?)\s*(?P<kind>ANDA {2}|NDA {3}|BLA {3})#(?P<number>\d{6})")
LOOSELY_NAMED = re.compile(r"(?P<drug>.*?)\s*(?P<kind>ANDA|NDA|BLA)\s*#\s*(?P<number>\d{6})")
SUBMISSION = re.compile(r"(ORIG|SUPPL)-(\d{1,6})")
ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?: .*)?")
US_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?")
OUTCOMES = {"AP": "approved", "TA": "tentative", "Approval": "approved", "Tentative Approval": "tentative"}
EFFICACY = "EFFICACY"
# Where the class says more than that, only new uses count; a new dose or text on the label is none.
ADDS_A_USE = re.compile(r"EFFICACY(?:\W+(?:NEW|EXPANDED|ADDITIONAL) (?:INDICATION|PATIENT POPULATION)\b.*)?")
# The lookup table's own number for it, should the table be missing.
CLASS_NAMES = {"2": EFFICACY}
EARLIEST_YEAR = 1900
LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Application:
    """An application: its kind (NDA, BLA, ANDA) and who holds it when the file was made."""

    number: str
    kind: str
    sponsor: str


@dataclass(frozen=True, slots=True)
class Decision:
    """An approval, final or tentative, of an original application (`ORIG`) or a supplement (`SUPPL`)."""

    file: str
    line: int
    application: str
    drug: str
    ingredients: str
    submission: str
    number: int
    submission_class: str
    outcome: str
    decided: date
    sponsor: str

    @property
    def signal_type(self) -> str | None:
        """The type of the catalogue; None for supplements that add no indication, and for copies."""
        if self.application[:3] not in KINDS:
            return None
        if self.outcome == "tentative":
            return "fda_tentative_approval" if self.submission == "ORIG" else None
        if self.submission == "ORIG":
            return "fda_approval"
        return "fda_supplement" if ADDS_A_USE.fullmatch(self.submission_class) else None


def application(row: Row) -> Application:
    """Return a row of Applications.txt."""
    number, kind = row["ApplNo"].strip(), row["ApplType"].strip().upper()
    if not NUMBER.fullmatch(number):
        raise row.fault(f"ApplNo {number[:40]!r} is no application number")
    if not re.fullmatch(r"[A-Z]{2,5}", kind):
        raise row.fault(f"ApplType {kind[:40]!r} is no kind of application")
    return Application(number, kind, row["SponsorName"].strip()[:LONGEST_NAME])


def submission(
    row: Row,
    applications: Mapping[str, Application],
    products: Mapping[str, tuple[str, str]],
    classes: Mapping[str, str],
    *,
    today: date,
) -> Decision | None:
    """Return a row of Submissions.txt; None for one that is no approval, or whose applicant the file does not name."""
    outcome = OUTCOMES.get(row["SubmissionStatus"].strip())
    number = row["ApplNo"].strip()
    if not NUMBER.fullmatch(number):
        raise row.fault(f"ApplNo {number[:40]!r} is no application number")
    held = applications.get(number)
    if outcome is None or held is None:
        return None
    kind, serial = row["SubmissionType"].strip(), row["SubmissionNo"].strip()
    if kind not in ("ORIG", "SUPPL") or not SERIAL.fullmatch(serial):
        raise row.fault(f"submission {kind[:20]!r} {serial[:20]!r} is unknown")
    drug, ingredients = products.get(held.number, ("", ""))
    return Decision(
        row.file, row.line, f"{held.kind}{held.number}", drug or ingredients, ingredients, kind, int(serial),
        classes.get(row["SubmissionClassCodeID"].strip(), "").upper(), outcome,
        _day(row, "SubmissionStatusDate", today), held.sponsor,
    )  # fmt: skip


def report(row: Row, *, today: date) -> Decision:
    """Return a row of a monthly report. It has a row a brand, so that one decision may stand in several."""
    named = NAMED.fullmatch(row["Drug Name"].strip()) or LOOSELY_NAMED.fullmatch(row["Drug Name"].strip())
    if named is None:
        raise row.fault(f"Drug Name {row['Drug Name'][:60]!r} names no application")
    match = SUBMISSION.fullmatch(row["Submission"].strip())
    if match is None:
        raise row.fault(f"Submission {row['Submission'][:40]!r} is unknown")
    outcome = OUTCOMES.get(row["Submission Status"].strip())
    if outcome is None:
        raise row.fault(f"Submission Status {row['Submission Status'][:40]!r} is unknown")
    ingredients = row["Active Ingredients"].strip()[:LONGEST_NAME]
    return Decision(
        row.file, row.line, f"{named['kind'].strip()}{named['number']}",
        named["drug"].strip()[:LONGEST_NAME] or ingredients, ingredients, match[1], int(match[2]),
        row[REPORT_CLASS].strip().upper(), outcome, _day(row, "Approval Date", today),
        row["Company"].strip()[:LONGEST_NAME],
    )  # fmt: skip


def _day(row: Row, column: str, today: date) -> date:
    text = row[column].strip()
    iso, american = ISO_DAY.fullmatch(text), US_DAY.fullmatch(text)
    try:
        if iso:
            found = date(int(iso[1]), int(iso[2]), int(iso[3]))
        elif american:
            found = date(int(american[3]), int(american[1]), int(american[2]))
        else:
            raise ValueError
    except ValueError:
        raise row.fault(f"{column} {text[:40]!r} is no day" if text else f"{column} is empty") from None
    if found > today:
        raise row.fault(f"{column} {found} is in the future")
    if found.year < EARLIEST_YEAR:
        raise row.fault(f"{column} {found} is before {EARLIEST_YEAR}")
    return found
