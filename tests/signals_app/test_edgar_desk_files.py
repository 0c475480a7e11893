"""The desk's own files: events, deals, prices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from companies.models import Company, CompanyAlias
from signals_app.figures import figures
from signals_app.ingest.base import IngestError, Request
from signals_app.ingest.deals.run import run as run_deals
from signals_app.ingest.events.run import run as run_events
from signals_app.ingest.prices.run import run as run_prices
from signals_app.models import FinancialFact, ReviewItem, Signal
from signals_app.periods import FIELDS, Fact, precedence
from signals_app.review_services import accept_review
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
MIDNIGHT = dt.datetime(2024, 5, 1, 4, tzinfo=dt.UTC)


@pytest.fixture
def load(tmp_path):
    def ingest(run, *lines, **asked):
        (tmp_path / "in.csv").write_text("\n".join(lines) + "\n")
        return run(Request((tmp_path,), **asked), lambda step: None)

    return ingest


EVENTS = "ticker,cik,signal_type,event_date,available_at,title,source_url,drug"
HOLD = "TSTB,,clinical_hold,2024-05-01,,Hold on TB-1,https://example.com/a,TB-1"


def test_event_counts_from_its_day_where_nothing_else_is_said(load):
    company = CompanyFactory(ticker="TSTB")
    first, second = load(run_events, EVENTS, HOLD), load(run_events, EVENTS, HOLD)
    signal = Signal.objects.get()
    assert (signal.company, signal.event_date, signal.available_at) == (company, MIDNIGHT, MIDNIGHT)
    assert (signal.severity, signal.signal_data) == ("critical", {"drug": "TB-1"})
    assert (first.created, second.created, second.unchanged) == (1, 0, 1)


def test_event_to_come_is_known_from_now_on(load):
    CompanyFactory(cik="0009000001")
    load(run_events, EVENTS, ",9000001,pdufa_date,2099-05-01,,Decision on TB-1,,")
    assert Signal.objects.get().available_at <= timezone.now()


def test_column_that_holds_ticker_or_cik_is_understood(load):
    CompanyFactory(ticker="TSTB", cik="0009000001")
    header = "ticker or cik,signal_type,event_date,title"
    assert load(run_events, header, "9000001,market,2024-05-01,a", "TSTB,market,2024-05-02,b").created == 2


@pytest.mark.parametrize("own_id", ["", "desk-17"])
def test_event_given_by_ticker_then_by_cik_is_one(load, own_id):
    company = CompanyFactory(ticker="TSTB", cik=None)
    header = "ticker,cik,signal_type,event_date,title,source_id"
    row = f",clinical_hold,2024-05-01,Hold on TB-1,{own_id}"
    load(run_events, header, f"TSTB,{row}")
    company.cik = "0009000001"
    company.save()
    again = load(run_events, header, f",9000001{row}", f"TSTB,9000001{row}", f"TSTB,{row}")
    assert (again.created, again.unchanged) == (0, 3)
    assert load(run_events, header, f",9000001{row.replace('TB-1', 'TB-2')}").created == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("TSTB,,clinical_hole,2024-05-01,,x,,", "not in the catalogue"),
        ("TSTB,,market,01.05.2024,,x,,", "no day"),
        ("TSTB,,market,,,x,,", "event_date is empty"),
        ("TSTB,,market,2024-05-01T10:00,,x,,", "no time zone"),
        ("TSTB,,market,2024-05-01,2099-01-01,x,,", "in the future"),
        ("TSTB,,market,2024-05-01,,,,", "title is empty"),
        ("TSTB,,market,2024-05-01,,x,javascript:alert(1),", "no web address"),
        (",,market,2024-05-01,,x,,", "names no company"),
        ("TSTB,,market,2024-05-01,,x,", "7 columns, expected 8"),
    ],
)
def test_bad_event_is_rejected_with_its_line_and_the_others_go_in(load, line, reason):
    CompanyFactory(ticker="TSTB")
    outcome = load(run_events, EVENTS, line, HOLD)
    assert (outcome.created, outcome.rejected, outcome.rejects[0].line) == (1, 1, 2)
    assert reason in outcome.rejects[0].reason


def test_event_of_a_reused_ticker_asks_for_the_cik(load):
    CompanyFactory(ticker="TSTB")
    CompanyAlias.objects.create(company=CompanyFactory(), kind="former_ticker", alias="TSTB")
    outcome = load(run_events, EVENTS, HOLD, HOLD.replace("TSTB,,", "TSTB,9999,"))
    assert (outcome.rejected, outcome.skipped) == (1, 1)
    assert "give the CIK" in outcome.rejects[0].reason


@pytest.mark.parametrize("header", ["a,b", "signal_type,event_date,title", ""])
def test_file_of_other_columns_is_an_error(load, header):
    with pytest.raises(IngestError):
        load(run_events, header, "x")


DEALS = "target,ticker,cik,acquirer,announced,price_per_share,value_usd_m,premium_last_close,structure,status"


def deal(status="completed", price="14.50", cik="9000001", ticker="TSTB", announced="2024-05-01"):
    return f'"Testbio, Inc.",{ticker},{cik},Bigpharma plc,{announced},{price},500.5,-0.1,tender offer,{status}'


def test_deal_labels_its_target_alone_and_leaves_the_ticker_free(load):
    now_held_by = CompanyFactory(ticker="TSTB")
    first, second = load(run_deals, DEALS, deal()), load(run_deals, DEALS, deal())
    target = Company.objects.get(cik="0009000001")
    assert (target.name, target.ticker, target.is_public) == ("Testbio, Inc.", None, False)
    assert list(target.aliases.values_list("kind", "alias")) == [("former_ticker", "TSTB")]
    label = Signal.objects.get()
    assert (label.company, label.signal_type, label.available_at) == (target, "takeover_target", MIDNIGHT)
    assert label.signal_data["price_per_share"] == "14.50"
    assert not now_held_by.signals.exists()
    assert (first.created, second.created, second.updated, second.unchanged) == (1, 0, 0, 1)


def test_new_terms_supersede_the_old_ones_from_now_on(load):
    load(run_deals, DEALS, deal("pending"))
    load(run_deals, DEALS, deal("completed", price="15"))
    assert load(run_deals, DEALS, deal("completed", price="15")).created == 0
    before, after = Signal.objects.order_by("created_at")
    assert (after.supersedes, after.event_date, after.signal_data["price_per_share"]) == (before, MIDNIGHT, "15")
    assert Signal.objects.as_of(timezone.now() - dt.timedelta(days=1)).get() == before


def test_terminated_deal_says_so_once(load):
    for _ in range(2):
        load(run_deals, DEALS, deal("terminated"))
    ended = Signal.objects.get(signal_type="takeover_terminated")
    assert (ended.event_date > MIDNIGHT, ended.signal_data["day_known"]) == (True, False)
    assert Signal.objects.count() == 2


def test_deal_that_was_called_terminated_by_mistake_stands_again_and_may_end_again(load):
    load(run_deals, DEALS, deal("terminated"))
    company = Company.objects.get(cik="0009000001")
    assert company.under_offer_since is None
    load(run_deals, DEALS, deal("pending"))
    company.refresh_from_db()
    assert company.under_offer_since == dt.date(2024, 5, 1)
    assert not Signal.objects.current().filter(signal_type="takeover_terminated").exists()
    before = Signal.objects.count()
    assert load(run_deals, DEALS, deal("pending")).created == 0
    assert Signal.objects.count() == before
    load(run_deals, DEALS, deal("terminated", price="15"))
    company.refresh_from_db()
    assert company.under_offer_since is None
    assert Signal.objects.current().filter(signal_type="takeover_terminated").count() == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (deal(cik=""), "no CIK"),
        (deal(announced="2099-01-01"), "in the future"),
        (deal(status="perhaps"), "status 'perhaps'"),
        (deal(price="-3"), "less than 0"),
        (deal(price="abc"), "no number"),
    ],
)
def test_bad_deal_is_rejected_and_the_others_go_in(load, bad, reason):
    outcome = load(run_deals, DEALS, bad, deal())
    assert (outcome.created, outcome.rejected) == (1, 1)
    assert reason in outcome.rejects[0].reason


def test_real_deals_give_what_awk_counts(shared_data):
    outcome = run_deals(Request((shared_data / "deals",)), lambda step: None)
    again = run_deals(Request((shared_data / "deals",)), lambda step: None)
    # csvkit: 135 rows, 135 CIKs, one of them terminated
    assert (outcome.read, outcome.created, outcome.rejected, again.created, again.updated) == (135, 135, 0, 0, 0)
    assert Signal.objects.filter(signal_type="takeover_target").count() == 135
    assert Signal.objects.get(signal_type="takeover_terminated").company.cik == "0000025743"
    genentech = Signal.objects.get(company__cik="0000318771")
    assert (genentech.signal_data["acquirer"], genentech.signal_data["price_per_share"]) == (
        "Roche Holding Ltd",
        "95.0",
    )
    assert genentech.event_date.date() == dt.date(2008, 7, 21)


PRICES = "ticker,cik,date,close,shares,adr_ratio"


def test_class_goes_by_its_company_where_the_ticker_changed_or_is_left_out(load):
    company = CompanyFactory(ticker="TSTN", cik="0009000001")
    CompanyAlias.objects.create(company=company, kind="former_ticker", alias="TSTO")
    CompanyAlias.objects.create(company=company, kind="ticker", alias="TSTB")
    lines = [
        "TSTO,9000001,2024-05-01,10,1000,", ",9000001,2024-05-02,11,1000,", "TSTN,,2024-05-03,12,1000,",
    ]  # fmt: skip
    outcome = load(run_prices, PRICES, *lines)
    assert (outcome.created, outcome.skipped, outcome.rejected) == (3, 0, 0)
    caps = FinancialFact.objects.filter(concept="market_cap").order_by("period_end")
    assert [int(fact.value) for fact in caps] == [10_000, 11_000, 12_000]
    # a further class is one of its own, and a day without it is not whole
    outcome = load(
        run_prices, PRICES, "TSTN,,2024-05-06,12,1000,", "TSTB,,2024-05-06,5,100,", ",9000001,2024-05-07,9,9,"
    )
    assert (outcome.created, outcome.skipped, outcome.rejected) == (2, 0, 1)
    assert caps.get(period_end="2024-05-06").value == 12_500


def test_market_cap_is_summed_over_the_classes_of_the_last_whole_day(load):
    company = CompanyFactory(cik="0009000001")
    lines = [
        "TSTA,9000001,2024-05-01,10,1000,", "TSTB,9000001,2024-05-01,20,100,",
        "TSTA,9000001,2024-05-02,11,1000,", "TSTB,9000001,2024-05-02,20,100,",
        "TSTA,9000001,2024-05-03,12,1000,",
    ]  # fmt: skip
    first, second = load(run_prices, PRICES, *lines), load(run_prices, PRICES, *lines)
    company.refresh_from_db()
    assert (company.market_cap_usd, company.market_cap_as_of) == (Decimal(13000), dt.date(2024, 5, 2))
    assert company.field_sources["market_cap_usd"]["source"] == "prices"
    assert (first.created, first.rejected, second.created, second.updated, second.unchanged) == (4, 1, 0, 0, 4)
    [missing] = first.rejects
    assert (missing.line, missing.reason) == (6, "no price of TSTB on 2024-05-03: a market cap takes every class")
    fact = FinancialFact.objects.get(concept="market_cap", period_end=dt.date(2024, 5, 1))
    # the close is known at four in the afternoon in New York
    assert (fact.value, fact.available_at) == (Decimal(12000), dt.datetime(2024, 5, 1, 20, tzinfo=dt.UTC))


def test_prices_far_newer_than_filings_keep_the_cap_and_say_why_figures_are_unknown(load):
    company = CompanyFactory(ticker="TSTB")
    for concept, value in (("cash", 500), ("short_term_investments", 0), ("long_term_debt", 50)):
        FinancialFact.objects.create(
            company=company, concept=concept, period_end=dt.date(2024, 3, 31), value=value, unit="USD", form="10-Q",
            accession="0009000001-24-000001", available_at=dt.datetime(2024, 5, 10, tzinfo=dt.UTC), source="edgar",
        )  # fmt: skip
    load(run_prices, PRICES, "TSTB,,2024-05-15,10,100,")
    company.refresh_from_db()
    assert (company.cash_position_usd, company.enterprise_value_usd) == (500, 1000 + 50 - 500)
    outcome = load(run_prices, PRICES, "TSTB,,2025-05-15,10,100,")
    company.refresh_from_db()
    assert (company.market_cap_usd, company.cash_position_usd, company.enterprise_value_usd) == (1000, None, None)
    assert company.field_sources["cash_position_usd"] == {"source": "edgar", "as_of": "2024-03-31", "note": "stale"}
    assert "1 of 1 companies have no figures of the 200 days to the last price" in outcome.notes[-1]


def test_adr_stands_for_several_shares(load):
    company = CompanyFactory(ticker="TSTB")
    load(run_prices, PRICES, "TSTB,,2024-05-01,10,1000,5")
    company.refresh_from_db()
    assert company.market_cap_usd == Decimal(2000)


def test_shares_of_the_cover_page_count_once_they_are_public(load):
    company = CompanyFactory(ticker="TSTB")
    for value, day in ((100, 2), (900, 9)):
        FinancialFact.objects.create(
            company=company, concept="shares_outstanding", period_end=dt.date(2024, 4, day), value=value,
            available_at=dt.datetime(2024, 4, day, tzinfo=dt.UTC), source="edgar-facts",
        )  # fmt: skip
    load(run_prices, PRICES, "TSTB,,2024-04-05,10,,")
    company.refresh_from_db()
    assert company.market_cap_usd == Decimal(1000)


def test_jump_in_shares_waits_for_an_analyst_in_one_file_and_between_files(load):
    company = CompanyFactory(ticker="TSTB")
    load(run_prices, PRICES, "TSTB,,2024-05-01,10,1000,")
    for line in ("TSTB,,2024-05-02,10,1500,", "TSTB,,2024-05-03,11,1500,"):
        load(run_prices, PRICES, line)
    company.refresh_from_db()
    assert (company.market_cap_usd, ReviewItem.objects.count()) == (Decimal(10000), 2)
    accept_review(item=ReviewItem.objects.order_by("id").first())
    load(run_prices, PRICES, "TSTB,,2024-05-04,12,1500,")
    company.refresh_from_db()
    assert company.market_cap_usd == Decimal(18000)


@pytest.mark.parametrize("corrected", [9, 12])
def test_another_close_of_a_day_on_record_counts_from_now_on_alone(load, corrected):
    company = CompanyFactory(ticker="TSTB")
    load(run_prices, PRICES, "TSTB,,2024-05-01,10,1000,")
    line = f"TSTB,,2024-05-01,{corrected},1000,"
    first, second = load(run_prices, PRICES, line), load(run_prices, PRICES, line)
    assert (first.created, second.created, second.unchanged) == (1, 0, 1)
    facts = [Fact(*row) for row in FinancialFact.objects.filter(concept="market_cap").values_list(*FIELDS)]
    assert figures(facts, dt.date(2024, 5, 2)).market_cap_usd == Decimal(10000)
    company.refresh_from_db()
    assert max(facts, key=precedence).value == company.market_cap_usd == corrected * 1000


def test_change_of_forty_per_cent_is_no_jump(load):
    CompanyFactory(ticker="TSTB")
    load(run_prices, PRICES, "TSTB,,2024-05-01,10,1000,", "TSTB,,2024-05-02,10,1400,", "TSTB,,2024-05-03,10,840,")
    assert not ReviewItem.objects.exists()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("TSTB,,2099-05-01,10,1000,", "in the future"),
        ("TSTB,,2024-05-02,-1,1000,", "less than 0"),
        ("TSTB,,2024-05-02,0,1000,", "close 0 cannot be"),
        ("TSTB,,2024-05-02,10,-5,", "less than 0"),
        ("TSTB,,2024-05-02,10,0,", "shares 0 cannot be"),
        ("TSTB,,2024-05-02,10,1000,0", "adr_ratio 0 cannot be"),
        ("TSTB,,2024-05-02,ten,1000,", "no number"),
        ("TSTB,,2024-05-01,11,1000,", "a second price of 2024-05-01, the first is on line 2"),
        ("TSTB,,2024-05-02,10", "4 columns, expected 6"),
    ],
)
def test_bad_price_is_rejected_and_the_others_go_in(load, bad, reason):
    CompanyFactory(ticker="TSTB")
    outcome = load(run_prices, PRICES, "TSTB,,2024-05-01,10,1000,", bad)
    assert (outcome.created, outcome.rejected) == (1, 1)
    assert reason in outcome.rejects[0].reason


def test_analysts_market_cap_stays(load):
    company = CompanyFactory(ticker="TSTB", market_cap_usd=Decimal(7), market_cap_as_of=dt.date(2024, 1, 1))
    outcome = load(run_prices, PRICES, "TSTB,,2024-05-01,10,1000,")
    company.refresh_from_db()
    assert company.market_cap_usd == Decimal(7)
    assert "set by an analyst" in str(outcome.refusals[0])
