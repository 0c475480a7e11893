"""The feed of the latest filings: pure, bytes in, frozen dataclasses out.

Source: `https://www.sec.gov/cgi-bin/browse-edgar?action=getcurrent&output=atom`. Each party of a filing has an entry of
its own; `updated` is the acceptance, with its zone; the summary of an 8-K names the items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from biotech_ma.core.market_day import NEW_YORK, start_of
from signals_app.ingest.base import ParseError
from signals_app.ingest.edgar.filings import Filing
from signals_app.ingest.edgar.forms import EIGHT_K, Part, form_of
from signals_app.ingest.edgar.identifiers import accession_in, cik_of
from signals_app.ingest.edgar.safe_xml import Node, XmlFault, parse_xml
from signals_app.ingest.whole_files import instant_of

_PARTY = re.compile(r"(?P<name>.+?)\s*\((?P<cik>\d{1,10})\)\s*\((?P<part>[^()]+)\)")
_FILED = re.compile(r"Filed:\s*(?:</b>)?\s*(\d{4}-\d{2}-\d{2})")
_ITEM = re.compile(r"Item\s+(\d{1,2}\.\d{2})")
_PARTS = {
    "filer": Part.FILER,
    "subject": Part.SUBJECT,
    "filed by": Part.FILED_BY,
    "issuer": Part.ISSUER,
    "reporting": Part.OWNER,
}
ONE_DAY = timedelta(days=1)


def parse(data: bytes, file: str, today: date) -> Iterator[Filing | ParseError]:
    """Yield the filings of a page, faulty entries as ParseError; `line` counts entries from 1.

    Raises ParseError for a file that is no feed, or XML that declares entities.
    """
    try:
        feed = parse_xml(data)
    except XmlFault as error:
        raise ParseError(file, error.line, str(error)) from error
    if feed.name != "feed":
        raise ParseError(file, None, f"is no Atom feed but {feed.name}")
    for number, entry in enumerate(feed.all("entry"), start=1):
        try:
            yield _filing(entry, file, number, today)
        except ValueError as error:
            yield ParseError(file, number, str(error))


def _filing(entry: Node, file: str, number: int, today: date) -> Filing:
    category, link = entry.find("category"), entry.find("link")
    title = entry.value("title")
    term = (category.attributes.get("term", "") if category else "") or title.partition(" - ")[0]
    party = _PARTY.fullmatch(title.removeprefix(f"{term} - "))
    if party is None or not term:
        raise ValueError(f"the title {title[:60]!r} is not form, name, CIK and part")
    accession = accession_in(entry.value("id")) or accession_in(link.attributes.get("href", "") if link else "")
    if accession is None:
        raise ValueError("has no accession number")
    accepted = instant_of(entry.value("updated"))
    summary = entry.value("summary")
    said = _FILED.search(summary)
    filed = date.fromisoformat(said[1]) if said else accepted.astimezone(NEW_YORK).date()
    if filed > today or accepted >= start_of(today + ONE_DAY):
        raise ValueError(f"filed {filed}, which is in the future")
    form = form_of(term)
    return Filing(
        file=file,
        line=number,
        cik=cik_of(party["cik"]),
        accession=accession,
        form=form,
        filed=filed,
        accepted=accepted,
        items=tuple(dict.fromkeys(_ITEM.findall(summary))) if form.base in EIGHT_K else (),
        part=_PARTS.get(party["part"].strip().lower(), Part.UNKNOWN),
    )
