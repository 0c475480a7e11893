"""Every list gives all its filtered rows as a file, and keeps who took it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.storage import storages
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags
from openpyxl.utils.escape import unescape

from biotech_ma.core.admin import exports
from biotech_ma.core.admin.filter_words import filters_in_words
from biotech_ma.core.jobs import make_list_export
from biotech_ma.core.list_exports import ListExport
from biotech_ma.core.sheets import write
from biotech_ma.core.sheets.read import read
from biotech_ma.core.sheets.write import write_workbook
from companies.models import Company, CompanyAlias
from tests.admin_rows import some_rows
from tests.factories import CompanyFactory, DrugCandidateFactory

pytestmark = pytest.mark.django_db
COMPANIES = "/admin/companies/company/export/"
EVIL = "=cmd|' /C calc'!A0"


@pytest.fixture
def boss() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("boss"))
    return browser


def body(response) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def rows(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(response).decode("utf-8-sig"))))


def test_all_filtered_rows_come_in_the_lists_order_with_formulas_escaped(boss):
    for number in range(60):
        CompanyFactory(ticker=f"Q{number:02}", name=f"Alpha {number:02}", role="target")
    CompanyFactory(ticker="ZZ", name=EVIL, role="acquirer", market_cap_usd=Decimal("-0.00"), headquarters_location="-1")
    found = rows(boss.get(COMPANIES, {"export": "csv", "role__exact": "target", "o": "-1"}))
    assert [row["name"] for row in found] == [f"Alpha {number:02}" for number in reversed(range(60))]
    [evil] = rows(boss.get(COMPANIES, {"export": "csv", "q": "ZZ"}))
    assert evil["name"] == f"'{EVIL}"
    assert evil["headquarters_location"] == "-1"  # a plain number is no formula


def test_a_workbook_has_numbers_as_numbers_and_days_as_days(boss):
    company = CompanyFactory(
        ticker="AAA",
        name=EVIL,
        market_cap_usd=Decimal("1312345678.50"),
        market_cap_as_of=dt.date(2026, 1, 31),
        therapeutic_areas=["oncology", "immunology"],
    )
    DrugCandidateFactory(company=company, name="AB-1")
    sheet = openpyxl.load_workbook(io.BytesIO(body(boss.get(COMPANIES, {"export": "xlsx"})))).active
    head, line = ([cell.value for cell in row] for row in sheet.iter_rows())
    found = dict(zip(head, line, strict=True))
    assert found["market_cap_usd"] == 1312345678.5
    assert found["market_cap_as_of"] == dt.datetime(2026, 1, 31)
    assert found["therapeutic_areas"] == "oncology; immunology"
    assert found["name"] == f"'{EVIL}"
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    drugs = rows(boss.get("/admin/companies/drugcandidate/export/", {"export": "csv"}))
    assert (drugs[0]["ticker"], drugs[0]["name"], drugs[0]["company_id"]) == ("AAA", "AB-1", str(company.pk))


def test_what_was_exported_is_read_again_by_the_import(boss):
    CompanyFactory(ticker="AAA", name="Zürich Bio")
    grid = read(body(boss.get(COMPANIES, {"export": "csv"})))
    assert grid.rows[1][grid.rows[0].index("name")] == "Zürich Bio"


def test_who_took_which_export_is_on_record(boss):
    CompanyFactory(ticker="AAA")
    body(boss.get(COMPANIES, {"export": "xlsx", "role__exact": "target"}))
    [record] = ListExport.objects.all()
    assert (record.owner.username, record.model, record.query, record.form, record.row_count) == (
        "boss", "companies.company", "role__exact=target", "xlsx", 1,
    )  # fmt: skip
    shown = boss.get(reverse("admin:core_listexport_changelist")).content.decode()
    cells = [
        " ".join(strip_tags(cell).split())
        for cell in re.findall(r'<td class="field-(?:list_cell|filters).*?</td>', shown, re.S)
    ]
    assert cells == ["Companies", "Role: Target"]
    other = User.objects.create_user("other", is_staff=True)
    browser = Browser()
    browser.force_login(other)
    assert "Nobody has taken an export" in browser.get(reverse("admin:core_listexport_changelist")).content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ""),
        ("o=-1&p=2&all=", ""),
        ("q=acme+bio&role__exact=target", "search “acme bio” · Role: Target"),
        ("market_cap_usd_from=2bn&market_cap_usd_to=5bn", "Market cap, USD: from 2bn · Market cap, USD: to 5bn"),
        ("under_offer_since__isempty=1", "Under offer since: none"),
        ("role__in=target,acquirer", "Role: Target, Acquirer"),
        ("no_such_thing=rare_disease", "No such thing: Rare disease"),
    ],
)
def test_the_filters_of_an_address_are_told_in_words(query, words):
    assert filters_in_words(Company, query) == words


def test_a_field_that_is_named_like_an_edge_is_none_and_a_list_that_is_gone_keeps_its_key(boss):
    assert filters_in_words(CompanyAlias, "valid_to__isnull=1&valid_from_to=2026-01-31") == (
        "Valid to: none · Valid from: to 2026-01-31"
    )
    ListExport.objects.create(owner=User.objects.get(), model="gone.table", query="a__exact=b", form="csv", row_count=0)
    shown = boss.get(reverse("admin:core_listexport_changelist"))
    assert shown.status_code == 200
    assert "gone.table" in shown.content.decode()
    assert "a__exact=b" in shown.content.decode()


def test_secrets_are_in_no_export_and_every_list_has_one(boss):
    made = some_rows("a", 1)
    for row in made.values():
        name = f"{row._meta.app_label}/{row._meta.model_name}"
        text = body(boss.get(f"/admin/{name}/export/", {"export": "csv"})).decode()
        head = text.splitlines()[0]
        assert not {word for word in ("secret", "api_key", "token") if word in head}, name
        assert 'aria-label="This list as a file"' in boss.get(f"/admin/{name}/").content.decode(), name
    assert made["client"].api_key not in body(boss.get("/admin/delivery/client/export/", {"export": "csv"})).decode()


def test_without_permission_nothing_is_given_and_nothing_is_logged():
    user = User.objects.create_user("nobody", is_staff=True)
    browser = Browser()
    browser.force_login(user)
    assert browser.get(COMPANIES, {"export": "csv"}).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_company"))
    assert browser.get(COMPANIES, {"export": "pdf"}).status_code == 404
    assert not ListExport.objects.exists()


def test_a_long_export_is_a_workers_and_its_file_is_the_owners(boss, monkeypatch, settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }
    for number in range(3):
        CompanyFactory(ticker=f"Q{number}", role="target")
    CompanyFactory(ticker="BUY", role="acquirer")
    monkeypatch.setattr(exports, "MOST_AT_ONCE", 2)
    response = boss.get(COMPANIES, {"export": "csv", "role__exact": "target"}, follow=True)
    # Whether it is long is all that is counted: the worker says of how many rows it was.
    assert "A worker makes the file of over 2 rows" in response.content.decode()
    record = ListExport.objects.get()
    assert (record.state, record.path, record.row_count) == ("queued", "", None)
    make_list_export.func(export_id=str(record.pk))
    record.refresh_from_db()
    assert (record.state, record.row_count) == ("ready", 3)
    address = reverse("admin:core_listexport_file", args=[record.pk])
    assert len(rows(boss.get(address))) == 3
    stranger = Browser()
    stranger.force_login(User.objects.create_superuser("stranger"))
    assert stranger.get(address).status_code == 403
    ListExport.objects.update(created_at=record.created_at - dt.timedelta(days=8))
    exports.forget_old_files()
    assert boss.get(address).status_code == 404
    assert not storages["default"].exists(record.path)


def test_a_worker_gives_nothing_to_who_lost_the_permission(boss, monkeypatch):
    for number in range(3):
        CompanyFactory(ticker=f"Q{number}")
    monkeypatch.setattr(exports, "MOST_AT_ONCE", 2)
    boss.get(COMPANIES, {"export": "csv"})
    User.objects.update(is_superuser=False)
    record = ListExport.objects.get()
    make_list_export.func(export_id=str(record.pk))
    record.refresh_from_db()
    assert (record.state, record.path) == ("failed", "")
    assert "may not see" in record.error


def test_many_rows_take_as_many_queries_as_few(boss):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            body(boss.get("/admin/companies/drugcandidate/export/", {"export": "csv"}))
        return len(captured)

    DrugCandidateFactory()
    queries()
    few = queries()
    for _ in range(9):
        DrugCandidateFactory()
    assert queries() == few
    assert Company.objects.count() == 10


def test_a_workbook_holds_what_it_can_and_says_what_it_cannot(monkeypatch):
    moment = dt.datetime(2026, 1, 31, 23, 30, tzinfo=ZoneInfo("America/New_York"))
    row = [
        "😀" * 20_000, "a\x00b\x1fc", "_x0041_", 12345678901234567, Decimal("1.5"), float("nan"), dt.date(1776, 7, 4),
        moment, "=1", "x\ty", "\ud800",
    ]  # fmt: skip
    stream = io.BytesIO()
    write_workbook(stream, [EVIL, *["b"] * 10], [row])
    head, line = ([cell.value for cell in row] for row in openpyxl.load_workbook(stream).active.iter_rows())
    assert head[0] == f"'{EVIL}"
    assert line[0] == "😀" * 16_000 + "… (cut: CSV has all of it)"
    assert [unescape(line[2]), *line[1:2], *line[3:]] == [
        "_x0041_", "abc", "12345678901234567", 1.5, "nan", "1776-07-04", dt.datetime(2026, 2, 1, 4, 30), "'=1", "x\ty",
        "",
    ]  # fmt: skip
    monkeypatch.setattr(write, "MOST_ROWS_OF_A_SHEET", 3)
    assert write_workbook(io.BytesIO(), ["a"], [[1], [2]]) == 2
    with pytest.raises(write.TooManyRows, match="room for 2 rows: take CSV"):
        write_workbook(io.BytesIO(), ["a"], [[1], [2], [3]])
