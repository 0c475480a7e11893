"""Every address of the admin, asked by every role with GET and POST: open to whom the table names, to nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import URLResolver, get_resolver, reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.change_model import Change
from biotech_ma.core.list_exports import ListExport
from biotech_ma.core.saved_filters import SavedFilter
from companies.merging import merge
from companies.models import CompanyDistinction, Restriction, RestrictionLog, Watchlist
from companies.restrictions import put_on
from delivery.roles import ROLES, TABLE
from scoring.models import ScoreVersion
from scoring.weights import draft_from
from signals_app.jobs import ingest
from signals_app.models import SheetImport
from signals_app.review_models import IngestRun, ReviewItem
from tests.admin_rows import some_rows
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db
# Who comes in: whoever is signed in, whoever is not, nobody.
ANYBODY, SIGNED_OUT, NOBODY = "whoever is signed in", "whoever is not", "nobody"
# What the usual pages of a table take: see, add, change, archive.
USUAL = {
    "changelist": "v", "add": "a", "change": "v", "history": "v", "columns": "v", "saved": "v", "export": "v",
    "step": "v", "revert": "c", "pasted": "c", "widths": "v", "archive_row": "d", "restore_row": "d",
}  # fmt: skip
# Every other address, and where a usual one takes something else; after a stroke what sending takes. A new address of
# the admin needs a line here.
OTHERS = {
    "preferences": ANYBODY, "seen": ANYBODY, "second-factor": ANYBODY, "sign-ins": ANYBODY, "sign-out": SIGNED_OUT,
    "own-password": ANYBODY, "login-code": SIGNED_OUT,
    "oidc-begin": SIGNED_OUT, "oidc-callback": SIGNED_OUT, "oidc-back-channel": SIGNED_OUT,
    "index": ANYBODY, "search": ANYBODY, "login": SIGNED_OUT, "logout": SIGNED_OUT, "password_change": ANYBODY,
    "password_change_done": ANYBODY, "autocomplete": ANYBODY, "jsi18n": ANYBODY, "view_on_site": ANYBODY,
    "app_list": ANYBODY,
    # one's own exports and filters, and the permission shows those of all
    "core_listexport_changelist": ANYBODY, "core_listexport_change": ANYBODY, "core_listexport_history": ANYBODY,
    "core_listexport_columns": ANYBODY, "core_listexport_saved": ANYBODY, "core_listexport_file": ANYBODY,
    "core_listexport_step": ANYBODY, "core_listexport_widths": ANYBODY,
    "auth_user_password_change": "auth.user c", "auth_user_reset_second_factor": "auth.user c",
    "auth_user_sign_out_everywhere": "auth.user c",
    "companies_companymerge_undo": "companies.companymerge c",
    "companies_companydistinction_possible": "companies.companydistinction v",
    "companies_companydistinction_apart": "companies.companymerge c",
    "companies_companydistinction_waiting": "companies.companymerge c",
    "companies_companydistinction_ask_again": "companies.companymerge c",
    "companies_company_view": "companies.company v", "companies_company_open_page": "companies.company v",
    "companies_company_watch": "companies.watchlist c",
    "companies_company_note": "companies.companynote a", "companies_company_merge": "companies.companymerge c",
    "companies_companyalias_add": NOBODY, "companies_restriction_take_off_list": "companies.restriction c",
    "signals_app_deal_terms": "signals_app.deal v / signals_app.signal a",
    "signals_app_deal_new": "signals_app.signal a",
    "signals_app_deal_parties": "signals_app.signal a",
    "signals_app_financialfact_correct": "signals_app.financialfact a",
    "signals_app_financialfact_add": NOBODY, "signals_app_signal_correct": "signals_app.signal a",
    "signals_app_sheetimport_upload": "signals_app.sheetimport a", "signals_app_sheetimport_add": NOBODY,
    "signals_app_sheetimport_upload_file": "signals_app.sheetimport a",
    "signals_app_reviewitem_accept_one": "signals_app.reviewitem c",
    "signals_app_reviewitem_reject_one": "signals_app.reviewitem c",
    "signals_app_reviewitem_merge_one": "signals_app.reviewitem c",
    "scoring_scoreversion_draft_version": "scoring.scoreversion c",
    "scoring_scoreversion_preview_version": "scoring.scoreversion c",
    "scoring_scoreversion_discard_version": "scoring.scoreversion c",
    "scoring_scoreversion_publish_draft": "scoring.scoreversion p",
    "delivery_webhookdelivery_replay": "delivery.webhook c", "delivery_webhook_ping": "delivery.webhook c",
    "delivery_webhook_rotate_secret": "delivery.webhook c", "delivery_webhook_toggle_clearance": "delivery.webhook c",
    "delivery_inboxitem_mark_all_read": "delivery.inboxitem v", "delivery_report_view_report": "delivery.report v",
    "delivery_report_download_report": "delivery.report v", "delivery_report_run_report_again": "delivery.report c",
    "delivery_alert_test_alert": "delivery.alert v", "delivery_client_rotate_key": "delivery.client c",
    "delivery_client_rotate_with_overlap": "delivery.client c", "delivery_client_revoke_key": "delivery.client c",
}  # fmt: skip
# Rows of somebody else, which are not there for anybody.
OTHERS_ROWS = {"core_listexport_revert", "delivery_inboxitem_revert"}
MODELS = {f"{model._meta.app_label}_{model._meta.model_name}": model for model in site._registry}


def addresses() -> dict[str, str]:
    """Return name and route of every address of the admin, the two catch-alls apart."""

    def walk(patterns: Any, before: str) -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif pattern.name:
                yield pattern.name, route

    return {name: route for name, route in walk(get_resolver().url_patterns, "") if route.startswith("admin/")}


def needed(name: str) -> str | None:
    """Return what an address takes: a table and a verb, or one of the three words; None where nothing says."""
    table = next((table for table in MODELS if name.startswith(f"{table}_")), "")
    page = name.removeprefix(f"{table}_")
    if name in OTHERS or not table:
        return OTHERS.get(name)
    if page == "delete":
        return NOBODY
    return f"{MODELS[table]._meta.label_lower} {USUAL[page]}" if page in USUAL else None


def test_every_address_of_the_admin_says_what_it_takes():
    found = addresses()
    assert len(found) > 300
    assert [name for name in found if needed(name) is None] == []
    assert [name for name in OTHERS if name not in found] == []


@pytest.fixture
def rows() -> dict[str, Any]:
    """Return a row of every table, by its name in addresses."""
    owner = User.objects.create_superuser("owner")
    made = {f"{row._meta.app_label}_{row._meta.model_name}": row for row in some_rows("a", 1).values()}
    company = made["companies_company"]
    deal = SignalFactory(company=company, signal_type="takeover_target", signal_data={"acquirer": "Big"})
    ingest.defer(source="edgar-tickers")
    put_on(company=CompanyFactory(), reason="x", by=owner)
    kept, duplicate = CompanyFactory(), CompanyFactory()
    sheet = {"kind": "candidates", "file_name": "x", "sha256": "0" * 64, "size_bytes": 1, "made_of": "x"}
    return made | {
        "companies_companydistinction": CompanyDistinction.objects.create(one=company, other=CompanyFactory()),
        "companies_companymerge": merge(kept=kept, duplicate=duplicate, by=owner),
        "companies_watchlist": Watchlist.objects.create(owner=owner, name="x", is_shared=True),
        "companies_restriction": Restriction.objects.get(),
        "companies_restrictionlog": RestrictionLog.objects.first(),
        "signals_app_deal": deal,
        "signals_app_sheetimport": SheetImport.objects.create(**sheet),
        "signals_app_reviewitem": ReviewItem.objects.create(kind="signal", title="x", source="edgar", source_id="1"),
        "signals_app_ingestrun": IngestRun.objects.create(source="edgar", started_at="2026-01-01T00:00Z"),
        "scoring_scoreversion": draft_from(version=ScoreVersion.objects.get()),
        "core_listexport": ListExport.objects.create(model="companies.company", form="csv"),
        "core_change": Change.objects.first(),
        "core_savedfilter": SavedFilter.objects.create(
            owner=owner, table="companies.company", name="x", query="", is_shared=True
        ),
        "procrastinate_procrastinatejob": ProcrastinateJob.objects.first(),
        "auth_user": User.objects.create_user("somebody"),
        "auth_group": Group.objects.get(name="viewer"),
    }


def path_of(name: str, route: str, rows: dict[str, Any]) -> str:
    """Return the address with the key of a row of its table, and numbers for the rest."""
    table = next((table for table in MODELS if name.startswith(f"{table}_")), "")
    values = {"content_type_id": 1, "object_id": 1, "number": 1, "app_label": "companies"}
    if table:
        values |= {"object_id": rows[table].pk, "key": rows[table].pk, "id": rows[table].pk}
    wanted = re.findall(r"<(?:\w+:)?(\w+)>", route)
    return reverse(name if name in ("preferences", "seen") or "-" in name else f"admin:{name}", kwargs={
        each: values[each] for each in wanted
    })  # fmt: skip


def allowed(need: str) -> list[str]:
    """Return the roles that have the verb of the table in question."""
    label, _, verb = need.partition(" ")
    return [] if need == NOBODY else [role for place, role in enumerate(ROLES) if verb in TABLE[label][place]]


def asked(browser: Browser, path: str) -> tuple[int, int]:
    return browser.get(path).status_code, browser.post(path, {}).status_code


def browser_of(role: str) -> Browser:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    browser = Browser()
    browser.force_login(user)
    return browser


def test_addresses_are_closed_to_roles_that_the_table_does_not_name_and_open_to_the_least_that_it_names(rows):
    browsers = {role: browser_of(role) for role in ROLES}
    wrong: dict[str, Any] = {}
    for name, route in addresses().items():
        need = needed(name)
        if need in (ANYBODY, SIGNED_OUT):
            continue
        read, _, send = (need or "").partition(" / ")
        may_read, may_send = allowed(read), allowed(send or read)
        path = path_of(name, route, rows)
        for role in ROLES:
            if role in may_read and role in may_send:
                continue
            got = asked(browsers[role], path)
            closed = {403, 404} if name in OTHERS_ROWS else {403}
            if (role not in may_read and got[0] not in closed) or (role not in may_send and got[1] not in closed):
                wrong[f"{name} by {role}"] = got
        if may_send and name in OTHERS and asked(browsers[may_send[0]], path) == (403, 403):
            wrong[f"{name} by {may_send[0]}"] = "closed"
    assert wrong == {}


def test_every_address_asks_whoever_is_not_signed_in_to_do_so(rows):
    browser, wrong = Browser(), {}
    for name, route in addresses().items():
        if needed(name) == SIGNED_OUT:
            continue
        path = path_of(name, route, rows)
        for answer in (browser.get(path), browser.post(path, {})):
            is_asked = answer.status_code == 302 and answer["Location"].startswith("/admin/login/?next=")
            if not (is_asked or answer.status_code == 405):
                wrong[name] = answer.status_code
    assert wrong == {}
