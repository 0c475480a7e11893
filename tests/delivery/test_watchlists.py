"""Watchlists of the desk in alerts and reports: followed as they stand, told when they go."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from companies.models import Company, Watchlist
from delivery.alerts.scores import evaluate_scores
from delivery.alerts.signals import evaluate_signals
from delivery.alerts.trial import trial_of
from delivery.models import Alert, AlertTrigger, Report, StandingOrder
from delivery.reports import schedule
from tests.api.conftest import caller
from tests.factories import CompanyFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db
DAY = dt.date(2025, 6, 30)


def log_in(name: str, role: str = "analyst") -> Browser:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def anna() -> Browser:
    return log_in("anna")


@pytest.fixture
def mine(anna) -> Watchlist:
    made = Watchlist.objects.create(owner=User.objects.get(username="anna"), name="Mine")
    made.companies.add(CompanyFactory(ticker="AAA", name="Alpha"), CompanyFactory(ticker=None, name="Quiet Bio"))
    CompanyFactory(ticker="ZZZ", name="Zeta")
    return made


def watch(watchlist: Watchlist, **fields) -> Alert:
    made = Alert(**{"name": "Watch", "alert_type": "watchlist_change", "watchlist": watchlist, **fields})
    made.full_clean()
    made.save()
    return made


def now_known(*companies: Company) -> int:
    """Write a signal of each company now and hold them against the alerts; return how often one went off."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        since = cursor.fetchone()[0]
    for company in companies:
        SignalFactory(company=company, available_at=since, event_date=since)
    return evaluate_signals(since=since - dt.timedelta(hours=1), until=since + dt.timedelta(hours=1))


def told() -> set[str]:
    return set(AlertTrigger.objects.values_list("company__name", flat=True))


def test_a_signal_of_a_company_on_the_list_sets_the_alert_off_whether_it_has_a_ticker_or_not(mine):
    watch(mine)
    now_known(*Company.objects.all())
    assert told() == {"Alpha", "Quiet Bio"}


def test_the_alert_follows_the_list_as_it_stands_at_the_time(mine):
    watch(mine)
    mine.companies.set(Company.objects.filter(name="Zeta"))
    now_known(*Company.objects.all())
    assert told() == {"Zeta"}


def test_a_score_that_moved_sets_the_alert_off_for_companies_on_the_list(mine):
    watch(mine, threshold_value=5)
    for company in Company.objects.all():
        MAScoreFactory(company=company, score_date=DAY, score_change_30d=6, is_latest=True)
    evaluate_scores(day=DAY, version="1", heard_at=timezone.now())
    assert told() == {"Alpha", "Quiet Bio"}
    assert {cause.reason.split(":")[0] for cause in trial_of(Alert.objects.get(), today=DAY).causes} == {
        "AAA", "Quiet Bio",
    }  # fmt: skip


def test_an_archived_list_is_watched_by_nobody_and_never_widened_to_all_companies(mine):
    watch(mine)
    Watchlist.objects.filter(pk=mine.pk).archive()
    now_known(*Company.objects.all())
    assert told() == set()


def test_companies_and_a_watchlist_together_are_refused(mine):
    with pytest.raises(Exception, match="not both"):
        watch(mine, company_tickers=["AAA"])


def test_the_database_refuses_to_delete_a_list_that_an_alert_uses(mine):
    watch(mine)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="still referenced from table"), transaction.atomic():
        mine.delete()


def test_a_company_that_is_deleted_by_sql_leaves_its_watchlists(mine):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM companies WHERE name = 'Alpha'")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert [company.name for company in mine.companies.all()] == ["Quiet Bio"]


def page_of(mine: Watchlist, name: str) -> str:
    return reverse(f"admin:companies_watchlist_{name}", args=[mine.pk])


def test_archiving_names_what_uses_the_list_and_is_undone(anna, mine):
    watch(mine, name="Rumours")
    StandingOrder.objects.create(watchlist=mine, recipients=["jane@example.com"])
    asked = anna.get(page_of(mine, "archive_row")).content.decode()
    assert "the alert “Rumours”; the weekly watchlist to jane@example.com" in asked
    done = anna.post(page_of(mine, "archive_row"), {"confirmed": "yes", "reason": "Over"}, follow=True)
    assert "Undo" in done.content.decode()
    mine.refresh_from_db()
    assert mine.is_archived
    alert = Alert.objects.get()
    assert "archived watchlist" in anna.get(reverse("admin:delivery_alert_changelist")).content.decode()
    assert (
        "archived: nothing is watched"
        in anna.get(reverse("admin:delivery_alert_change", args=[alert.pk])).content.decode()
    )
    anna.post(page_of(mine, "restore_row"), {"confirmed": "yes"})
    mine.refresh_from_db()
    assert not mine.is_archived


def test_a_list_is_its_owner_s_to_archive(mine):
    mine.is_shared = True
    mine.save()
    assert log_in("ben").post(page_of(mine, "archive_row"), {"confirmed": "yes"}).status_code == 403
    mine.refresh_from_db()
    assert not mine.is_archived


ALERT = {
    "name": "x", "alert_type": "watchlist_change", "is_active": "on", "notification_channels": ["inbox"],
    "condition-mode": "all", "condition-json": "", "company_tickers": "", "recipients": "",
    "triggers-TOTAL_FORMS": "0", "triggers-INITIAL_FORMS": "0",
}  # fmt: skip


