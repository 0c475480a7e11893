"""Figures and ingests after two companies were merged: read together, written once, and no duplicate comes back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from companies.merging import merge, undo_merge
from companies.models import Company, DrugCandidate
from scoring.edits import lock_of
from scoring.services import market_today
from signals_app.curated import correct_fact
from signals_app.day_figures import figures_document
from signals_app.deals import Deal
from signals_app.ingest.base import Outcome, Request
from signals_app.ingest.csv_rows import Key
from signals_app.ingest.directory import Directory
from signals_app.ingest.events.run import run as ingest_events
from signals_app.ingest.live import Session
from signals_app.ingest.merge.candidates import CandidateRecord, merge_candidates
from signals_app.ingest.merge.companies import CompanyRecord, Universe, merge_companies
from signals_app.ingest.merge.registrants import RegistrantRecord, merge_registrants
from signals_app.ingest.prices.run import run as ingest_prices
from signals_app.ingest.xbrl.companyfacts.run import run as ingest_facts
from signals_app.models import FinancialFact, ReviewItem, Signal
from signals_app.review_services import accept_review
from signals_app.services import correct_signal
from tests.factories import CompanyFactory, DrugCandidateFactory, SignalFactory

pytestmark = pytest.mark.django_db


def stated(value: int, **more: str) -> dict[str, Any]:
    """One figure of the report of the first quarter of 2026."""
    filing = {"accn": "0009000001-26-000001", "form": "10-Q", "filed": "2026-05-10", "fy": 2026, "fp": "Q1"}
    return {"end": "2026-03-31", "val": value, **filing, **more}


# Cash is four fifths of all assets, so that it is all there is of liquid funds: $40m.
DOCUMENT = {
    "cik": 9000001,
    "entityName": "BRACKEN TESTBIO INC",
    "facts": {
        "us-gaap": {
            "CashAndCashEquivalentsAtCarryingValue": {"units": {"USD": [stated(40_000_000)]}},
            "Assets": {"units": {"USD": [stated(50_000_000)]}},
        },
        "dei": {"EntityCommonStockSharesOutstanding": {"units": {"shares": [stated(30_000_000)]}}},
    },
}
FUNDS = Decimal(40_000_000)


@pytest.fixture
def kept() -> Company:
    return CompanyFactory(name="Acme Therapeutics", ticker="ACME", cik="0000000001")


@pytest.fixture
def duplicate() -> Company:
    return CompanyFactory(name="Bracken Testbio", ticker="BRKN", cik="0009000001")


def fate(outcome: Outcome) -> tuple[int, int]:
    return outcome.created, outcome.updated


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[], Outcome]:
    """Load the company facts of the duplicate's CIK."""
    made = tmp_path / "CIK0009000001.json"
    made.write_text(json.dumps(DOCUMENT))
    return lambda: ingest_facts(Request(paths=(made,)), lambda step: None)


def funds(company: Company) -> Decimal | None:
    return Company.all_objects.get(pk=company.pk).cash_position_usd


def test_facts_under_the_duplicate_s_cik_stay_there_and_make_the_kept_company_s_figures(kept, duplicate, loaded):
    assert fate(loaded())[0] > 0
    assert (funds(kept), funds(duplicate)) == (None, FUNDS)
    made = merge(kept=kept, duplicate=duplicate)
    assert funds(kept) == FUNDS
    told = figures_document(Company.objects.get(pk=kept.pk), dt.date(2026, 6, 30))
    assert Decimal(told["liquid_funds_usd"]["value"]) == FUNDS
    for _ in range(2):
        assert fate(loaded()) == (0, 0)
    assert set(FinancialFact.objects.values_list("company", flat=True)) == {duplicate.pk}
    assert list(Company.objects.all()) == [kept]
    undo_merge(merge=made)
    assert (funds(kept), funds(duplicate)) == (None, FUNDS)


def test_facts_that_come_after_the_merge_make_the_kept_company_s_figures(kept, duplicate, loaded):
    merge(kept=kept, duplicate=duplicate)
    assert fate(loaded())[0] > 0
    assert funds(kept) == FUNDS
    assert fate(loaded()) == (0, 0)


