"""EDGAR's indexes of filings: pure, lines in, frozen dataclasses out, one line at a time.

Source: `https://www.sec.gov/Archives/edgar/daily-index/` and `full-index/`: `company.idx`, `form.idx` and `crawler.idx`
(fixed width), `master.idx` (delimited by `|`). The width of the columns differs between years: the header tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from biotech_ma.core.market_day import start_of
from signals_app.ingest.base import ParseError
from signals_app.ingest.edgar.filings import Filing
from signals_app.ingest.edgar.forms import form_of
from signals_app.ingest.edgar.identifiers import accession_in, cik_of

NAME, FORM = "Company Name", "Form Type"
MASTER_HEADER = "CIK|Company Name|Form Type|Date Filed|"
MASTER_COLUMNS = 5
RULE = "-----"
AMENDED = "/A"
# Whatever the widths, a row ends in CIK, day and path. A form type that fills its column runs into the CIK.
_TAIL = re.compile(
    r"(?P<head>.*?)\s*(?P<cik>\d{1,10})\s+(?P<day>\d{8}|\d{6}|\d{4}-\d{2}-\d{2})\s+(?P<path>(?:https?://|/?edgar/)\S+)\s*"
)
_CIK_IN_PATH = re.compile(r"/data/0*(\d{1,10})/")
_GAP = re.compile(r"\s{2,}")
LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns stand: `second` is where the second column begins, `name_first` whether that is the form."""

    second: int
    name_first: bool
    is_master: bool = False


def parse(lines: Iterable[str], file: str, today: date) -> Iterator[Filing | ParseError]:
    """Yield the filings of an index, faulty rows as ParseError. Raises ParseError for a file that is no index."""
    layout: Layout | None = None
    in_rows = False
    number = 0
    for number, line in enumerate(lines, start=1):
        if not in_rows:
            layout = layout or _layout(line)
            in_rows = layout is not None and line.startswith(RULE)
        elif layout is not None and line.strip():
            yield _checked(line, layout, file, number, today)
    if layout is None or not in_rows:
        what = "is empty" if not number else "is no index: the header with Company Name and Form Type is missing"
        raise ParseError(file, None, what)


def _layout(line: str) -> Layout | None:
    if line.startswith(MASTER_HEADER):
        return Layout(0, True, is_master=True)
    name, form = line.find(NAME), line.find(FORM)
    if name < 0 or form < 0:
        return None
    return Layout(max(name, form), name_first=name < form)


def _checked(line: str, layout: Layout, file: str, number: int, today: date) -> Filing | ParseError:
    try:
        if len(line) > LONGEST_LINE:
            raise ValueError(f"longer than {LONGEST_LINE} characters")
        return _filing(line.rstrip("\r\n"), layout, file, number, today)
    except ValueError as error:
        return ParseError(file, number, str(error))


def _filing(line: str, layout: Layout, file: str, number: int, today: date) -> Filing:
    name, form, cik, day, path = _delimited(line) if layout.is_master else _fixed(line, layout)
    if not form or not name:
        raise ValueError("has no company or no form type")
    filed = datetime.strptime(day, "%y%m%d").date() if len(day) == len("YYMMDD") else date.fromisoformat(day)
    if filed > today:
        raise ValueError(f"filed {filed}, which is in the future")
    accession = accession_in(path)
    if accession is None:
        raise ValueError(f"the path {path[:60]} has no accession number")
    return Filing(
        file=file,
        line=number,
        cik=cik_of(cik),
        accession=accession,
        form=form_of(form),
        filed=filed,
        accepted=start_of(filed),
    )


def _delimited(line: str) -> tuple[str, str, str, str, str]:
    fields = [part.strip() for part in line.split("|")]
    if len(fields) != MASTER_COLUMNS:
        raise ValueError(f"has {len(fields)} columns, expected {MASTER_COLUMNS}")
    cik, name, form, day, path = fields
    return name, form, cik, day, path


def _fixed(line: str, layout: Layout) -> tuple[str, str, str, str, str]:
    found = _TAIL.fullmatch(line)
    if found is None:
        raise ValueError("does not end in CIK, day and path")
    head, cik = found["head"], found["cik"]
    filer = _CIK_IN_PATH.search(found["path"])
    if not line[: found.start("cik")].endswith((" ", "\t")) and filer and cik.endswith(filer[1]):
        head, cik = head + cik.removesuffix(filer[1]), filer[1]
    first, second = head[: layout.second].strip(), head[layout.second :].strip()
    # A row of other widths than the header's: the columns lie at least two blanks apart.
    if not first or not second or not head[layout.second - 1].isspace():
        parts = _GAP.split(head.strip())
        if len(parts) > 1:
            last, others = (parts[-1], parts[:-1]) if layout.name_first else (" ".join(parts[1:]), parts[:1])
            first, second = " ".join(others), last
    name, form = (first, second) if layout.name_first else (second, first)
    if not layout.name_first and name.startswith(AMENDED) and not form.endswith(AMENDED):
        # A form type wider than its column runs into the name.
        name, form = name.removeprefix(AMENDED).strip(), form + AMENDED
    return name, form, cik, found["day"], found["path"]
