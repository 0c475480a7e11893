"""Fetching a source: addresses in, local files out, which the source's own run then reads like any other.

A session asks only for what is newer than what is kept, keeps every answer, and moves the cursors once the run that
read the files has come to its end. Killed half-way, the next one starts from the same cursors and asks for no filing
twice.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path

from django.db.models import Q
from django.utils import timezone

from biotech_ma.core.http import FORBIDDEN, Body, Client, FetchError, MissingError, Validators
from biotech_ma.core.market_day import NEW_YORK
from companies.choices import Role
from companies.models import Company
from signals_app import raw_payloads
from signals_app.ingest.addresses import hold, pace, user_agent
from signals_app.ingest.base import IngestError, ParseError, Progress, Request, Step
from signals_app.source_models import IngestCursor, RawPayload

# Name of the source -> module and function that fetches it. Sources that are not here are read from files alone.
LIVE: dict[str, str] = {
    "clinicaltrials": "signals_app.ingest.clinicaltrials.client:studies",
    "drugsfda": "signals_app.ingest.fda.client:drugs",
    "edgar-documents": "signals_app.ingest.edgar.client:documents",
    "edgar-facts": "signals_app.ingest.edgar.client:company_facts",
    "edgar-fsds": "signals_app.ingest.edgar.client:data_sets",
    "edgar-index": "signals_app.ingest.edgar.client:indexes",
    "edgar-ownership": "signals_app.ingest.edgar.client:ownership",
    "edgar-submissions": "signals_app.ingest.edgar.client:submissions",
    "edgar-tickers": "signals_app.ingest.edgar.client:tickers",
    "orangebook": "signals_app.ingest.fda.client:orange_book",
}
# One address that fails is a reject; this many in a row are a source that is down.
MOST_FAILURES_IN_A_ROW = 3
# The cursor that tells when everything was last fetched and read.
COMPLETE_RUN = "complete live run"


class SourceDown(IngestError):
    """The source refuses access or goes on failing: it is left alone."""


@dataclass
class Session:
    """One live run: what was asked, what has come, how far the source will have been read once it ends well."""

    source: str
    request: Request
    client: Client
    progress: Progress
    paths: list[Path] = field(default_factory=list)
    failures: list[ParseError] = field(default_factory=list)
    # Announced by the source, but not there: rejects, yet no sign that it is down.
    missing: list[ParseError] = field(default_factory=list)
    _read: list[RawPayload] = field(default_factory=list)
    _cursors: dict[str, str] = field(default_factory=dict)
    _in_a_row: int = 0
    _done: int = 0
    _total: int = 0
    is_cut_short: bool = False
    today: date = field(default_factory=lambda: timezone.localdate(timezone=NEW_YORK))

    def get(
        self,
        url: str,
        name: str,
        body: Body,
        *,
        params: dict[str, str] | None = None,
        is_final: bool = False,
        kept_as: str = "",
        again: bool = False,
    ) -> Path | None:
        """Return a file with the newest answer; None where there is none, and for an address that fails.

        `is_final`: the address never changes its answer, so one that is kept is not asked for. `kept_as` names the
        source for an answer that only leads to others and is not read itself. `again`: hand the file to the run even
        where an earlier one has read the same bytes, because what it makes of them depends on who is in the universe.
        Raises IngestError where the source refuses access or goes on failing.
        """
        self.progress(Step(f"fetching {name}", self._done, self._total))
        try:
            row = self._newest(url, name, body, params, kept_as or self.source, is_final=is_final)
            path = raw_payloads.fetch_out(row, self.client.folder)
        except MissingError:
            self._in_a_row = 0
            return None
        except (FetchError, raw_payloads.PayloadError) as error:
            self._fail(name, error)
            return None
        self._in_a_row = 0
        if not kept_as and (again or self.is_partial or row.ingested_at is None):
            self.paths.append(path)
            self._read.append(row)
        return path

    def fetch(self, fetch: Callable[[Session], None]) -> None:
        """Fetch the source. One that goes down on the way has given what came: that is read, the rest is missing.

        Raises IngestError where nothing came and something failed.
        """
        try:
            fetch(self)
        except SourceDown as error:
            if not self.paths:
                raise
            self.is_cut_short = True
            self.failures.append(ParseError(self.source, None, f"{error}; what was not fetched yet is left out"))
        if self.failures and not self.paths:
            raise IngestError(f"nothing came: {self.failures[0]}")

    def _newest(
        self, url: str, name: str, body: Body, params: dict[str, str] | None, source: str, *, is_final: bool
    ) -> RawPayload:
        known = RawPayload.objects.at(source, self.client.address(url, params))
        if known is not None and not raw_payloads.is_kept(known):
            known = None
        if known is not None and is_final:
            return known
        validators = Validators(known.etag, known.last_modified) if known else None
        answer = self.client.get(url, body=body, params=params, validators=validators)
        if answer.path is None and known is not None:
            raw_payloads.confirm(known, answer)
            return known
        try:
            return raw_payloads.keep(source=source, name=name, answer=answer)
        finally:
            if answer.path is not None:
                answer.path.unlink()

    def _fail(self, name: str, error: Exception) -> None:
        self.failures.append(ParseError(name, None, str(error)))
        self._in_a_row += 1
        if getattr(error, "status", 0) == FORBIDDEN or self._in_a_row >= MOST_FAILURES_IN_A_ROW:
            raise SourceDown(f"the source goes on failing: {error}") from error

    @property
    def is_partial(self) -> bool:
        """Whether the run leaves out what the next one must still see: it then moves no cursor."""
        return bool(self.request.companies or self.request.since or self.request.dry_run)

    def cursor(self, key: str) -> str | None:
        """Return how far the source has been read; None where it never was, or where the run names its own start."""
        if self.request.since:
            return None
        return IngestCursor.objects.filter(source=self.source, key=key).values_list("value", flat=True).first()

    def start(self, key: str, *, days_before: int) -> date:
        """Return the day to begin with: the run's own, the cursor's, or so many days before today."""
        if self.request.since:
            return self.request.since
        value = self.cursor(key)
        return date.fromisoformat(value) if value else self.today - timedelta(days=days_before)

    def advance(self, key: str, value: str) -> None:
        """Move the cursor there once the run has ended well."""
        self._cursors[key] = value

    def companies(self) -> list[Company]:
        """Return the companies to ask about, by CIK. Raises IngestError where none of those asked for is there."""
        # A registrant goes on filing under its own CIK although the desk has merged it into another.
        followed = Company.all_objects.filter(Q(deleted_at=None) | Q(merged_into__in=Company.objects.all()))
        with_cik = followed.exclude(role=Role.EXCLUDED).filter(cik__isnull=False).order_by("cik")
        found = [row for row in with_cik if self.request.asks_for(ticker=row.ticker, cik=row.cik)]
        if not found:
            if self.request.companies:
                raise IngestError("of the companies asked for each lacks a CIK or is excluded: nothing is fetched")
            raise IngestError("no company with a CIK in the universe: see `ingest universe` first")
        return found

    def ciks(self) -> Iterator[str]:
        """Yield the CIKs to ask about: of the companies, and those named outright, which need not be in it yet."""
        outright = {name for name in self.request.companies if name.isdigit()}
        if outright == self.request.companies and outright:
            return self.each(sorted(outright))
        return self.each(sorted({company.cik or "" for company in self.companies()} | outright))

    def each[T](self, parts: Sequence[T]) -> Iterator[T]:
        """Yield the parts of a run, and let the progress show how many of them are done."""
        self._total = len(parts)
        for self._done, part in enumerate(parts):
            yield part

    def close_well(self) -> None:
        """Note that what was fetched has been read, and move the cursors; a partial run leaves both as they are."""
        if self.is_partial:
            return
        raw_payloads.mark_ingested(self._read)
        if not self.is_cut_short:
            self._cursors[COMPLETE_RUN] = timezone.now().isoformat()
        for key, value in self._cursors.items():
            IngestCursor.objects.update_or_create(source=self.source, key=key, defaults={"value": value})


Fetch = Callable[[Session], None]


@contextmanager
def session(source: str, request: Request, progress: Progress) -> Iterator[Session]:
    """Fetch the source and yield the session with its files, which are gone afterwards.

    Raises IngestError where the SEC's contact is not set, or where nothing came and something failed.
    """
    agent = user_agent(source)
    module, _, function = LIVE[source].partition(":")
    fetch: Fetch = getattr(import_module(module), function)
    sleep = patient(progress)
    with (
        tempfile.TemporaryDirectory(prefix="biotech-ma-") as folder,
        Client(
            user_agent=agent, folder=Path(folder), pace=partial(pace, sleep=sleep), hold=hold, sleep=sleep
        ) as client,
    ):
        run = Session(source, request, client, progress)
        run.fetch(fetch)
        yield run


def patient(progress: Progress) -> Callable[[float], None]:
    """Return a sleep that goes on telling how long it lasts, so that whoever is told may end the run."""

    def sleep(seconds: float) -> None:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            if left > 1:
                progress(f"waiting for {left:.0f} s, as the source asks")
            time.sleep(min(left, 1.0))

    return sleep


@contextmanager
def replayed(source: str, progress: Progress) -> Iterator[tuple[Path, ...]]:
    """Yield files with every version of what the source has answered, oldest first, which are gone afterwards.

    Raises IngestError where nothing is kept, or where the storage has lost it.
    """
    with tempfile.TemporaryDirectory(prefix="biotech-ma-") as folder:
        found = []
        for number, row in enumerate(RawPayload.objects.of_source(source).iterator()):
            progress(row.name)
            place = Path(folder) / f"{number:06}"
            place.mkdir()
            try:
                found.append(raw_payloads.fetch_out(row, place))
            except raw_payloads.PayloadError as error:
                raise IngestError(str(error)) from error
        if not found:
            raise IngestError(f"nothing of {source} is kept: fetch it first, or give --from")
        yield tuple(found)
