"""A registrant's submissions file and its overflow files: pure, bytes in, frozen dataclasses out.

Source: `https://data.sec.gov/submissions/CIK##########.json`; older filings stand in the files that
`filings.files[].name` lists, with the same arrays at the top. README.md describes the quirks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from biotech_ma.core.market_day import NEW_YORK, start_of
from signals_app.ingest.base import ParseError
from signals_app.ingest.edgar.filings import Filing
from signals_app.ingest.edgar.forms import EIGHT_K, OFFERS, Part, form_of, items_of
from signals_app.ingest.edgar.identifiers import accession_of, cik_of, ticker_of
from signals_app.ingest.whole_files import day_of, instant_of, json_object, text_of

OVERFLOW = re.compile(r"CIK(\d{10})-submissions-\d+\.json")
REQUIRED = ("accessionNumber", "filingDate", "acceptanceDateTime", "form")
OPTIONAL = ("reportDate", "items", "fileNumber", "primaryDocument")
LONGEST_NAME = 255
# The file number of a company as the subject of an offer or a stake; who files about another has none.
SUBJECT_FILE_NUMBER = "005-"
FORMS_WITH_SUBJECT = OFFERS | {"SC 13D", "SC 13G", "SC 14D9-C"}
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FormerName:
    """A name that a registrant had, with the first and last day of it."""

    name: str
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Registrant:
    """Who files. `is_company` is False for individuals and for funds, which have no industry code."""

    cik: str
    name: str
    sic: str
    is_company: bool
    tickers: tuple[str, ...]
    exchanges: tuple[str, ...]
    former_names: tuple[FormerName, ...]
    headquarters: str


@dataclass(frozen=True)
class Submissions:
    """What a file holds: the registrant (None in an overflow file), the filings, and the rows that are none."""

    registrant: Registrant | None
    filings: tuple[Filing, ...]
    rejects: tuple[ParseError, ...]


def overflow_cik(file: str) -> str | None:
    """Return the CIK in an overflow file's name, which is the only place that tells it; None for another file."""
    found = OVERFLOW.search(file)
    return found.group(1) if found else None


def parse(data: bytes, file: str, today: date) -> Submissions:
    """Return what a submissions file or an overflow file holds; faulty rows are among the rejects.

    Raises ParseError for a file that is neither, or whose arrays do not go together.
    """
    found = json_object(data, file)
    cik = overflow_cik(file)
    if cik is not None and "filings" not in found:
        return Submissions(None, *_filings(found, file, cik, today))
    filings = found.get("filings")
    recent = filings.get("recent") if isinstance(filings, dict) else None
    if not isinstance(recent, dict) or "cik" not in found:
        raise ParseError(file, None, "is no submissions file: cik or filings.recent is missing")
    try:
        registrant = _registrant(found)
    except ValueError as error:
        raise ParseError(file, None, f"the registrant cannot be read: {error}") from error
    return Submissions(registrant, *_filings(recent, file, registrant.cik, today))


