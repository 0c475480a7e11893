"""Reports in the admin: ordered, looked at, downloaded, run again; failures with their reason."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from delivery.models import Report
from delivery.reports import services
from tests.delivery.reports.test_report_making import on_disk, ordered

pytestmark = pytest.mark.django_db
__all__ = ["on_disk"]
LISTS = {"recipients": "jane@example.com", "companies_asked": "AAA"}


@pytest.fixture
def analyst() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


def page(name: str, *args: object) -> str:
    return reverse(f"admin:delivery_report_{name}", args=args)


def form(**values: str) -> dict[str, str]:
    base = {
        "report_type": "weekly_watchlist",
        "format": "html",
        "report_date": "",
        "title": "",
        "period_start": "",
        "period_end": "",
    }
    return {**base, **LISTS, **values}


def test_order_is_queued_and_its_page_shows_how_it_stands(desk, analyst):
    answer = analyst.post(page("add"), form(), follow=True)
    report = Report.objects.get()
    assert (report.title, report.companies_asked, report.recipients) == (
        "Weekly watchlist AAA 2025-06-30", ["AAA"], ["jane@example.com"],
    )  # fmt: skip
    assert "a worker makes it" in answer.content.decode()
    assert ProcrastinateJob.objects.get().args == {"report": str(report.pk)}
    shown = analyst.get(page("change", report.pk)).content.decode()
    assert "Queued" in shown


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"report_type": "deep_dive", "companies_asked": ""}, "of one company"),
        ({"report_date": "2999-01-01"}, "no day to report on"),
        ({"recipients": "nobody"}, "nobody"),
        ({"companies_asked": "ZZZ"}, "ZZZ"),
    ],
)
def test_wrong_order_comes_back_with_the_reason(desk, analyst, values, word):
    answer = analyst.post(page("add"), form(**values))
    assert answer.status_code == 200
    assert word in answer.content.decode()
    assert not Report.objects.exists()


def test_made_report_is_looked_at_and_downloaded(desk, analyst):
    report = ordered()
    waiting = analyst.get(page("view_report", report.pk), follow=True)
    assert "not made yet" in waiting.content.decode()
    services.make(report.pk)
    look = analyst.get(page("view_report", report.pk))
    assert look.headers["Content-Disposition"].startswith("inline")
    assert look.headers["Content-Security-Policy"].startswith("sandbox")
    assert b"Weekly watchlist" in look.content
    assert analyst.get(page("download_report", report.pk)).headers["Content-Disposition"].startswith("attachment")


def test_failure_shows_its_reason_and_is_run_again(desk, analyst):
    report = ordered()
    services.fail(report.pk, "the storage refused it")
    ProcrastinateJob.objects.all().delete()
    assert "the storage refused it" in analyst.get(page("change", report.pk)).content.decode()
    assert "the storage refused it" in analyst.get(page("changelist")).content.decode()
    analyst.post(page("run_report_again", report.pk), {"confirmed": "yes"})
    report.refresh_from_db()
    assert (report.delivery_status, report.failure) == ("queued", None)
    assert ProcrastinateJob.objects.count() == 1
