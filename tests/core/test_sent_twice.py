"""A rendered form acts once: a double click, a slow network and two servers change nothing about that."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core.form_submissions import FormSubmission, keep, take
from companies.models import Company
from delivery.models import Client, WebhookDelivery
from delivery.services import create_webhook
from tests.concurrency import together
from tests.factories import CompanyFactory

NO_INLINES = {
    f"{prefix}-{part}": "0"
    for prefix in ("drug_candidates", "aliases", "signals", "scores")
    for part in ("TOTAL_FORMS", "INITIAL_FORMS")
}


@pytest.fixture
def browser(db: None) -> Browser:
    found = Browser(enforce_csrf_checks=True)
    found.force_login(User.objects.create_superuser("analyst", password="x"))
    return found


def token_on(page: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def form(token: str, **values: Any) -> dict[str, Any]:
    return {"name": "Acme", "role": "target", "is_public": "on", "csrfmiddlewaretoken": token, **NO_INLINES, **values}


def test_a_form_sent_twice_adds_one_row_and_says_so(browser):
    address = reverse("admin:companies_company_add")
    sent = form(token_on(browser.get(address)))
    first, second = browser.post(address, sent), browser.post(address, sent)
    assert (first.status_code, second.status_code) == (302, 302)
    assert second["Location"] == first["Location"]
    assert Company.objects.filter(name="Acme").count() == 1
    assert "sent twice and done once" in browser.get(second["Location"]).content.decode()


def test_the_form_anew_or_with_other_content_adds_another(browser):
    address = reverse("admin:companies_company_add")
    sent = form(token_on(browser.get(address)))
    browser.post(address, sent)
    browser.post(address, {**sent, "name": "Other"})
    browser.post(address, form(token_on(browser.get(address))))
    assert sorted(Company.objects.values_list("name", flat=True)) == ["Acme", "Acme", "Other"]


def test_a_refused_form_may_be_sent_again_as_it_is(browser):
    CompanyFactory(ticker="TAKEN")
    address = reverse("admin:companies_company_add")
    sent = form(token_on(browser.get(address)), ticker="TAKEN")
    assert browser.post(address, sent).status_code == 200
    Company.objects.filter(ticker="TAKEN").update(ticker="GONE")
    assert browser.post(address, sent).status_code == 302


def test_a_secret_is_made_once(browser):
    address = reverse("admin:delivery_client_add")
    token = token_on(browser.get(address))
    sent = {
        "client_name": "Desk", "client_type": "internal", "scopes": ["read"], "rate_limit_per_hour": "100",
        "is_active": "on", "csrfmiddlewaretoken": token, "usage-TOTAL_FORMS": "0", "usage-INITIAL_FORMS": "0",
    }  # fmt: skip
    first = browser.post(address, sent)
    assert first.status_code == 200
    assert "Copy the API key now" in first.content.decode(), first.context and first.context["errors"]
    assert browser.post(address, sent).status_code == 302
    assert Client.objects.filter(client_name="Desk").count() == 1


def test_a_bulk_action_confirmed_twice_is_done_once(browser):
    rows = [CompanyFactory(), CompanyFactory()]
    address = reverse("admin:companies_company_changelist")
    ticked = {"action": "archive_selected", "_selected_action": [str(row.pk) for row in rows]}
    asked = browser.post(address, {**ticked, "csrfmiddlewaretoken": token_on(browser.get(address))})
    sent = {**ticked, "confirmed": "yes", "reason": "gone", "csrfmiddlewaretoken": token_on(asked)}
    assert browser.post(address, sent).status_code == 302
    Company.all_objects.filter(pk__in=[row.pk for row in rows]).update(deleted_at=None)
    assert browser.post(address, sent).status_code == 302
    assert Company.objects.filter(pk__in=[row.pk for row in rows]).count() == 2


def test_a_ping_confirmed_twice_is_sent_once(browser):
    webhook, _ = create_webhook(name="Hook", url="https://example.org/hook", event_types=["ping"])
    address = reverse("admin:delivery_webhook_ping", args=[webhook.pk])
    sent = {"confirmed": "yes", "csrfmiddlewaretoken": token_on(browser.get(address))}
    assert [browser.post(address, sent).status_code for _ in range(2)] == [302, 302]
    assert WebhookDelivery.objects.count() == 1


def test_what_is_older_than_a_day_is_thrown_away(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO form_submissions (key, created_at) VALUES ('old', now() - interval '25 hours'),"
            " ('young', now() - interval '23 hours')"
        )
    assert take("new")
    keep("new", "/somewhere/")
    assert set(FormSubmission.objects.values_list("key", flat=True)) == {"young", "new"}


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_add_one_row():
    user = User.objects.create_superuser("analyst", password="x")
    address = reverse("admin:companies_company_add")
    browsers = [Browser(enforce_csrf_checks=True) for _ in range(2)]
    for each in browsers:
        each.force_login(user)
    token = token_on(browsers[0].get(address))
    browsers[1].cookies["csrftoken"] = browsers[0].cookies["csrftoken"].value
    answers = together(*(lambda each=each: each.post(address, form(token)) for each in browsers))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Company.objects.filter(name="Acme").count() == 1
