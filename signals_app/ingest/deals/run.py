"""Loads deals: each makes its target a company, if it is none yet, and gives it the label from the announcement on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK, start_of
from companies.choices import AliasKind
from companies.models import Company
from signals_app.ingest.base import Outcome, ParseError, Progress, Request
from signals_app.ingest.csv_rows import rows
from signals_app.ingest.deals.parse import NEEDED, DealRow, parse
from signals_app.ingest.frame import count, one_run, readable
from signals_app.ingest.merge.aliases import AliasRecord, merge_aliases
from signals_app.ingest.merge.companies import CompanyRecord, Universe, merge_companies
from signals_app.ingest.merge.corrections import Correction, merge_correction
from signals_app.ingest.merge.ledger import SignalRecord
from signals_app.models import Signal
from signals_app.services import ANALYST

SOURCE = "deals"


def run(request: Request, progress: Progress) -> Outcome:
    """Read deals and append the labels of the targets; another edition's terms supersede the earlier ones.

    Raises IngestError, with nothing written, where nothing was readable.
    """
    with one_run(SOURCE, request) as outcome:
        found: list[tuple[str, DealRow]] = []
        for document in readable(SOURCE, request, outcome, progress, lambda name: name.lower().endswith(".csv")):
            try:
                for row in rows(document, NEEDED):
                    _take(row, document.name, request, outcome, found)
            except ParseError as error:
                outcome.reject(error)
        _load(found, outcome)
    return outcome


def _take(row: object, file: str, request: Request, outcome: Outcome, found: list[tuple[str, DealRow]]) -> None:
    if isinstance(row, ParseError):
        outcome.reject(row, counted=row.line is not None)
        return
    try:
        deal = parse(row, timezone.localdate(timezone=NEW_YORK))  # type: ignore[arg-type]
    except ParseError as error:
        outcome.reject(error)
        return
    if request.is_early(deal.announced) or not request.wants(ticker=deal.ticker, cik=deal.cik):
        outcome.count("skipped")
    else:
        found.append((file, deal))


def _load(found: list[tuple[str, DealRow]], outcome: Outcome) -> None:
    universe = Universe.load()
    _create_targets(found, universe)
    held, ends = _held("takeover_target"), _held("takeover_terminated")
    for _, deal in sorted(found, key=lambda pair: pair[1].announced):
        company = universe.filer(deal.cik)
        if company is None:
            outcome.count("skipped")
            continue
        if any(row is not None and row.source == ANALYST for row in (held.get(deal.key), ends.get(deal.key))):
            # Curated beats scraped: what an analyst says of the deal stands, whatever a later edition says.
            outcome.count("skipped")
            continue
        corrections = [_correction(_announced(deal, company, held), deal, held)]
        ended = ends.get(deal.key)
        if deal.status == "terminated" and ended is None:
            corrections.append(Correction(_called_off(deal, company), None))
        elif deal.status != "terminated" and ended is not None:
            corrections.append(Correction(_stands_after_all(deal, company), ended.pk))
        written = [merge_correction(correction) for correction in corrections]
        # A row is one deal: created if any of its signals is.
        count(outcome, max(written, key=lambda each: each.created))


def _create_targets(found: list[tuple[str, DealRow]], universe: Universe) -> None:
    """Create the targets that are no companies yet. A bought company's ticker is free: it stays as a former one."""
    missing: dict[str, tuple[str, DealRow]] = {}
    for file, deal in found:
        if deal.cik not in universe.by_cik and deal.cik not in universe.archived_ciks:
            missing.setdefault(deal.cik, (file, deal))
    records = [
        CompanyRecord(file=file, line=deal.line, ticker=None, cik=deal.cik, name=deal.target)
        for file, deal in missing.values()
    ]
    merge_companies(records, source=SOURCE, universe=universe, outcome=Outcome(SOURCE))
    created = [(universe.by_cik[cik], deal) for cik, (_, deal) in missing.items()]
    for company, deal in created:
        company.is_public = deal.status != "completed"
        company.field_sources = {**company.field_sources, "is_public": {"source": SOURCE}}
    Company.objects.bulk_update([company for company, _ in created], ["is_public", "field_sources"])
    merge_aliases(_tickers(created), source=SOURCE)


