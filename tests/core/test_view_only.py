"""Pages of those who may look and not edit: lists, objects and conditions in words, as the form has them."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core.admin.readonly import words_of
from companies.models import Company
from delivery.alerts.in_words import in_words
from delivery.models import Alert, Client, Report, Webhook
from signals_app.models import ReviewItem
from tests.admin_rows import some_rows

pytestmark = pytest.mark.django_db
CONDITION = {
    "and": [
        {"field": "score.total_score", "operator": "gte", "value": 70},
        {"or": [
            {"field": "company.market_cap_usd", "operator": "lt", "value": 1_500_000_000},
            {"field": "company.therapeutic_areas", "operator": "in", "value": ["rare_disease", "oncology"]},
        ]},
        {"not": {"field": "signal.signal_type", "operator": "eq", "value": "fda_approval"}},
    ]
}  # fmt: skip
MODELS = (
    "company", "drugcandidate", "signal", "mascore", "acquirermatch", "report", "alert", "webhook", "client",
)  # fmt: skip


@pytest.fixture
def rows():
    made = some_rows("v", 2)
    Company.objects.update(therapeutic_areas=["rare_disease"], tags=["spin-off"], metadata={"former_ceo": {"a": [1]}})
    Alert.objects.update(
        condition=CONDITION, signal_types=["fda_approval"], notification_channels=["inbox", "webhook"],
        company_tickers=["QV1"], recipients=["a@example.org"],
    )  # fmt: skip
    Webhook.objects.update(event_types=["signal.created"], retry_policy={"delays_seconds": [5, 300]})
    Client.objects.update(scopes=["read"], custom_thresholds={"min_score": 50}, watchlist_tickers=["QV1"])
    Report.objects.update(key_findings=["Acme leads the list at 71, as it has for the last three weeks."])
    made["reviewitem"] = ReviewItem.objects.create(
        kind="value", title="x", source="edgar", source_id="1", proposed={"field": "ticker", "value": "X"}
    )
    return made


def browser(*names: str) -> Browser:
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=[f"view_{name}" for name in names]))
    found = Browser()
    found.force_login(user)
    return found


@pytest.mark.parametrize("name", [*MODELS, "reviewitem"])
def test_no_page_shows_json_to_who_may_only_look(rows, name):
    row = rows[name]
    address = reverse(f"admin:{row._meta.app_label}_{name}_change", args=[row.pk])
    text = browser(*MODELS, "reviewitem").get(address).content.decode()
    shown = unescape(re.sub(r"<(script|style|template)\b.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL))
    assert not re.search(r"""\[\s*["']|\{\s*["']|\[\]|\{\}""", shown)


def test_lists_objects_and_conditions_are_told_in_the_words_of_the_form(rows):
    viewer = browser(*MODELS)
    company = viewer.get(reverse("admin:companies_company_change", args=[rows["company"].pk])).content.decode()
    assert '<span class="desk-chip">Rare disease</span>' in company
    assert '<span class="desk-chip">spin-off</span>' in company
    assert "<dt>former ceo</dt><dd>a: 1</dd>" in company
    alert = viewer.get(reverse("admin:delivery_alert_change", args=[rows["alert"].pk])).content.decode()
    assert '<span class="desk-chip">FDA approval</span>' in alert
    assert "Total score is at least 70 and (Market cap, USD is less than $1.5 bn or" in alert
    assert '<span class="desk-chip">Admin inbox</span>' in alert
    report = viewer.get(reverse("admin:delivery_report_change", args=[rows["report"].pk])).content.decode()
    assert "<li>Acme leads the list at 71, as it has for the last three weeks.</li>" in report


def test_a_condition_is_a_sentence():
    assert in_words(CONDITION) == (
        "Total score is at least 70 and (Market cap, USD is less than $1.5 bn or Therapeutic areas is one of "
        "Rare disease, Oncology) and not (Type is FDA approval)"
    )
    assert in_words({"field": "company.is_public", "operator": "eq", "value": True}) == "Listed is yes"
    assert in_words({"field": "score.total_score", "operator": "known", "value": False}) == "Total score is not known"
    assert in_words({"field": "signal.event_date", "operator": "gte", "value": "2026-01-31"}) == (
        "Happened is at least 2026-01-31"
    )
    assert in_words({"colour": "red"}).startswith("It cannot be read: ")


def test_what_is_empty_is_a_dash_and_markup_is_text():
    assert "None given" in words_of([], None)
    assert "None given" in words_of({}, None)
    assert "&lt;b&gt;" in words_of(["<b>"], None)
    assert "<script>" not in words_of({"a": "<script>"}, None)
    assert words_of([{"day": dt.date(2026, 1, 31)}], None).count("day: 2026-01-31") == 1
