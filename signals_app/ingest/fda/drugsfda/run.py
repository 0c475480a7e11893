"""Loads Drugs@FDA: original approvals, efficacy supplements and tentative approvals of the universe's companies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from signals_app.ingest.base import Outcome, ParseError, Progress, Request, known_from
from signals_app.ingest.delimited import Row, Table
from signals_app.ingest.fda.drugsfda import parse
from signals_app.ingest.fda.drugsfda.candidates import Approved, Original
from signals_app.ingest.fda.drugsfda.parse import Application, Decision
from signals_app.ingest.files import Document
from signals_app.ingest.frame import one_run, readable
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals
from signals_app.ingest.merge.protection import merge_approvals
from signals_app.ingest.merge.reviews import merge_reviews
from signals_app.ingest.sponsors import Sponsors
from signals_app.models import Signal

SOURCE = "drugsfda"
URL = "https://www.accessdata.fda.gov/scripts/cder/daf/index.cfm?event=overview.process&ApplNo="
TABLES = ("applications.txt", "products.txt", "submissionclass_lookup.txt", "submissions.txt")
VERBS = {
    "fda_approval": "approves", "fda_supplement": "approves a new use of",
    "fda_tentative_approval": "tentatively approves",
}  # fmt: skip


def run(request: Request, progress: Progress) -> Outcome:
    """Read the data files and reports behind the request's paths and append the decisions, all or nothing.

    Raises IngestError where a path is missing or nothing could be read.
    """
    with one_run(SOURCE, request) as outcome:
        job = Run(request, outcome, Sponsors.load())
        for found in readable(SOURCE, request, outcome, progress, _is_wanted):
            job.document(found)
        job.write()
    return outcome


def _is_wanted(name: str) -> bool:
    return name.lower() in TABLES or name.lower().endswith(".csv")


@dataclass
class Tables:
    """What the tables of one zip or folder say, gathered as they are read: Submissions comes last."""

    applications: dict[str, Application] = field(default_factory=dict)
    products: dict[str, tuple[str, str]] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=lambda: dict(parse.CLASS_NAMES))


@dataclass(frozen=True)
class Own:
    """A decision on an application of a company in the universe."""

    decision: Decision
    company: Company
    signal_type: str


@dataclass
class Run:
    """One run: what was asked, what became of each decision, and those that concern the universe."""

    request: Request
    outcome: Outcome
    sponsors: Sponsors
    tables: dict[Path | None, Tables] = field(default_factory=dict)
    decisions: list[Own] = field(default_factory=list)
    today: date = field(default_factory=lambda: timezone.localdate(timezone=NEW_YORK))

    def document(self, found: Document) -> None:
        """Take a table or a report in."""
        tables = self.tables.setdefault(found.packed_in or found.folder, Tables())
        leaf = found.leaf.lower()
        try:
            if leaf == "applications.txt":
                self._applications(found, tables)
            elif leaf == "products.txt":
                for row in self._rows(Table(found, "\t", needed=parse.PRODUCTS)):
                    names = row["DrugName"].strip()[: parse.LONGEST_NAME], row["ActiveIngredient"].strip()
                    tables.products.setdefault(row["ApplNo"].strip(), names)
            elif leaf == "submissionclass_lookup.txt":
                for row in self._rows(Table(found, "\t", needed=parse.CLASSES)):
                    tables.classes[row["SubmissionClassCodeID"].strip()] = row["SubmissionClassCode"].strip()
            else:
                self._take(self._decisions(found, tables))
        except ParseError as error:
            self.outcome.reject(error)

    def _applications(self, found: Document, tables: Tables) -> None:
        for row in self._rows(Table(found, "\t", needed=parse.APPLICATIONS)):
            try:
                application = parse.application(row)
            except ParseError as error:
                self.outcome.reject(error)
                continue
            tables.applications[application.number] = application

    def _rows(self, table: Table) -> Iterator[Row]:
        for row in table.rows():
            if isinstance(row, ParseError):
                self.outcome.reject(row)
            else:
                yield row

    def _decisions(self, found: Document, tables: Tables) -> Iterator[Decision | None]:
        is_report = found.leaf.lower().endswith(".csv")
        if not is_report and not tables.applications:
            raise ParseError(found.name, None, "there is no Applications.txt beside it")
        table = (
            Table(found, ",", needed=parse.REPORT, quoted=True)
            if is_report
            else Table(found, "\t", needed=parse.SUBMISSIONS)
        )
        for row in self._rows(table):
            try:
                if is_report:
                    yield parse.report(row, today=self.today)
                else:
                    yield parse.submission(row, tables.applications, tables.products, tables.classes, today=self.today)
            except ParseError as error:
                self.outcome.reject(error)

    def _take(self, decisions: Iterable[Decision | None]) -> None:
        """Keep the decisions that are signals of companies in the universe; the others are skipped."""
        for decision in decisions:
            own = self._own(decision) if decision else None
            if own is None:
                self.outcome.count("skipped")
            else:
                self.decisions.append(own)

    def _own(self, decision: Decision) -> Own | None:
        signal_type = decision.signal_type
        if signal_type is None or self.request.is_early(decision.decided):
            return None
        company = self.sponsors.match(decision.sponsor).company if decision.sponsor else None
        if company is None or not self.request.wants(ticker=company.ticker, cik=company.cik):
            return None
        return Own(decision, company, signal_type)

    def write(self) -> None:
        """Append the signals, note applications beside approved candidates, ask about other candidates and sponsors."""
        known = self._known_supplements()
        fresh = [own for own in self.decisions if _listed_id(own.decision) not in known]
        written = merge_signals(_signal(own) for own in fresh)
        self.outcome.count("created", written.created)
        self.outcome.count("unchanged", len(self.decisions) - written.created)
        originals = self._originals()
        approved = Approved.load(original.company_id for original in originals)
        merge_approvals(approved.records(originals), source=SOURCE, outcome=self.outcome)
        merge_reviews(approved.questions(originals, SOURCE))
        merge_reviews(self.sponsors.proposals(SOURCE))

    def _known_supplements(self) -> set[str]:
        """Return the supplements that a list without their numbers has delivered already."""
        ids = [_listed_id(own.decision) for own in self.decisions if own.decision.submission == "SUPPL"]
        held = Signal.objects.filter(source=SOURCE, source_id__in=ids).values_list("source_id", flat=True)
        return {str(source_id) for source_id in held}

    def _originals(self) -> list[Original]:
        return [
            Original(own.company.pk, own.decision.application, own.decision.drug, own.decision.ingredients,
                     own.decision.decided, _url(own.decision))
            for own in self.decisions if own.signal_type == "fda_approval"
        ]  # fmt: skip


def _url(decision: Decision) -> str:
    return f"{URL}{decision.application[-6:]}"


def _listed_id(decision: Decision) -> str:
    return f"{decision.application}:{decision.submission}:{decision.decided}"


def _signal(own: Own) -> SignalRecord:
    decision, known = own.decision, known_from(own.decision.decided)
    data = {
        "application_number": decision.application, "drug": decision.drug, "ingredients": decision.ingredients,
        "submission_class": decision.submission, "submission": f"{decision.submission}-{decision.number}",
        "class": decision.submission_class, "sponsor": decision.sponsor,
    }  # fmt: skip
    is_original = decision.submission == "ORIG"
    source_id = (
        _listed_id(decision) if is_original
        else f"{decision.application}:SUPPL-{decision.number}:{decision.decided}"
    )  # fmt: skip
    return SignalRecord(
        own.company.pk, own.signal_type, known, known,
        f"FDA {VERBS[own.signal_type]} {decision.drug or decision.application} ({decision.application})"[:500],
        SOURCE, source_id, _url(decision), {key: value for key, value in data.items() if value},
        "medium" if own.signal_type == "fda_supplement" else None,
    )  # fmt: skip
