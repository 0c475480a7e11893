"""Loads prices: the company's market cap of the last day, and the market cap of every day into the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from signals_app.ingest.base import Outcome, ParseError, Progress, Request
from signals_app.ingest.csv_rows import rows
from signals_app.ingest.directory import Directory, Unclear
from signals_app.ingest.frame import one_run, readable
from signals_app.ingest.merge.prices import PriceRecord, merge_prices
from signals_app.ingest.prices.parse import NEEDED, PriceRow, parse
from signals_app.knowledge import STALE_AFTER_DAYS, Unknown
from signals_app.refresh import ledger_day, refresh_company_figures

SOURCE = "prices"


def run(request: Request, progress: Progress) -> Outcome:
    """Read prices and bring the market caps in line with them; likely splits are queued.

    Raises IngestError, with nothing written, where nothing was readable.
    """
    with one_run(SOURCE, request) as outcome:
        directory = Directory.load()
        touched = merge_prices(_records(request, progress, outcome, directory), source=SOURCE, outcome=outcome)
        refresh_company_figures(day=ledger_day(), company_ids=touched)
        _note_old_filings(touched, outcome)
    return outcome


def _note_old_filings(touched: Collection[UUID], outcome: Outcome) -> None:
    """Say of how many companies the filings are too old beside these prices: market caps stand, figures are unknown."""
    old = Company.objects.filter(pk__in=touched, field_sources__cash_position_usd__note=Unknown.STALE).count()
    if old:
        outcome.notes.append(
            f"{old:,} of {len(touched):,} companies have no figures of the {STALE_AFTER_DAYS} days to the last price: "
            "their market caps are in, funds, burn and runway count as unknown until newer filings are ingested"
        )


def _records(request: Request, progress: Progress, outcome: Outcome, directory: Directory) -> Iterator[PriceRecord]:
    today = timezone.localdate(timezone=NEW_YORK)
    for document in readable(SOURCE, request, outcome, progress, lambda name: name.lower().endswith(".csv")):
        try:
            for row in rows(document, NEEDED):
                if isinstance(row, ParseError):
                    outcome.reject(row, counted=row.line is not None)
                    continue
                try:
                    price = parse(row, today)
                    record = _record(price, document.name, request, directory)
                except ParseError as error:
                    outcome.reject(error)
                except Unclear as error:
                    outcome.reject(row.fault(str(error)))
                else:
                    if record is None:
                        outcome.count("skipped")
                    else:
                        yield record
        except ParseError as error:
            outcome.reject(error)


def _record(price: PriceRow, file: str, request: Request, directory: Directory) -> PriceRecord | None:
    company = directory.find(price.key, price.day)
    if company is None or request.is_early(price.day) or not request.wants(ticker=company.ticker, cik=company.cik):
        return None
    # A price makes the market cap of the company as which a duplicate is read.
    company = directory.universe.read_as(company)
    return PriceRecord(
        company_id=company.pk,
        share_class=directory.share_class(price.key, company),
        day=price.day,
        close_usd=price.close_usd,
        shares=price.shares,
        adr_ratio=price.adr_ratio,
        file=file,
        line=price.line,
    )
