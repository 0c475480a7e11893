"""What an analyst's value refuses waits in the queue, once a value; accepting it writes it as the source's."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from signals_app.ingest.base import Outcome, Request
from signals_app.ingest.merge.authority import Said, apply
from signals_app.ingest.merge.refused import queue_refusals
from signals_app.ingest.perform import perform
from signals_app.models import FinancialFact, ReviewItem
from tests.factories import CompanyFactory, DrugCandidateFactory

pytestmark = pytest.mark.django_db


def ingest(tmp_path: Path, close: int = 3, *, dry_run: bool = False) -> Outcome:
    file = tmp_path / "prices.csv"
    file.write_text(f"ticker,cik,date,close,shares,adr_ratio\nHELD,,2026-07-15,{close},1000,\n")
    return perform("prices", Request((file,), dry_run=dry_run), lambda step: None)


def accept(item: ReviewItem) -> None:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    page = reverse("admin:signals_app_reviewitem_changelist")
    browser.post(page, {"action": "accept", "_selected_action": [str(item.pk)], "confirmed": "yes"})
    item.refresh_from_db()
    assert item.status == "accepted"


def test_refused_market_cap_waits_once_and_is_accepted_with_its_day(tmp_path):
    company = CompanyFactory(ticker="HELD", market_cap_usd=Decimal(7), market_cap_as_of=dt.date(2026, 7, 1))
    ingest(tmp_path, dry_run=True)
    assert not ReviewItem.objects.exists()
    ingest(tmp_path)
    ingest(tmp_path)
    item = ReviewItem.objects.get()
    assert (item.kind, item.company, item.source, item.status) == ("value", company, "prices", "open")
    accept(item)
    company.refresh_from_db()
    assert (company.market_cap_usd, company.market_cap_as_of) == (3000, dt.date(2026, 7, 15))
    assert company.field_sources["market_cap_usd"]["source"] == "prices"
    assert FinancialFact.objects.filter(concept="market_cap", form="curated", value=3000).count() == 1
    ingest(tmp_path)
    assert ReviewItem.objects.count() == 1


def test_another_value_is_another_proposal_and_a_rejected_one_stays_away(tmp_path):
    CompanyFactory(ticker="HELD", market_cap_usd=Decimal(7), market_cap_as_of=dt.date(2026, 7, 1))
    ingest(tmp_path)
    ingest(tmp_path, 4)
    ingest(tmp_path)
    assert ReviewItem.objects.count() == 2


def test_refused_value_of_a_candidate_is_set_with_the_sources_provenance():
    candidate = DrugCandidateFactory(patent_expiry=dt.date(2030, 1, 1))
    for _ in range(2):
        outcome = Outcome("orangebook")
        said = {"patent_expiry": Said(dt.date(2033, 2, 3), "orangebook:1", "2026-01-01")}
        apply(candidate, said, source="orangebook", label="TB", refusals=outcome.refusals)
        queue_refusals(outcome.refusals)
    accept(ReviewItem.objects.get(company=candidate.company))
    candidate.refresh_from_db()
    assert candidate.patent_expiry == dt.date(2033, 2, 3)
    note = {"source": "orangebook", "id": "orangebook:1", "as_of": "2026-01-01"}
    assert candidate.field_sources["patent_expiry"] == note