def _tickers(created: Iterable[tuple[Company, DealRow]]) -> Iterable[AliasRecord]:
    for company, deal in created:
        if deal.ticker:
            kind = AliasKind.FORMER_TICKER if deal.status == "completed" else AliasKind.TICKER
            yield AliasRecord(company.pk, kind, deal.ticker)


def _held(signal_type: str) -> dict[str, Signal]:
    """Return the labels of the type that are in force, by deal: the source's, and what an analyst made of them."""
    rows = Signal.objects.filter(
        source__in=(SOURCE, ANALYST), signal_type=signal_type, superseded_by__isnull=True, signal_data__has_key="deal"
    )
    return {str(row.signal_data.get("deal")): row for row in rows.order_by("id") if not row.signal_data.get("stands")}


def _announced(deal: DealRow, company: Company, held: dict[str, Signal]) -> SignalRecord:
    """Return the label, known from the announcement on; later terms are known from now on."""
    data = {"deal": deal.key, "acquirer": deal.acquirer, "status": deal.status, **deal.terms}
    known = start_of(deal.announced)
    is_revision = deal.key in held and held[deal.key].source_id != f"{deal.key}:{deal.version}"
    return SignalRecord(
        company_id=company.pk,
        signal_type="takeover_target",
        event_date=known,
        available_at=timezone.now() if is_revision else known,
        title=_title(f"{deal.acquirer} to acquire {deal.target}", deal),
        source=SOURCE,
        source_id=f"{deal.key}:{deal.version}",
        source_url=None,
        signal_data=data,
    )


def _title(said: str, deal: DealRow) -> str:
    price = deal.terms.get("price_per_share")
    return f"{said} for ${price} a share" if price else said


def _called_off(deal: DealRow, company: Company) -> SignalRecord:
    """Return the end of a terminated deal: on its day, or, where the file does not tell it, known from now on."""
    moment = _ended(deal.ended)
    return SignalRecord(
        company_id=company.pk,
        signal_type="takeover_terminated",
        event_date=moment,
        available_at=moment,
        title=f"{deal.acquirer}'s acquisition of {deal.target} is terminated",
        source=SOURCE,
        source_id=_end_id(deal),
        source_url=None,
        signal_data={"deal": deal.key, "acquirer": deal.acquirer, "day_known": deal.ended is not None},
    )


def _end_id(deal: DealRow) -> str:
    """Return the identifier of the deal's end; of a second one, where the first was taken back, with its version."""
    first = f"{deal.key}:terminated"
    is_taken = Signal.objects.filter(source=SOURCE, source_id=first).exists()
    return f"{first}:{deal.version}" if is_taken else first


def _stands_after_all(deal: DealRow, company: Company) -> SignalRecord:
    """Return what takes the end of a deal back: an edition that says the deal stands, known from now on."""
    return SignalRecord(
        company_id=company.pk,
        signal_type="takeover_target",
        event_date=start_of(deal.announced),
        available_at=timezone.now(),
        title=f"{deal.acquirer}'s acquisition of {deal.target} is not terminated",
        source=SOURCE,
        source_id=f"{deal.key}:{deal.version}:stands",
        source_url=None,
        signal_data={"deal": deal.key, "acquirer": deal.acquirer, "status": deal.status, "stands": True, **deal.terms},
    )


def _ended(day: date | None) -> datetime:
    return start_of(day) if day else timezone.now()


def _correction(record: SignalRecord, deal: DealRow, held: dict[str, Signal]) -> Correction:
    older = held.get(deal.key)
    return Correction(record, older.pk if older is not None and older.source_id != record.source_id else None)
