"""Loads Financial Statement Data Sets: companies of the biopharma codes, dead or alive, and what their filings state.

A data set is a zip (or a folder) with sub.txt and num.txt; a file of submissions alone brings companies only. Each data
set is one transaction. Memory holds the submissions and the figures of the wanted filings, never the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.services import recorded
from signals_app.ingest.base import Outcome, ParseError, Progress, Request
from signals_app.ingest.delimited import Row, Table
from signals_app.ingest.files import Document, bare_name, conclude, is_zip_name, need_paths
from signals_app.ingest.folders import Found, below
from signals_app.ingest.frame import expect, watched
from signals_app.ingest.merge.companies import Universe
from signals_app.ingest.merge.turn import take_turn
from signals_app.ingest.xbrl.choose import Entry
from signals_app.ingest.xbrl.fsds.parse import (
    NUM_COLUMNS,
    SUB_COLUMNS,
    Submission,
    entry,
    is_share_class,
    submission,
)
from signals_app.ingest.xbrl.fsds.registrants import create_companies
from signals_app.ingest.xbrl.load import Reported, load, refresh

SOURCE = "edgar-fsds"
TAB = "\t"
NUM, SUB = "num.txt", "sub.txt"
# Parts of a data set that say nothing which is not in the two.
UNREAD = ("tag.txt", "pre.txt", "tag.tsv", "pre.tsv")


def run(request: Request, progress: Progress) -> Outcome:
    """Read the data sets behind the request's paths, oldest name first. Raises IngestError as `conclude` does."""
    need_paths(SOURCE, request.paths, "a data set's zip or folder, or a file of submissions")
    job = Run(request, Outcome(SOURCE), progress)
    parts = list(_split(request.paths))
    for found in parts:
        if not isinstance(found, ParseError):
            expect(found, job.outcome, _is_table)
    for found in parts:
        if isinstance(found, ParseError):
            job.outcome.reject(found)
        else:
            job.data_set(found)
    conclude(job.outcome)
    if not request.dry_run:
        with recorded("refresh figures"):
            take_turn()
            refresh(job.touched)
    return job.outcome


def _split(paths: tuple[Path, ...]) -> Iterator[tuple[Path, ...] | ParseError]:
    """Yield the paths of one data set each, a zip, a single file or the two tables of a folder, and what is neither."""
    for path in paths:
        found = list(below(path, _may_be_read))
        yield from (one for one in found if isinstance(one, ParseError))
        files = [one for one in found if isinstance(one, Found)]
        for _, inside in groupby(files, key=lambda one: one.folder):
            yield from _data_sets([one.path for one in inside])


def _data_sets(inside: list[Path]) -> Iterator[tuple[Path, ...]]:
    tables = {bare_name(path.name).lower(): path for path in inside}
    pair = (tables[SUB], tables[NUM]) if SUB in tables and NUM in tables else ()
    if pair:
        yield pair
    yield from ((path,) for path in inside if path not in pair)


def _may_be_read(name: str) -> bool:
    return is_zip_name(name) or _is_table(bare_name(name))


def _is_table(name: str) -> bool:
    return name.lower().endswith((".txt", ".tsv")) and name.lower() not in UNREAD


