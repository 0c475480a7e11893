"""The deal desk's pages: a deal or a rumour by hand, its milestones, its end and its return, and who said so."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.services import archive
from companies.models import Company, CompanyAlias
from companies.restrictions import put_on
from signals_app.deal_figures import premiums_of
from signals_app.deal_terms import consideration, contingent_words
from signals_app.deals import Deal
from signals_app.ingest.base import Request
from signals_app.ingest.deals.run import run
from signals_app.models import Signal
from tests.factories import CompanyFactory
from tests.signals_app.test_deals import LIST, deal

pytestmark = pytest.mark.django_db
NEW = "/admin/signals_app/deal/new/"
NO_PAYMENTS = {"paid-TOTAL_FORMS": "0", "paid-INITIAL_FORMS": "0"}


@pytest.fixture
def anna() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("anna"))
    return browser


def today() -> dt.date:
    return timezone.localdate(timezone=NEW_YORK)


def terms(**values: Any) -> dict[str, Any]:
    return {"status": "pending", "reason": "8-K", **NO_PAYMENTS, **values}


def page(key: Any) -> str:
    return reverse("admin:signals_app_deal_terms", args=[key])


def only_deal() -> Deal:
    return Deal.deals.followed().get()


def under_offer(company: Company) -> dt.date | None:
    company.refresh_from_db()
    return company.under_offer_since


def test_a_rumour_is_added_from_the_targets_page_announced_called_off_and_stands_after_all(anna):
    target = CompanyFactory(name="Acme", ticker="ACM")
    view = anna.get(reverse("admin:companies_company_view", args=[target.pk])).content.decode()
    assert f"{NEW}?company={target.pk}" in view
    assert 'value="ACM"' in anna.get(f"{NEW}?company={target.pk}").content.decode()
    sent = terms(target="acm", status="rumoured", announced="2026-03-02", reason="The Times")
    assert anna.post(NEW, sent).status_code == 302
    heard = only_deal()
    assert (heard.target, heard.status, heard.is_rumour, under_offer(target)) == ("Acme", "rumoured", True, None)
    assert "already" in anna.post(NEW, sent).content.decode()
    assert len(anna.get(LIST).context["cl"].result_list) == 0  # it opens on what is pending
    assert [row.pk for row in anna.get(LIST + "?status=rumoured").context["cl"].result_list] == [heard.pk]

    assert anna.post(page(heard.pk), terms(announced="2026-03-09", price_per_share="20")).status_code == 302
    announced = only_deal()
    assert (announced.signal_type, announced.supersedes_id) == ("takeover_target", heard.pk)
    assert under_offer(target) == dt.date(2026, 3, 9)

    anna.post(page(announced.pk), terms(status="terminated", ended_on="2026-05-01", price_per_share="20"))
    ended = only_deal()
    assert (ended.status, ended.term("ended_on"), under_offer(target)) == ("terminated", "2026-05-01", None)
    end = Signal.objects.get(signal_type="takeover_terminated")
    assert end.event_date.astimezone(NEW_YORK).date() == dt.date(2026, 5, 1)

    anna.post(page(ended.pk), terms(price_per_share="20"))
    again = only_deal()
    assert (again.status, under_offer(target)) == ("pending", dt.date(2026, 3, 9))
    assert Signal.objects.get(supersedes=end).signal_data["stands"] is True

    anna.post(page(again.pk), terms(status="completed", ended_on="2026-06-30", price_per_share="20"))
    assert only_deal().status == "completed"
    assert under_offer(target) == dt.date(2026, 3, 9)  # bought: not ranked again


def test_every_version_names_its_author_its_reason_and_what_it_changed_whichever_of_them_is_opened(anna):
    first = deal("Alpha", price_per_share="10")
    anna.post(page(first.pk), terms(price_per_share="11", reason="Raised on Monday"))
    second = only_deal()
    anna.post(page(second.pk), terms(price_per_share="12", reason="Raised again"))
    newest = only_deal()
    # the terms of a superseded row lead to what stands; a form sent for it changes nothing
    response = anna.get(page(first.pk), follow=True)
    assert response.redirect_chain == [(page(newest.pk), 302)]
    assert "has been superseded" in response.content.decode()
    anna.post(page(second.pk), terms(price_per_share="99"))
    assert only_deal().pk == newest.pk
    for key in (first.pk, second.pk, newest.pk):
        text = anna.get(reverse("admin:signals_app_signal_change", args=[key])).content.decode()
        for words in ("“Raised on Monday”", "“Raised again”", "anna", "price per share: 11 → ", "in force"):
            assert words in text, (key, words)
        assert text.count("superseded</span>") == 2
    # correcting an old row leads to the one that stands, too
    old = f"{reverse('admin:signals_app_signal_add')}?supersedes={first.pk}"
    assert anna.get(old).headers["Location"] == reverse("admin:signals_app_signal_change", args=[newest.pk])


def test_milestones_mix_fees_and_thirty_day_premium_are_kept_shown_and_exported(anna):
    row = deal("Alpha")
    paid = {
        "paid-TOTAL_FORMS": "3", "paid-INITIAL_FORMS": "0",
        "paid-0-event": "FDA approval of AB-1", "paid-0-until": "2028-12-31", "paid-0-per_share_usd": "1.50",
        "paid-0-state": "open", "paid-1-event": "Sales of $1 bn", "paid-1-total_usd": "250m", "paid-1-state": "lapsed",
    }  # fmt: skip
    sent = terms(
        **paid, price_per_share="20", cash_per_share="15", exchange_ratio="0.125", structure="one-step merger",
        termination_fee_usd="$45m", premium_last_close="60%", premium_30_day="0.755", antitrust="second_request",
    )  # fmt: skip
    assert anna.post(page(row.pk), sent).status_code == 302
    data = only_deal().signal_data
    assert data["milestones"] == [
        {"event": "FDA approval of AB-1", "until": "2028-12-31", "per_share_usd": "1.50", "state": "open"},
        {"event": "Sales of $1 bn", "total_usd": "250000000", "state": "lapsed"},
    ]
    assert (Decimal(data["premium_last_close"]), Decimal(data["termination_fee_usd"])) == (Decimal("0.6"), 45_000_000)
    words = "$1.50 a share on FDA approval of AB-1 by 2028-12-31; $250,000,000 in all on Sales of $1 bn (lapsed)"
    assert contingent_words(data) == words
    assert consideration(data) == "$15 in cash and 0.125 shares of the acquirer: 75% cash"
    shown = anna.get(LIST).content.decode()
    assert words in shown
    assert "75% cash" in shown
    kept = anna.get(page(only_deal().pk)).content.decode()
    assert 'value="FDA approval of AB-1"' in kept
    text = b"".join(anna.get(LIST + "export/", {"export": "csv"}).streaming_content).decode("utf-8-sig")
    [taken] = csv.DictReader(io.StringIO(text))
    assert (taken["premium_30"], taken["exchange_ratio"]) == ("0.755000", "0.125")
    assert "FDA approval of AB-1" in taken["milestones"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cash_per_share": "21"}, "cash_per_share"),
        ({"cash_per_share": "20", "exchange_ratio": "1"}, "exchange_ratio"),
        ({"outside_date": "2025-01-01"}, "outside_date"),
        ({"ended_on": "2026-02-01"}, "status"),
        ({"status": "completed", "ended_on": "2199-01-01"}, "ended_on"),
        ({"premium_last_close": "a third"}, "premium_last_close"),
        ({"termination_fee_usd": "-5m"}, "termination_fee_usd"),
        ({"termination_fee_usd": "5bn", "value_usd": "2.4bn"}, "termination_fee_usd"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
    ],
)
def test_terms_that_contradict_each_other_are_refused_beside_the_field(anna, wrong, field):
    row = deal("Alpha")
    answer = anna.post(page(row.pk), terms(price_per_share="20", announced="2026-01-05", **wrong))
    assert list(answer.context["form"].errors) == [field]
    assert Signal.objects.count() == 1


def test_a_payment_without_what_it_is_paid_on_is_refused(anna):
    row = deal("Alpha")
    sent = {**terms(price_per_share="20"), "paid-TOTAL_FORMS": "1", "paid-0-total_usd": "5m"}
    assert "Say what it is paid on" in anna.post(page(row.pk), sent).content.decode()
    assert Signal.objects.count() == 1


def test_an_announced_deal_names_its_buyer_and_a_live_target(anna):
    CompanyFactory(ticker="ACM", cik="0000000042")
    sent = terms(target="NOPE", announced=today().isoformat())
    errors = anna.post(NEW, sent).context["form"].errors
    assert set(errors) == {"target", "acquirer"}
    for name in ("Twin One", "Twin Two"):
        CompanyFactory(name=name)
    assert "Which of them?" in anna.post(NEW, {**sent, "target": "Twin"}).content.decode()
    wrong = anna.post(NEW, {**sent, "source_url": "nowhere at all"}).context["form"].errors
    assert len(wrong["source_url"]) == 1
    assert anna.post(NEW, {**sent, "target": "42", "acquirer": "Buyer", "value_usd": "2.4bn"}).status_code == 302
    assert 'value="2,400,000,000"' in anna.get(page(only_deal().pk)).content.decode()
    assert (only_deal().acquirer, only_deal().status) == ("Buyer", "pending")


def test_an_outside_date_that_has_passed_is_shown_as_such_on_the_list_and_the_first_page(anna):
    near, far = today() + dt.timedelta(days=20), today() + dt.timedelta(days=40)
    deal("Late", outside_date=(today() - dt.timedelta(days=3)).isoformat())
    deal("Near", expected_close=near.isoformat(), outside_date=far.isoformat())
    deal("Far", expected_close=far.isoformat())
    deal("Vague", expected_close="Q1")
    deal("Done", status="completed", outside_date="2026-01-31", day="2025-05-05")
    lists = anna.get(LIST + "?status=all").content.decode()
    assert lists.count(", passed</span>") == 1
    [panel] = [each for each in anna.get("/admin/").context["panels"] if each.title.startswith("Deals")]
    shown = [(row[1], re.sub("<.*?>", "", row[2])) for row in panel.rows]
    assert shown == [("outside date", "Late"), ("closes", "Near")]
    assert "passed" in str(panel.rows[0][0])
    assert near.isoformat() in str(panel.rows[1][0])


def test_quartiles_of_fewer_than_four_deals_are_none_and_the_page_says_too_few(anna):
    for number, premium in enumerate(["0.2", "0.4", "0.6"]):
        deal(f"Known {number}", premium_last_close=premium, day=f"202{number}-05-05", status="completed")
    found, _ = premiums_of(Deal.deals.followed())
    assert (found.known, found.too_few, found.middle) == (3, True, None)
    assert "Too few: n = 3" in anna.get(LIST + "?status=all").content.decode()
    assert [row.target for row in anna.get(LIST + "?year=2021").context["cl"].result_list] == ["Known 1"]


def test_what_an_analyst_says_of_a_deal_stands_against_later_editions_of_the_file(anna, tmp_path):
    def load(price: str) -> Any:
        head = "target,ticker,cik,acquirer,announced,price_per_share,status"
        row = f'"Testbio, Inc.",TSTB,9000001,Buyer,2024-05-01,{price},pending'
        (tmp_path / "in.csv").write_text(f"{head}\n{row}\n")
        return run(Request((tmp_path,)), lambda step: None)

    load("14")
    anna.post(page(only_deal().pk), terms(price_per_share="16"))
    assert load("15").skipped == 1
    assert only_deal().term("price_per_share") == "16"
    anna.post(page(only_deal().pk), terms(price_per_share="16", status="terminated"))
    assert load("17").skipped == 1
    assert only_deal().status == "terminated"


def test_target_and_acquirer_are_looked_up_by_any_name_and_closed_companies_are_not_offered(anna):
    target = CompanyFactory(name="Acme Therapeutics", ticker="ACM", cik="0000000077")
    CompanyAlias.objects.create(company=target, kind="name", alias="Zenith Labs", source="analyst")
    unlisted = CompanyFactory(name="Acmeon", ticker=None, cik="0000000078")
    archived = CompanyFactory(name="Acme Gone", ticker="GONE")
    archive(row=archived)
    parties = reverse("admin:signals_app_deal_parties")
    assert f'data-lookup="{parties}"' in anna.get(NEW).content.decode()

    def offered(browser: Browser, text: str) -> list[tuple[str, str]]:
        return [(row["ref"], row["note"]) for row in browser.get(parties, {"q": text}).json()["found"]]

    assert offered(anna, "acme") == [("ACM", "CIK 0000000077"), ("0000000078", "CIK 0000000078")]
    assert offered(anna, "zenith") == [("ACM", "CIK 0000000077 · also Zenith Labs")]
    assert offered(anna, "78") == [("0000000078", "CIK 0000000078")]
    assert offered(anna, "acm")[0][0] == "ACM"
    assert [offered(anna, text) for text in ("", " ", "\x00", "nobody at all")] == [[], [], [], []]
    # what is offered is understood when it comes back
    sent = terms(target="0000000078", acquirer="Nobody's List plc", announced="2026-03-02")
    assert anna.post(NEW, sent).status_code == 302
    assert (only_deal().target, only_deal().acquirer) == (unlisted.name, "Nobody's List plc")

    put_on(company=target, reason="wall crossed", cleared=[])
    analyst = User.objects.create_user("ben", is_staff=True)
    analyst.groups.add(Group.objects.get(name="analyst"))
    ben = Browser()
    ben.force_login(analyst)
    assert [offered(ben, text) for text in ("zenith", "ACM", "77")] == [[], [("0000000078", "CIK 0000000078")], []]
