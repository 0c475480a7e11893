"""The deal desk: each deal once, terms corrected by rows that supersede, spreads and premium quartiles by hand."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from companies.merging import merge, undo_merge
from signals_app.admin_precedents import precedents
from signals_app.deal_figures import premiums_of, spread_of
from signals_app.deals import Deal
from signals_app.models import Signal
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/signals_app/deal/"


def deal(name: str, *, day: str = "2026-01-05", kind: str = "takeover_target", company=None, **data: object) -> Signal:
    moment = dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")
    company = company or CompanyFactory(name=name)
    return SignalFactory(
        company=company, signal_type=kind, event_date=moment, available_at=moment, title=f"Buyer to acquire {name}",
        signal_data={"acquirer": "Buyer", **data},
    )  # fmt: skip


@pytest.fixture
def boss() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("boss"))
    return browser


def test_a_deal_told_of_target_and_of_acquirer_is_there_once():
    target = CompanyFactory(name="Alpha", cik="0000000007")
    deal("Alpha", company=target)
    buyer = CompanyFactory(name="Buyer")
    deal("Alpha", day="2026-01-06", kind="takeover_acquirer", company=buyer, target="Alpha", target_cik="0000000007")
    deal("Beta", kind="takeover_acquirer", company=buyer, target="Beta", value_usd="1200000000")
    found = {one.target: one for one in Deal.deals.followed()}
    assert sorted(found) == ["Alpha", "Beta"]
    assert (found["Alpha"].acquirer, found["Beta"].acquirer) == ("Buyer", "Buyer")
    assert found["Beta"].value == Decimal("1200000000")
    assert Deal.deals.followed().count() == 2


@pytest.mark.parametrize("cik_of", ["kept", "duplicate"])
@pytest.mark.parametrize("offer_under", ["kept", "duplicate"])
def test_a_deal_of_a_merged_target_is_there_once_whichever_row_has_its_cik_and_its_offer(cik_of, offer_under):
    rows = {
        name: CompanyFactory(name=name, cik=cik) for name, cik in (("kept", "0000000007"), ("duplicate", "0000000008"))
    }
    deal("Alpha", company=rows[offer_under])
    deal("Alpha", day="2026-01-06", kind="takeover_acquirer", target="Alpha", target_cik=rows[cik_of].cik)
    assert Deal.deals.followed().count() == (1 if cik_of == offer_under else 2)
    merging = merge(kept=rows["kept"], duplicate=rows["duplicate"])
    assert [one.target for one in Deal.deals.followed()] == ["kept"]
    undo_merge(merge=merging)
    assert Deal.deals.followed().count() == (1 if cik_of == offer_under else 2)


def test_a_deal_that_two_rows_of_one_acquirer_tell_of_is_there_once_in_deals_and_precedents():
    kept, duplicate = CompanyFactory(name="Buyer Inc"), CompanyFactory(name="Buyer plc")
    said = {"target": "Alpha", "target_cik": "0000000007", "areas": ["oncology"]}
    first = deal("Alpha", kind="takeover_acquirer", company=kept, **said)
    deal("Alpha", day="2026-01-06", kind="takeover_acquirer", company=duplicate, **said)
    later = deal("Alpha", day="2025-01-06", kind="takeover_acquirer", company=duplicate, **said)
    private = {"target": "Beta", "areas": ["oncology"]}
    unnamed = [deal("Beta", kind="takeover_acquirer", company=company, **private) for company in (kept, duplicate)]
    merge(kept=kept, duplicate=duplicate)
    wanted = {first.pk, later.pk, *(each.pk for each in unnamed)}
    # Without a CIK nothing says that two rows are of one target.
    assert {one.pk for one in Deal.deals.followed()} == wanted
    assert {one.pk for one in precedents(["oncology"])} == wanted
    target = CompanyFactory(name="Alpha", cik="0000000007")
    deal("Alpha", company=target)
    # Precedents are told by the acquirer, whatever the target's own row says.
    assert {one.pk for one in precedents(["oncology"])} == wanted


def test_a_value_in_millions_counts_and_a_text_that_is_no_number_does_not():
    deal("Alpha", value_usd_m="450.5")
    deal("Beta", value_usd="undisclosed", premium_last_close="n/a")
    values = {one.target: (one.value, one.premium) for one in Deal.deals.followed()}
    assert values == {"Alpha": (Decimal("450500000"), None), "Beta": (None, None)}


def test_premium_quartiles_say_of_how_many_and_name_the_unknown():
    for number, premium in enumerate(["0.2", "0.4", "0.6", "1.0"]):
        deal(f"Known {number}", premium_last_close=premium)
    deal("Silent")
    found, _ = premiums_of(Deal.deals.followed())
    assert (found.low, found.middle, found.high) == (Decimal("0.35"), Decimal("0.5"), Decimal("0.7"))
    assert (found.known, found.unknown, found.unknown_count) == (4, ("Silent",), 1)
    none, _ = premiums_of(Deal.deals.followed().filter(premium__gt=5))
    assert (none.low, none.known, none.unknown_count) == (None, 0, 0)


def test_premiums_of_a_long_list_are_those_of_its_newest_deals(monkeypatch):
    monkeypatch.setattr("signals_app.deal_figures.MOST_READ", 4)
    for number, premium in enumerate(["0.9", "0.2", "0.4", "0.6", "1.0", "5"]):
        deal(f"Known {number}", premium_last_close=premium, day=f"2026-01-0{number + 1}")
    rows = Deal.deals.followed()
    # All of six: 0.4 and 0.6 in the middle, with 0.9; of the four up to the fifth: 0.2 to 1.0.
    assert (premiums_of(rows)[0].middle, premiums_of(rows)[0].is_of_newest) == (Decimal("0.75"), False)
    [found, _] = premiums_of(rows.filter(premium__lt=5), is_long=True)
    assert (found.middle, found.known, found.is_of_newest) == (Decimal("0.5"), 4, True)
    monkeypatch.setattr("signals_app.deal_figures.MOST_READ", 99)
    assert not premiums_of(rows, is_long=True)[0].is_of_newest


def test_the_spread_is_over_a_market_cap_since_the_announcement_and_annualised_to_the_close():
    target = CompanyFactory(name="Alpha", market_cap_usd=Decimal("1000000000"), market_cap_as_of=dt.date(2026, 1, 10))
    deal("Alpha", company=target, value_usd="1050000000", value_basis="equity", expected_close="2026-03-25")
    [row] = Deal.deals.followed()
    spread = spread_of(row, row.value, target, dt.date(2026, 1, 11))
    # 5 % in 73 days, a fifth of a year.
    assert (spread.gross, spread.annualised) == (Decimal("0.05"), Decimal("0.25"))
    assert spread_of(row, row.value, target, dt.date(2026, 3, 25)).annualised is None
    target.market_cap_as_of = dt.date(2026, 1, 4)
    assert spread_of(row, row.value, target, dt.date(2026, 1, 11)) is None
    assert spread_of(row, None, target, dt.date(2026, 1, 11)) is None


def test_filters_leave_area_stage_size_year_and_status(boss):
    deal("Small", value_usd="100000000", areas=["oncology"], stage="phase_2", status="pending")
    deal("Giant", value_usd="20000000000", areas=["metabolic"], stage="approved", status="completed", day="2024-05-05")
    lost = CompanyFactory(name="Lost", therapeutic_areas=["oncology"])
    deal("Lost", company=lost, day="2025-01-05")
    SignalFactory(
        company=lost, signal_type="takeover_terminated", event_date=dt.datetime(2025, 6, 1, tzinfo=dt.UTC),
        available_at=dt.datetime(2025, 6, 1, tzinfo=dt.UTC),
    )  # fmt: skip

    def listed(query: str) -> list[str]:
        return sorted(row.target for row in boss.get(LIST + query).context["cl"].result_list)

    # it opens on what is pending, on every page and in every order; a search or another filter asks all
    assert listed("") == listed("?o=1") == ["Small"]
    assert listed("?status=all") == ["Giant", "Lost", "Small"]
    assert listed("?q=s") == ["Lost", "Small"]
    assert listed("?status=pending") == ["Small"]
    assert listed("?status=terminated") == ["Lost"]
    assert listed("?area=oncology") == ["Lost", "Small"]
    assert listed("?stage=approved") == ["Giant"]
    assert listed("?size=small") == ["Small"]
    assert listed("?size=giant") == ["Giant"]
    assert listed("?event_date_from=2026-01-01") == ["Small"]


def test_terms_are_corrected_by_a_row_that_supersedes(boss):
    old = deal("Alpha", status="pending", cited="press")
    page = reverse("admin:signals_app_deal_terms", args=[old.pk])
    assert "Correct the terms" in boss.get(page).content.decode()
    terms = {
        "status": "pending", "value_usd": "1.3bn", "premium_last_close": "0.85", "contingent": "CVR of $5 a share",
        "expected_close": "2026-06-30", "outside_date": "2026-12-31", "antitrust": "second_request", "reason": "8-K",
    }  # fmt: skip
    assert "begins" not in boss.post(page, {**terms, "value_usd": "1,5"}).content.decode()
    assert Signal.objects.count() == 1
    response = boss.post(page, terms)
    new = Signal.objects.get(supersedes=old)
    assert response.headers["Location"] == reverse("admin:signals_app_deal_terms", args=[new.pk])
    assert new.signal_data["value_usd"] == "1300000000"
    assert (new.signal_data["cited"], new.signal_data["antitrust"]) == ("press", "second_request")
    old.refresh_from_db()
    assert "antitrust" not in old.signal_data
    assert boss.get(page).headers["Location"] == reverse("admin:signals_app_deal_terms", args=[new.pk])
    shown = boss.get(LIST + "?status=pending").content.decode()
    assert "Second request" in shown
    assert "2026-12-31" in shown
    assert "CVR of $5 a share" in shown
    again = boss.post(reverse("admin:signals_app_deal_terms", args=[new.pk]), {**terms, "value_usd": "1300000000.0"})
    assert "changes nothing" in again.content.decode()


def test_who_may_not_add_signals_corrects_nothing():
    row = deal("Alpha")
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_deal"))
    browser = Browser()
    browser.force_login(user)
    page = reverse("admin:signals_app_deal_terms", args=[row.pk])
    assert "Correct the terms" not in browser.get(page).content.decode()
    assert browser.post(page, {"status": "completed", "reason": "x"}).status_code == 403


def test_deals_are_exported_with_their_terms(boss):
    deal("=1+1", premium_last_close="0.5", antitrust="cleared")
    text = b"".join(boss.get(LIST + "export/", {"export": "csv"}).streaming_content).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["company_name"], row["premium"], row["antitrust"]) == ("'=1+1", "0.500000", "cleared")


def test_tabs_lead_to_each_status_and_an_empty_one_leads_to_all(boss):
    deal("Done", status="completed", day="2024-05-05")
    text = boss.get(LIST).content.decode()
    assert "No deals match the filters" in text
    assert 'href="?status=all">Show all deals' in text
    assert '<a href="?status=pending" aria-current="page">Pending</a>' in text
    filtered = boss.get(LIST + "?area=oncology").content.decode()
    assert '<a href="?area=oncology&amp;status=all" aria-current="page">All</a>' in filtered


def test_the_list_takes_as_many_queries_for_many_deals_as_for_few(boss):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert boss.get(LIST).status_code == 200
        return len(captured)

    deal("A")
    queries()
    few = queries()
    for number in range(8):
        deal(f"B{number}", kind="takeover_acquirer", target=f"T{number}", target_cik=f"{number:010}")
    assert queries() <= few + 1  # the acquirers' targets, once
