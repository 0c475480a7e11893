"""Two people on one row: the second is told, sees both versions, chooses field by field; nothing is lost."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from companies.models import Company
from companies.score_inputs import CANDIDATE_SCORE_FIELDS, COMPANY_SCORE_FIELDS
from delivery.models import Alert, Client
from delivery.services import create_webhook, issue_client
from scoring.inputs.facts import SCORED_CONCEPTS
from scoring.inputs.programmes import COLUMNS
from scoring.inputs.window import COMPANY_COLUMNS
from scoring.matching.funds import BALANCES
from signals_app.concepts import MARKET_CAP
from signals_app.curated import EDITED
from tests.factories import CompanyFactory, DrugCandidateFactory

NO_INLINES = {
    f"{prefix}-{part}": "0"
    for prefix in ("drug_candidates", "aliases", "signals", "scores")
    for part in ("TOTAL_FORMS", "INITIAL_FORMS")
}
IDENTITY = {"ticker", "cik", "name", "company_id", "field_sources", "deleted_at"}


def editor(name: str) -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser(name, password="x"))
    return browser


@pytest.fixture
def anna(db: None) -> Browser:
    return editor("anna")


@pytest.fixture
def ben(db: None) -> Browser:
    return editor("ben")


def seen_on(page: Any) -> str:
    found = re.search(r'name="desk-seen" value="([^"]*)"', page.content.decode())
    assert found, "the page carries nothing of what it shows"
    return unescape(found[1])


def address_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def company_values(company: Company, **values: Any) -> dict[str, Any]:
    fields = {"name": company.name, "ticker": company.ticker, "cik": company.cik, "role": company.role}
    return {**fields, "is_public": "on", "change_reason": "as filed", **NO_INLINES, **values}


def test_the_second_of_two_is_told_and_chooses_field_by_field(anna, ben):
    company = CompanyFactory(name="Acme", headquarters_location="Boston", market_cap_usd=100)
    address = address_of(company)
    seen = seen_on(ben.get(address))
    first = company_values(company, name="Acme Bio", headquarters_location="Basel", market_cap_usd="200")
    assert anna.post(address, {**first, "desk-seen": seen_on(anna.get(address))}).status_code == 302

    second = company_values(
        company, name="Acme Inc", headquarters_location="Boston", market_cap_usd="200", founded_year="1999"
    )
    answer = ben.post(address, {**second, "desk-seen": seen})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Two versions of this row" in text
    assert "last changed by anna" in text
    # both set the same market cap, and only the second a year: neither is asked about
    conflicts = answer.context["conflicts"]
    assert [(each.label, each.mine, each.theirs, each.chosen) for each in conflicts] == [
        ("Name", "Acme Inc", "Acme Bio", "mine"),
        ("Headquarters", "Boston", "Basel", "theirs"),
    ]
    company.refresh_from_db()
    assert (company.name, company.headquarters_location, company.founded_year) == ("Acme Bio", "Basel", None)

    choices = {each.name: each.chosen for each in conflicts}
    assert ben.post(address, {**second, **choices, "desk-seen": seen_on(answer)}).status_code == 302
    company.refresh_from_db()
    assert (company.name, company.headquarters_location, company.founded_year) == ("Acme Inc", "Basel", 1999)


def test_a_third_save_in_between_is_told_of_again(anna, ben):
    company = CompanyFactory(name="Acme")
    address = address_of(company)
    seen = seen_on(ben.get(address))
    Company.objects.filter(pk=company.pk).update(name="Acme One")
    answer = ben.post(address, {**company_values(company, name="Mine"), "desk-seen": seen})
    choices = {each.name: "theirs" for each in answer.context["conflicts"]}
    Company.objects.filter(pk=company.pk).update(name="Acme Two")
    again = ben.post(address, {**company_values(company, name="Mine"), **choices, "desk-seen": seen_on(answer)})
    assert [(each.mine, each.theirs) for each in again.context["conflicts"]] == [("Mine", "Acme Two")]
    assert Company.objects.get(pk=company.pk).name == "Acme Two"


def test_a_choice_is_kept_when_the_form_comes_back_for_another_reason(ben):
    company = CompanyFactory(name="Acme")
    address = address_of(company)
    seen = seen_on(ben.get(address))
    Company.objects.filter(pk=company.pk).update(name="Theirs")
    answer = ben.post(address, {**company_values(company, name="Mine"), "desk-seen": seen})
    name = answer.context["conflicts"][0].name
    bad = company_values(company, name="Mine", founded_year="99")
    answer = ben.post(address, {**bad, name: "theirs", "desk-seen": seen_on(answer)})
    assert answer.context["conflicts"][0].chosen == "theirs"
    good = company_values(company, name="Mine", founded_year="1999")
    assert ben.post(address, {**good, name: "theirs", "desk-seen": seen_on(answer)}).status_code == 302
    company.refresh_from_db()
    assert (company.name, company.founded_year) == ("Theirs", 1999)


def test_what_jobs_write_beside_the_form_is_no_conflict(ben):
    company = CompanyFactory(name="Acme")
    address = address_of(company)
    seen = seen_on(ben.get(address))
    Company.objects.filter(pk=company.pk).update(last_data_refresh="2026-01-01T00:00Z")
    assert ben.post(address, {**company_values(company, name="Mine"), "desk-seen": seen}).status_code == 302
    company.refresh_from_db()
    assert (company.name, company.last_data_refresh is None) == ("Mine", False)


def test_a_row_of_a_tab_is_compared_too(ben):
    candidate = DrugCandidateFactory(name="TB-1", phase="phase_1", indication="Obesity")
    company = candidate.company
    address = address_of(company)
    seen = seen_on(ben.get(address))
    type(candidate).objects.filter(pk=candidate.pk).update(phase="phase_3")
    rows = {
        "drug_candidates-TOTAL_FORMS": "1",
        "drug_candidates-INITIAL_FORMS": "1",
        "drug_candidates-0-id": str(candidate.pk),
        "drug_candidates-0-company": str(company.pk),
        "drug_candidates-0-name": "TB-1 renamed",
        "drug_candidates-0-phase": "phase_1",
        "drug_candidates-0-indication": "Obesity",
        "drug_candidates-0-therapeutic_area": "metabolic",
    }
    answer = ben.post(address, {**company_values(company), **rows, "desk-seen": seen})
    conflicts = answer.context["conflicts"]
    assert [(each.label, each.mine, each.theirs, each.chosen) for each in conflicts] == [
        ("Phase", "Phase 1", "Phase 3", "theirs")
    ]
    choices = {each.name: each.chosen for each in conflicts}
    sent = {**company_values(company), **rows, **choices, "desk-seen": seen_on(answer)}
    assert ben.post(address, sent).status_code == 302
    candidate.refresh_from_db()
    assert (candidate.name, candidate.phase) == ("TB-1 renamed", "phase_3")
    assert "phase" not in candidate.field_sources


def rows_of_delivery() -> list[tuple[Any, str, dict[str, Any]]]:
    alert = Alert.objects.create(name="Old", alert_type="new_signal")
    webhook, _ = create_webhook(name="Old", url="https://example.org/hook", event_types=["ping"])
    client, _ = issue_client(client_name="Old")
    return [
        (alert, "name", {"alert_type": "new_signal", "is_active": "on"}),
        (webhook, "name", {"url": webhook.url, "event_types": ["ping"], "timeout_seconds": "10", "is_active": "on"}),
        (
            client,
            "client_name",
            {
                "client_type": client.client_type,
                "scopes": ["read"],
                "rate_limit_per_hour": client.rate_limit_per_hour,
                "is_active": "on",
            },
        ),
    ]


def test_alerts_webhooks_and_clients_are_compared_too(ben):
    for row, field, values in rows_of_delivery():
        address = address_of(row)
        seen = seen_on(ben.get(address))
        type(row)._base_manager.filter(pk=row.pk).update(**{field: "Theirs"})
        answer = ben.post(address, {**values, field: "Mine", "desk-seen": seen})
        assert [(each.mine, each.theirs) for each in answer.context["conflicts"]] == [("Mine", "Theirs")], row
        row.refresh_from_db()
        assert getattr(row, field) == "Theirs"


def test_a_secret_is_not_shown_in_a_conflict(ben):
    alert = Alert.objects.create(name="Old", alert_type="new_signal", slack_webhook_url="https://hooks.slack.com/a")
    seen = seen_on(ben.get(address_of(alert)))
    alert.slack_webhook_url = "https://hooks.slack.com/theirs"
    alert.save()
    values = {"name": "Old", "alert_type": "new_signal", "is_active": "on", "desk-seen": seen}
    answer = ben.post(address_of(alert), {**values, "slack_webhook_url": "https://hooks.slack.com/mine"})
    assert "Two versions" in answer.content.decode()
    assert "hooks.slack.com/theirs" not in answer.content.decode()


@pytest.mark.parametrize("seen", ["", "x", "[]", '{"a": 1}', "[" * 100_000, '{":%s": 5}', '{":%s": {"name": []}}'])
def test_nonsense_in_place_of_what_was_seen_is_no_error(ben, seen):
    company = CompanyFactory(name="Acme")
    sent = {**company_values(company, name="Mine"), "desk-seen": seen.replace("%s", str(company.pk))}
    assert ben.post(address_of(company), sent).status_code in {200, 302}


def test_what_nobody_touched_stays_to_the_letter(ben):
    company = CompanyFactory(name="Acme", therapeutic_areas=["other", "infectious_disease"])
    # the boxes of a page send what is ticked in their own order
    sent = company_values(company, therapeutic_areas=["infectious_disease", "other"], headquarters_location="Paris")
    assert ben.post(address_of(company), sent).status_code == 302
    company.refresh_from_db()
    assert (company.headquarters_location, company.therapeutic_areas) == ("Paris", ["other", "infectious_disease"])
    assert "therapeutic_areas" not in company.field_sources


def test_a_figure_that_moves_scores_is_not_changed_without_a_reason(ben):
    company = CompanyFactory(name="Acme")
    values = company_values(company, cash_position_usd="450m", change_reason="  ")
    answer = ben.post(address_of(company), values)
    assert "Say why" in answer.content.decode()
    company.refresh_from_db()
    assert company.cash_position_usd is None
    assert ben.post(address_of(company), {**values, "change_reason": "10-Q of May"}).status_code == 302
    event = company.history.order_by("-pgh_id").select_related("pgh_context").first()
    assert event.pgh_context.metadata["reason"] == "10-Q of May"
    assert "10-Q of May" in ben.get(reverse("admin:companies_company_history", args=[company.pk])).content.decode()
    renamed = company_values(company, name="Acme Bio", cash_position_usd="450m", change_reason="")
    assert ben.post(address_of(company), renamed).status_code == 302


def test_every_column_that_scoring_reads_asks_for_a_reason():
    assert set(COMPANY_COLUMNS) - IDENTITY <= COMPANY_SCORE_FIELDS
    assert set(COLUMNS) - IDENTITY <= CANDIDATE_SCORE_FIELDS


def test_of_the_edited_figures_those_move_scores_whose_concept_scoring_or_matching_reads():
    read = {*SCORED_CONCEPTS, *BALANCES, MARKET_CAP}
    assert {name for name, concept in EDITED.items() if concept in read} == COMPANY_SCORE_FIELDS & set(EDITED)
    assert "quarterly_burn_rate_usd" not in COMPANY_SCORE_FIELDS


def test_the_page_says_what_rests_on_the_figure_that_needs_a_reason(ben):
    company = CompanyFactory(name="Acme")
    sent = company_values(company, quarterly_burn_rate_usd="50m", change_reason="")
    said = ben.post(address_of(company), sent).content.decode()
    assert "Say why, beside Save: runway and alerts rest on burn, USD a quarter." in said
    both = ben.post(address_of(company), {**sent, "total_debt_usd": "7m"}).content.decode()
    assert "runway and alerts rest on burn, USD a quarter; scores and matches rest on total debt, USD." in both
    # the bar beside Save, as lists with boxes have it, names what was changed and stands without scripts
    bar = both[both.index('class="desk-save"') :]
    assert "2 fields changed: Burn, USD a quarter; Total debt, USD" in bar
    assert 'form="company_form" type="text" name="change_reason"' in bar
    assert bar.index('name="_save"') < bar.index('name="_continue"')
    company.refresh_from_db()
    assert (company.quarterly_burn_rate_usd, company.total_debt_usd) == (None, None)


def test_a_client_key_never_stands_on_a_page_of_a_conflict(ben):
    client, key = issue_client(client_name="Old")
    seen = seen_on(ben.get(address_of(client)))
    Client.objects.filter(pk=client.pk).update(client_name="Theirs")
    answer = ben.post(address_of(client), {"client_name": "Mine", "desk-seen": seen})
    assert key not in answer.content.decode()
    assert client.api_key not in answer.content.decode()
