"""The rows of a labels file, `cik,announced[,acquirer]`: pure. One fault refuses the file, for a label that is left out
unnoticed turns a deal into a company that was never bought.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from signals_app.ingest.base import ParseError
from signals_app.ingest.csv_rows import day, rows, words
from signals_app.ingest.delimited import Row
from signals_app.ingest.edgar.identifiers import cik_of
from signals_app.ingest.files import Document

NEEDED = ("cik", "announced")
# As spreadsheets of any country save it: there is no number in it whose decimal comma could be misread.
SEPARATORS = ",;\t"
LONGEST_NAME = 255
MOST_FAULTS_NAMED = 5


class LabelError(ValueError):
    """Why a labels file cannot be used, in one line."""


@dataclass(frozen=True, slots=True)
class Label:
    """One announced acquisition: the target's CIK in ten digits, the day of the announcement, the buyer if told."""

    cik: str
    announced: date
    acquirer: str = ""


def read_labels(path: Path, *, today: date) -> list[Label]:
    """Return the labels of a CSV file in its order. Raises LabelError with file, line and reason for the first fault.

    Faults: no such file, a header without `cik` or `announced`, a CIK that is none, a day that is none or lies after
    `today`, the same announcement twice.
    """
    if not path.is_file():
        raise LabelError(f"{path}: no such file")
    document = Document(path.name, path.name, path.stat().st_size, lambda: path.open("rb"))
    labels: list[Label] = []
    faults: list[ParseError] = []
    lines: dict[tuple[str, date], int] = {}
    try:
        for row in rows(document, NEEDED, separators=SEPARATORS):
            try:
                labels.append(_label(row, today, lines))
            except ParseError as fault:
                faults.append(fault)
    except ParseError as fault:
        faults.append(fault)
    if faults:
        raise LabelError(_said(faults))
    return labels


def _label(row: Row | ParseError, today: date, lines: dict[tuple[str, date], int]) -> Label:
    if isinstance(row, ParseError):
        raise row
    try:
        cik = cik_of(row["cik"])
    except ValueError as error:
        raise row.fault(str(error)) from error
    announced = day(row, "announced")
    if announced is None or announced > today:
        raise row.fault(f"announced {announced}, which is in the future (today is {today})")
    first = lines.setdefault((cik, announced), row.line)
    if first != row.line:
        raise row.fault(f"the same announcement of {cik} on {announced} as in line {first}")
    return Label(cik, announced, words(row, "acquirer", LONGEST_NAME))


def _said(faults: list[ParseError]) -> str:
    others = [f"line {fault.line}: {fault.reason}" for fault in faults[1:] if fault.line]
    named = others[: MOST_FAULTS_NAMED - 1]
    more = [f"and {len(others) - len(named)} more"] if len(others) > len(named) else []
    return "; ".join([str(faults[0]), *named, *more])