def test_rows_stay_the_duplicate_s_although_the_kept_company_takes_its_cik_and_ticker_over(duplicate, loaded, tmp_path):
    kept = CompanyFactory(name="Acme Therapeutics", ticker=None, cik=None)
    made = tmp_path / "events.csv"
    made.write_text("ticker,signal_type,event_date,title\nBRKN,clinical_hold,2026-05-01,Held\n")

    def events() -> Outcome:
        return ingest_events(Request(paths=(made,)), lambda step: None)

    loaded()
    events()
    merged = merge(kept=kept, duplicate=duplicate, fill=["ticker", "cik"])
    assert (fate(loaded()), fate(events())) == ((0, 0), (0, 0))
    assert funds(kept) == FUNDS
    undo_merge(merge=merged)
    assert (funds(kept), funds(duplicate)) == (None, FUNDS)
    assert (fate(loaded()), fate(events())) == ((0, 0), (0, 0))


@pytest.mark.parametrize(
    "said",
    [
        {"ticker": "BRKN", "cik": None, "name": "Bracken Testbio"},
        {"ticker": "BRKN", "cik": None, "name": "Bracken Testbio Inc."},
        {"ticker": None, "cik": "0009000001", "name": "Renamed"},
        {"ticker": "ACME", "cik": "0009000001", "name": "Acme Therapeutics"},
        {"ticker": None, "cik": None, "name": "Bracken Testbio", "origin": "list:7"},
    ],
)
def test_no_list_of_companies_brings_the_duplicate_back_or_changes_the_kept_one(kept, duplicate, said):
    merge(kept=kept, duplicate=duplicate)
    for _ in range(3):
        outcome = Outcome("test")
        record = CompanyRecord(file="list.csv", line=2, **said)
        merge_companies([record], source="test", universe=Universe.load(), outcome=outcome)
        assert (fate(outcome), outcome.skipped, outcome.rejects) == ((0, 0), 1, [])
    assert Company.objects.values_list("ticker", "cik", "name").get() == ("ACME", "0000000001", "Acme Therapeutics")
    assert Company.all_objects.count() == 2


def test_a_ticker_that_another_company_has_taken_since_is_that_company_s(kept, duplicate):
    merge(kept=kept, duplicate=duplicate)
    outcome = Outcome("test")
    record = CompanyRecord(file="list.csv", line=2, ticker="BRKN", cik="0000000077", name="Brook N")
    merge_companies([record], source="test", universe=Universe.load(), outcome=outcome)
    assert fate(outcome) == (1, 0)
    assert Company.objects.get(ticker="BRKN").name == "Brook N"


def test_a_register_of_the_duplicate_s_cik_leaves_both_alone(kept, duplicate):
    merge(kept=kept, duplicate=duplicate)
    outcome = Outcome("test")
    record = RegistrantRecord(cik="0009000001", name="Bracken Renamed", tickers=("ACME", "NEW"))
    merge_registrants([record], source="edgar", universe=Universe.load(), outcome=outcome)
    assert (fate(outcome), outcome.skipped) == ((0, 0), 1)
    assert Company.objects.values_list("ticker", "cik", "name").get() == ("ACME", "0000000001", "Acme Therapeutics")


def test_events_that_name_the_duplicate_are_written_once_and_read_as_the_kept_company_s(kept, duplicate, tmp_path):
    made = tmp_path / "events.csv"
    made.write_text(
        "ticker,signal_type,event_date,title\n"
        "BRKN,clinical_hold,2026-05-01,Held\n"
        "ACME,clinical_hold,2026-05-02,Held too\n"
    )

    def run() -> Outcome:
        return ingest_events(Request(paths=(made,)), lambda step: None)

    assert fate(run()) == (2, 0)
    merge(kept=kept, duplicate=duplicate)
    for _ in range(2):
        assert fate(run()) == (0, 0)
    assert Signal.objects.of_company("ACME").count() == 2


