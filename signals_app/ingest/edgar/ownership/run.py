"""Loads Forms 3, 4 and 5: a signal for each form with transactions, corrections for amendments, then the clusters."""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK, start_of
from companies.models import Company
from signals_app.ingest.base import Outcome, ParseError, Progress, Request
from signals_app.ingest.edgar import full_text
from signals_app.ingest.edgar.filings import ARCHIVE
from signals_app.ingest.edgar.forms import OWNERSHIP, form_of
from signals_app.ingest.edgar.identifiers import accession_in
from signals_app.ingest.edgar.ledger import EDGAR
from signals_app.ingest.edgar.ownership.amend import amended
from signals_app.ingest.edgar.ownership.describe import TRANSACTION, cluster_record, data_of, title_of
from signals_app.ingest.edgar.ownership.parse import Ownership, parse
from signals_app.ingest.edgar.ownership.purchases import Purchase, clusters
from signals_app.ingest.files import Document
from signals_app.ingest.frame import count, one_run, readable
from signals_app.ingest.merge.companies import Universe
from signals_app.ingest.merge.corrections import Correction, is_there, merge_correction
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals
from signals_app.models import Signal

SOURCE = "edgar-ownership"
SUFFIXES = (".xml", ".txt", ".nc")
ROWS_A_BATCH = 5000


@dataclass(frozen=True, slots=True)
class Filed:
    """A form with what the filing around it tells: the accession number and the moment of acceptance, if any."""

    form: Ownership
    accession: str
    accepted: datetime | None


def run(request: Request, progress: Progress) -> Outcome:
    """Read forms, append what insiders did, let amendments supersede, and find the clusters of purchases.

    Raises IngestError, with nothing written, where nothing was readable.
    """
    today = timezone.localdate(timezone=NEW_YORK)
    with one_run(SOURCE, request) as outcome:
        load = Load(request, outcome)
        for document in readable(SOURCE, request, outcome, progress, lambda name: name.lower().endswith(SUFFIXES)):
            try:
                load.take(read(document, today))
            except ParseError as error:
                outcome.reject(error)
        load.close()
    return outcome


def read(document: Document, today: date) -> Filed:
    """Return a form from its XML or from the full submission around it. Raises ParseError for anything else."""
    data = document.read()
    if not full_text.is_full_text(data[:64]):
        accession = accession_in(document.name) or f"xml-{hashlib.sha256(data).hexdigest()[:24]}"
        return Filed(parse(data, document.name, today), accession, None)
    whole = full_text.parse(io.BytesIO(data), document.name, lambda kind: form_of(kind).base in OWNERSHIP, today=today)
    body = next((exhibit.text for exhibit in whole.exhibits if b"<ownershipDocument" in exhibit.text), b"")
    if not body:
        raise ParseError(document.name, None, "has no ownershipDocument: filed on paper, or before the XML of 2003")
    start, end = body.find(b"<XML>"), body.rfind(b"</XML>")
    form = parse(body[start + 5 : end] if 0 <= start < end else body, document.name, today)
    return Filed(form, whole.accession, whole.accepted)


@dataclass
class Load:
    """One run: the companies as they stand, the forms to write, the amendments for the end, whom it touched."""

    request: Request
    outcome: Outcome
    universe: Universe = field(default_factory=Universe.load)
    records: list[SignalRecord] = field(default_factory=list)
    amendments: list[SignalRecord] = field(default_factory=list)
    bought: set[UUID] = field(default_factory=set)

    def take(self, filed: Filed) -> None:
        """Take one form: skipped where its issuer is not in the universe or not asked for."""
        company = self.universe.filer(filed.form.issuer_cik)
        if company is None or not self.request.wants(ticker=company.ticker, cik=company.cik):
            self.outcome.count("skipped")
            return
        available_at, known_by = _known(filed)
        if self.request.is_early(available_at.astimezone(NEW_YORK).date()):
            self.outcome.count("skipped")
            return
        record = _record(filed, company, available_at, known_by)
        if record.signal_data["market_purchase_days"]:
            self.bought.add(company.pk)
        is_amendment = filed.form.form.is_amendment and record.signal_type == TRANSACTION
        (self.amendments if is_amendment else self.records).append(record)
        if len(self.records) >= ROWS_A_BATCH:
            self._write()

    def _write(self) -> None:
        count(self.outcome, merge_signals(self.records))
        self.records = []

    def close(self) -> None:
        """Write the rest: forms, then amendments in the order in which they came, then clusters."""
        self._write()
        for record in sorted(self.amendments, key=lambda each: (each.available_at, each.source_id)):
            count(self.outcome, merge_correction(_correction(record)))
        # A list: the connection cannot be asked while rows are copied through it.
        count(self.outcome, merge_signals(list(_clusters(self.bought))))