@dataclass
class Run:
    """One run: what was asked, what became of each row, whom it touched."""

    request: Request
    outcome: Outcome
    progress: Progress
    touched: set[UUID] = field(default_factory=set)
    today: date = field(default_factory=lambda: timezone.localdate(timezone=NEW_YORK))

    def data_set(self, paths: tuple[Path, ...]) -> None:
        """Load one data set in one transaction."""
        tables: dict[str, list[Document]] = {"sub": [], "num": []}
        with recorded(f"ingest {SOURCE}"):
            take_turn()
            for document in watched(paths, self.outcome, self.progress, _is_table):
                if isinstance(document, ParseError):
                    self.outcome.reject(document)
                else:
                    tables["num" if document.leaf.lower().startswith("num") else "sub"].append(document)
                    self._ready(tables)
            for document in tables["num"]:
                self.outcome.reject(ParseError(document.name, None, "there is no sub.txt beside it"))
            for document in tables["sub"]:
                self._companies(document)
            if self.request.dry_run:
                transaction.set_rollback(True)

    def _ready(self, tables: dict[str, list[Document]]) -> None:
        """Load as soon as both tables of a data set are there, while their zip is open."""
        if tables["sub"] and tables["num"]:
            sub, num = tables["sub"].pop(), tables["num"].pop()
            filings = self._companies(sub)
            self._figures(num, filings)

    def _companies(self, document: Document) -> dict[str, tuple[Submission, UUID]]:
        """Create the companies of sub.txt that are new, and return the wanted filings by accession number."""
        rows: list[Submission] = []
        universe = Universe.load()
        for row in self._rows(Table(document, TAB, needed=SUB_COLUMNS)):
            try:
                found = submission(row, today=self.today)
            except ParseError as error:
                self.outcome.reject(error)
                continue
            if self._wants(found, universe):
                rows.append(found)
            else:
                self.outcome.count("skipped")
        create_companies(rows, file=document.name, source=SOURCE, universe=universe, outcome=self.outcome)
        return {row.accession: (row, filer.pk) for row in rows if (filer := universe.filer(row.cik)) is not None}

    def _wants(self, found: Submission, universe: Universe) -> bool:
        held = universe.filer(found.cik)
        if held is None and not found.is_biopharma:
            return False
        if self.request.is_early(found.available_at.astimezone(NEW_YORK).date()):
            return False
        return self.request.wants(ticker=held.ticker if held else None, cik=found.cik)

    def _rows(self, table: Table, wanted: frozenset[bytes] | None = None) -> Iterator[Row]:
        """Yield the rows of the wanted filings; those of others are skipped unread, faulty ones rejected."""
        keep = (lambda raw: raw[: raw.index(b"\t")] in wanted) if wanted is not None else None
        try:
            for row in table.rows(keep):
                if isinstance(row, ParseError):
                    self.outcome.reject(row, counted=row.line is not None)
                else:
                    yield row
        except ParseError as error:
            self.outcome.reject(error)
        self.outcome.count("skipped", table.left_out)

    def _figures(self, document: Document, filings: dict[str, tuple[Submission, UUID]]) -> None:
        totals: dict[str, list[Entry]] = defaultdict(list)
        classes: dict[str, list[Entry]] = defaultdict(list)
        for row in self._rows(
            Table(document, TAB, needed=NUM_COLUMNS), frozenset(accession.encode() for accession in filings)
        ):
            try:
                found = entry(row, filed=filings[row["adsh"]][0].filed)
            except ParseError as error:
                self.outcome.reject(error)
                continue
            if found is None:
                self.outcome.count("skipped")
            else:
                (classes if is_share_class(row) else totals)[row["adsh"]].append(found)
        load(self._reported(filings, totals, classes), source=SOURCE, outcome=self.outcome)

    def _reported(
        self,
        filings: dict[str, tuple[Submission, UUID]],
        totals: dict[str, list[Entry]],
        classes: dict[str, list[Entry]],
    ) -> Iterator[Reported]:
        """Yield the filings with their figures; classes of shares count where the cover page has no total."""
        for accession, (filing, company_id) in filings.items():
            entries = totals.get(accession, [])
            with_total = {(found.tag, found.end) for found in entries}
            parts = _summed(found for found in classes.get(accession, []) if (found.tag, found.end) not in with_total)
            self.outcome.count("skipped", len(classes.get(accession, [])) - len(parts))
            if entries or parts:
                self.touched.add(company_id)
                yield Reported(
                    company_id,
                    filing.cik,
                    accession,
                    filing.form,
                    filing.filed,
                    filing.available_at,
                    [*entries, *parts],
                )


def _summed(classes: Iterable[Entry]) -> list[Entry]:
    """Return the shares of all classes by day: each row is a class of its own, even of as many shares as another."""
    totals: dict[tuple[str, date], Entry] = {}
    for found in classes:
        before = totals.get((found.tag, found.end))
        totals[found.tag, found.end] = replace(found, value=before.value + found.value) if before else found
    return list(totals.values())
