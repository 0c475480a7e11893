"""What pages are called, how days read, and what a page says that cannot be shown."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse
from django.utils.text import capfirst

from biotech_ma.core.admin import preferences
from tests.factories import SignalFactory

pytestmark = pytest.mark.django_db
ACRONYMS = re.compile(r"\b(url|api|cik|nct|fda|hmac|sha|id|ma|usd)\b", re.IGNORECASE)


@pytest.fixture
def viewer() -> Browser:
    user = User.objects.create_user("viewer", is_staff=True)
    user.groups.add(Group.objects.get(name="viewer"))
    browser = Browser(raise_request_exception=False)
    browser.force_login(user)
    return browser


def heading(browser: Browser, address: str) -> tuple[str, str]:
    text = browser.get(address).content.decode()
    bar = text[text.index('id="header-inner"') :].partition(">")[2]
    words = re.sub(r'<span class="[^"]*material-symbols[^>]*>.*?</span>|<[^>]+>', " ", bar, flags=re.S)
    title = re.search(r"<title>(.*?)</title>", text, re.S)[1]
    return " ".join(words.split())[:60], " ".join(title.split())


@pytest.mark.parametrize(
    ("page", "words", "title"),
    [
        ("signals_app_deal", "Scores Deals", "Deals | biotech_ma"),
        ("scoring_scoreversion", "Scores Weights", "Weights | biotech_ma"),
        ("delivery_alerttrigger", "Delivery Alert history", "Alert history | biotech_ma"),
        ("companies_company", "Companies", "Companies | biotech_ma"),
        ("core_listexport", "Administration Exports taken", "Exports taken | biotech_ma"),
    ],
)
def test_a_list_is_called_as_the_menu_calls_it(viewer, page, words, title):
    found, top = heading(viewer, reverse(f"admin:{page}_changelist"))
    assert found.startswith(words)
    assert not found.startswith("Companies Companies")
    assert top == title


def test_every_field_is_named_in_words_with_acronyms_in_capitals():
    wrong = []
    for model in site._registry:
        if model._meta.app_label in ("auth", "procrastinate"):
            continue
        for field in apps.get_model(model._meta.label)._meta.concrete_fields:
            name = str(field.verbose_name)
            if not field.primary_key and any(each != each.upper() for each in ACRONYMS.findall(name)):
                wrong.append(f"{model._meta.label_lower}.{field.name}: {capfirst(name)}")
    assert wrong == []


def test_days_and_times_read_alike_in_the_users_zone(viewer):
    signal = SignalFactory(event_date="2026-01-31T15:05Z", available_at="2026-01-31T15:06Z")
    page = reverse("admin:signals_app_signal_change", args=[signal.pk])
    assert "2026-01-31 15:05 UTC" in viewer.get(page).content.decode()
    viewer.post(reverse("preferences"), {preferences.KEY: "America/New_York"})
    assert "2026-01-31 10:05 EST" in viewer.get(page).content.decode()


def test_a_page_that_is_not_ones_own_says_so_with_the_menu_beside_it(viewer):
    answer = viewer.get(reverse("admin:companies_company_add"))
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "ask for the role that has it" in text
    assert reverse("admin:companies_company_changelist") in text
    assert "desk-skip" in text


def test_an_address_without_a_page_says_where_to_look(viewer):
    answer = viewer.get("/admin/nothing/here/")
    assert answer.status_code == 404
    assert "Search for it with Ctrl-K" in answer.content.decode()
    alone = Browser().get("/nothing/")
    assert (alone.status_code, "There is nothing here" in alone.content.decode()) == (404, True)
    assert "sidebar" not in alone.content.decode()
    assert Browser().get("/api/nothing").headers["Content-Type"] == "application/problem+json"


def test_a_failure_says_what_was_not_done_and_asks_the_database_nothing(viewer, monkeypatch, caplog):
    monkeypatch.setattr(preferences, "PreferencesForm", lambda *args, **kwargs: 1 / 0)
    answer = viewer.get(reverse("preferences"))
    assert answer.status_code == 500
    assert "written to the server" in answer.content.decode()
    assert "ZeroDivisionError" not in answer.content.decode()
    assert "ZeroDivisionError" in caplog.text


def test_a_form_from_before_the_sign_in_says_how_to_send_it_again():
    browser = Browser(enforce_csrf_checks=True)
    answer = browser.post("/admin/login/", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert "Go back, copy what you typed" in answer.content.decode()