def test_prices_of_the_duplicate_s_ticker_make_the_kept_company_s_market_cap(kept, duplicate, loaded, tmp_path):
    loaded()
    merge(kept=kept, duplicate=duplicate)
    made = tmp_path / "prices.csv"
    made.write_text("ticker,date,close\nBRKN,2026-06-01,2.00\n")
    ingest_prices(Request(paths=(made,)), lambda step: None)
    assert Company.objects.get(pk=kept.pk).market_cap_usd == 30_000_000 * 2
    assert fate(ingest_prices(Request(paths=(made,)), lambda step: None)) == (0, 0)


def test_tickers_and_ciks_of_the_duplicate_lead_to_its_rows_those_of_the_kept_to_its_own(kept, duplicate):
    merge(kept=kept, duplicate=duplicate)
    directory, day = Directory.load(), dt.date(2026, 6, 1)
    for key in (Key("BRKN", None), Key(None, "0009000001")):
        found = directory.find(key, day)
        assert found == duplicate
        assert directory.universe.read_as(found) == kept
    assert directory.find(Key("ACME", None), day) == kept


def test_a_source_s_drugs_of_the_duplicate_are_the_kept_company_s(kept, duplicate):
    held = DrugCandidateFactory(company=duplicate, name="BT-1", indication="Gout")
    merge(kept=kept, duplicate=duplicate)
    records = [
        CandidateRecord(duplicate.pk, "BRKN", name, "Gout", phase="phase_2", therapeutic_area="metabolic")
        for name in ("BT-1", "BT-2")
    ]
    for created in (1, 0, 0):
        outcome = Outcome("test")
        merge_candidates(records, source="test", outcome=outcome)
        assert outcome.created == created
    assert set(DrugCandidate.objects.values_list("company", "name")) == {(kept.pk, "BT-1"), (kept.pk, "BT-2")}
    assert DrugCandidate.objects.get(name="BT-1") == held


def test_a_duplicate_s_signal_and_figure_are_corrected_as_the_kept_company_s(kept, duplicate, loaded):
    loaded()
    signal = SignalFactory(company=duplicate)
    fact = FinancialFact.objects.filter(concept="cash").order_by("-period_end").first()
    merge(kept=kept, duplicate=duplicate)
    corrected = correct_signal(signal=signal, changes={"title": "Put right"})
    assert corrected.company == kept
    assert list(Signal.objects.of_company("ACME").current().filter(signal_type=signal.signal_type)) == [corrected]
    made = correct_fact(fact=fact, value=Decimal(7_000_000))
    assert made.company == kept


def test_a_proposal_for_the_duplicate_is_accepted_for_the_kept_company(kept, duplicate):
    item = ReviewItem.objects.create(
        kind="signal", company=duplicate, title="A hold?", source="edgar", source_id="1",
        proposed={"signal_type": "clinical_hold", "event_date": "2026-05-01T00:00:00+00:00",
                  "available_at": "2026-05-01T00:00:00+00:00"},
    )  # fmt: skip
    merge(kept=kept, duplicate=duplicate)
    accept_review(item=item)
    assert Signal.objects.get().company == kept


def test_a_deal_of_the_duplicate_is_told_under_the_kept_company_s_name_and_ends_with_it(kept, duplicate):
    SignalFactory(company=duplicate, signal_type="takeover_target", signal_data={"acquirer": "Big"})
    merge(kept=kept, duplicate=duplicate)
    [deal] = Deal.deals.followed()
    assert (deal.target, deal.status) == ("Acme Therapeutics", "pending")
    SignalFactory(company=kept, signal_type="takeover_terminated", event_date=dt.datetime(2025, 7, 1, tzinfo=dt.UTC))
    assert Deal.deals.followed().get().status == "terminated"


def test_live_sources_go_on_asking_for_the_duplicate_s_filings(kept, duplicate):
    merge(kept=kept, duplicate=duplicate)
    CompanyFactory(cik="0000000003", deleted_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    asked = Session("edgar-facts", Request(()), client=None, progress=lambda step: None).companies()  # type: ignore[arg-type]
    assert [company.cik for company in asked] == ["0000000001", "0009000001"]


def test_a_merge_has_today_scored_anew(kept, duplicate):
    def asked() -> int:
        return ProcrastinateJob.objects.filter(lock=lock_of(market_today())).count()

    assert asked() == 0
    merge(kept=kept, duplicate=duplicate)
    assert asked() == 1
