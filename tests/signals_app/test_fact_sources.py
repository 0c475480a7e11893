"""The starter data's copy of a figure never stands in the way of the source's own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from signals_app.ingest.merge.ledger import FactRecord, merge_facts
from signals_app.models import FinancialFact
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db


def test_a_source_delivers_what_the_starter_data_holds_and_is_told_apart():
    company = CompanyFactory()
    record = FactRecord(
        company_id=company.pk, cik=company.cik, concept="cash", period_start=None, period_end=dt.date(2025, 12, 31),
        value=Decimal(5_000_000), unit="USD", form="10-K", accession="0000000000-26-000001",
        filed=dt.date(2026, 2, 20), available_at=dt.datetime(2026, 2, 20, 12, tzinfo=dt.UTC),
    )  # fmt: skip
    assert merge_facts([record], source="starter").created == 1
    assert merge_facts([record], source="edgar").created == 1
    assert merge_facts([record], source="universe").created == 0
    assert merge_facts([record], source="starter").created == 0
    assert sorted(FinancialFact.objects.values_list("source", flat=True)) == ["edgar", "starter"]
