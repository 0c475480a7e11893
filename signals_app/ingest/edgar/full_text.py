"""A full submission: the header and the documents, read line by line. Pure; memory holds only what is wanted.

Source: `https://www.sec.gov/Archives/edgar/data/<CIK>/<accession>.txt` (header in words) and the files of the daily
feed (header in tags); EDGAR Filer Manual, PDS Technical Specification. Packed parts (uuencode) are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from biotech_ma.core.market_day import NEW_YORK, start_of
from signals_app.ingest.base import ParseError
from signals_app.ingest.edgar.filings import Filing
from signals_app.ingest.edgar.forms import EIGHT_K, Part, form_of
from signals_app.ingest.edgar.header_items import items_in_words
from signals_app.ingest.edgar.identifiers import accession_of, cik_of
from signals_app.ingest.whole_files import day_of, text_of

MOST_BYTES_OF_A_TEXT = 64 * 1024 * 1024
MOST_HEADER_LINES = 5000
PADDING = b"\xef\xbb\xbf \r\n\t"
PAGE = (b"<!doctype html", b"<html")
STARTS = (b"<SEC-DOCUMENT", b"<SEC-HEADER", b"<SUBMISSION", b"<IMS-", b"-----BEGIN PRIVACY")
_PARTS = {
    "FILER": Part.FILER,
    "FILED BY": Part.FILED_BY,
    "SUBJECT COMPANY": Part.SUBJECT,
    "ISSUER": Part.ISSUER,
    "REPORTING OWNER": Part.OWNER,
}
_UU = re.compile(rb"begin [0-7]{3} \S")
_WORDS = re.compile(r"\s*([A-Z][A-Z0-9 &/-]*?):\s*(.*)")
_TAG = re.compile(r"<([A-Z][A-Z0-9-]*)>(.*)")
_SIC = re.compile(r"\[(\d{4})\]")
_RENAMED = {
    "CONFORMED SUBMISSION TYPE": "TYPE",
    "CONFORMED PERIOD OF REPORT": "PERIOD",
    "FILED AS OF DATE": "FILING DATE",
    "ITEM INFORMATION": "ITEMS",
    "COMPANY CONFORMED NAME": "CONFORMED NAME",
    "CENTRAL INDEX KEY": "CIK",
    "STANDARD INDUSTRIAL CLASSIFICATION": "ASSIGNED SIC",
}


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody whom the header names, with the part in the filing."""

    part: Part
    cik: str
    name: str
    sic: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One document of a submission. `text` is empty for one that was not wanted."""

    type: str
    name: str
    description: str
    text: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class FullText:
    """A submission: the header's facts, the parties, and every document in order."""

    file: str
    accession: str
    form: str
    filed: date
    accepted: datetime
    period: date | None
    items: tuple[str, ...]
    parties: tuple[Party, ...]
    exhibits: tuple[Exhibit, ...]

    def filing_of(self, party: Party) -> Filing:
        """Return the filing as it concerns a party."""
        form = form_of(self.form)
        return Filing(
            file=self.file,
            line=None,
            cik=party.cik,
            accession=self.accession,
            form=form,
            filed=self.filed,
            accepted=self.accepted,
            report_date=self.period,
            items=self.items if form.base in EIGHT_K else (),
            part=party.part,
        )


def is_full_text(start: bytes) -> bool:
    """Return whether a file that starts so is a full submission."""
    return start.lstrip(PADDING).startswith(STARTS)


def parse(lines: Iterable[bytes], file: str, wanted: Callable[[str], bool], *, today: date) -> FullText:
    """Return a submission with the text of the documents whose type is wanted.

    Raises ParseError for a file without the header's essentials, one that ends within a document, or one of a day
    after `today`.
    """
    remaining = iter(lines)
    header = _header(remaining, file)
    try:
        exhibits = tuple(_exhibits(remaining, header.first_document, file, wanted))
        return _full_text(header, file, exhibits, today)
    except (ValueError, KeyError) as error:
        if isinstance(error, ParseError):
            raise
        reason = f"lacks {error.args[0]}" if isinstance(error, KeyError) else str(error)
        raise ParseError(file, None, f"the header cannot be read: {reason}") from error


@dataclass
class _Header:
    values: dict[str, str] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)
    parties: list[tuple[Part, dict[str, str]]] = field(default_factory=list)
    first_document: bool = False


