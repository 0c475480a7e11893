"""Every page of the admin opens, for whoever may see it, at a fixed number of queries."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from biotech_ma.core import session_limits
from tests.admin_rows import some_rows
from tests.core.servers import ROOT

pytestmark = pytest.mark.django_db

COUNTS = Path(__file__).parent.parent / "query_counts_admin.json"
APPS = {
    "company": "companies",
    "drugcandidate": "companies",
    "companyalias": "companies",
    "companynote": "companies",
    "signal": "signals_app",
    "financialfact": "signals_app",
    "mascore": "scoring",
    "acquirermatch": "scoring",
    "report": "delivery",
    "alert": "delivery",
    "alerttrigger": "delivery",
    "alertnotice": "delivery",
    "inboxitem": "delivery",
    "webhook": "delivery",
    "webhookdelivery": "delivery",
    "client": "delivery",
}
ADDED_BY_HAND = ["company", "drugcandidate", "companynote", "signal", "report", "alert", "webhook", "client"]
ARCHIVED = ["company", "drugcandidate", "companynote", "report", "alert", "webhook", "client"]
READ_ONLY = sorted(set(APPS) - set(ADDED_BY_HAND))


def page(model: str, name: str, *args: object) -> str:
    return reverse(f"admin:{APPS[model]}_{model}_{name}", args=args)


@pytest.fixture
def analyst() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


def pages_of(rows: dict[str, object]) -> dict[str, str]:
    found = {"index": reverse("admin:index")}
    for model, row in rows.items():
        found[f"{model} list"] = page(model, "changelist")
        found[f"{model} page"] = page(model, "change", row.pk)
        found[f"{model} history"] = page(model, "history", row.pk)
    found |= {f"{model} add": page(model, "add") for model in ADDED_BY_HAND}
    found |= {f"{model} archive": page(model, "archive_row", rows[model].pk) for model in ARCHIVED}
    found["company view"] = page("company", "view", rows["company"].pk)
    found["alert test"] = page("alert", "test_alert", rows["alert"].pk)
    found["signal correct"] = f"{page('signal', 'add')}?supersedes={rows['signal'].pk}"
    found["company search"] = f"{page('company', 'changelist')}?q=testbio"
    found["signal search"] = f"{page('signal', 'changelist')}?q=testbio"
    found["mascore every day"] = f"{page('mascore', 'changelist')}?day=all"
    found["company autocomplete"] = (
        reverse("admin:autocomplete") + "?app_label=companies&model_name=drugcandidate&field_name=company&term=testbio"
    )
    return found


def counted(browser: Browser, addresses: dict[str, str]) -> dict[str, int]:
    counts = {}
    for name, address in addresses.items():
        with CaptureQueriesContext(connection) as queries:
            response = browser.get(address)
        assert response.status_code == 200, (name, address)
        counts[name] = len(queries)
    return counts


def test_every_page_opens_at_its_committed_number_of_queries_however_many_rows_there_are(analyst, monkeypatch):
    # the session is written down once a minute, wherever a slow machine is by then
    monkeypatch.setattr(session_limits, "NOTED_SECONDS", 3600)
    rows = some_rows("a", 2)
    counted(analyst, pages_of(rows))  # what a process asks once: content types
    few = counted(analyst, pages_of(rows))
    many = counted(analyst, pages_of(some_rows("b", 7)))
    assert {name: (few[name], many[name]) for name in few if few[name] != many[name]} == {}
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        COUNTS.write_text(json.dumps(many, indent=2) + "\n")
    assert many == json.loads(COUNTS.read_text())


def test_the_first_page_takes_under_twenty_queries(analyst):
    some_rows("a", 3)
    analyst.get(reverse("admin:index"))  # what a session asks once: its user's zone
    with CaptureQueriesContext(connection) as queries:
        analyst.get(reverse("admin:index"))
    assert len(queries) < 20


def test_every_table_is_in_the_sidebar(analyst):
    shown = analyst.get(reverse("admin:index")).content.decode()
    own = [model for model in site._registry if (ROOT / model._meta.app_label).is_dir()]
    assert len(own) >= 16
    for model in own:
        assert f'href="{reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")}"' in shown, model


def test_an_empty_desk_says_what_to_do(analyst):
    assert "Run the score command" in analyst.get(reverse("admin:index")).content.decode()
    for model in APPS:
        text = analyst.get(page(model, "changelist")).content.decode()
        assert "yet</h2>" in text, model


def test_nothing_is_deleted_in_the_admin(analyst):
    for model, row in some_rows("a", 1).items():
        assert "delete_selected" not in analyst.get(page(model, "changelist")).content.decode(), model
        assert analyst.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model
        type(row)._base_manager.get(pk=row.pk)


def test_a_ledger_or_log_row_is_not_edited(analyst):
    rows = some_rows("a", 1)
    for model in (*READ_ONLY, "signal"):
        address = page(model, "change", rows[model].pk)
        assert analyst.post(address, {"title": "x"}).status_code == 403, model
        assert 'name="_save"' not in analyst.get(address).content.decode(), model


def test_a_log_row_is_not_added(analyst):
    for model in READ_ONLY:
        assert analyst.get(page(model, "add")).status_code == 403, model


@pytest.fixture
def viewer() -> Browser:
    user = User.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    browser = Browser()
    browser.force_login(user)
    return browser


def test_a_viewer_sees_every_page_and_no_way_to_change_anything(viewer):
    rows = some_rows("a", 1)
    for model, row in rows.items():
        assert viewer.get(page(model, "changelist")).status_code == 200, model
        text = viewer.get(page(model, "change", row.pk)).content.decode()
        assert 'name="_save"' not in text, model
        assert f"/{row.pk}/archive/" not in text, model
        assert viewer.post(page(model, "change", row.pk), {}).status_code == 403, model
    for model in ADDED_BY_HAND:
        assert viewer.get(page(model, "add")).status_code == 403, model
    for model in ARCHIVED:
        assert viewer.post(page(model, "archive_row", rows[model].pk), {"confirmed": "yes"}).status_code == 403, model
        rows[model].refresh_from_db()
        assert rows[model].deleted_at is None, model


def test_without_permissions_nothing_is_shown():
    browser = Browser()
    browser.force_login(User.objects.create_user("nobody", password="x", is_staff=True))
    some_rows("a", 1)
    text = browser.get(reverse("admin:index")).content.decode()
    assert "Ask an administrator" in text
    assert "Testbio" not in text
    assert browser.get(page("company", "changelist")).status_code == 403
    assert "Testbio" not in browser.get(reverse("admin:search") + "?s=testbio").content.decode()


def test_the_palette_finds_companies_and_drugs(analyst):
    rows = some_rows("a", 1)
    text = analyst.get(reverse("admin:search") + "?s=" + rows["company"].ticker).content.decode()
    assert page("company", "view", rows["company"].pk) in text
    text = analyst.get(reverse("admin:search") + "?s=" + rows["drugcandidate"].name).content.decode()
    assert page("drugcandidate", "change", rows["drugcandidate"].pk) in text


@pytest.mark.parametrize("query", ["q=%00", "q=%25", "q=_", "p=abc", "p=99999999999999999999", "e=1", "o=99.-1"])
def test_odd_queries_end_in_a_page(analyst, query):
    some_rows("a", 1)
    for model in APPS:
        assert analyst.get(f"{page(model, 'changelist')}?{query}", follow=True).status_code == 200, model


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("company", "market_cap_usd_from=abc"),
        ("company", "market_cap_usd_from=1e999999"),
        ("company", "market_cap_usd_from=NaN"),
        ("company", "therapeutic_areas=warp"),
        ("company", "therapeutic_areas=%00"),
        ("company", "is_cash_constrained__exact=maybe"),
        ("drugcandidate", "company__id__exact=nonsense"),
        ("drugcandidate", "phase__exact=warp"),
        ("signal", "event_date_from=9999-12-31&event_date_to=9999-12-31"),
        ("signal", "event_date_from=yesterday"),
        ("signal", "source=%00"),
        ("signal", "ledger=nonsense"),
        ("mascore", "total_score_from=99999999999999999999999"),
        ("report", "report_date__year=99999"),
    ],
)
def test_a_filter_with_nonsense_ends_in_a_page(analyst, model, query):
    some_rows("a", 1)
    assert analyst.get(f"{page(model, 'changelist')}?{query}", follow=True).status_code == 200


@pytest.mark.parametrize("key", ["nonsense", "01890000-0000-7000-8000-000000000000"])
def test_an_unknown_row_is_a_message_and_not_an_error(analyst, key):
    for model in APPS:
        assert analyst.get(page(model, "change", key), follow=True).status_code in {200, 404}
        assert analyst.get(page(model, "history", key), follow=True).status_code in {200, 404}
    for address in ("admin:scoring_scoreversion_change", "admin:signals_app_reviewitem_change"):
        assert "doesn’t exist" in analyst.get(reverse(address, args=[key]), follow=True).content.decode()


def test_only_the_admin_may_evaluate_scripts(analyst, client):
    assert "'unsafe-eval'" in analyst.get(reverse("admin:index"))["Content-Security-Policy"]
    assert "'unsafe-eval'" in client.get(reverse("admin:login"))["Content-Security-Policy"]
    assert "'unsafe-eval'" not in client.get("/nowhere/")["Content-Security-Policy"]


def test_a_score_page_adds_up_and_names_what_is_missing(analyst):
    row = some_rows("a", 1)["mascore"]
    text = analyst.get(page("mascore", "change", row.pk)).content.decode()
    for part in ("40.0000", "+12.5000", "−2.5000", "50.0000", "median used", "Lead stage", "https://example.org/trial"):
        assert part in text
    assert "no source feeds this component yet" in text


def test_the_top_list_leaves_out_archived_companies_and_thin_data(analyst):
    rows = some_rows("a", 3)
    ranked = analyst.get(page("mascore", "changelist")).context["cl"].result_list
    assert len(ranked) == 3
    analyst.post(page("company", "archive_row", rows["company"].pk), {"confirmed": "yes"})
    assert len(analyst.get(page("mascore", "changelist")).context["cl"].result_list) == 2
    type(rows["mascore"]).objects.update(confidence="0.4")
    assert len(analyst.get(page("mascore", "changelist")).context["cl"].result_list) == 0
    assert len(analyst.get(page("mascore", "changelist") + "?day=latest").context["cl"].result_list) == 3


def test_figures_show_their_source_and_day(analyst):
    row = some_rows("a", 1)["company"]
    text = analyst.get(page("company", "view", row.pk)).content.decode()
    assert "edgar · 0001-26-000001 · as of 2025-12-31" in text
    listed = analyst.get(page("company", "changelist")).content.decode()
    assert "$1.3 bn" in listed
    assert "$1,312,345,678 · as of 2026-01-31" in listed
