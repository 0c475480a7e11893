"""What each role can and cannot: pages, forms and buttons, asked of the admin itself."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core.session_limits import BEGAN, SEEN
from delivery.roles import ADMINISTRATOR, ANALYST, LEAD, ROLES, TABLE, VIEWER, ensure_roles, permissions_of
from scoring.models import ScoreVersion
from scoring.weights import draft_from
from tests.admin_rows import some_rows
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password-1"
ARCHIVED = ("companies.drugcandidate", "delivery.alert", "delivery.webhook", "delivery.client", "companies.company")
# From a row or a button of another page: their own has no form to add one.
MADE_ELSEWHERE = {"signals_app.financialfact", "companies.companyalias", "signals_app.sheetimport"}
ASKED = {"confirmed": "yes"}


def browser_of(role: str) -> Browser:
    user = User.objects.create_user(role, password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    browser = Browser()
    browser.force_login(user)
    return browser


def address(model: str, page: str, *args: Any) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_{page}", args=args)


def test_the_groups_are_there_and_are_made_once():
    ensure_roles()
    ensure_roles()
    assert set(Group.objects.filter(name__in=ROLES).values_list("name", flat=True)) == set(ROLES)
    lead = Group.objects.get(name=LEAD)
    held = {f"{app}.{code}" for app, code in lead.permissions.values_list("content_type__app_label", "codename")}
    assert held == permissions_of(LEAD)
    lead.permissions.clear()
    ensure_roles()
    assert lead.permissions.count() == len(held)


def test_every_table_of_the_admin_stands_in_the_table_of_roles():
    assert {model._meta.label_lower for model in site._registry} <= set(TABLE)


def test_each_role_may_what_the_one_below_may():
    for lower, upper in pairwise(ROLES):
        assert permissions_of(lower) <= permissions_of(upper), (lower, upper)


@pytest.mark.parametrize("role", ROLES)
def test_lists_and_add_forms_open_for_those_whom_the_table_names(role):
    browser = browser_of(role)
    place = ROLES.index(role)
    for model in (each._meta.label_lower for each in site._registry):
        may_see = "v" in TABLE[model][place]
        # everybody sees the exports that they took themselves; the permission shows those of all
        is_open = may_see or model == "core.listexport"
        assert browser.get(address(model, "changelist")).status_code == (200 if is_open else 403), model
        if model in MADE_ELSEWHERE:
            continue
        may_add = "a" in TABLE[model][place]
        assert browser.get(address(model, "add")).status_code == (200 if may_add else 403), model


@pytest.mark.parametrize("role", ROLES)
def test_forms_save_and_rows_are_archived_for_those_whom_the_table_names(role):
    rows = {row._meta.label_lower: row for row in some_rows("a", 1).values()}
    browser, place = browser_of(role), ROLES.index(role)
    for model in ARCHIVED:  # a company takes its drugs along, so it comes last
        row, verbs = rows[model], TABLE[model][place]
        page = browser.get(address(model, "change", row.pk))
        assert page.status_code == (200 if "v" in verbs else 403), model
        assert ('name="_save"' in page.content.decode()) is ("c" in verbs), model
        answer = browser.post(address(model, "archive_row", row.pk), ASKED)
        assert answer.status_code == (302 if "d" in verbs else 403), model
        row.refresh_from_db()
        assert (row.deleted_at is not None) is ("d" in verbs), model


@pytest.mark.parametrize(("role", "may"), [(VIEWER, False), (ANALYST, False), (LEAD, True), (ADMINISTRATOR, True)])
def test_weights_are_published_by_a_lead(role, may, monkeypatch):
    published = []
    monkeypatch.setattr("scoring.admin_weights.publish_version", lambda **about: published.append(about) or "a day")
    draft = draft_from(version=ScoreVersion.objects.get())
    browser = browser_of(role)
    answer = browser.post(address("scoring.scoreversion", "publish_draft", draft.pk), ASKED)
    assert answer.status_code == (302 if may else 403)
    assert bool(published) is may


@pytest.mark.parametrize(("role", "may"), [(VIEWER, False), (ANALYST, True), (LEAD, True), (ADMINISTRATOR, True)])
def test_weights_are_drafted_by_an_analyst(role, may):
    version = ScoreVersion.objects.get()
    answer = browser_of(role).post(address("scoring.scoreversion", "draft_version", version.pk), ASKED)
    assert answer.status_code == (302 if may else 403)
    assert ScoreVersion.objects.count() == (2 if may else 1)


def test_keys_and_secrets_are_an_administrators_business():
    rows = some_rows("a", 1)
    for role in (VIEWER, ANALYST, LEAD):
        browser = browser_of(role)
        assert browser.post(address("delivery.client", "rotate_key", rows["client"].pk), ASKED).status_code == 403
        assert browser.post(address("delivery.webhook", "ping", rows["webhook"].pk), ASKED).status_code == 403
    browser = browser_of(ADMINISTRATOR)
    answer = browser.post(address("delivery.client", "rotate_key", rows["client"].pk), ASKED)
    assert "Copy the API key now" in answer.content.decode()


def test_an_administrator_makes_no_superuser_and_touches_none():
    browser = browser_of(ADMINISTRATOR)
    user, root = (
        User.objects.create_user("new", password=PASSWORD),
        User.objects.create_superuser("root", password=PASSWORD),
    )
    sent = {
        "username": "new",
        "is_active": "on",
        "is_superuser": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "12:00",
    }
    browser.post(address("auth.user", "change", user.pk), sent)
    user.refresh_from_db()
    assert user.is_superuser is False
    assert browser.post(address("auth.user", "change", root.pk), {**sent, "username": "root"}).status_code == 403
    taken = {"password1": "another-long-one-9", "password2": "another-long-one-9", "usable_password": "true"}
    browser.post(reverse("admin:auth_user_password_change", args=[root.pk]), taken)
    root.refresh_from_db()
    assert root.check_password(PASSWORD)


def test_a_short_password_is_refused():
    browser = browser_of(ADMINISTRATOR)
    sent = {"username": "new", "password1": "elevenchars", "password2": "elevenchars", "usable_password": "true"}
    answer = browser.post(address("auth.user", "add"), sent)
    assert "at least 12 characters" in answer.content.decode()
    assert not User.objects.filter(username="new").exists()


@pytest.mark.parametrize(
    ("idle_minutes", "hours", "is_out"), [(59, 1, False), (61, 1, True), (5, 25, True), (5, 23, False)]
)
def test_sessions_end_when_idle_and_after_so_long(settings, idle_minutes, hours, is_out):
    settings.SESSION_IDLE_MINUTES, settings.SESSION_HOURS = 60, 24
    browser = browser_of(VIEWER)
    CompanyFactory()
    assert browser.get(address("companies.company", "changelist")).status_code == 200
    session, now = browser.session, time.time()
    assert session[SEEN] <= now
    session[SEEN], session[BEGAN] = now - idle_minutes * 60, now - hours * 3600
    session.save()
    answer = browser.get(address("companies.company", "changelist"))
    assert answer.status_code == (302 if is_out else 200)
    assert ("_auth_user_id" in browser.session) is not is_out
