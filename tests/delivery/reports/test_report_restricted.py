"""Each report leaves companies on the restricted list out unless everybody is cleared whom it is for."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail as outbox
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core.services import Refused
from biotech_ma.core.storage_url import storage_from_url
from companies.merging import merge
from companies.models import RestrictionLog
from companies.restrictions import put_on, set_cleared, take_off
from delivery.choices import ReportType
from delivery.models import Alert, AlertTrigger, Report
from delivery.reports import mail, schedule, services
from delivery.reports.orders import ReportRefused
from delivery.reports.storage import read
from delivery.services import issue_client
from tests.delivery.reports.conftest import DAY, told
from tests.factories import AcquirerMatchFactory, CompanyFactory

pytestmark = pytest.mark.django_db
NOTE = "1 company is on the restricted list and left out."


@pytest.fixture(autouse=True)
def on_disk(settings, tmp_path):
    url = (tmp_path / "reports").as_uri()
    settings.STORAGES = settings.STORAGES | {"reports": storage_from_url(url, variable="REPORTS_STORAGE_URL")}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


@pytest.fixture
def closed_desk(desk: SimpleNamespace) -> SimpleNamespace:
    """AAA, which leads the ranking, is on the list; Ann is cleared, Bob is not."""
    for name in ("ann", "bob"):
        user = User.objects.create_user(name, email=f"{name}@desk.example", is_staff=True)
        user.groups.add(Group.objects.get(name="analyst"))
        setattr(desk, name, user)
    watch = Alert.objects.create(name="Watch", alert_type="new_signal")
    for company in (desk.AAA, desk.BBB):
        row = AlertTrigger.objects.create(
            alert=watch, company=company, cause=company.ticker, reason=f"{company.ticker}: news"
        )
        AlertTrigger.objects.filter(pk=row.pk).update(triggered_at="2025-06-30T16:00:00Z")
    desk.restriction = put_on(company=desk.AAA, reason="Mandate", cleared=[desk.ann])
    return desk


def ordered(**values: Any) -> Report:
    return services.order_report(**{"report_type": "weekly_watchlist", "day": DAY, "form": "json", **values})


def made(**values: Any) -> tuple[Report, str]:
    report = services.make(ordered(**values).pk)
    assert report is not None
    return report, read(report).decode()


OF_ALL = [kind for kind in ReportType.values if kind != "deep_dive"]


@pytest.mark.parametrize("kind", OF_ALL)
def test_a_report_of_nobody_in_particular_leaves_it_out_and_says_how_many(closed_desk, kind):
    report, body = made(report_type=kind)
    assert "AAA" not in body
    assert "Alpha Bio" not in body
    assert NOTE in body
    assert "AAA" not in report.companies_included


@pytest.mark.parametrize("kind", OF_ALL)
def test_a_report_for_the_cleared_alone_has_it(closed_desk, kind):
    _, body = made(report_type=kind, ordered_by=closed_desk.ann, recipients=["ann@desk.example"])
    assert "AAA" in body
    assert "restricted list" not in body


@pytest.mark.parametrize(
    "readers",
    [
        {"ordered_by": "bob"},
        {"ordered_by": "bob", "recipients": ["ann@desk.example"]},
        {"ordered_by": "ann", "recipients": ["ann@desk.example", "bob@desk.example"]},
        {"ordered_by": "ann", "recipients": ["outside@example.org"]},
        {"recipients": ["ann@desk.example", "outside@example.org"]},
    ],
)
def test_one_who_is_not_cleared_is_enough_to_leave_it_out(closed_desk, readers):
    values = {
        **readers,
        **({"ordered_by": getattr(closed_desk, readers["ordered_by"])} if "ordered_by" in readers else {}),
    }
    _, body = made(**values)
    assert "AAA" not in body
    assert NOTE in body


def test_a_deep_dive_into_it_is_for_the_cleared_alone(closed_desk):
    dive: dict[str, Any] = {"report_type": "deep_dive", "companies": ["AAA"]}
    _, body = made(**dive, ordered_by=closed_desk.ann)
    assert "Alpha Bio" in body
    for others in ({}, {"ordered_by": closed_desk.bob}, {"ordered_by": closed_desk.ann, "recipients": ["x@y.example"]}):
        with pytest.raises(ReportRefused, match="AAA: on the restricted list"):
            ordered(**dive, **others)


def test_a_dive_into_another_one_does_not_name_it_as_a_buyer(closed_desk):
    take_off(restriction=closed_desk.restriction, reason="x")
    put_on(company=closed_desk.BUY, reason="Buy side")
    _, body = made(report_type="deep_dive", companies=["AAA"])
    assert "Buyer plc" not in body.replace("Buyer plc bought Small Inc.", "")
    assert NOTE in body


def test_a_merged_duplicate_is_left_out_with_it_and_not_counted(closed_desk):
    duplicate = CompanyFactory(ticker="DUP", name="Alpha Biosciences")
    told(duplicate, "2025-06-26", signal_type="partnership", severity="high", title="Partnership of Alpha Biosciences")
    merge(kept=closed_desk.AAA, duplicate=duplicate)
    _, body = made(report_type="daily_digest", period_start=DAY - dt.timedelta(days=6), period_end=DAY)
    assert "Partnership of Alpha Biosciences" not in body
    assert NOTE in body
    _, body = made(
        report_type="daily_digest", period_start=DAY - dt.timedelta(days=6), period_end=DAY, ordered_by=closed_desk.ann
    )
    assert "Partnership of Alpha Biosciences" in body


def test_a_watchlist_of_its_own_tells_of_the_others(closed_desk):
    report, body = made(companies=["AAA", "BBB"])
    assert '"AAA"' not in body
    assert "BBB" in report.companies_included
    assert NOTE in body
    with pytest.raises(ReportRefused, match="restricted list"):
        ordered(companies=["AAA"])


def test_a_restriction_set_while_the_report_waits_holds_when_it_is_made(closed_desk):
    take_off(restriction=closed_desk.restriction, reason="x")
    waits, dive = ordered(), ordered(report_type="deep_dive", companies=["AAA"])
    put_on(company=closed_desk.AAA, reason="Mandate")
    report = services.make(waits.pk)
    assert report is not None
    assert "AAA" not in read(report).decode()
    with pytest.raises(ReportRefused, match="restricted list"):
        services.make(dive.pk)
    with pytest.raises(Refused, match="restricted list"):
        services.run_again(report=dive)


def test_a_report_that_waits_for_its_e_mails_is_withheld_from_those_not_cleared(closed_desk):
    take_off(restriction=closed_desk.restriction, reason="x")
    report, body = made(recipients=["ann@desk.example", "bob@desk.example"])
    assert "AAA" in body
    put_on(company=closed_desk.AAA, reason="Mandate", cleared=[closed_desk.ann])
    assert mail.send(report) == 1
    assert [message.to for message in outbox.outbox] == [["ann@desk.example"]]
    report.refresh_from_db()
    assert report.delivery_status == "failed"
    assert "Run the report again" in report.failure
    log = RestrictionLog.objects.filter(act__in=["exported", "left_out"]).order_by("id").values_list("act", "who")
    assert list(log) == [("exported", "ann@desk.example"), ("left_out", "bob@desk.example")]
    # made anew without the company it reaches the other one, too
    services.run_again(report=report)
    again = services.make(report.pk)
    assert again is not None
    assert "AAA" not in read(again).decode()
    assert mail.send(again) == 1
    assert outbox.outbox[-1].to == ["bob@desk.example"]
    again.refresh_from_db()
    assert again.delivery_status == "sent"


def test_earlier_reports_that_name_it_are_closed_in_the_admin(closed_desk):
    take_off(restriction=closed_desk.restriction, reason="x")
    report, _ = made(title="Week with Alpha")
    put_on(company=closed_desk.AAA, reason="Mandate", cleared=[closed_desk.ann])
    pages = {
        name: reverse(f"admin:delivery_report_{name}", args=[report.pk])
        for name in ("change", "history", "view_report", "download_report", "run_report_again")
    } | {"list": reverse("admin:delivery_report_changelist"), "index": reverse("admin:index")}
    for user, sees in ((closed_desk.ann, True), (closed_desk.bob, False)):
        browser = Browser()
        browser.force_login(user)
        for name, address in pages.items():
            answer = browser.get(address, follow=True)
            is_there = "Week with Alpha" in answer.content.decode() or (
                answer.status_code == 200 and "attachment" in answer.get("Content-Disposition", "")
            ) or (name == "view_report" and answer.get("Content-Disposition", "").startswith("inline"))  # fmt: skip
            assert is_there is sees, (user, name)
    acts = set(RestrictionLog.objects.values_list("act", "who"))
    assert {("opened", "ann"), ("refused", "bob")} <= acts


def test_clearance_withdrawn_closes_the_report_to_who_ordered_it(closed_desk):
    report, _ = made(ordered_by=closed_desk.ann)
    browser = Browser()
    browser.force_login(closed_desk.ann)
    address = reverse("admin:delivery_report_download_report", args=[report.pk])
    assert browser.get(address).status_code == 200
    set_cleared(restriction=closed_desk.restriction, users=[])
    assert browser.get(address).status_code == 404


def test_a_company_without_a_ticker_is_found_by_its_name(closed_desk):
    private = CompanyFactory(ticker=None, name="Private Buyer Ltd", role="acquirer")
    AcquirerMatchFactory(
        target_company=closed_desk.BBB, acquirer_company=private, acquirer_ticker="",
        acquirer_name="Private Buyer Ltd", match_rank=1,
    )  # fmt: skip
    report, _ = made(report_type="acquirer_analysis", title="Pairs")
    assert "Private Buyer Ltd" in report.companies_included
    put_on(company=private, reason="Buy side")
    browser = Browser()
    browser.force_login(closed_desk.bob)
    assert "Pairs" not in browser.get(reverse("admin:delivery_report_changelist")).content.decode()


def test_a_scheduled_report_of_a_cleared_client_has_it_and_of_another_has_not(closed_desk):
    wanted = {"reports": ["weekly_watchlist"], "format": "json"}
    bodies = {}
    for name, is_cleared in (("plain", False), ("cleared", True)):
        client, _ = issue_client(
            client_name=name, contact_email=f"{name}@fund.example", notification_preferences=wanted,
            watchlist_tickers=["AAA", "BBB"], is_cleared=is_cleared,
        )  # fmt: skip
        [reader] = [each for each in schedule.readers("weekly_watchlist") if each.client == client]
        _, bodies[name] = made(
            companies=reader.tickers, recipients=reader.recipients, client=client, slot=name, form=reader.form
        )
    assert '"AAA"' not in bodies["plain"]
    assert '"AAA"' in bodies["cleared"]


def test_the_admins_form_orders_for_who_is_signed_in(closed_desk):
    values = {"report_type": "deep_dive", "format": "json", "companies_asked": "AAA", "report_date": str(DAY)}
    browser = Browser()
    browser.force_login(closed_desk.bob)
    answer = browser.post(reverse("admin:delivery_report_add"), values)
    assert "on the restricted list" in answer.content.decode()
    browser.force_login(closed_desk.ann)
    assert browser.post(reverse("admin:delivery_report_add"), values).status_code == 302
    assert Report.objects.get().ordered_by == closed_desk.ann


def test_the_command_leaves_it_out(closed_desk, capsys):
    from django.core.management import call_command

    call_command("report", "weekly_watchlist", "--format", "json", "--as-of", str(DAY))
    shown = capsys.readouterr().out
    assert "AAA" not in shown
    assert NOTE in shown
