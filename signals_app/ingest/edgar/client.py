"""What EDGAR publishes where, as its page "EDGAR Application Programming Interfaces" and its folders have it.

Each function fetches one source's files through the session; none reads more of them than where the next ones are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from biotech_ma.core.http import Body
from signals_app.ingest.addresses import base
from signals_app.ingest.base import ParseError
from signals_app.ingest.edgar.forms import REPORTS
from signals_app.ingest.edgar.identifiers import accession_of
from signals_app.ingest.live import Session

INSIDER_FORMS = frozenset({"3", "3/A", "4", "4/A", "5", "5/A"})
# Those whose words tell something, and those that mean what the company's part in them is, which their header tells.
# Leaflets about a deal under way (425, SC TO-C) come by the dozen and tell neither: the list of filings notes them.
DOCUMENT_FORMS = frozenset(
    {"8-K", "8-K/A", "6-K", "SC 14D9", "SC 14D9/A", "SC 14D9-C", "SC14D9C", "SC TO-T", "SC TO-T/A", "SC 13E3"}
    | {"SC 13D", "SCHEDULE 13D", "DEFM14A", "PREM14A", "DEFM14C", "PREM14C"}
    # For what they say of going on as a concern. An amendment says nothing new.
    | REPORTS
)
# A first run goes back so far; --since goes further.
FIRST_INDEX_DAYS, FIRST_FILING_DAYS = 7, 90
FEED_ENTRIES, MOST_FEED_PAGES = 100, 10
OVERFLOW_NAME = re.compile(r"CIK\d{10}-submissions-\d{3}\.json")
INDEX_NAME = re.compile(r"company\.(\d{4})(\d{2})(\d{2})\.idx")
FIRST_QUARTER = (2009, 1)
MONTHS_A_QUARTER = 3


def tickers(session: Session) -> None:
    """Fetch `files/company_tickers.json`: one file for all companies."""
    session.get(f"{base('edgar')}/files/company_tickers.json", "company_tickers.json", Body.JSON, again=True)


def submissions(session: Session) -> None:
    """Fetch `submissions/CIK##########.json` of each company, and its overflow files with older filings."""
    for cik in session.ciks():
        for _ in _submissions(session, cik, since=session.request.since):
            pass


def company_facts(session: Session) -> None:
    """Fetch `api/xbrl/companyfacts/CIK##########.json` of each company; a company without XBRL has none."""
    for cik in session.ciks():
        name = f"CIK{cik}.json"
        session.get(f"{base('edgar-data')}/api/xbrl/companyfacts/{name}", name, Body.JSON)


def indexes(session: Session) -> None:
    """Fetch the company index of each day since the last one done, and the feed of today's filings.

    `Archives/edgar/daily-index/YYYY/QTRn/`: its index.json says which days have one.
    """
    start = session.start("day", days_before=FIRST_INDEX_DAYS)
    done = session.cursor("day")
    for day, url in session.each(list(_index_days(session, start))):
        if done and day.isoformat() <= done:
            continue
        if session.get(url, url.rsplit("/", 1)[1], Body.TEXT, is_final=day < session.today) is None:
            return
        if day < session.today:
            session.advance("day", day.isoformat())
    _feed(session)


def ownership(session: Session) -> None:
    """Fetch the full submissions of Forms 3, 4 and 5 that concern each company."""
    _filings(session, INSIDER_FORMS)


def documents(session: Session) -> None:
    """Fetch the full submissions of each company's current reports and of what is filed in a takeover."""
    _filings(session, DOCUMENT_FORMS)


def data_sets(session: Session) -> None:
    """Fetch the Financial Statement Data Sets of each quarter since the last one done, to the last complete one."""
    for year, quarter in session.each(list(_quarters(session))):
        name = f"{year}q{quarter}.zip"
        url = f"{base('edgar')}/files/dera/data/financial-statement-data-sets/{name}"
        if session.get(url, name, Body.ZIP) is None:
            return
        session.advance("quarter", f"{year}q{quarter}")


def _submissions(session: Session, cik: str, *, since: date | None, kept_as: str = "") -> Iterator[dict[str, Any]]:
    """Yield the tables of filings of a company, newest first; those that end before `since` are not fetched."""
    found = _fetched_json(session, f"CIK{cik}.json", kept_as)
    filings = found.get("filings")
    if not isinstance(filings, dict):
        return
    yield _dict(filings.get("recent"))
    for part in filings.get("files") or ():
        name = str(_dict(part).get("name", ""))
        ends = str(_dict(part).get("filingTo", ""))
        if OVERFLOW_NAME.fullmatch(name) and (since is None or not ends or ends >= since.isoformat()):
            yield _fetched_json(session, name, kept_as)