def _known(filed: Filed) -> tuple[datetime, str]:
    """Return when the public could know, and by what: acceptance, the list of filings, or the day of the signature."""
    if filed.accepted is not None:
        return filed.accepted, "acceptance"
    form = filed.form
    listed = Signal.objects.filter(source=EDGAR, source_id=f"{filed.accession}:{form.issuer_cik}:{_name(form)}")
    moment = listed.values_list("available_at", flat=True).first()
    if moment is not None:
        return moment, "list of filings"
    days = [form.signed or form.period, form.period, *(line.day for line in form.transactions)]
    return start_of(max(days)), "signature"


def _name(form: Ownership) -> str:
    return f"{form.form.base}/A" if form.form.is_amendment else form.form.base


def _record(filed: Filed, company: Company, available_at: datetime, known_by: str) -> SignalRecord:
    """Return the signal of a form; one that only lists holdings is a filing like any other."""
    form = filed.form
    signal_type = TRANSACTION if form.transactions else "sec_filing"
    key = TRANSACTION if form.transactions else _name(form)
    last = max((line.day for line in form.transactions), default=form.period)
    folder = filed.accession.replace("-", "")
    known = accession_in(filed.accession) is not None
    return SignalRecord(
        company_id=company.pk,
        signal_type=signal_type,
        event_date=min(start_of(last), available_at),
        available_at=available_at,
        title=title_of(form, _name(form)),
        source=EDGAR,
        source_id=f"{filed.accession}:{form.issuer_cik}:{key}",
        source_url=f"{ARCHIVE}{int(form.issuer_cik)}/{folder}/" if known else None,
        signal_data=data_of(form, filed.accession, _name(form), known_by),
    )


def _correction(record: SignalRecord) -> Correction:
    """Return an amendment with the row that it supersedes and the lines of that row that it does not repeat."""
    if is_there(record):
        return Correction(record, None)
    data = record.signal_data
    alike = Signal.objects.filter(
        company_id=record.company_id,
        signal_type=TRANSACTION,
        superseded_by__isnull=True,
        available_at__lte=record.available_at,
        signal_data__contains={"owner_ciks": data["owner_ciks"], "period": data["period"]},
    ).order_by("-available_at", "-id")
    rows = [row for row in alike if row.signal_data["owner_ciks"] == data["owner_ciks"]]
    on_day = [row for row in rows if _day(row.available_at) == data["original_filed"]]
    row = next(iter(on_day or rows), None)
    if row is None:
        return Correction(record, None)
    data["amends"] = row.signal_data.get("accession")
    data["transactions"] = amended(row.signal_data.get("transactions", []), data["transactions"])
    return Correction(record, row.pk)


def _day(moment: datetime) -> str:
    return moment.astimezone(NEW_YORK).date().isoformat()


def _clusters(company_ids: Iterable[UUID]) -> Iterable[SignalRecord]:
    """Yield the clusters among all purchases that the ledger has of the companies."""
    rows = Signal.objects.filter(company_id__in=set(company_ids), signal_type=TRANSACTION, source=EDGAR)
    purchases: dict[tuple[UUID, str], list[Purchase]] = defaultdict(list)
    columns = ("company_id", "company__cik", "available_at", "signal_data")
    for company_id, cik, available_at, data in rows.values_list(*columns):
        days = tuple(date.fromisoformat(day) for day in data.get("market_purchase_days", ()))
        if days:
            owners = frozenset(data["owner_ciks"])
            purchases[company_id, cik].append(Purchase(data["accession"], owners, days, available_at))
    for (company_id, cik), bought in purchases.items():
        for cluster in clusters(bought):
            yield cluster_record(cluster, company_id, cik)
