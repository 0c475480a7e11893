"""Loads studies: sponsors become companies, their own drugs candidates, new versions signals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from signals_app.ingest.base import Outcome, ParseError, Progress, Request, known_from
from signals_app.ingest.clinicaltrials.history import SOURCE, TRIAL
from signals_app.ingest.clinicaltrials.own import own_drugs
from signals_app.ingest.clinicaltrials.parse import Study, parse
from signals_app.ingest.clinicaltrials.pipeline import Pipelines, without_phase
from signals_app.ingest.clinicaltrials.versions import RESULTS, Event, State, events, late
from signals_app.ingest.frame import one_run, readable
from signals_app.ingest.merge.candidates import merge_candidates, origin_of
from signals_app.ingest.merge.companies import refresh_areas
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals
from signals_app.ingest.merge.reviews import merge_reviews
from signals_app.ingest.sponsors import Sponsors

STUDY_URL = "https://clinicaltrials.gov/study/"
LONGEST_TITLE = 500


def run(request: Request, progress: Progress) -> Outcome:
    """Read the studies behind the request's paths and bring pipelines and the ledger in line with them, all or nothing.

    Raises IngestError where a path is missing or nothing could be read.
    """
    with one_run(SOURCE, request) as outcome:
        job = Run(request, outcome, Sponsors.load())
        for found in readable(SOURCE, request, outcome, progress, lambda name: name.lower().endswith(".json")):
            try:
                job.take(parse(found.read(), found.name, today=job.today))
            except ParseError as error:
                outcome.reject(error)
        progress("pipelines")
        job.write()
    return outcome


@dataclass(frozen=True)
class Own:
    """A study of a company in the universe, with the company's own drugs in it."""

    study: Study
    company: Company
    drugs: tuple[str, ...]


@dataclass
class Run:
    """One run: what was asked, what became of each study, and those that concern the universe."""

    request: Request
    outcome: Outcome
    sponsors: Sponsors
    studies: list[Own] = field(default_factory=list)
    today: date = field(default_factory=lambda: timezone.localdate(timezone=NEW_YORK))

    def take(self, studies: Iterable[Study | ParseError]) -> None:
        """Keep the studies of companies in the universe that try a drug of their own; the others are skipped."""
        for study in studies:
            if isinstance(study, ParseError):
                self.outcome.reject(study)
                continue
            own = self._own(study)
            if own is None:
                self.outcome.count("skipped")
            else:
                self.studies.append(own)

    def _own(self, study: Study) -> Own | None:
        company = self.sponsors.match(study.sponsor).company if study.sponsor else None
        if company is None or not self.request.wants(ticker=company.ticker, cik=company.cik):
            return None
        if self.request.since and (study.version is None or self.request.is_early(study.version)):
            return None
        drugs = tuple(own_drugs(study, company.ticker))
        return Own(study, company, drugs) if drugs else None

    def write(self) -> None:
        """Write candidates, signals and the questions about sponsors."""
        companies = {own.company.pk: own.company for own in self.studies}
        pipelines = Pipelines(companies, self.today)
        pipelines.load()
        merge_signals(list(self._signals(pipelines)))
        records, left_out = without_phase(pipelines.records())
        self.outcome.count("skipped", left_out)
        merge_candidates(records, source=SOURCE, outcome=self.outcome)
        refresh_areas(sorted({record.company_id for record in records}), source=SOURCE)
        merge_reviews(self.sponsors.proposals(SOURCE))

    def _signals(self, pipelines: Pipelines) -> Iterator[SignalRecord]:
        """Take the versions in, oldest first, and yield what each says that the one before did not."""
        for own in sorted(self.studies, key=lambda own: (own.study.nct_id, own.study.version or date.min)):
            old = pipelines.history.last.get((own.company.pk, own.study.nct_id))
            new = State.of(own.study)
            is_last = old is None or old.is_before(new)
            if old is not None and not is_last:
                # A version that the ledger lacks is appended, whenever it comes; the candidates stay at the last one.
                self.outcome.count("unchanged" if old.version == new.version else "skipped")
                if pipelines.history.holds(own.company.pk, own.study.nct_id, new.version):
                    continue
            concerned = pipelines.add(own.study, own.company, own.drugs, is_last=is_last)
            if not concerned:
                self.outcome.count("skipped", int(is_last))
                continue
            for event in events(old, new) if is_last else late(new):
                yield _signal(own, event, concerned)


def _signal(own: Own, event: Event, concerned: Sequence[tuple[str, str]]) -> SignalRecord:
    study, company = own.study, own.company
    drug, indication = concerned[0]
    data: dict[str, Any] = {"nct_id": study.nct_id, "drug": drug, "indication": indication, "drugs": list(own.drugs)}
    if event.signal_type != RESULTS:
        # Results count from the day they were posted: what a later version says of the study was not known then.
        data |= {
            "phase": study.phase, "status": study.status, "enrolment": study.enrolment,
            TRIAL: State.of(study).to_json(),
            "candidates": [{"drug": d, "indication": i, "origin": origin_of(d, i)} for d, i in concerned],
        }  # fmt: skip
    data |= event.data
    if event.signal_type == RESULTS:
        # The posting is one event, whichever version or list tells of it.
        source_id = f"{study.nct_id}:results:{event.known}:{company.cik}"
        title = f"Results of {study.nct_id} posted ({drug})"
    else:
        source_id = f"{study.nct_id}:{study.version}:{event.signal_type}"
        title = f"{study.nct_id} ({drug}{', ' + indication if indication else ''}): {event.words}"
    return SignalRecord(
        company.pk,
        event.signal_type,
        known_from(event.happened),
        known_from(event.known),
        title[:LONGEST_TITLE],
        SOURCE,
        source_id,
        f"{STUDY_URL}{study.nct_id}",
        {key: value for key, value in data.items() if value},
    )
