"""Files with the columns of the list: in its order, under its headings, and as values of the database."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from biotech_ma.core.admin import exports
from biotech_ma.core.admin.column_data import file_columns, has_data, words_of
from biotech_ma.core.jobs import make_list_export
from biotech_ma.core.list_columns import choose_columns
from biotech_ma.core.list_exports import ListExport
from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.postgres.reader import is_secret
from biotech_ma.core.saved_filters import SavedFilter
from signals_app.imports.columns import Layout
from signals_app.imports.plan import Options
from signals_app.imports.services import map_columns, take_file
from tests.admin_rows import some_rows
from tests.factories import (
    AcquirerMatchFactory,
    CompanyFactory,
    DrugCandidateFactory,
    MAScoreFactory,
    SignalFactory,
)

pytestmark = pytest.mark.django_db
COMPANIES, DRUGS = "/admin/companies/company/", "/admin/companies/drugcandidate/"


@pytest.fixture
def boss() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("boss"))
    return browser


def chosen(*names: str, table: str = "companies.company") -> None:
    choose_columns(user_id=User.objects.get(username="boss").pk, table=table, columns=names)


def body(browser: Browser, address: str, **params: str) -> bytes:
    answer: Any = browser.get(f"{address}export/", {"export": "csv", "columns": "shown", **params})
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content)


def grid(browser: Browser, address: str, **params: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body(browser, address, **params).decode("utf-8-sig"))))


def test_the_file_has_the_users_columns_in_their_order_as_values(boss):
    company = CompanyFactory(
        name="Acme", ticker="ACME", role="target", market_cap_usd=Decimal("1312345678.50"),
        therapeutic_areas=["oncology", "rare_disease"], is_public=True, tags=["watch", "Q3"],
    )  # fmt: skip
    CompanyFactory(name="=cmd|'x'!A0", ticker=None, role="acquirer", market_cap_usd=None, therapeutic_areas=[])
    MAScoreFactory(company=company, total_score=Decimal("52.5"), score_change_30d=Decimal("-1.25"), is_latest=True)
    chosen("cap", "name_cell", "role_badge", "areas", "is_public", "tags_cell", "score_column", "change_column")
    assert grid(boss, COMPANIES, o="1") == [
        ["Market cap", "Company", "Role", "Areas", "Listed", "Tags", "Score", "30 d"],
        ["", "'=cmd|'x'!A0", "Acquirer", "", "yes", "", "", ""],
        ["1312345678.50", "Acme", "Target", "Oncology; Rare disease", "yes", "watch; Q3", "52.5000", "-1.2500"],
    ]


def test_a_workbook_of_the_lists_columns_has_numbers_and_days(boss):
    CompanyFactory(market_cap_usd=Decimal("1312345678.50"), market_cap_as_of=dt.date(2026, 1, 31))
    chosen("name_cell", "cap", "cap_day")
    sheet = openpyxl.load_workbook(io.BytesIO(body(boss, COMPANIES, export="xlsx"))).active
    assert [cell.value for cell in sheet[2]][1:] == [1312345678.5, dt.datetime(2026, 1, 31)]


def test_what_only_the_list_works_out_is_a_value_too(boss):
    target, buyer = CompanyFactory(name="Acme", ticker="ACME"), CompanyFactory(name="Big", ticker="BIG")
    for total, company in (("70", target), ("60", buyer)):
        MAScoreFactory(company=company, total_score=Decimal(total), confidence=Decimal("0.9"), is_latest=True)
    AcquirerMatchFactory(
        target_company=target, acquirer_company=buyer, acquirer_name="Big",
        estimated_valuation_range_usd={"low": "1000000000", "mid": "1300000000", "high": "2000000000"},
    )  # fmt: skip
    chosen("rank_cell", "company_cell", "total", table="scoring.mascore")
    assert grid(boss, "/admin/scoring/mascore/", day="latest") == [
        ["Rank", "Company", "Ticker", "Score"], ["1", "Acme", "ACME", "70.0000"], ["2", "Big", "BIG", "60.0000"],
    ]  # fmt: skip
    chosen("target", "acquirer", "valuation", table="scoring.acquirermatch")
    assert grid(boss, "/admin/scoring/acquirermatch/")[0] == [
        "Fit", "Target", "Target ticker", "Acquirer", "Acquirer ticker", "Valuation",
    ]  # fmt: skip
    assert grid(boss, "/admin/scoring/acquirermatch/")[1][1:] == ["Acme", "ACME", "Big", "BIG", "1300000000"]


def test_the_spread_of_a_deal_is_a_number(boss):
    announced = timezone.now() - dt.timedelta(days=10)
    company = CompanyFactory(name="Acme", market_cap_usd=Decimal("800000000"), market_cap_as_of=timezone.localdate())
    SignalFactory(
        company=company, signal_type="takeover_target", event_date=announced, available_at=announced,
        signal_data={"acquirer": "Big", "value_usd": "1000000000", "value_basis": "equity"},
    )  # fmt: skip
    chosen("announced", "target_cell", "acquirer_cell", "status_cell", "spread_cell", table="signals_app.deal")
    assert grid(boss, "/admin/signals_app/deal/") == [
        ["Announced", "Target", "Acquirer", "Status", "Spread"],
        [announced.astimezone(NEW_YORK).date().isoformat(), "Acme", "Big", "pending", "0.2500"],
    ]


def test_a_worker_keeps_the_columns_of_the_moment_and_the_log_says_which(boss, monkeypatch, settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}},
    }
    CompanyFactory(name="A"), CompanyFactory(name="B")
    monkeypatch.setattr(exports, "MOST_AT_ONCE", 1)
    chosen("name_cell", "ticker_cell")
    boss.get(f"{COMPANIES}export/", {"export": "csv", "columns": "shown", "o": "-1"})
    record = ListExport.objects.get()
    assert (record.columns, record.query, record.headings) == (
        ["name_cell", "ticker_cell"], "o=-1", ["Company", "Ticker"],
    )  # fmt: skip
    chosen("name_cell")
    make_list_export.func(export_id=str(record.pk))
    answer: Any = boss.get(reverse("admin:core_listexport_file", args=[record.pk]))
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [line[0] for line in lines] == ["Company", "B", "A"]
    assert len(lines[0]) == 2
    monkeypatch.setattr(exports, "MOST_AT_ONCE", 10)
    boss.get(f"{COMPANIES}export/", {"export": "csv"})
    every = ListExport.objects.exclude(pk=record.pk).get()
    assert every.columns is None
    assert {"cik", "metadata"} < set(every.headings)
    shown = boss.get(reverse("admin:core_listexport_changelist")).content.decode()
    assert 'title="Company, Ticker">2 chosen' in shown
    assert f">{len(every.headings)} of all" in shown


def test_the_list_and_its_saved_filters_offer_both_kinds_of_files(boss):
    CompanyFactory()
    SavedFilter.objects.create(
        owner=User.objects.get(), table="companies.company", name="Targets", query="role__exact=target"
    )
    text = boss.get(COMPANIES, {"role__exact": "target"}).content.decode()
    for words, address in (
        ("All filtered rows, these columns, as CSV", "export/?role__exact=target&amp;export=csv&amp;columns=shown"),
        ("All filtered rows, every column of the table, as XLSX", "export/?role__exact=target&amp;export=xlsx"),
        (
            "All rows, with your columns, of Targets as CSV",
            f"{COMPANIES}export/?export=csv&amp;columns=shown&amp;role__exact=target",
        ),
    ):
        assert f'href="{address}" aria-label="{words}"' in text, words
    for wrong in ("", "all", "name", "\x00"):
        assert boss.get(f"{COMPANIES}export/", {"export": "csv", "columns": wrong}).status_code == 404


# What each kind of import makes of a file of the list's columns: headings in the list's order, fields filled.
ROUND_TRIPS: dict[str, tuple[str, str, dict[str, str]]] = {
    "companies": (
        COMPANIES,
        "companies.company",
        {
            "Company": "name", "Ticker": "ticker", "Role": "role", "Market cap": "market_cap_usd",
            "Liquid funds": "cash_position_usd", "Areas": "therapeutic_areas", "Debt": "total_debt_usd",
            "Quarterly burn": "quarterly_burn_rate_usd", "Price day": "market_cap_as_of", "Listed": "is_public",
            "Headquarters": "headquarters_location", "Founded year": "founded_year", "Employees": "employee_count",
            "SEC CIK": "cik",
        },
    ),
    "candidates": (
        DRUGS,
        "companies.drugcandidate",
        {
            "Drug": "name", "Company": "company", "Ticker": "ticker", "Phase": "phase", "Indication": "indication",
            "Area": "therapeutic_area", "Next milestone": "next_milestone", "Due": "next_milestone_date",
            "Patent expiry": "patent_expiry", "Mechanism": "mechanism", "Orphan designation": "orphan_designation",
            "Fast track": "fast_track", "Breakthrough therapy": "breakthrough_therapy",
            "Peak sales": "market_potential_usd",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ROUND_TRIPS)
def test_the_import_reads_such_a_file_and_finds_nothing_to_change(boss, kind):
    address, table, fields = ROUND_TRIPS[kind]
    company = CompanyFactory(
        name="Zürich Bio", ticker="ZBIO", cik="0001422143", role="target", market_cap_usd=Decimal("1312345678.50"),
        market_cap_as_of=dt.date(2026, 1, 31), cash_position_usd=Decimal("319000000"), total_debt_usd=Decimal(0),
        quarterly_burn_rate_usd=Decimal("52000000"), therapeutic_areas=["oncology", "rare_disease"], is_public=True,
        headquarters_location="Zürich", founded_year=1999, employee_count=120,
    )  # fmt: skip
    DrugCandidateFactory(
        company=company, name="ZB-1", phase="phase_2_3", indication="Obesity", therapeutic_area="metabolic",
        next_milestone="Readout", next_milestone_date=dt.date(2031, 5, 2), patent_expiry=dt.date(2040, 1, 1),
        mechanism="GLP-1", orphan_designation=True, market_potential_usd=Decimal("2500000000"),
    )  # fmt: skip
    chosen(*next(one for one in site._registry.values() if one.opts.label_lower == table).every_column(), table=table)
    taken = take_file(kind=kind, name="list.csv", content=body(boss, address), owner=User.objects.get())
    filled = {column["heading"]: column["target"] for column in taken.layout["columns"] if column["target"]}
    assert filled == fields
    map_columns(taken, layout=Layout.from_json(taken.layout), options=Options())
    assert [(row.fate, row.faults, row.changes) for row in taken.rows.all()] == [("same", [], [])]


def test_every_column_of_every_list_is_a_value_and_no_secret_at_a_fixed_number_of_queries(boss):
    user = User.objects.get()
    desk = [one for one in site._registry.values() if hasattr(one, "every_column") and one.exports]
    assert len(desk) >= 18

    def taken() -> dict[str, tuple[int, str]]:
        found = {}
        for one in desk:
            address = reverse(f"admin:{one.opts.app_label}_{one.opts.model_name}_changelist")
            with CaptureQueriesContext(connection) as queries:
                text = body(boss, address).decode("utf-8-sig")
            found[one.opts.label_lower] = len(queries), text
        return found

    for one in desk:
        assert [name for name in one.every_column() if not has_data(one, name)] == [], one
        choose_columns(user_id=user.pk, table=one.opts.label_lower, columns=one.every_column())
        fields = {field.name for field in one.model._meta.concrete_fields if is_secret(field)}
        assert not fields & {str(column.source) for column in file_columns(one, one.every_column())}
    made = some_rows("a", 2)
    taken()
    few = taken()
    some_rows("b", 5)
    many = taken()
    assert {name: few[name][0] for name in few} == {name: many[name][0] for name in many}
    filled = [name for name in few if len(many[name][1].splitlines()) > len(few[name][1].splitlines())]
    assert len(filled) >= 15
    for name, (_, text) in many.items():
        assert not [mark for mark in ("<span", "</", "&amp;", " bn", made["client"].api_key) if mark in text], name


def test_what_holds_a_secret_is_said_by_its_model_and_what_only_sounds_like_one_is_told():
    from django.apps import apps

    from biotech_ma.core.admin.exports import columns_of
    from delivery.models import Alert

    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if is_secret(field)
    }
    assert found == {
        "auth.User.password", "core.TrackedUser.password", "core.KeptAnswer.body", "core.SignIn.id_token",
        "core.SecondFactor.secret", "core.RecoveryCode.digest", "delivery.Client.api_key",
        "delivery.Client.previous_api_key", "delivery.Alert.slack_webhook_url", "delivery.Webhook.secret",
        "delivery.Webhook.previous_secret",
        # told by no model: the name decides
        "delivery.Webhook.previous_secret_until", "delivery.WebhookEvent.previous_secret_until",
    }  # fmt: skip
    assert {"digest", "digest_at"} <= {heading for heading, _ in columns_of(Alert)}


def test_a_secret_and_what_leads_nowhere_are_no_columns(boss):
    [clients] = [one for one in site._registry.values() if one.opts.label_lower == "delivery.client"]
    assert file_columns(clients, ["api_key"]) == []
    assert [words_of(cell) for cell in ("<b>a &lt; b</b>", "—", "")] == ["a < b", None, None]


def test_the_parameters_of_an_address_stay_masked(boss):
    made = some_rows("a", 1)["webhook"]
    type(made).objects.filter(pk=made.pk).update(url="https://example.org/hook?token=s3cret&x=1")
    text = body(boss, "/admin/delivery/webhook/").decode()
    assert "https://example.org/hook?token=***&x=***" in text
    assert "s3cret" not in text
