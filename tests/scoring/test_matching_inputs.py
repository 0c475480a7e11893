"""The door of matching: what was known of targets and acquirers on a day, and nothing that came later."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from companies.models import CompanyAlias
from scoring.engine.parties import Acquirer, Target
from scoring.engine.valuation import PUBLISHED_PREMIUMS
from scoring.matching.parties import parties
from scoring.matching.regions import region_of
from tests.scoring.buyers import acquirer, buyer, fact, flow, target, tell
from tests.scoring.universe import DAY, candidate, signal

pytestmark = pytest.mark.django_db


def one(day: dt.date = DAY) -> tuple[Target, Acquirer]:
    found = parties(day)
    (wanted,), (who,) = found.targets, found.acquirers
    return wanted, who


def usd(amount: Any) -> int | None:
    return None if amount is None else int(amount.usd)


def test_door_tells_all_that_the_terms_rest_on() -> None:
    target()
    buyer()
    wanted, who = one()
    assert (wanted.ticker, who.ticker, who.name) == ("TEE", "AYP", "Ay Pharma plc")
    assert [(item.name, item.area, item.indication) for item in wanted.programmes] == [
        ("TEE-1", "oncology", "Breast cancer")
    ]
    assert (usd(wanted.market_cap), usd(wanted.liquid_funds), usd(wanted.debt)) == (2 * 10**9, 3 * 10**8, 10**8)
    assert (usd(who.liquid_funds), usd(who.ebitda), usd(who.debt)) == (10**9, 6 * 10**8, 13 * 10**8)
    (deal,) = who.deals
    assert (deal.target, deal.value_usd, deal.areas, deal.stage) == (
        "Old Onc, Inc.", Decimal(3_300_000_000), ("oncology",), "phase_3",
    )  # fmt: skip
    (cliff,) = who.cliffs
    assert (cliff.drug, cliff.expires, cliff.revenue_share) == ("AYPmab", dt.date(2029, 6, 30), Decimal("0.40"))
    assert set(who.regions) == {"US"}
    assert deal.evidence.url == cliff.evidence.url == "https://example.org/filing"
    assert who.ebitda is not None
    assert who.ebitda.evidence.accessions


def test_what_became_known_later_changes_no_earlier_day() -> None:
    made, who = target(), buyer()
    before = parties(DAY)
    tell(who, "takeover_acquirer", "2026-07-01", target="Later, Inc.")
    tell(
        who, "patent_expiry", "2026-07-01", drug="Latedrug", area="oncology", revenue_share="0.2", expires="2030-01-01"
    )
    tell(made, "partnership", "2026-07-01", partner="Ay Pharma plc", kind="licence")
    tell(made, "takeover_target", "2026-07-01", acquirer="Ay Pharma plc", premium_last_close="0.9")
    signal(who, "fda_approval", "2026-07-02", drug="x")
    tell(who, "trial_updated", "2026-07-02", trial={"countries": ["Japan"]})
    fact(who, "cash", 9 * 10**9, known="2026-07-01", accession="restated")
    flow(who, "operating_income", 5, known="2026-07-01", accession="restated")
    assert parties(DAY) == before
    assert parties(dt.date(2026, 7, 2)) != before


@pytest.mark.parametrize("number", [1, 7])
def test_door_takes_a_fixed_number_of_queries(number: int, django_assert_num_queries: Any) -> None:
    for index in range(number):
        target(f"T{index}")
        buyer(f"B{index}", f"Buyer {index}")
    with django_assert_num_queries(QUERIES):
        found = parties(DAY)
    assert (len(found.targets), len(found.acquirers)) == (number, number)


QUERIES = 16


def test_label_of_a_target_counts_as_a_deal_of_the_acquirer_it_names_once() -> None:
    target()
    who = buyer()
    CompanyAlias.objects.create(company=who, kind="former_name", alias="Ayold Laboratories Inc")
    old = acquirer(None, "Old Onc Inc", cik="0000777777", role="excluded")
    tell(old, "takeover_target", "2025-06-29", acquirer="Ay Pharma PLC", value_usd_m="3200")
    other = acquirer(None, "Other Bio", role="excluded")
    tell(other, "takeover_target", "2024-01-05", acquirer="AYOLD LABS", value_usd_m="150.5", status="completed")
    tell(other, "takeover_target", "2024-01-05", acquirer="Somebody Else")
    deals = {deal.target: deal for deal in one()[1].deals}
    assert set(deals) == {"Old Onc, Inc.", "Other Bio"}
    assert deals["Old Onc, Inc."].value_usd == Decimal(3_300_000_000)
    assert (deals["Other Bio"].value_usd, deals["Other Bio"].announced) == (Decimal(150_500_000), dt.date(2024, 1, 5))


@pytest.mark.parametrize(
    "named",
    [
        {"partner": "Ay Pharma"},
        {"partner": "whatever it says", "partner_cik": "42"},
        {"partner": "whatever it says", "partner_cik": 42},
        {"partner": "whatever it says", "partner_ticker": "ayp"},
    ],
)
def test_partner_is_found_by_cik_ticker_or_name(named: dict[str, Any]) -> None:
    made, who = target(), buyer(cik="0000000042")
    tell(made, "partnership", "2024-03-01", kind="option", drug="TEE-1", **named)
    (tie,) = one()[0].relations[str(who.pk)]
    assert (tie.kind, tie.drug, tie.since) == ("option", "TEE-1", dt.date(2024, 3, 1))


def test_another_cik_is_another_partner_whatever_the_name() -> None:
    made, _ = target(), buyer(cik="0000000042")
    tell(made, "partnership", "2024-03-01", partner="Unknown AG", partner_cik="43", partner_ticker="AYP")
    assert one()[0].relations == {}


def test_ended_partnership_binds_no_more_and_a_stake_stays_until_nothing_is_left() -> None:
    made, who = target(), buyer()
    tell(made, "partnership", "2023-01-10", partner="Ay Pharma plc", kind="licence", drug="TEE-1")
    tell(made, "partnership", "2023-02-10", partner="Ay Pharma plc", kind="licence", drug="TEE-2")
    tell(made, "passive_stake", "2023-05-01", holder="AY PHARMA PLC", percent="9.9")
    tell(made, "partnership_ended", "2025-01-10", partner="Ay Pharma plc", drug="TEE-1")
    tell(made, "activist_stake", "2025-05-01", holder="AY PHARMA PLC", percent=12.5)
    ties = one()[0].relations[str(who.pk)]
    assert [(tie.kind, tie.drug, tie.percent, tie.since) for tie in ties] == [
        ("licence", "TEE-2", None, dt.date(2023, 2, 10)),
        ("stake", None, Decimal("12.5"), dt.date(2023, 5, 1)),
    ]
    assert len(one(dt.date(2025, 1, 9))[0].relations[str(who.pk)]) == 3
    tell(made, "passive_stake", "2026-01-01", holder="AY PHARMA PLC", percent="0")
    tell(made, "partnership_ended", "2026-01-02", partner="Ay Pharma plc")
    assert one()[0].relations == {}


def test_regions_come_from_trials_and_approvals() -> None:
    made, who = target(), buyer()
    tell(made, "trial_updated", "2025-01-01", trial={"countries": ["Germany", "Japan", "Brazil"]})
    tell(who, "trial_started", "2025-01-01", trial={"countries": ["China", "United Kingdom"]})
    signal(made, "fda_approval", "2025-02-01")
    wanted, buys = one()
    assert set(wanted.regions) == {"US", "EU", "JP", "other"}
    assert set(buys.regions) == {"US", "EU", "CN"}
    assert wanted.regions["JP"].day == dt.date(2025, 1, 1)


@pytest.mark.parametrize("countries", ["Japan", 5, {"a": "Japan"}, None, [["Japan"]], []])
def test_countries_that_are_no_list_of_names_are_no_region_but_elsewhere(countries: Any) -> None:
    made, _ = target(), buyer()
    tell(made, "trial_updated", "2025-01-01", trial={"countries": countries})
    tell(made, "trial_updated", "2025-01-02", trial="countries")
    assert set(one()[0].regions) <= {"other"}


def test_name_of_a_bought_company_is_its_buyer_s_from_the_purchase_on() -> None:
    made, who = target(), buyer()
    CompanyAlias.objects.create(company=who, kind="merged", alias="Swallowed Inc", valid_from="2024-06-01")
    sold = acquirer(None, "Sold", role="excluded")
    tell(sold, "takeover_target", "2023-01-05", acquirer="Swallowed, Inc.")
    tell(made, "partnership", "2022-01-05", partner="Swallowed", kind="licence")
    wanted, buys = one()
    assert "Sold" not in {deal.target for deal in buys.deals}
    assert [tie.since for tie in wanted.relations[str(who.pk)]] == [dt.date(2022, 1, 5)]
    assert one(dt.date(2024, 5, 31))[0].relations == {}


def test_name_that_two_acquirers_share_means_neither() -> None:
    made, _ = target(), buyer()
    other = buyer("OTH", "Other Pharma")
    CompanyAlias.objects.create(company=other, kind="name", alias="Ay Pharma")
    tell(made, "partnership", "2024-03-01", partner="Ay Pharma", kind="licence")
    assert parties(DAY).targets[0].relations == {}


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("United States", "US"),
        ("FR", "EU"),
        ("Switzerland", "EU"),
        ("hong kong", "CN"),
        ("Japan", "JP"),
        ("Peru", "other"),
    ],
)
def test_country_belongs_to_a_region(country: str, region: str) -> None:
    assert region_of(country) == region


def test_figures_that_are_not_known_stay_unknown_with_the_reason() -> None:
    target()
    who = acquirer("AYP", "Ay Pharma plc")
    fact(who, "cash", 100, end="2025-06-30", known="2025-08-01")
    flow(who, "operating_income", 100, unit="EUR")
    flow(who, "depreciation_and_amortization", 10, unit="EUR")
    _, buys = one()
    assert (buys.liquid_funds, buys.debt, buys.ebitda) == (None, None, None)
    assert buys.why_unknown == {
        "liquid_funds": "stale", "debt": "not_reported", "ebitda": "currency_not_usd_or_unknown",
    }  # fmt: skip


def test_earnings_need_both_parts_of_the_same_twelve_months() -> None:
    target()
    who = acquirer("AYP", "Ay Pharma plc")
    flow(who, "operating_income", 800, end="2026-03-31")
    flow(who, "depreciation_and_amortization", 200, end="2025-12-31")
    assert one()[1].why_unknown["ebitda"] == "no_trailing_year"
    flow(who, "depreciation_and_amortization", 250, end="2026-03-31", accession="later")
    assert usd(one()[1].ebitda) == 1050


def test_acquirer_under_offer_is_no_acquirer_and_archived_ones_are_none() -> None:
    target()
    who = buyer()
    buyer("GON", "Gone Pharma", deleted_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    tell(who, "takeover_target", "2026-01-05", acquirer="Big")
    assert parties(DAY).acquirers == ()
    assert [each.ticker for each in parties(dt.date(2026, 1, 4)).acquirers] == ["AYP"]


def test_premiums_are_those_known_by_the_day_from_twenty_deals_on() -> None:
    target()
    buyer()
    sold = acquirer(None, "Sold")
    for index in range(19):
        tell(sold, "takeover_target", f"2025-01-{index + 1:02d}", acquirer="A", premium_last_close=f"0.{index:02d}")
    assert parties(DAY).premiums.quartiles == PUBLISHED_PREMIUMS
    tell(sold, "takeover_target", "2025-02-01", acquirer="A", premium_last_close="0.19")
    tell(sold, "takeover_target", "2026-07-01", acquirer="A", premium_last_close="5")
    # 0.00 to 0.19 in steps of 0.01: positions 4.75, 9.5 and 14.25 of 0 to 19
    known = parties(DAY).premiums
    assert known.quartiles == (Decimal("0.0475"), Decimal("0.095"), Decimal("0.1425"))
    assert known.deals == 20


@pytest.mark.parametrize(
    "data",
    [
        {"target": ""},
        {"target": ["x"]},
        {"target": "X", "value_usd": "NaN", "areas": "oncology", "stage": 3},
        {"target": "X", "value_usd": {"a": 1}, "areas": [None, "dance"], "stage": "phase_9"},
    ],
)
def test_senseless_data_of_a_deal_are_unknown(data: dict[str, Any]) -> None:
    target()
    tell(acquirer("AYP", "Ay Pharma plc"), "takeover_acquirer", "2025-01-01", **data)
    assert [(deal.value_usd, deal.areas, deal.stage) for deal in one()[1].deals] in ([], [(None, (), None)])


@pytest.mark.parametrize(
    "data",
    [
        {"revenue_share": "1.4", "expires": "2029-01-01"},
        {"revenue_share": "forty", "expires": "2029-01-01"},
        {"revenue_share": "0.4", "expires": "soon"},
        {"expires": "2029-01-01"},
    ],
)
def test_senseless_or_partial_cliff_is_none(data: dict[str, Any]) -> None:
    target()
    tell(acquirer("AYP", "Ay Pharma plc"), "patent_expiry", "2025-01-01", drug="X", **data)
    assert one()[1].cliffs == ()


def test_cliff_without_a_day_takes_the_last_protected_day_of_the_acquirers_own_drug() -> None:
    target()
    who = acquirer("AYP", "Ay Pharma plc")
    candidate(who, "approved", name="AY-1", therapeutic_area="oncology", indication="A", patent_expiry="2029-06-30")
    candidate(who, "approved", name="AY-1", therapeutic_area="oncology", indication="B", patent_expiry="2030-06-30")
    candidate(who, "phase_3", name="AY-2", therapeutic_area="oncology", patent_expiry="2031-06-30")
    for drug in ("ay-1", "AY-2", "AY-3"):
        tell(who, "patent_expiry", "2026-02-20", drug=drug, revenue_share="0.25", fiscal_year="2025")
    (cliff,) = one()[1].cliffs
    assert (cliff.drug, cliff.expires, cliff.area) == ("ay-1", dt.date(2030, 6, 30), "oncology")
    assert cliff.evidence.url == "https://example.org/filing"


def test_newest_word_on_a_drug_s_cliff_counts() -> None:
    target()
    who = buyer()
    tell(who, "patent_expiry", "2026-05-01", drug="aypMAB", area="oncology", revenue_share="0.35", expires="2030-01-01")
    (cliff,) = one()[1].cliffs
    assert (cliff.revenue_share, cliff.expires) == (Decimal("0.35"), dt.date(2030, 1, 1))


def test_peak_sales_and_areas_of_candidates_reach_the_engine() -> None:
    made = target()
    candidate(
        made, "phase_2", name="TEE-2", indication="Gout", therapeutic_area="metabolic", market_potential_usd=10**9
    )
    buyer()
    drug = next(item for item in one()[0].programmes if item.name == "TEE-2")
    assert (drug.area, usd(drug.peak_sales)) == ("metabolic", 10**9)


def test_buyer_of_private_equity_needs_neither_ticker_nor_figures() -> None:
    target()
    noted = {"therapeutic_areas": {"source": "curated", "as_of": "2026-06-30"}}
    acquirer(
        None,
        "Ex Capital",
        metadata={"buyer_kind": "private_equity"},
        therapeutic_areas=["oncology"],
        field_sources=noted,
    )
    buys = one()[1]
    assert (buys.ticker, buys.stated_areas, buys.debt) == (None, ("oncology",), None)
    # an analyst's areas are not known before the analyst wrote them
    assert one(dt.date(2026, 6, 29))[1].stated_areas == ()
