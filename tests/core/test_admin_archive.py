"""Archive and restore in the admin: asked for, reasoned, undone in one click; a refusal is a message."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from companies.models import Company
from delivery.models import Client, Webhook
from tests.factories import CompanyFactory, DrugCandidateFactory

pytestmark = pytest.mark.django_db
LIST = "admin:companies_company_changelist"


@pytest.fixture
def analyst() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


def archive_address(company: Company) -> str:
    return reverse("admin:companies_company_archive_row", args=[company.pk])


def restore_address(company: Company) -> str:
    return reverse("admin:companies_company_restore_row", args=[company.pk])


def listed(browser: Browser, query: str = "") -> set[str]:
    return {company.name for company in browser.get(reverse(LIST) + query).context["cl"].result_list}


def test_asking_archives_nothing(analyst):
    company = CompanyFactory()
    assert "Archive" in analyst.get(archive_address(company)).content.decode()
    analyst.post(archive_address(company))
    assert Company.objects.filter(pk=company.pk).exists()


def test_archiving_takes_the_pipeline_along_and_one_click_undoes_it(analyst):
    company = DrugCandidateFactory(company=CompanyFactory(name="Gone Bio")).company
    CompanyFactory(name="Stays Bio")
    answer = analyst.post(archive_address(company), {"confirmed": "yes", "reason": "sold"}, follow=True)
    text = answer.content.decode()
    assert "is archived with 1 drug candidate" in text
    assert f'action="{restore_address(company)}"' in text
    assert (listed(analyst), listed(analyst, "?archived=only")) == ({"Stays Bio"}, {"Gone Bio"})
    assert listed(analyst, "?archived=all") == {"Stays Bio", "Gone Bio"}
    assert listed(analyst, "?q=gone") == set()
    assert listed(analyst, "?q=gone&archived=only") == {"Gone Bio"}
    answer = analyst.post(restore_address(company), {"confirmed": "yes"}, follow=True)
    assert "is restored with 1 drug candidate" in answer.content.decode()
    assert company.drug_candidates.filter(deleted_at__isnull=True).count() == 1


def test_an_archived_row_is_shown_and_not_edited(analyst):
    company = CompanyFactory()
    analyst.post(archive_address(company), {"confirmed": "yes"})
    address = reverse("admin:companies_company_change", args=[company.pk])
    text = analyst.get(address).content.decode()
    assert "Restore it to edit it" in text
    assert 'name="_save"' not in text
    assert restore_address(company) in text
    assert archive_address(company) not in text
    assert analyst.post(address, {"name": "x"}).status_code == 403


def test_archiving_twice_is_a_message(analyst):
    company = CompanyFactory()
    for words in ("is archived", "was archived already"):
        assert words in analyst.post(archive_address(company), {"confirmed": "yes"}, follow=True).content.decode()


def test_a_refused_restore_says_who_has_the_ticker(analyst):
    old = CompanyFactory(ticker="SAME", name="Old Bio")
    analyst.post(archive_address(old), {"confirmed": "yes"})
    CompanyFactory(ticker="SAME", name="New Bio")
    answer = analyst.post(restore_address(old), {"confirmed": "yes"}, follow=True)
    assert answer.status_code == 200
    assert "the live company New Bio has its ticker SAME now" in answer.content.decode()
    assert Company.objects.get(ticker="SAME").name == "New Bio"


def test_many_are_archived_at_once_after_asking(analyst):
    rows = [CompanyFactory() for _ in range(3)]
    form = {"action": "archive_selected", "_selected_action": [str(row.pk) for row in rows[:2]]}
    page = analyst.post(reverse(LIST), form)
    assert "Archive 2 companies?" in page.content.decode()
    assert Company.objects.count() == 3
    answer = analyst.post(reverse(LIST), {**form, "confirmed": "yes", "reason": "clean-up"}, follow=True)
    assert "2 archived." in answer.content.decode()
    assert Company.objects.count() == 1
    again = analyst.post(reverse(LIST), {**form, "confirmed": "yes"}, follow=True)
    assert "nothing to archive" in again.content.decode()


def test_the_refused_of_many_are_named_and_the_others_restored(analyst):
    taken, free = CompanyFactory(ticker="TAKEN"), CompanyFactory(ticker="FREE")
    for row in (taken, free):
        analyst.post(archive_address(row), {"confirmed": "yes"})
    CompanyFactory(ticker="TAKEN", name="Holder Bio")
    form = {
        "action": "restore_selected",
        "_selected_action": [str(taken.pk), str(free.pk)],
        "confirmed": "yes",
    }
    text = analyst.post(reverse(LIST) + "?archived=only", form, follow=True).content.decode()
    assert "1 restored." in text
    assert "Holder Bio" in text


def test_an_archived_company_is_not_offered_for_a_new_drug(analyst):
    company = CompanyFactory(name="Hidden Bio")
    address = (
        reverse("admin:autocomplete") + "?app_label=companies&model_name=drugcandidate&field_name=company&term=hid"
    )
    assert len(analyst.get(address).json()["results"]) == 1
    analyst.post(archive_address(company), {"confirmed": "yes"})
    assert analyst.get(address).json()["results"] == []


def test_history_tells_who_what_and_why(analyst):
    company = CompanyFactory(name="Acme Bio", role="target")
    Company.objects.filter(pk=company.pk).update(role="excluded")
    analyst.post(archive_address(company), {"confirmed": "yes", "reason": "sold to a supplier"})
    text = analyst.get(reverse("admin:companies_company_history", args=[company.pk])).content.decode()
    assert "sold to a supplier" in text
    assert re.search(r'class="desk-old">\s*Target\s*</td><td class="desk-new">\s*Excluded\s*</td>', text)
    assert "analyst" in text
    assert "SQL as " in text


def test_a_webhook_secret_is_shown_once_and_again_only_when_it_is_new(analyst):
    form = {
        "name": "Hook",
        "url": "https://example.org/x",
        "is_active": "on",
        "timeout_seconds": "15",
        "event_types": ["ping"],
    }
    answer = analyst.post(reverse("admin:delivery_webhook_add"), form)
    webhook = Webhook.objects.get()
    assert webhook.secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    address = reverse("admin:delivery_webhook_change", args=[webhook.pk])
    for page in (
        address,
        reverse("admin:delivery_webhook_changelist"),
        reverse("admin:delivery_webhook_history", args=[webhook.pk]),
    ):
        text = analyst.get(page).content.decode()
        assert webhook.secret not in text
    rotate = reverse("admin:delivery_webhook_rotate_secret", args=[webhook.pk])
    former = webhook.secret
    assert former not in analyst.get(rotate).content.decode()
    answer = analyst.post(rotate, {"confirmed": "yes", "reason": "leaked"}).content.decode()
    webhook.refresh_from_db()
    assert webhook.secret != former
    assert webhook.secret in answer
    assert former not in answer


def test_an_api_key_is_shown_once_rotated_and_revoked(analyst):
    form = {
        "client_name": "Fund",
        "client_type": "hedge_fund",
        "is_active": "on",
        "rate_limit_per_hour": "100",
        "scopes": ["read"],
    }
    answer = analyst.post(reverse("admin:delivery_client_add"), form)
    client = Client.objects.get()
    assert f"bma_{client.key_prefix}_" in answer.content.decode()
    text = analyst.get(reverse("admin:delivery_client_change", args=[client.pk])).content.decode()
    assert client.api_key not in text
    assert f"bma_{client.key_prefix}_" not in text
    former = client.api_key
    rotate = reverse("admin:delivery_client_rotate_key", args=[client.pk])
    assert "bma_" in analyst.post(rotate, {"confirmed": "yes"}).content.decode()
    client.refresh_from_db()
    assert client.api_key != former
    revoke = reverse("admin:delivery_client_revoke_key", args=[client.pk])
    assert "is revoked" in analyst.post(revoke, {"confirmed": "yes"}, follow=True).content.decode()
    client.refresh_from_db()
    assert not client.is_active
    refused = analyst.post(rotate, {"confirmed": "yes"}, follow=True).content.decode()
    assert "a new key would not work" in refused