def test_an_alert_takes_a_list_that_its_maker_sees_and_keeps_a_private_name_private(anna, mine):
    ben = log_in("ben")
    add = reverse("admin:delivery_alert_add")
    assert "Mine (private)" in anna.get(add).content.decode()
    assert "Mine" not in ben.get(add).content.decode()
    assert "Select a valid choice" in ben.post(add, {**ALERT, "watchlist": str(mine.pk)}).content.decode()
    assert anna.post(add, {**ALERT, "watchlist": str(mine.pk)}).status_code == 302
    alert = Alert.objects.get()
    change = reverse("admin:delivery_alert_change", args=[alert.pk])
    viewer = log_in("vera", "viewer")
    for browser in (ben, viewer):
        for page in (change, reverse("admin:delivery_alert_changelist")):
            text = browser.get(page).content.decode()
            assert "a private watchlist of anna" in text, page
            assert "Mine" not in text, page
    # Whoever edits the alert leaves the list as it is.
    assert ben.post(change, {**ALERT, "name": "y", "watchlist": str(mine.pk)}).status_code == 302
    alert.refresh_from_db()
    assert (alert.name, alert.watchlist_id) == ("y", mine.pk)


def test_over_rest_an_alert_takes_a_shared_list_and_no_private_one(mine):
    writer = caller("read", "write:alerts")
    order = {"name": "x", "alert_type": "watchlist_change", "watchlist": str(mine.pk)}
    assert writer.post("alerts/", order).fields == {"watchlist": "does_not_exist"}
    mine.is_shared = True
    mine.save()
    made = writer.post("alerts/", order)
    assert (made.status, made.json["watchlist_id"]) == (201, str(mine.pk))
    writer.post("alerts/", {**order, "company_tickers": ["AAA"]}).is_problem(400)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=schedule.NEW_YORK)


@pytest.fixture
def monday(settings) -> dt.datetime:
    """Seven o'clock on a Monday, at which both reports are due; the schedule has been looked at before."""
    settings.REPORTS_SCHEDULE = {"daily_digest": "0 7 * * 1-5", "weekly_watchlist": "0 7 * * 1"}
    settings.REPORTS_RECIPIENTS, settings.REPORTS_FORMAT = ["desk@example.com"], "html"
    schedule.queue_due_reports(at("2025-01-04T12:00"))
    return at("2025-01-06T07:00")


def test_a_standing_order_makes_the_report_of_the_list_at_each_slot(mine, monday):
    StandingOrder.objects.create(watchlist=mine, format="xlsx", recipients=["jane@example.com"])
    StandingOrder.objects.create(watchlist=mine, report_type="daily_digest", is_active=False)
    schedule.queue_due_reports(monday)
    report = Report.objects.get(recipients=["jane@example.com"])
    quiet = Company.objects.get(name="Quiet Bio")
    assert (report.report_type, report.format, report.companies_asked) == (
        "weekly_watchlist", "xlsx", ["AAA", str(quiet.pk)],
    )  # fmt: skip
    assert report.title == "Weekly watchlist of a private watchlist of anna 2025-01-05"
    assert Report.objects.count() == 3
    assert schedule.queue_due_reports(monday + dt.timedelta(minutes=1)) == []
    from delivery.reports.orders import order_of

    assert [company.name for company in order_of(report).companies] == ["Alpha", "Quiet Bio"]


def test_an_empty_list_makes_no_report_of_everything(mine, monday):
    mine.companies.clear()
    mine.is_shared = True
    mine.save()
    StandingOrder.objects.create(watchlist=mine)
    schedule.queue_due_reports(monday)
    report = Report.objects.get(title__contains="Mine")
    assert (report.delivery_status, report.failure) == ("failed", "no live company is on “Mine”")


def test_an_archived_list_makes_no_report(mine, monday):
    StandingOrder.objects.create(watchlist=mine)
    Watchlist.objects.filter(pk=mine.pk).archive()
    schedule.queue_due_reports(monday)
    assert Report.objects.count() == 2


def test_the_order_is_given_on_the_list_s_page_and_shown_there_with_its_alerts(anna, mine):
    watch(mine, name="Rumours")
    prefix = "standing_orders"
    sent = {
        "name": "Mine", "companies": [str(key) for key in mine.companies.values_list("pk", flat=True)],
        f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0", f"{prefix}-0-report_type": "weekly_watchlist",
        f"{prefix}-0-format": "html", f"{prefix}-0-recipients": "jane@example.com\nnobody",
        "alerts-TOTAL_FORMS": "0", "alerts-INITIAL_FORMS": "0",
        f"{prefix}-0-is_active": "on", f"{prefix}-0-watchlist": str(mine.pk),
    }  # fmt: skip
    change = page_of(mine, "change")
    assert "Not an e-mail address: nobody" in anna.post(change, sent).content.decode()
    assert anna.post(change, {**sent, f"{prefix}-0-recipients": "jane@example.com"}).status_code == 302
    order = StandingOrder.objects.get()
    assert (order.recipients, order.is_active) == (["jane@example.com"], True)
    text = anna.get(change).content.decode()
    assert "Rumours" in text
    assert "jane@example.com" in text


def test_a_report_is_ordered_of_a_list(anna, mine):
    add = reverse("admin:delivery_report_add")
    order = {
        "report_type": "weekly_watchlist", "format": "html", "report_date": "2025-01-05", "title": "", "recipients": "",
        "companies_asked": "", "watchlist": str(mine.pk),
    }  # fmt: skip
    assert "not both" in anna.post(add, {**order, "companies_asked": "AAA"}).content.decode()
    assert anna.post(add, order).status_code == 302
    quiet = Company.objects.get(name="Quiet Bio")
    assert Report.objects.get().companies_asked == ["AAA", str(quiet.pk)]
    mine.companies.clear()
    assert "No live company is on this watchlist" in anna.post(add, order).content.decode()