def _registrant(found: Mapping[str, Any]) -> Registrant:
    name = text_of(found.get("name"), LONGEST_NAME)
    if not name:
        raise ValueError("name is empty")
    sic = text_of(found.get("sic"), 8)
    owns_only = bool(found.get("insiderTransactionForOwnerExists")) and not found.get(
        "insiderTransactionForIssuerExists"
    )
    return Registrant(
        cik=cik_of(found["cik"]),
        name=name,
        sic=sic,
        is_company=bool(sic) and not (found.get("entityType") == "other" and owns_only),
        tickers=_tickers(found.get("tickers")),
        exchanges=tuple(dict.fromkeys(text_of(item, 40) for item in _list(found.get("exchanges")) if item)),
        former_names=_former_names(found.get("formerNames"), name),
        headquarters=_headquarters(found.get("addresses")),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _tickers(value: Any) -> tuple[str, ...]:
    """Return the tickers that are of a ticker's form, each once; a stray one does not spoil the file."""
    found: dict[str, None] = {}
    for item in _list(value):
        with suppress(ValueError):
            found[ticker_of(item) or ""] = None
    return tuple(ticker for ticker in found if ticker)


def _letters(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "", name.upper())


def _former_names(value: Any, current: str) -> tuple[FormerName, ...]:
    """Return the former names, each once; the list repeats spellings, and sometimes the present name."""
    found: dict[str, FormerName] = {}
    for item in _list(value):
        if not isinstance(item, dict):
            continue
        name = text_of(item.get("name"), LONGEST_NAME)
        first, last = _day_in_new_york(item.get("from")), _day_in_new_york(item.get("to"))
        if name and _letters(name) not in (_letters(current), "") and not (first and last and last < first):
            found.setdefault(_letters(name), FormerName(name, first, last))
    return tuple(found.values())


def _day_in_new_york(value: Any) -> date | None:
    return instant_of(value).astimezone(NEW_YORK).date() if value else None


def _headquarters(addresses: Any) -> str:
    """Return city and state, or city and country."""
    address = addresses.get("business") if isinstance(addresses, dict) else None
    if not isinstance(address, dict):
        return ""
    city = text_of(address.get("city"), 100).title()
    code = text_of(address.get("stateOrCountry"), 100)
    country = text_of(address.get("stateOrCountryDescription"), 100)
    place = country.title() if address.get("isForeignLocation") and country else code
    return ", ".join(part for part in (city, place) if part)


def _filings(
    arrays: Mapping[str, Any], file: str, cik: str, today: date
) -> tuple[tuple[Filing, ...], tuple[ParseError, ...]]:
    columns = {name: arrays.get(name) for name in (*REQUIRED, *OPTIONAL)}
    for name in REQUIRED:
        if not isinstance(columns[name], list):
            raise ParseError(file, None, f"is no submissions file: the array {name} is missing")
    lengths = {len(column) for column in columns.values() if isinstance(column, list)}
    if len(lengths) > 1:
        raise ParseError(file, None, f"the arrays differ in length: {', '.join(map(str, sorted(lengths)))}")
    filings: list[Filing] = []
    rejects: list[ParseError] = []
    for number in range(next(iter(lengths))):
        row = {name: column[number] for name, column in columns.items() if isinstance(column, list)}
        try:
            filings.append(_filing(row, file, number + 1, cik, today))
        except ValueError as error:
            rejects.append(ParseError(file, number + 1, str(error)))
    return tuple(filings), tuple(rejects)


def _filing(row: Mapping[str, Any], file: str, line: int, cik: str, today: date) -> Filing:
    form = form_of(text_of(row["form"], 40))
    filed = day_of(row["filingDate"])
    if not form.base or filed is None:
        raise ValueError("form or filingDate is empty")
    accepted = instant_of(row["acceptanceDateTime"]) if row["acceptanceDateTime"] else start_of(filed)
    if filed > today or accepted >= start_of(today + ONE_DAY):
        raise ValueError(f"filed {filed}, accepted {accepted:%Y-%m-%d %H:%M}, which is in the future")
    is_eight_k = form.base in EIGHT_K
    return Filing(
        file=file,
        line=line,
        cik=cik,
        accession=accession_of(row["accessionNumber"]),
        form=form,
        filed=filed,
        accepted=accepted,
        report_date=day_of(row.get("reportDate")),
        items=items_of(text_of(row.get("items"), 400)) if is_eight_k else (),
        part=_part(form.base, row.get("fileNumber")),
        document=text_of(row.get("primaryDocument"), 255),
    )


def _part(base: str, file_number: Any) -> Part:
    if base not in FORMS_WITH_SUBJECT or file_number is None:
        return Part.UNKNOWN
    number = str(file_number).strip()
    if number.startswith(SUBJECT_FILE_NUMBER):
        return Part.SUBJECT
    return Part.UNKNOWN if number else Part.FILED_BY
