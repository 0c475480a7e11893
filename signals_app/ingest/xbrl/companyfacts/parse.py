"""Company facts: one JSON document a registrant. Pure: bytes in, frozen dataclasses out. ../README.md describes it.

Source: https://data.sec.gov/api/xbrl/companyfacts/CIK##########.json, and companyfacts.zip of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from signals_app.ingest.base import ParseError
from signals_app.ingest.whole_files import json_object
from signals_app.ingest.xbrl.choose import Entry, exact, fault, has_unit_of, is_wanted

TAXONOMIES = ("us-gaap", "ifrs-full", "dei")
ACCESSION = re.compile(r"\d{10}-\d{2}-\d{6}")
CIK_DIGITS = 10
FORM = re.compile(r"[ -~]{1,32}")
LONGEST_QUOTE = 40
MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Filing:
    """The figures of one filing, known from the day on which it was filed."""

    accession: str
    form: str
    filed: date
    entries: list[Entry] = field(default_factory=list, hash=False)


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """A registrant's figures by filing; the entries that could not be taken, and how many say nothing of ours."""

    cik: str
    name: str
    filings: dict[str, Filing]
    rejects: tuple[ParseError, ...]
    left_out: int

    @property
    def read(self) -> int:
        """How many entries the document has."""
        return self.left_out + len(self.rejects) + sum(len(filing.entries) for filing in self.filings.values())


def parse(data: bytes, file: str, *, today: date) -> CompanyFacts:
    """Return the figures of a document. Raises ParseError where it is no company facts document at all.

    `fy` and `fp` describe the filing and `frame` what was known later: none of them is read.
    """
    document = json_object(data, file, parse_float=Decimal)
    cik = str(document.get("cik", "")).strip()
    facts = document.get("facts")
    if not (cik.isascii() and cik.isdigit() and int(cik) and len(cik) <= CIK_DIGITS) or not isinstance(facts, dict):
        raise ParseError(file, None, "is no company facts document: it lacks cik or facts")
    reader = _Reader(file, today)
    for taxonomy, tag, unit, rows in _series(facts):
        reader.take(taxonomy, tag, unit, rows)
    return CompanyFacts(
        cik.zfill(CIK_DIGITS),
        str(document.get("entityName", ""))[:255],
        reader.filings,
        tuple(reader.rejects),
        reader.left_out,
    )


def _series(facts: dict[str, Any]) -> Iterator[tuple[str, str, str, list[Any]]]:
    for taxonomy, concepts in facts.items():
        for tag, concept in concepts.items() if isinstance(concepts, dict) else ():
            units = concept.get("units") if isinstance(concept, dict) else None
            for unit, rows in units.items() if isinstance(units, dict) else ():
                if isinstance(rows, list):
                    yield taxonomy, tag, unit, rows


class _Reader:
    """Gathers the entries by filing, and the faults, on the way through the document."""

    def __init__(self, file: str, today: date) -> None:
        self.file, self.today = file, today
        self.filings: dict[str, Filing] = {}
        self.rejects: list[ParseError] = []
        self.left_out = 0

    def take(self, taxonomy: str, tag: str, unit: str, rows: list[Any]) -> None:
        """Take the entries of one tag and unit, if they are any of ours."""
        if taxonomy not in TAXONOMIES or not is_wanted(tag) or not has_unit_of(tag, unit):
            self.left_out += len(rows)
            return
        for number, row in enumerate(rows):
            try:
                self._entry(tag, unit, row)
            except (ValueError, TypeError, KeyError, ArithmeticError) as error:
                reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
                self.rejects.append(ParseError(self.file, None, f"{taxonomy} {tag} {unit} [{number}]: {reason}"))

    def _entry(self, tag: str, unit: str, row: Any) -> None:
        if not isinstance(row, dict):
            raise ValueError(f"{str(row)[:LONGEST_QUOTE]!r} is no entry")
        filing = self._filing(row)
        start = _day(row["start"], "start") if row.get("start") else None
        entry = Entry(tag, start, _day(row["end"], "end"), _value(row["val"]), unit)
        reason = fault(entry, latest_end=filing.filed)
        if reason:
            raise ValueError(reason)
        filing.entries.append(entry)

    def _filing(self, row: dict[str, Any]) -> Filing:
        accession = str(row["accn"])
        filing = self.filings.get(accession)
        if filing is not None:
            return filing
        filed, form = _day(row["filed"], "filed"), str(row["form"]).strip()
        if not ACCESSION.fullmatch(accession):
            raise ValueError(f"accn {accession[:LONGEST_QUOTE]!r} is no accession number")
        if filed > self.today:
            raise ValueError(f"filed {filed} is in the future")
        if not FORM.fullmatch(form):
            raise ValueError(f"form {form[:LONGEST_QUOTE]!r} is no form")
        self.filings[accession] = Filing(accession, form, filed)
        return self.filings[accession]


def _day(text: Any, name: str) -> date:
    if not isinstance(text, str) or len(text) != len("YYYY-MM-DD"):
        raise ValueError(f"{name} {str(text)[:LONGEST_QUOTE]!r} is no day YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} is no day YYYY-MM-DD") from None


def _value(number: Any) -> Decimal:
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        raise ValueError(f"val {str(number)[:LONGEST_QUOTE]!r} is no number")
    value = Decimal(number)
    return exact(value) if value.adjusted() < MOST_DIGITS else value
