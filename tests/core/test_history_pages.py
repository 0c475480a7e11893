"""Who, when, from what to what and why, whoever wrote it; the row as of any day; and a change taken back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core import services
from biotech_ma.core.actors import acting
from companies.models import Company
from delivery.services import issue_client
from signals_app.models import FinancialFact
from tests.factories import CompanyFactory

ORIGIN = {"source": "edgar", "id": "0001", "as_of": "2026-03-31"}


@pytest.fixture
def analyst(db: None) -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


def history_of(company: Company) -> str:
    return reverse("admin:companies_company_history", args=[company.pk])


def shown(browser: Browser, company: Company, query: str = "") -> str:
    return browser.get(history_of(company) + query).content.decode()


def revert(company: Company, number: int) -> str:
    return reverse("admin:companies_company_revert", args=[company.pk, number])


def newest(company: Company) -> Any:
    return company.history.order_by("-pgh_id").first()


def test_sql_jobs_commands_and_keys_are_named(analyst, client):
    company = CompanyFactory(name="Acme")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE companies SET name = 'By SQL' WHERE id = %s", [company.pk])
        cursor.execute("SELECT session_user")
        role = cursor.fetchone()[0]
    text = shown(analyst, company)
    assert f"SQL as {role} via " in text
    with acting(job="ingest"):
        services.change(row=company, values={"name": "By a job"})
    assert "job ingest" in shown(analyst, company)
    with acting(command="score"):
        services.change(row=company, values={"name": "By a command"})
    assert "command score" in shown(analyst, company)
    _, key = issue_client(client_name="Broker feed", scopes=["read", "write:companies"])
    answer = client.patch(
        f"/api/v1/companies/{company.pk}/",
        {"name": "By a key"},
        content_type="application/json",
        headers={
            "Authorization": f"Bearer {key}",
            "X-Change-Reason": "Umbenannt, laut Börse".encode().decode("latin-1"),
        },
    )
    assert answer.status_code == 200, answer.content
    text = shown(analyst, company)
    assert "API client Broker feed" in text
    assert "“Umbenannt, laut Börse”" in text


@pytest.mark.parametrize("reason", ["x" * 501, "a\tb"])
def test_an_odd_reason_is_refused_by_the_api(client, db, reason):
    company = CompanyFactory(name="Acme")
    _, key = issue_client(client_name="Feed", scopes=["read", "write:companies"])
    headers = {"Authorization": f"Bearer {key}", "X-Change-Reason": reason}
    address = f"/api/v1/companies/{company.pk}/"
    answer = client.patch(address, {"name": "B"}, content_type="application/json", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "X-Change-Reason"
    assert Company.objects.get(pk=company.pk).name == "Acme"


def test_a_command_names_itself_in_what_it_changes(db):
    company = CompanyFactory(name="Acme")
    company.drug_candidates.create(name="TB-1", patent_expiry=dt.date(2030, 1, 1))
    issued = call_command("client", "create", "Desk", verbosity=0)
    assert issued is None
    from delivery.models import Client

    event = Client.objects.get(client_name="Desk").history.select_related("pgh_context").first()
    assert event.pgh_context.metadata["command"] == "client"


def test_the_row_is_shown_as_of_any_day(analyst):
    company = CompanyFactory(name="Acme", headquarters_location="Boston")
    services.change(row=company, values={"name": "Acme Bio"})
    events = type(newest(company)).objects
    with pgtrigger.ignore("companies.CompanyEvent:append_only"):
        events.filter(name="Acme").update(pgh_created_at="2026-03-01T12:00Z")
        events.filter(name="Acme Bio").update(pgh_created_at="2026-03-05T12:00Z")
    for day, name in (("2026-03-01", "Acme"), ("2026-03-04", "Acme"), ("2026-03-05", "Acme Bio")):
        then = analyst.get(history_of(company) + f"?day={day}").context["then"]
        assert {label: old for label, old, _ in then.values}["name"] == name, day
    values = {
        label: (old, new)
        for label, old, new in analyst.get(history_of(company) + "?day=2026-03-04").context["then"].values
    }
    assert values["name"] == ("Acme", "Acme Bio")
    assert values["headquarters"] == ("Boston", "Boston")
    assert "Nothing of this row had been recorded by then" in shown(analyst, company, "?day=2026-02-28")
    for wrong in ("2026-02-31", "yesterday", "9999-12-31", "%00"):
        assert "Write a day as" in shown(analyst, company, f"?day={wrong}")


def test_one_field_of_a_change_is_taken_back_with_a_reason(analyst):
    company = CompanyFactory(name="Acme", cash_position_usd=100, field_sources={"cash_position_usd": ORIGIN})
    services.change(row=company, values={"cash_position_usd": Decimal(900), "founded_year": 1999}, reason="typo")
    number = newest(company).pgh_id
    address = revert(company, number) + "?field=cash_position_usd"
    page = analyst.get(address).content.decode()
    assert "Take back the change" in page
    assert "900" in page
    assert analyst.post(address, {"confirmed": "yes", "reason": " "}).status_code == 200  # no reason, no change
    company.refresh_from_db()
    assert company.cash_position_usd == 900
    assert analyst.post(address, {"confirmed": "yes", "reason": "It was right before"}).status_code == 302
    company.refresh_from_db()
    assert (company.cash_position_usd, company.founded_year) == (100, 1999)
    # the figure is the source's again, and the ledger knows of both edits
    assert company.field_sources["cash_position_usd"] == ORIGIN
    assert list(FinancialFact.objects.order_by("id").values_list("value", flat=True)) == [900, 100]
    text = shown(analyst, company)
    assert "It was right before" in text
    assert "typo" in text


def test_a_whole_change_is_taken_back_and_a_later_one_is_named(analyst):
    company = CompanyFactory(name="Acme", founded_year=1990)
    services.change(row=company, values={"name": "Acme Bio", "founded_year": 1999})
    number = newest(company).pgh_id
    services.change(row=company, values={"founded_year": 2001})
    page = analyst.get(revert(company, number)).content.decode()
    assert "a later change set it to 2001; that goes, too" in page
    analyst.post(revert(company, number), {"confirmed": "yes", "reason": "merged the wrong one"})
    company.refresh_from_db()
    assert (company.name, company.founded_year) == ("Acme", 1990)


def test_what_the_row_refuses_is_not_taken_back(analyst):
    company = CompanyFactory(ticker="AAA")
    services.change(row=company, values={"ticker": "BBB"})
    number = newest(company).pgh_id
    CompanyFactory(ticker="AAA")
    answer = analyst.post(revert(company, number), {"confirmed": "yes", "reason": "x"}, follow=True)
    assert "A live company already has this ticker" in answer.content.decode()
    company.refresh_from_db()
    assert company.ticker == "BBB"


def test_creation_and_unknown_changes_cannot_be_taken_back(analyst):
    company, other = CompanyFactory(), CompanyFactory()
    assert analyst.get(revert(company, newest(company).pgh_id)).status_code == 404
    services.change(row=other, values={"name": "Other"})
    assert analyst.get(revert(company, newest(other).pgh_id)).status_code == 404
    assert analyst.get(revert(other, newest(other).pgh_id) + "?field=field_sources").status_code == 404


def test_a_viewer_sees_the_history_and_takes_nothing_back(db):
    viewer = User.objects.create_user("viewer", password="x", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    browser = Browser()
    browser.force_login(viewer)
    company = CompanyFactory(name="Acme")
    services.change(row=company, values={"name": "B"})
    number = newest(company).pgh_id
    assert "Take back" not in shown(browser, company)
    assert browser.post(revert(company, number), {"confirmed": "yes", "reason": "x"}).status_code == 403


def test_a_change_of_what_stands_already_is_none(db):
    company = CompanyFactory(name="Acme")
    before = company.history.count()
    assert services.change(row=company, values={"name": "Acme"}).changed is False
    assert company.history.count() == before


def test_an_archived_row_is_not_changed(db):
    company = CompanyFactory(name="Acme")
    services.archive(row=company)
    with pytest.raises(services.Refused, match="archived"):
        services.change(row=company, values={"name": "B"})


@pytest.mark.django_db
def test_an_empty_history_says_what_will_stand_there_in_the_words_of_the_desk(client):
    client.force_login(User.objects.create_superuser("boss"))
    group = Group.objects.create(name="guests")
    page = client.get(reverse("admin:auth_group_history", args=[group.pk])).content.decode()
    assert "Nobody has changed this in the admin yet." in page
    assert "added via this admin site" not in page
