"""POST queues a report; its file comes once it is made; a client's watchlist stands in where no company is named."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.storage_url import storage_from_url
from delivery.models import Client, Report
from delivery.reports import services

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_disk(settings, tmp_path):
    stored = storage_from_url((tmp_path / "reports").as_uri(), variable="REPORTS_STORAGE_URL")
    settings.STORAGES = settings.STORAGES | {"reports": stored}


def test_created_report_is_queued_of_the_last_scored_day(admin, universe):
    answer = admin.post("reports/", {"report_type": "weekly_watchlist", "format": "json"})
    assert answer.status == 201
    assert (answer.json["delivery_status"], answer.json["report_date"]) == ("queued", "2025-06-30")
    job = ProcrastinateJob.objects.get(task_name="delivery.reports.jobs.make_report")
    assert job.args == {"report": answer.json["id"]}


def test_download_waits_for_the_file_and_gives_it_as_no_page_of_this_site(admin, universe):
    made = admin.post("reports/", {"report_type": "deep_dive", "company": "alph"}).json
    assert (made["companies_asked"], made["title"]) == (["ALPH"], "Deep dive ALPH 2025-06-30")
    by_id = admin.post("reports/", {"report_type": "deep_dive", "company": str(universe.alpha.pk)}).json
    assert by_id["title"] == made["title"]
    path = f"reports/{made['id']}/download/"
    waiting = admin.get(path)
    waiting.is_problem(409)
    assert "queued" in waiting.json["detail"]
    services.make(made["id"])
    answer = admin.get(path)
    assert answer.status == 200
    assert answer.text.startswith("<!doctype html>")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="deep-dive-alph-2025-06-30-')
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_failed_report_says_why_and_can_be_run_again(admin, universe):
    made = admin.post("reports/", {"report_type": "weekly_watchlist"}).json
    services.fail(made["id"], "the storage refused it")
    ProcrastinateJob.objects.all().delete()
    assert "the storage refused it" in admin.get(f"reports/{made['id']}/download/").json["detail"]
    assert admin.get(f"reports/{made['id']}/").json["failure"] == "the storage refused it"
    again = admin.post(f"reports/{made['id']}/rerun/")
    assert (again.status, again.json["delivery_status"], again.json["failure"]) == (200, "queued", None)
    assert ProcrastinateJob.objects.count() == 1


def test_unknown_report_has_no_file(admin, universe):
    admin.get("reports/00000000-0000-7000-8000-000000000000/download/").is_problem(404)


def test_reader_may_download_and_not_order(reader, admin, universe):
    made = admin.post("reports/", {"report_type": "alert"}).json
    services.make(made["id"])
    assert reader.get(f"reports/{made['id']}/download/").status == 200
    reader.post("reports/", {"report_type": "alert"}).is_problem(403)
    reader.post(f"reports/{made['id']}/rerun/").is_problem(403)


def test_clients_watchlist_and_thresholds_stand_in(admin, universe):
    Client.objects.update(watchlist_tickers=["BETA", "GONE"], custom_thresholds={"score_change": 5})
    made = admin.post("reports/", {"report_type": "weekly_watchlist"}).json
    assert (made["companies_asked"], made["metadata"]) == (["BETA"], {"thresholds": {"score_change": 5}})
    named = admin.post("reports/", {"report_type": "weekly_watchlist", "companies_included": ["ALPH"]}).json
    assert named["companies_asked"] == ["ALPH"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"report_type": "deep_dive"}, "companies_included"),
        ({"report_type": "deep_dive", "company": "NOPE"}, "company"),
        ({"report_type": "deep_dive", "companies_included": ["ALPH", "BETA"]}, "companies_included"),
        ({"report_type": "weekly_watchlist", "report_date": "2999-01-01"}, "report_date"),
        ({"report_type": "weekly_watchlist", "recipients": ["nobody"]}, "recipients[0]"),
    ],
)
def test_what_cannot_be_made_is_refused_by_its_field(admin, universe, body, field):
    before = Report.objects.count()
    answer = admin.post("reports/", body)
    answer.is_problem(400)
    assert field in answer.fields
    assert Report.objects.count() == before


def test_pdf_is_refused_in_one_line_where_it_is_not_installed(admin, universe, monkeypatch):
    monkeypatch.setattr("delivery.reports.render.pdf.find_spec", lambda name: None)
    answer = admin.post("reports/", {"report_type": "alert", "format": "pdf"})
    answer.is_problem(400)
    assert "uv sync --extra pdf" in answer.json["errors"][0]["detail"]
