"""A reported figure is put right by a row that supersedes it; the old one stays."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from signals_app.models import FinancialFact
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db


def a_fact(**values: object) -> FinancialFact:
    end = timezone.localdate() - dt.timedelta(days=40)
    given = {
        "concept": "cash", "period_end": end, "value": Decimal(100), "unit": "USD", "form": "10-Q",
        "accession": "0001-26-1",
        "source": "edgar-facts", "available_at": timezone.now() - dt.timedelta(days=20),
    }  # fmt: skip
    return FinancialFact.objects.create(company=CompanyFactory(), **{**given, **values})


@pytest.fixture
def analyst() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


def correct(fact: FinancialFact) -> str:
    return reverse("admin:signals_app_financialfact_correct", args=[fact.pk])


def test_one_click_opens_the_old_row_and_the_new_one_supersedes_it(analyst):
    fact = a_fact()
    page = analyst.get(correct(fact)).content.decode()
    assert 'value="100"' in page
    answer = analyst.post(correct(fact), {"value": "1.5m", "reason": "Thousands, by the cover page"})
    assert answer.status_code == 302
    old, new = FinancialFact.objects.order_by("id")
    assert (old.pk, old.value) == (fact.pk, 100)
    assert (new.value, new.concept, new.period_end, new.form, new.source) == (
        1_500_000, "cash", fact.period_end, "curated", "analyst",
    )  # fmt: skip
    log = LogEntry.objects.get(object_id=str(new.pk))
    assert "Thousands, by the cover page" in log.change_message
    assert log.user.username == "analyst"


def test_the_companys_figure_follows_the_correction(analyst):
    fact = a_fact(concept="liquid_funds", form="curated", accession=None, source="analyst")
    analyst.post(correct(fact), {"value": "1.5m", "reason": "x"})
    fact.company.refresh_from_db()
    assert fact.company.cash_position_usd == Decimal("1500000")


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [("", "x", "This field is required."), ("about", "x", "Write dollars as"), ("5", " ", "This field is required."),
     ("9" * 40, "x", "Ensure that there are no more than 24 digits")],
)  # fmt: skip
def test_a_wrong_correction_is_refused_beside_its_field(analyst, value, reason, words):
    fact = a_fact()
    answer = analyst.post(correct(fact), {"value": value, "reason": reason})
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert FinancialFact.objects.count() == 1


def test_the_same_correction_twice_is_refused(analyst):
    fact = a_fact()
    analyst.post(correct(fact), {"value": "5", "reason": "x"})
    answer = analyst.post(correct(fact), {"value": "5", "reason": "x"})
    assert "in force already" in answer.content.decode()
    assert FinancialFact.objects.count() == 2


def test_a_viewer_corrects_nothing():
    viewer = User.objects.create_user("viewer", password="x", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    browser = Browser()
    browser.force_login(viewer)
    fact = a_fact()
    assert browser.post(correct(fact), {"value": "5", "reason": "x"}).status_code == 403
    assert FinancialFact.objects.count() == 1
