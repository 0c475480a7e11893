"""The log of runs in the admin: what failed and what is silent is red; nobody edits it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from signals_app.ingest.base import Request
from signals_app.models import IngestRun
from signals_app.runs import recorded_run
from signals_app.schedule import FRESH, mark

pytestmark = pytest.mark.django_db
LIST = reverse("admin:signals_app_ingestrun_changelist")
RED = "desk-badge-red"


@pytest.fixture
def analyst():
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


def a_run(**values: object) -> IngestRun:
    now = timezone.now()
    fields = {"source": "clinicaltrials", "started_at": now, "finished_at": now, "counts": {"read": 1234}}
    return IngestRun.objects.create(**(fields | values))


def test_good_run_is_listed(analyst):
    a_run(request={"live": True, "companies": ["IMNN"]})
    text = analyst.get(LIST).content.decode()
    assert "clinicaltrials" in text
    assert "live · IMNN" in text
    assert "1,234" in text
    assert RED not in text


@pytest.mark.parametrize(
    "values",
    [
        {"error": "the source goes on failing"},
        {"finished_at": None},
    ],
)
def test_failed_and_killed_runs_are_red(analyst, values):
    a_run(**values)
    assert RED in analyst.get(LIST).content.decode()


def test_run_whose_process_lives_is_under_way(analyst):
    with recorded_run("edgar-facts", Request(paths=())):
        text = analyst.get(LIST).content.decode()
        assert "under way" in text
        assert RED not in text
    IngestRun.objects.update(finished_at=None)
    assert "died" in analyst.get(LIST).content.decode()


def test_silent_source_is_red_in_the_list_and_on_the_first_page(analyst):
    a_run()
    mark("clinicaltrials", FRESH, timezone.now() - dt.timedelta(minutes=1))
    assert RED not in analyst.get(LIST).content.decode()
    mark("clinicaltrials", FRESH, timezone.now() - dt.timedelta(days=3))
    for page in (LIST, reverse("admin:index")):
        text = analyst.get(page).content.decode()
        assert RED in text
        assert "silent" in text


def test_page_shows_every_reject(analyst):
    run = a_run(rejects=[{"file": "a.csv", "line": 7, "reason": "a future date"}], paths=["a.csv"])
    text = analyst.get(reverse("admin:signals_app_ingestrun_change", args=[run.pk])).content.decode()
    assert "a.csv, line 7: a future date" in text


@pytest.mark.parametrize("end", ["failed", "open", "rejects", "nonsense"])
def test_filters_narrow_the_list(analyst, end):
    a_run(source="good")
    a_run(source="bad", error="x", finished_at=None, rejects=[{"file": "a", "line": 1, "reason": "x"}])
    text = analyst.get(LIST, {"end": end}).content.decode()
    assert ">bad<" in text.replace("\n", "").replace(" ", "")


def test_nobody_edits_the_log(analyst):
    run = a_run()
    page = reverse("admin:signals_app_ingestrun_change", args=[run.pk])
    assert analyst.post(page, {"source": "x"}).status_code == 403
    assert analyst.get(reverse("admin:signals_app_ingestrun_add")).status_code == 403
