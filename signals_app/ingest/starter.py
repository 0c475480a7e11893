"""Loads the starter data set that ships with the project. It ranks lowest: what any source or analyst says stays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from biotech_ma.core.services import recorded
from companies import starter
from companies.models import Company
from companies.services import refresh_patent_years
from signals_app.ingest.base import Outcome, known_from
from signals_app.ingest.merge.aliases import AliasRecord, merge_aliases
from signals_app.ingest.merge.authority import STARTER
from signals_app.ingest.merge.candidates import CandidateRecord, merge_candidates
from signals_app.ingest.merge.companies import ORIGIN, CompanyRecord, Universe, merge_companies, refresh_areas
from signals_app.ingest.merge.ledger import FactRecord, SignalRecord, Written, merge_facts, merge_signals
from signals_app.ingest.merge.turn import take_turn
from signals_app.refresh import ledger_day, refresh_company_figures


def load_starter() -> Outcome:
    """Load the starter data set in one transaction; a second time changes nothing. Archived rows stay archived."""
    outcome = Outcome(STARTER)
    with recorded("load the starter data set"):
        take_turn()
        universe = Universe.load()
        merge_companies(_companies(), source=STARTER, universe=universe, outcome=outcome)
        companies = _by_key(universe)
        merge_aliases(_aliases(companies), source=STARTER)
        merge_candidates(_candidates(companies), source=STARTER, outcome=outcome)
        _count(outcome, merge_signals(_signals(companies)))
        _count(outcome, merge_facts(_facts(_filers(universe)), source=STARTER))
        company_ids = sorted({company.pk for company in (*universe.by_cik.values(), *companies.values())})
        refresh_areas(company_ids, source=STARTER)
        refresh_company_figures(day=ledger_day(), company_ids=company_ids)
        refresh_patent_years(day=ledger_day())
    return outcome


def _count(outcome: Outcome, written: Written) -> None:
    outcome.count("created", written.created)
    outcome.count("unchanged", written.unchanged)


def _filers(universe: Universe) -> dict[str, Company]:
    """Return by CIK the company under which its facts stand."""
    ciks = {*universe.by_cik, *universe.duplicates_by_cik}
    return {cik: filer for cik in ciks if (filer := universe.filer(cik)) is not None}


def _by_key(universe: Universe) -> dict[str, Company]:
    """Return the companies of the data set, live ones and duplicates, by the key that its rows name them by."""
    found: dict[str, Company] = {}
    for row in starter.rows(starter.COMPANIES):
        cik = row["cik"]
        company = universe.filer(cik) if cik else universe.without_cik(row["company"], row["name"])
        if company is not None:
            found[row["company"]] = company
    return found


def _companies() -> Iterator[CompanyRecord]:
    for line, row in enumerate(starter.rows(starter.COMPANIES), start=2):
        yield CompanyRecord(
            file=starter.COMPANIES.name,
            line=line,
            ticker=row["ticker"] or None,
            cik=row["cik"] or None,
            name=row["name"],
            role=row["role"],
            market_cap_usd=Decimal(row["market_cap_usd"]) if row["market_cap_usd"] else None,
            market_cap_as_of=_day(row["market_cap_as_of"]),
            **_as_buyer(row),
        )


def _as_buyer(row: Mapping[str, str]) -> dict[str, Any]:
    """Return what the data set says of acquirers alone; a key of its own for those that the SEC does not know."""
    if not row["buyer_kind"]:
        return {}
    origin = "" if row["cik"] else row["company"]
    return {
        "origin": origin,
        "is_public": row["is_public"] == "true",
        "headquarters": row["headquarters"] or None,
        "headquarters_source": row["headquarters_source"],
        "areas": tuple(row["therapeutic_areas"].split()),
        "metadata": {"buyer_kind": row["buyer_kind"], **({ORIGIN: origin} if origin else {})},
    }


def _aliases(companies: Mapping[str, Company]) -> Iterator[AliasRecord]:
    for row in starter.rows(starter.ALIASES):
        if row["company"] in companies:
            yield AliasRecord(
                companies[row["company"]].pk,
                row["kind"],
                row["alias"],
                _day(row["valid_from"]),
                _day(row["valid_to"]),
            )


def _candidates(companies: Mapping[str, Company]) -> Iterator[CandidateRecord]:
    for row in starter.rows(starter.CANDIDATES):
        if row["company"] in companies:
            yield CandidateRecord(
                company_id=companies[row["company"]].pk,
                ticker=row["company"],
                name=row["name"],
                indication=row["indication"] or None,
                phase=row["phase"],
                therapeutic_area=row["therapeutic_area"] or None,
                patent_expiry=_day(row["patent_expiry"]),
                orphan_designation=True if row["orphan_designation"] == "true" else None,
                additional=_additional(row),
                identifiers={
                    "phase": row["source"],
                    "patent_expiry": row["patent_source"],
                    "orphan_designation": row["orphan_source"],
                },
            )


def _additional(row: Mapping[str, str]) -> dict[str, object]:
    """Return what has no column of its own; empty values are left out."""
    found: dict[str, object] = {
        "status": row["status"],
        "nct_ids": row["nct_ids"].split(),
        "applications": row["applications"].split(),
        "brands": [brand for brand in row["brands"].split(" | ") if brand],
        "approved_on": row["approved_on"],
        "later_indication": row["later_indication"] == "true",
        "owned_from": row["owned_from"],
    }
    return {name: value for name, value in found.items() if value}


def _signals(companies: Mapping[str, Company]) -> Iterator[SignalRecord]:
    for row in starter.rows(starter.SIGNALS):
        if row["company"] in companies:
            yield SignalRecord(
                companies[row["company"]].pk,
                row["signal_type"],
                known_from(date.fromisoformat(row["event_date"])),
                known_from(date.fromisoformat(row["available_at"])),
                row["title"],
                row["source"],
                row["source_id"],
                row["source_url"] or None,
                json.loads(row["signal_data"]),
                row["severity"],
            )


def _facts(companies: Mapping[str, Company]) -> Iterator[FactRecord]:
    for row in starter.rows(starter.FACTS):
        if row["cik"] in companies:
            filed = date.fromisoformat(row["filed"])
            yield FactRecord(
                companies[row["cik"]].pk,
                row["cik"],
                row["concept"],
                _day(row["period_start"]),
                date.fromisoformat(row["period_end"]),
                Decimal(row["value"]),
                row["unit"] or None,
                row["form"],
                row["accession"],
                filed,
                known_from(filed),
            )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
