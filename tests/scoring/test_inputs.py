"""The door to the data: what was public by the end of the day, no more, in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from companies.services import archive_company
from scoring.engine.features import readings
from scoring.engine.inputs import CompanyInputs
from scoring.inputs import Window, inputs, universe_inputs
from signals_app.ingest.base import Request, source
from signals_app.models import FinancialFact, Signal
from tests.scoring.universe import DAY, candidate, company, moment, research, signal, small_universe

pytestmark = pytest.mark.django_db


def of(target: Company, day: dt.date = DAY) -> CompanyInputs:
    [found] = Window.load(day, day, company_ids=[target.pk]).on(day)
    return found


@pytest.mark.parametrize("number", [3, 30])
def test_universe_takes_ten_queries_whatever_its_size(number: int, django_assert_num_queries: Any) -> None:
    for target in small_universe(number):
        signal(target, "designation_orphan", "2025-01-01")
        signal(target, "activist_stake", "2025-01-01")
    with django_assert_num_queries(10):
        assert len(universe_inputs(DAY)) == number


def test_universe_holds_live_targets_only() -> None:
    kept = company("KEEP")
    company("BUYER", role="acquirer")
    company("OTHER", role="excluded")
    gone = company("GONE")
    archive_company(row=gone)
    gone.refresh_from_db()
    today = timezone.localdate(timezone=NEW_YORK)
    assert [row.key for row in universe_inputs(today)] == [str(kept.pk)]
    # it was there before it was archived
    assert [row.key for row in universe_inputs(DAY)] == [str(kept.pk), str(gone.pk)]


def test_company_under_offer_leaves_and_comes_back() -> None:
    target = company("DEAL")
    signal(target, "takeover_target", "2026-03-01")
    signal(target, "takeover_terminated", "2026-05-01")
    candidate(target)
    assert inputs(target, dt.date(2026, 2, 28)) is not None
    assert inputs(target, dt.date(2026, 3, 1)) is None
    assert inputs(target, dt.date(2026, 5, 1)) is not None


def test_research_spending_is_the_one_filed_last_by_the_day() -> None:
    target = company("RND", cik="0000000123")
    research(target, 10_000_000)
    research(target, 12_000_000, known="2026-06-01", accession="0000000001-restated", form="10-Q/A")
    first, last = of(target, dt.date(2026, 5, 31)).research_spending, of(target).research_spending
    assert first is not None
    assert last is not None
    assert (first.usd, last.usd) == (10_000_000, 12_000_000)
    assert last.evidence.day == dt.date(2026, 6, 1)
    assert last.evidence.accessions == ("0000000001-restated",)
    assert (
        last.evidence.url
        == "https://www.sec.gov/Archives/edgar/data/123/0000000001restated/0000000001-restated-index.htm"
    )


def test_curated_fact_outranks_and_starter_fact_ranks_lowest_in_the_query_too() -> None:
    target = company("RANK")
    research(target, 1, known="2026-05-20", source="starter", accession="s")
    research(target, 2, known="2026-05-01", accession="r")
    assert of(target).research_spending.usd == 2  # type: ignore[union-attr]
    research(target, 3, known="2026-05-02", form="curated", accession=None, source="analyst")
    assert of(target).research_spending.usd == 3  # type: ignore[union-attr]


@pytest.mark.parametrize(("hour", "is_known"), [(23, True), (0, False)])
def test_event_counts_until_midnight_in_new_york(hour: int, is_known: bool) -> None:
    target = company("TIME")
    signal(target, "designation_orphan", "2026-06-30" if is_known else "2026-07-01", hour=hour)
    assert ("orphan" in of(target).states) is is_known


def test_superseded_signal_is_hidden_from_the_correction_on() -> None:
    target = company("FIX")
    wrong = signal(target, "clinical_hold", "2026-01-10")
    Signal.objects.create(
        company=target, signal_type="other", event_date=moment("2026-01-10"), available_at=moment("2026-02-10"),
        title="no hold after all", supersedes=wrong,
    )  # fmt: skip
    assert of(target, dt.date(2026, 2, 9)).states["clinical_hold"].holds
    assert "clinical_hold" not in of(target).states


def test_hold_ends_when_it_is_lifted_for_the_same_drug() -> None:
    target = company("HOLD")
    signal(target, "clinical_hold", "2026-01-10", drug="A")
    signal(target, "clinical_hold_lifted", "2026-02-10", drug="B")
    assert of(target).states["clinical_hold"].holds
    lifted = signal(target, "clinical_hold_lifted", "2026-03-10", drug="a")
    state = of(target).states["clinical_hold"]
    assert not state.holds
    assert state.evidence.signal_ids == (str(lifted.pk),)


def test_complete_response_ends_with_the_approval_of_the_application() -> None:
    target = company("CRL")
    signal(target, "fda_complete_response", "2026-01-10", drug="TB-1", application_number="NDA1")
    assert of(target).states["complete_response"].holds
    signal(target, "fda_approval", "2026-03-10", drug="BRAND", application_number="NDA1")
    assert not of(target).states["complete_response"].holds


def test_approved_drug_counts_as_filed_before_its_approval() -> None:
    target = company("APPR")
    candidate(
        target, "approved", name="TB-1",
        additional_data={"brands": ["Brandix"], "applications": ["BLA123456"], "approved_on": "2026-03-10"},
    )  # fmt: skip
    signal(target, "fda_approval", "2026-03-10", drug="BRANDIX")
    before, after = of(target, dt.date(2026, 3, 9)).programmes[0], of(target, dt.date(2026, 3, 10)).programmes[0]
    assert (before.phase, before.approved_on) == ("nda_bla", None)
    assert (after.phase, after.approved_on, after.is_biologic) == ("approved", dt.date(2026, 3, 10), True)
    assert after.evidence["approved_on"].source == "test"


def test_drug_that_was_bought_is_the_companys_from_that_day_on() -> None:
    target = company("OWNS")
    candidate(target, "approved", additional_data={"approved_on": "2020-01-01", "owned_from": "2026-04-01"})
    assert of(target, dt.date(2026, 3, 31)).programmes == ()
    [held] = of(target, dt.date(2026, 4, 1)).programmes
    assert held.approved_on == dt.date(2020, 1, 1)


def test_later_indication_is_not_dated_by_the_first() -> None:
    target = company("MORE")
    signal(target, "fda_approval", "2020-01-01", application_number="BLA123456", drug="Brandix")
    said = {"brands": ["Brandix"], "applications": ["BLA123456"], "later_indication": True}
    candidate(target, "approved", additional_data=said)
    [held] = of(target).programmes
    assert (held.phase, held.approved_on) == ("approved", None)


def test_approval_day_of_the_candidate_serves_where_the_ledger_has_none() -> None:
    target = company("NOTED")
    candidate(target, "approved", additional_data={"approved_on": "2026-03-10"})
    assert of(target, dt.date(2026, 3, 9)).programmes[0].phase == "nda_bla"
    assert of(target, dt.date(2026, 3, 10)).programmes[0].phase == "approved"


@pytest.mark.parametrize(
    ("phase", "additional", "sources", "is_active"),
    [
        ("phase_2", {"status": "active"}, {"phase": {"source": "starter"}}, True),
        ("phase_2", {"status": "unknown"}, {"phase": {"source": "starter"}}, False),
        ("phase_2", {"status": "unknown"}, {"phase": {"source": "curated", "as_of": "2026-06-30"}}, True),
        ("discontinued", {}, {"phase": {"source": "starter"}}, False),
    ],
)
def test_programme_counts_unless_its_status_is_unknown_or_ended(
    phase: str, additional: dict[str, str], sources: dict[str, dict[str, str]], is_active: bool
) -> None:
    target = company("STAT")
    candidate(target, phase, additional_data=additional, field_sources=sources)
    assert of(target).programmes[0].is_active is is_active


ENTITY_NOTE = {"source": "orangebook", "id": "NDA900001 exclusivity NCE", "as_of": "2024-05-31"}


@pytest.mark.parametrize(
    ("approved_on", "listed", "until"),
    [
        ("2023-06-28", "2028-06-28", "2028-06-28"),
        # scheduled by the DEA four months after its approval: the five years are listed from then on
        ("2023-06-28", "2028-10-28", "2028-06-28"),
        # a second product: the entity is that of an earlier approval, whose years are not its own
        ("2023-06-28", "2026-05-14", None),
        ("2023-06-28", "soon", None),
        ("2023-06-28", None, None),
    ],
)  # fmt: skip
def test_entity_of_the_orange_book_protects_five_years_from_its_own_approval(
    approved_on: str, listed: str | None, until: str | None
) -> None:
    target = company("NEW")
    data = {"approved_on": approved_on, "applications": ["NDA900001"], "new_chemical_entity": listed}
    notes = {"phase": {"source": "starter"}, "additional_data": ENTITY_NOTE, "new_chemical_entity": ENTITY_NOTE}
    candidate(target, "approved", name="L", indication=None, additional_data=data, field_sources=notes)
    reading = readings(of(target))["patent", "protected_years"]
    if until is None:
        assert reading.value is None
        return
    assert reading.words == f"new chemical entity exclusivity of L until {until}"
    assert reading.evidence is not None
    assert reading.evidence.source == "orangebook: NDA900001 exclusivity NCE"
    assert reading.evidence.day == dt.date(2024, 5, 31)


def test_entity_of_a_later_approval_says_nothing_before_it_and_an_analysts_word_counts_from_its_day() -> None:
    target = company("NEW")
    data = {"approved_on": "2027-01-10", "new_chemical_entity": "2032-01-10"}
    note = {"phase": {"source": "starter"}}
    filed = candidate(target, "approved", name="L", additional_data=data, field_sources=note)
    assert readings(of(target))["patent", "protected_years"].value is None
    filed.additional_data = {"new_chemical_entity": True}
    filed.phase = "phase_3"
    filed.field_sources = {**note, "additional_data": {"source": "curated"}}
    filed.save()
    today = timezone.localdate(timezone=NEW_YORK)
    assert readings(of(target))["patent", "protected_years"].value is None
    found = readings(of(target, today))["patent", "protected_years"]
    assert found.words.startswith("new chemical entity exclusivity of L")
    assert found.words.endswith("as if approved on the day")
    # five years of 365.25 days less a day or so: 100 x (5 - 3) / 12 = 16.7
    assert found.value is not None
    assert 16 < found.value < 17


@pytest.mark.parametrize(
    ("as_of", "day", "is_known"),
    [
        ("2026-06-01", dt.date(2026, 5, 31), False),
        ("2026-06-01", dt.date(2026, 6, 1), True),
        ("2026-06-01", dt.date(2027, 7, 6), True),
        ("2026-06-01", dt.date(2027, 7, 7), False),
    ],
)
def test_market_cap_counts_for_400_days_from_its_own(as_of: str, day: dt.date, is_known: bool) -> None:
    cap = of(company("CAP", as_of=as_of), day).market_cap
    assert (cap is not None) is is_known
    if cap:
        assert cap.usd == Decimal("2511886432")
        assert cap.evidence.day == dt.date(2026, 6, 1)


def price(of: Company, day: str, usd: int, **other: Any) -> None:
    FinancialFact.objects.create(
        company=of, period_end=day, value=Decimal(usd), available_at=moment(day, 16),
        **{"concept": "market_cap", "unit": "USD", "form": "price", "source": "prices", **other},
    )  # fmt: skip


def test_market_cap_of_a_past_day_is_the_price_of_that_day() -> None:
    target = company("PAST", cap=900, as_of="2026-06-01")
    price(target, "2026-01-30", 500)
    price(target, "2026-02-27", 700)
    found = of(target, dt.date(2026, 2, 10)).market_cap
    assert found is not None
    assert (found.usd, found.evidence.source, found.evidence.day) == (500, "prices: market cap", dt.date(2026, 1, 30))
    assert of(target, dt.date(2026, 2, 27)).market_cap.usd == 700  # type: ignore[union-attr]
    assert of(target, dt.date(2026, 1, 29)).market_cap is None
    # the row's own is newer than the ledger's
    assert of(target, dt.date(2026, 6, 1)).market_cap.usd == 900  # type: ignore[union-attr]
    assert of(target, dt.date(2027, 7, 7)).market_cap is None


def test_market_cap_that_is_not_in_usd_does_not_count() -> None:
    target = company("EURO", cap=900, as_of="2026-06-01")
    price(target, "2026-06-10", 500, unit="EUR")
    assert of(target).market_cap.usd == 900  # type: ignore[union-attr]


def test_public_float_stands_in_where_there_is_no_price_and_is_marked_as_assumed() -> None:
    target = company("FLOAT", cap=None)
    price(target, "2026-01-30", 2_511_886_432, concept="public_float", form="10-K", accession="0000000000-26-000001")
    found = of(target, dt.date(2026, 2, 10))
    assert found.market_cap is not None
    assert (found.market_cap.usd, found.market_cap.evidence.accessions) == (2_511_886_432, ("0000000000-26-000001",))
    reading = readings(found)["financial", "size"]
    assert reading.is_assumed
    assert "public float" in reading.words
    price(target, "2026-02-02", 500)
    assert of(target, dt.date(2026, 2, 10)).market_cap.usd == 500  # type: ignore[union-attr]
    assert not readings(of(target, dt.date(2026, 2, 10)))["financial", "size"].is_assumed


def test_later_prices_change_no_earlier_inputs(tmp_path: Path) -> None:
    target = company("LATER", cap=900, as_of="2026-06-01")
    before = of(target)
    for day, close in (("2026-07-15", 3), ("2026-08-15", 4)):
        file = tmp_path / "prices.csv"
        file.write_text(f"ticker,cik,date,close,shares,adr_ratio\nLATER,,{day},{close},1000,\n")
        assert source("prices")(Request((file,)), str).created == 1
    after = of(target)
    assert (before.market_cap.usd, after.market_cap.usd) == (900, 900)  # type: ignore[union-attr]
    assert after.market_cap.evidence.day == dt.date(2026, 6, 1)  # type: ignore[union-attr]
    assert of(target, dt.date(2026, 7, 20)).market_cap.usd == 3000  # type: ignore[union-attr]
