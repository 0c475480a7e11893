"""The pages of an import: who may, each step once, and what goes to a worker."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.sheets import grid
from companies.models import Company
from signals_app.imports import services
from signals_app.imports.jobs import work_on_import
from signals_app.models import SheetImport
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
UPLOAD = "/admin/signals_app/sheetimport/upload/"


def browser_of(*permissions: str) -> Browser:
    user = User.objects.create_user("someone", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def analyst() -> Browser:
    return browser_of("view_sheetimport", "add_sheetimport", "add_company", "change_company", "view_company")


def upload(browser: Browser, text: str | bytes, kind: str = "companies"):
    content = text.encode() if isinstance(text, str) else text
    return browser.post(UPLOAD, {"kind": kind, "file": SimpleUploadedFile("list.csv", content)})


def page_of(taken: SheetImport) -> str:
    return reverse("admin:signals_app_sheetimport_change", args=[taken.pk])


def chosen(taken: SheetImport, **changes: str) -> dict[str, str]:
    data = {"step": "map", "day_order": "refuse", "adds": "on", "heading_row": "1", "source": "", "as_of": ""}
    for column in taken.layout["columns"]:
        data[f"target_{column['place']}"] = column["target"]
        data[f"scale_{column['place']}"] = column["scale"]
    return data | changes


def test_a_file_goes_from_its_columns_to_the_companies(analyst):
    CompanyFactory(ticker="AAA", name="Alpha", founded_year=1999)
    response = upload(analyst, "ticker,year,cash\nAAA,2001,1.3bn\nBBB,2002,x<b>y\n")
    taken = SheetImport.objects.get()
    assert response.headers["Location"] == page_of(taken)
    shown = analyst.get(page_of(taken)).content.decode()
    assert "Heading" in shown
    assert "x&lt;b&gt;y" in shown
    refused = analyst.post(page_of(taken), chosen(taken, target_0="")).content.decode()
    assert "No column says which company" in refused
    analyst.post(page_of(taken), chosen(taken, target_1="founded_year", by_row="on"))
    shown = analyst.get(page_of(taken)).content.decode()
    assert "1,300,000,000" in shown
    assert re.search(r'class="desk-mono">C3</span>', shown)
    assert "1999" in shown
    assert Company.objects.get(ticker="AAA").founded_year == 1999
    unexplained = analyst.post(page_of(taken), {"step": "apply", "reason": ""}).content.decode()
    assert "This field is required" in unexplained
    analyst.post(page_of(taken), {"step": "apply", "reason": "the list of May"})
    assert Company.objects.get(ticker="AAA").founded_year == 2001
    shown = analyst.get(page_of(taken)).content.decode()
    assert "the list of May" in shown
    assert "Write" not in shown
    again = analyst.post(page_of(taken), {"step": "apply", "reason": "x"}, follow=True).content.decode()
    assert "has been applied already" in again
    assert "the list of May" in analyst.get(reverse("admin:signals_app_sheetimport_changelist")).content.decode()
    assert analyst.get(page_of(taken) + "?fate=refused").content.decode().count("desk-remarks") == 1


def test_nobody_imports_what_he_may_not_change_by_hand():
    viewer = browser_of("view_sheetimport", "view_company")
    assert viewer.get(UPLOAD).status_code == 403
    taken = services.take_file(
        kind="companies", name="a.csv", content=b"ticker,cash\nA,1\n", owner=User.objects.create_superuser("boss")
    )
    assert viewer.get(page_of(taken)).status_code == 200
    assert viewer.post(page_of(taken), chosen(taken)).status_code == 403
    assert Browser().get(page_of(taken)).status_code == 302


def test_a_drug_list_is_not_taken_from_who_may_change_companies_only(analyst):
    assert b"Select a valid choice" in upload(analyst, "a,b\n1,2\n", kind="candidates").content
    assert not SheetImport.objects.exists()


def test_a_file_that_cannot_be_read_is_refused_beside_its_field(analyst):
    assert "one column only" in upload(analyst, "a\nb\n").content.decode()
    assert "old (.xls)" in upload(analyst, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600).content.decode()
    assert not SheetImport.objects.exists()


def test_an_upload_beyond_the_limit_is_let_go_by(analyst, monkeypatch):
    monkeypatch.setattr("biotech_ma.core.uploads.MOST_BYTES", 100)
    text = upload(analyst, b"x" * (100 + 70_000)).content.decode()
    assert f"larger than {grid.MOST_BYTES // 1024 // 1024} MB" in text
    assert not SheetImport.objects.exists()


def test_the_headings_are_read_again_from_another_row(analyst):
    upload(analyst, "x,y\nticker,cash\nAAA,1m\n")
    taken = SheetImport.objects.get()
    assert taken.layout["heading_row"] == 1
    analyst.post(page_of(taken), chosen(taken, step="look", heading_row="1"))
    taken.refresh_from_db()
    assert [column["heading"] for column in taken.layout["columns"]] == ["x", "y"]


def test_a_long_file_is_a_workers(analyst, monkeypatch):
    CompanyFactory(ticker="AAA", name="Alpha", founded_year=1999)
    monkeypatch.setattr(services, "MOST_AT_ONCE", 1)
    upload(analyst, "ticker,founded,name\nAAA,2001,\nBBB,2002,Beta\n")
    taken = SheetImport.objects.get()
    analyst.post(page_of(taken), chosen(taken))
    shown = analyst.get(page_of(taken)).content.decode()
    assert '<meta http-equiv="refresh"' in shown
    assert "0 of 2 rows are compared" in shown
    job = ProcrastinateJob.objects.get(task_name="signals_app.imports.jobs.work_on_import")
    work_on_import.func(**job.args)
    taken.refresh_from_db()
    assert (taken.state, taken.counts["create"], taken.counts["change"]) == ("checked", 1, 1)
    analyst.post(page_of(taken), {"step": "apply", "reason": "x"})
    taken.refresh_from_db()
    assert taken.state == "applying"
    assert Company.objects.get(ticker="AAA").founded_year == 1999
    work_on_import.func(import_id=str(taken.pk), step="apply")
    # Brought back after a killed worker, it does nothing twice.
    work_on_import.func(import_id=str(taken.pk), step="apply")
    assert Company.objects.get(ticker="AAA").founded_year == 2001
    assert Company.objects.get(ticker="BBB").name == "Beta"


def test_an_unknown_address_is_no_error(analyst):
    assert analyst.get("/admin/signals_app/sheetimport/nonsense/change/").status_code == 404
    assert analyst.get(f"/admin/signals_app/sheetimport/{'0' * 32}/change/").status_code == 404


def test_an_import_is_undone_from_its_page_and_its_refused_rows_are_given_back(analyst):
    CompanyFactory(ticker="AAA", name="Alpha", founded_year=1999)
    upload(analyst, "ticker,founded,name\nAAA,2001,\nBBB,x,Beta\n")
    taken = SheetImport.objects.get()
    analyst.post(page_of(taken), chosen(taken, by_row="on"))
    given = analyst.get(page_of(taken) + "?faults=1")
    assert given.headers["Content-Disposition"] == 'attachment; filename="list - to mend.xlsx"'
    assert b"".join(given.streaming_content)[:2] == b"PK"
    analyst.post(page_of(taken), {"step": "apply", "reason": "x"})
    assert "Undo this import" in analyst.get(page_of(taken)).content.decode()
    shown = analyst.get(page_of(taken) + "?undo=1").content.decode()
    assert re.search(r"2001</span>.*1999</span>", shown, re.DOTALL)
    assert "This field is required" in analyst.post(page_of(taken), {"step": "undo", "reason": ""}).content.decode()
    assert Company.objects.get(ticker="AAA").founded_year == 2001
    analyst.post(page_of(taken), {"step": "undo", "reason": "the wrong list"})
    assert Company.objects.get(ticker="AAA").founded_year == 1999
    shown = analyst.get(page_of(taken)).content.decode()
    assert "the wrong list" in shown
    assert "Taken back" in shown
    assert "Undo this import" not in shown
    again = analyst.post(page_of(taken), {"step": "undo", "reason": "x"}, follow=True).content.decode()
    assert "Only an import that is applied" in again


def test_another_row_of_headings_or_another_encoding_is_looked_at_before_anything_is_compared(analyst):
    upload(analyst, "x;y\nticker;city\nAAA;Köln\n".encode("cp1252"))
    taken = SheetImport.objects.get()
    assert "Köln" in analyst.get(page_of(taken)).content.decode()
    shown = analyst.post(page_of(taken), chosen(taken, heading_row="2", encoding="Mac OS Roman"), follow=True)
    taken.refresh_from_db()
    assert (taken.state, taken.layout["encoding"], taken.sample[0]) == ("mapping", "Mac OS Roman", ["AAA", "Kˆln"])
    assert "Show what would change" in shown.content.decode()


def test_a_step_of_a_worker_is_cancelled_from_the_page(analyst, monkeypatch):
    monkeypatch.setattr(services, "MOST_AT_ONCE", 1)
    upload(analyst, "ticker,name\nAAA,Alpha\nBBB,Beta\n")
    taken = SheetImport.objects.get()
    analyst.post(page_of(taken), chosen(taken))
    analyst.post(page_of(taken), {"step": "cancel"})
    work_on_import.func(import_id=str(taken.pk), step="check")
    taken.refresh_from_db()
    assert (taken.state, taken.rows.count()) == ("mapping", 0)
