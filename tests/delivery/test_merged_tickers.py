"""Whatever names a merged duplicate by its ticker follows to the kept company, is not rewritten, and comes back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from companies.merging import merge, undo_merge
from companies.models import Company, Watchlist
from delivery.alerts.trial import trial_of
from delivery.models import Alert, AlertTrigger
from delivery.reports.orders import checked_companies, order_of
from delivery.reports.schedule import live
from delivery.reports.services import order_report
from delivery.services import issue_client
from tests.api.conftest import caller
from tests.delivery import test_alert_scores as scores
from tests.delivery import test_alert_signals as signals
from tests.delivery.test_webhook_events import signal as recorded_signal
from tests.delivery.test_webhook_events import told, webhook
from tests.factories import CompanyFactory, MAScoreFactory

pytestmark = pytest.mark.django_db
NAMES_IT = [
    {"company_tickers": ["ACMB"]},
    {"condition": {"field": "company.ticker", "operator": "eq", "value": "acmb"}},
    {"condition": {"not": {"field": "company.ticker", "operator": "not_in", "value": ["ACMB", "NONE"]}}},
]


@pytest.fixture
def kept() -> Company:
    return CompanyFactory(name="Acme Therapeutics", ticker="ACME", market_cap_usd=900)


@pytest.fixture
def duplicate() -> Company:
    return CompanyFactory(name="Acme Bio", ticker="ACMB", market_cap_usd=1)


@pytest.mark.parametrize("fields", NAMES_IT)
def test_an_alert_follows_to_signals_of_the_kept_company_until_the_merge_is_undone(kept, duplicate, fields):
    made = signals.alert(**fields)
    before = Alert.objects.values("company_tickers", "condition").get()
    merging = merge(kept=kept, duplicate=duplicate)
    signals.signal(company=kept)
    signals.signal(company=CompanyFactory(ticker="OTHR"))
    # What still comes in under the duplicate is the kept company's.
    signals.signal(company=duplicate)
    assert signals.evaluated() == 2
    assert signals.told() == ["ACME", "ACME"]
    assert trial_of(made, days=1).count == 2
    undo_merge(merge=merging)
    signals.signal(company=kept)
    signals.signal(company=duplicate)
    # The new one of the duplicate's alone: what was told stays told.
    assert signals.evaluated() == 1
    assert signals.told() == ["ACMB", "ACME", "ACME"]
    assert Alert.objects.values("company_tickers", "condition").get() == before


def test_a_signal_under_a_duplicate_is_held_against_the_kept_company_s_figures_and_score(kept, duplicate):
    MAScoreFactory(company=kept, total_score=80, is_latest=True)
    MAScoreFactory(company=duplicate, total_score=20, is_latest=True)
    signals.alert(threshold_value=60, condition={"field": "market_cap_usd", "operator": "gte", "value": 500})
    signals.alert(condition={"field": "market_cap_usd", "operator": "lt", "value": 500})
    merge(kept=kept, duplicate=duplicate)
    signals.signal(company=duplicate)
    assert signals.evaluated() == 1
    assert AlertTrigger.objects.get().company_id == kept.pk


def test_an_alert_on_a_watchlist_hears_what_comes_in_under_a_duplicate_of_its_company(kept, duplicate):
    watched = Watchlist.objects.create(owner=User.objects.create_user("ann"), name="Mine")
    watched.companies.add(kept)
    signals.alert(watchlist=watched)
    merge(kept=kept, duplicate=duplicate)
    signals.signal(company=duplicate)
    assert signals.evaluated() == 1


def test_a_ticker_that_a_live_company_has_taken_is_that_company_s(kept, duplicate):
    signals.alert(company_tickers=["ACMB"])
    merge(kept=kept, duplicate=duplicate)
    heir = CompanyFactory(ticker="ACMB")
    for company in (kept, duplicate, heir):
        signals.signal(company=company)
    assert signals.evaluated() == 1
    assert AlertTrigger.objects.get().company_id == heir.pk


def test_a_score_alert_follows_and_starts_from_the_kept_company_s_score_before(kept, duplicate):
    scores.alert(alert_type="score_threshold", threshold_value=70, company_tickers=["ACMB"])
    scores.day(0, ACMB=60, ACME=75, OTHR=60)
    merge(kept=kept, duplicate=duplicate)
    # It holds of the kept company already: nothing has begun.
    assert scores.day(1, ACME=76, OTHR=90) == 0
    assert scores.day(2, ACME=60, OTHR=60) == 0
    assert scores.day(3, ACME=80, OTHR=90) == 1
    assert scores.told() == ["ACME"]


def test_the_watchlist_of_an_api_key_follows_with_the_key_s_own_threshold(kept, duplicate):
    issue_client(client_name="fund", watchlist_tickers=["ACMB"], custom_thresholds={"watchlist_change": 3})
    scores.alert(alert_type="watchlist_change", threshold_value=50)
    scores.day(0, ACME=(60, 0), OTHR=(60, 0))
    merge(kept=kept, duplicate=duplicate)
    assert scores.day(1, ACME=(64, 4), OTHR=(64, 4)) == 1
    assert scores.told() == ["ACME"]
    assert live(["ACMB", "NONE", "OTHR"]) == ["ACMB", "OTHR"]
    assert [company.pk for company in checked_companies("weekly_watchlist", ["ACMB", "ACME"])] == [kept.pk]


@pytest.mark.django_db(transaction=True)
def test_a_webhook_of_the_duplicate_s_ticker_is_told_of_the_kept_company(kept, duplicate):
    MAScoreFactory(company=kept, total_score=80, is_latest=True)
    ends = {
        name: webhook(name, company_tickers=tickers, min_score=70)
        for name, tickers in {"old": ["ACMB"], "new": ["ACME"], "other": ["OTHR"]}.items()
    }
    merging = merge(kept=kept, duplicate=duplicate)
    recorded_signal(kept, title="of the kept one")
    recorded_signal(duplicate, title="under the duplicate")
    recorded_signal(CompanyFactory(ticker="THRD"), title="of a third")
    both = ["of the kept one", "under the duplicate"]
    heard = {name: sorted(event["data"]["title"] for event in told(end)) for name, end in ends.items()}
    assert heard == {"old": both, "new": both, "other": []}
    undo_merge(merge=merging)
    recorded_signal(kept, title="of one of two")
    assert len(told(ends["old"])) == 2
    assert len(told(ends["new"])) == 3


def test_a_report_ordered_on_a_duplicate_is_made_of_the_kept_company(kept, duplicate):
    day = timezone.localdate() - dt.timedelta(days=1)
    report = order_report(report_type="deep_dive", companies=["ACMB"], day=day, is_queued=False)
    merge(kept=kept, duplicate=duplicate)
    order = order_of(report)
    assert ([company.pk for company in order.companies], order.missing) == ([kept.pk], ())
    report.refresh_from_db()
    assert report.companies_asked == ["ACMB"]


def test_forms_take_the_ticker_of_a_duplicate_and_say_where_it_leads(kept, duplicate):
    made = signals.alert(company_tickers=["ACMB"])
    merge(kept=kept, duplicate=duplicate)
    browser = Browser()
    browser.force_login(User.objects.create_superuser("boss"))
    page = browser.get(reverse("admin:delivery_alert_change", args=[made.pk]))
    assert "ACMB is read as Acme Therapeutics (ACME), into which it is merged." in page.content.decode()
    form = page.context["adminform"].form
    assert form.fields["company_tickers"].clean("acmb") == ["ACMB"]
    key = caller("read", "write:alerts")
    sent = key.post("alerts/", {"name": "Mine", "alert_type": "new_signal", "company_tickers": ["ACMB"]})
    assert (sent.status, sent.json["company_tickers"]) == (201, ["ACMB"])