def _header(lines: Iterator[bytes], file: str) -> _Header:
    """Read up to the first document. The header is in words (`FILED AS OF DATE:`) or in tags (`<FILING-DATE>`)."""
    header, read, is_page = _Header(), False, False
    for number, raw in enumerate(lines):
        read, is_page = True, is_page or (number == 0 and raw.lstrip(PADDING).lower().startswith(PAGE))
        if raw.startswith(b"<DOCUMENT>"):
            header.first_document = True
            return header
        if number > MOST_HEADER_LINES:
            break
        found = _TAG.match(raw.decode("latin-1").strip()) or _WORDS.match(raw.decode("latin-1").rstrip())
        if found is not None:
            _take(header, found[1].replace("-", " ").strip(), found[2].strip())
    if "TYPE" not in header.values:
        what = "is a web page" if is_page else "has no header with a submission type" if read else "is empty"
        raise ParseError(file, None, f"is no full submission: it {what}")
    raise ParseError(file, None, "ends before its first document")


def _take(header: _Header, label: str, value: str) -> None:
    label = _RENAMED.get(label, label)
    if not value and label in _PARTS:
        header.parties.append((_PARTS[label], {}))
    elif label == "ITEMS":
        header.items.append(value)
    elif label in ("CIK", "CONFORMED NAME", "ASSIGNED SIC") and header.parties:
        header.parties[-1][1].setdefault(label, value)
    elif value:
        header.values.setdefault(label, value)


def _full_text(header: _Header, file: str, exhibits: tuple[Exhibit, ...], today: date) -> FullText:
    values = header.values
    filed = day_of(values["FILING DATE"][:8])
    if filed is None:
        raise ValueError("FILING DATE is empty")
    moment = values.get("ACCEPTANCE DATETIME", "")[:14]
    accepted = datetime.strptime(moment, "%Y%m%d%H%M%S").replace(tzinfo=NEW_YORK) if moment else start_of(filed)
    if max(filed, accepted.date()) > today:
        raise ValueError(f"filed {filed}, accepted {accepted:%Y-%m-%d %H:%M}, which is in the future")
    return FullText(
        file=file,
        accession=accession_of(values["ACCESSION NUMBER"].split()[0]),
        form=text_of(values["TYPE"], 40),
        filed=filed,
        accepted=accepted,
        period=day_of(values.get("PERIOD", "")[:8]),
        items=items_in_words(header.items, filed),
        parties=tuple(_parties(header)),
        exhibits=exhibits,
    )


def _parties(header: _Header) -> Iterator[Party]:
    """Yield each party once; a company that files about itself, as a target's answer to an offer, is the subject."""
    seen = set()
    named = [(part, cik_of(said["CIK"]), said) for part, said in header.parties if "CIK" in said]
    subjects = {cik for part, cik, _ in named if part is Part.SUBJECT}
    for part, cik, said in named:
        if cik in subjects and part is not Part.SUBJECT:
            continue
        sic = _SIC.search(said.get("ASSIGNED SIC", ""))
        if (part, cik) not in seen:
            seen.add((part, cik))
            name = text_of(said.get("CONFORMED NAME"), 255)
            yield Party(part, cik, name, sic[1] if sic else said.get("ASSIGNED SIC", "").strip()[:4])


def _exhibits(lines: Iterator[bytes], is_inside: bool, file: str, wanted: Callable[[str], bool]) -> Iterator[Exhibit]:
    """Yield the documents; `is_inside` says that the tag of the first has been read."""
    while is_inside or _skip_to(lines, b"<DOCUMENT>"):
        is_inside = False
        said: dict[str, str] = {}
        for raw in lines:
            if raw.startswith(b"<TEXT>"):
                break
            found = _TAG.match(raw.decode("latin-1").strip())
            if found is not None:
                said[found[1]] = found[2].strip()
        kind = said.get("TYPE", "").upper()
        text = _text(lines, keep=wanted(kind), file=file)
        yield Exhibit(kind[:40], said.get("FILENAME", "")[:255], said.get("DESCRIPTION", "")[:500], text)


def _skip_to(lines: Iterator[bytes], tag: bytes) -> bool:
    return any(raw.startswith(tag) for raw in lines)


def _text(lines: Iterator[bytes], *, keep: bool, file: str) -> bytes:
    """Return a document's text up to its end tag, without packed parts.

    Raises ParseError where the file ends first, or where the text is larger than any filer may send.
    """
    parts: list[bytes] = []
    room = MOST_BYTES_OF_A_TEXT
    is_packed = False
    for raw in lines:
        if raw.startswith((b"</TEXT>", b"</DOCUMENT>")):
            return b"".join(parts)
        if is_packed:
            is_packed = raw.rstrip() != b"end"
        elif _UU.match(raw):
            is_packed = True
        elif keep:
            parts.append(raw)
            room -= len(raw)
            if room < 0:
                raise ParseError(file, None, f"a document in it has more than {MOST_BYTES_OF_A_TEXT:,} bytes")
    raise ParseError(file, None, "ends within a document")