def _fetched_json(session: Session, name: str, kept_as: str) -> dict[str, Any]:
    path = session.get(f"{base('edgar-data')}/submissions/{name}", name, Body.JSON, kept_as=kept_as)
    return _dict(_json(path)) if path else {}


def _filings(session: Session, forms: frozenset[str]) -> None:
    """Fetch the companies' filings of these forms since the last one done, as full submissions, which never change."""
    for cik in session.ciks():
        start = session.start(cik, days_before=FIRST_FILING_DAYS)
        newest, faults = "", _faults(session)
        for table in _submissions(session, cik, since=start, kept_as="edgar-submissions"):
            for accession, filed in _of_forms(table, forms, start):
                url = f"{base('edgar')}/Archives/edgar/data/{int(cik)}/{accession}.txt"
                before = _faults(session)
                path = session.get(url, f"{accession}.txt", Body.TEXT, is_final=True)
                if path is None and _faults(session) == before:
                    # The list is ahead of the archive now and then; the cursor stays before it.
                    session.missing.append(ParseError(f"{accession}.txt", None, "is on the list, but not there yet"))
                newest = max(newest, filed)
        if newest and _faults(session) == faults:
            session.advance(cik, newest)


def _faults(session: Session) -> int:
    return len(session.failures) + len(session.missing)


def _of_forms(table: dict[str, Any], forms: frozenset[str], start: date) -> Iterator[tuple[str, str]]:
    """Yield accession number and filing day of the filings of these forms; entries that are none are left out."""
    columns: Iterable[tuple[Any, Any, Any]] = zip(
        table.get("accessionNumber") or (), table.get("form") or (), table.get("filingDate") or (), strict=False
    )
    for accession, form, filed in columns:
        if str(form) in forms and str(filed) >= start.isoformat():
            try:
                yield accession_of(accession), str(filed)
            except ValueError:
                continue


def _index_days(session: Session, start: date) -> Iterator[tuple[date, str]]:
    """Yield the days since `start` that have an index, in order, with its address."""
    for year, quarter in _quarters_between((start.year, _quarter_of(start)), _this_quarter(session)):
        folder = f"{base('edgar')}/Archives/edgar/daily-index/{year}/QTR{quarter}"
        path = session.get(
            f"{folder}/index.json", f"daily-index-{year}q{quarter}.json", Body.JSON, kept_as="edgar-index-folders"
        )
        items = _dict(_dict(_json(path)).get("directory")).get("item") if path else ()
        names = sorted({str(_dict(item).get("name", "")) for item in items or ()})
        for found in filter(None, map(INDEX_NAME.fullmatch, names)):
            day = date(*map(int, found.groups()))
            if day >= start:
                yield day, f"{folder}/{found[0]}"


def _feed(session: Session) -> None:
    """Fetch the newest filings, page by page, until a page is not full. A page changes with every filing."""
    for page in range(MOST_FEED_PAGES):
        params = {
            "action": "getcurrent",
            "type": "",
            "company": "",
            "owner": "include",
            "output": "atom",
            "count": str(FEED_ENTRIES),
            "start": str(page * FEED_ENTRIES),
        }
        url, name = f"{base('edgar')}/cgi-bin/browse-edgar", f"getcurrent-{page + 1:02}.xml"
        path = session.get(url, name, Body.XML, params=params)
        if path is None or path.read_bytes().count(b"<entry") < FEED_ENTRIES:
            return


def _quarters(session: Session) -> Iterator[tuple[int, int]]:
    """Yield the quarters to fetch: from the run's own start, after the last one done, or the last one alone."""
    last = _before(_this_quarter(session))
    since, done = session.request.since, session.cursor("quarter")
    if since:
        first = (since.year, _quarter_of(since))
    elif done:
        year, _, quarter = done.partition("q")
        first = _after((int(year), int(quarter)))
    else:
        first = last
    yield from _quarters_between(max(first, FIRST_QUARTER), last)


def _quarters_between(first: tuple[int, int], last: tuple[int, int]) -> Iterator[tuple[int, int]]:
    while first <= last:
        yield first
        first = _after(first)


def _this_quarter(session: Session) -> tuple[int, int]:
    return session.today.year, _quarter_of(session.today)


def _quarter_of(day: date) -> int:
    return (day.month - 1) // MONTHS_A_QUARTER + 1


def _after(quarter: tuple[int, int]) -> tuple[int, int]:
    return (quarter[0], quarter[1] + 1) if quarter[1] < 4 else (quarter[0] + 1, 1)  # noqa: PLR2004


def _before(quarter: tuple[int, int]) -> tuple[int, int]:
    return (quarter[0], quarter[1] - 1) if quarter[1] > 1 else (quarter[0] - 1, 4)


def _json(path: Path) -> Any:
    """Return what a file holds, None where it is no JSON: the run that reads it says so."""
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
