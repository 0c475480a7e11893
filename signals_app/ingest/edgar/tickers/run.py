"""Brings the tickers of the companies in the universe in line with EDGAR's list. It creates no company."""

from __future__ import annotations

from companies.models import Company
from signals_app.ingest.base import Outcome, ParseError, Progress, Request
from signals_app.ingest.edgar.ledger import EDGAR
from signals_app.ingest.edgar.tickers.parse import TickerRow, parse
from signals_app.ingest.frame import one_run, readable
from signals_app.ingest.merge.companies import Universe
from signals_app.ingest.merge.registrants import RegistrantRecord, free_tickers, merge_registrants

SOURCE = "edgar-tickers"


def run(request: Request, progress: Progress) -> Outcome:
    """Read the list and set tickers, names that changed and further tickers of the companies that are there.

    Raises IngestError, with nothing written, where nothing was readable.
    """
    with one_run(SOURCE, request) as outcome:
        by_cik: dict[str, list[TickerRow]] = {}
        for document in readable(SOURCE, request, outcome, progress, _is_list):
            rows: list[TickerRow] = []
            try:
                for row in parse(document.read(), document.name):
                    outcome.reject(row) if isinstance(row, ParseError) else rows.append(row)
            except ParseError as error:
                outcome.reject(error)
            by_cik = _over(by_cik, rows, outcome)
        _load(by_cik, request, outcome)
    return outcome


def _over(older: dict[str, list[TickerRow]], rows: list[TickerRow], outcome: Outcome) -> dict[str, list[TickerRow]]:
    """Return what holds after a further list: it replaces what an earlier one says of its registrants and tickers."""
    newer: dict[str, list[TickerRow]] = {}
    for row in rows:
        newer.setdefault(row.cik, []).append(row)
    taken = {row.ticker for row in rows}
    kept = {cik: [row for row in own if cik not in newer and row.ticker not in taken] for cik, own in older.items()}
    outcome.count("skipped", sum(len(own) for own in older.values()) - sum(len(own) for own in kept.values()))
    return {**{cik: own for cik, own in kept.items() if own}, **newer}


def _is_list(name: str) -> bool:
    return name.lower().startswith("company_tickers") and name.lower().endswith(".json")


def _load(by_cik: dict[str, list[TickerRow]], request: Request, outcome: Outcome) -> None:
    universe = Universe.load()
    rows = [row for own in by_cik.values() for row in own if _concerns(row, request, universe)]
    free_tickers({row.ticker: row.cik for row in rows}, source=EDGAR, universe=universe)
    records = []
    for cik, own in by_cik.items():
        company = universe.by_cik.get(cik) or _unnumbered(own, universe)
        if company is None or not request.wants(ticker=company.ticker, cik=cik):
            outcome.count("skipped", len(own))
            continue
        # The classes beyond the first become aliases: they are part of the company's one fate.
        outcome.count("unchanged", len(own) - 1)
        records.append(_record(cik, own, company))
    merge_registrants(records, source=EDGAR, universe=universe, outcome=outcome)


def _concerns(row: TickerRow, request: Request, universe: Universe) -> bool:
    """Return whether the ticker's new company or its holder is among those asked for: others keep theirs."""
    holder = universe.by_ticker.get(row.ticker)
    return request.asks_for(ticker=row.ticker, cik=row.cik) or (
        holder is not None and request.asks_for(ticker=holder.ticker, cik=holder.cik)
    )


def _unnumbered(own: list[TickerRow], universe: Universe) -> Company | None:
    """Return the company without a CIK that has one of the tickers."""
    holders = (universe.by_ticker.get(row.ticker) for row in own)
    return next((holder for holder in holders if holder is not None and holder.cik is None), None)


def _record(cik: str, own: list[TickerRow], company: Company) -> RegistrantRecord:
    """Return the registrant; the ticker that the company has stays the main one while it is on the list."""
    tickers = [row.ticker for row in own]
    if company.ticker in tickers:
        tickers.sort(key=lambda ticker: ticker != company.ticker)
    return RegistrantRecord(cik=cik, name=own[0].name, tickers=tuple(tickers), may_create=False)
