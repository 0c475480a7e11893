"""What of several statements of figures the ledger keeps: each figure of a filing once, the starter data's apart."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from companies.models import Company
from signals_app.ingest.merge.ledger import FactRecord, merge_facts
from signals_app.models import FinancialFact, Signal
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db


def cash(company: Company) -> FactRecord:
    return FactRecord(
        company_id=company.pk, cik=company.cik, concept="cash", period_start=None, period_end=dt.date(2025, 12, 31),
        value=Decimal(5_000_000), unit="USD", form="10-K", accession="0000000000-26-000001",
        filed=dt.date(2026, 2, 20), available_at=dt.datetime(2026, 2, 20, 12, tzinfo=dt.UTC),
    )  # fmt: skip


def test_a_source_delivers_what_the_starter_data_holds_and_is_told_apart():
    record = cash(CompanyFactory())
    assert merge_facts([record], source="starter").created == 1
    assert merge_facts([record], source="edgar").created == 1
    assert merge_facts([record], source="universe").created == 0
    assert merge_facts([record], source="starter").created == 0
    assert sorted(FinancialFact.objects.values_list("source", flat=True)) == ["edgar", "starter"]


def test_a_figure_that_stands_twice_in_one_load_is_kept_once_and_others_beside_it():
    balance = cash(CompanyFactory())
    flow = replace(balance, concept="revenue", period_start=dt.date(2025, 1, 1))
    records = [
        balance, replace(balance), flow, replace(flow),
        replace(balance, value=Decimal(5_000_001)),  # the same filing, restated within itself
        replace(flow, period_start=dt.date(2025, 10, 1)),
        replace(balance, accession="0000000000-26-000002"),  # another filing repeats the period
        replace(balance, value=Decimal("5000000.00004")),  # the same amount to the four places that are kept
    ]  # fmt: skip
    written = merge_facts(records, source="edgar")
    assert (written.staged, written.created) == (8, 5)
    assert merge_facts(reversed(records), source="edgar").created == 0
    assert FinancialFact.objects.count() == 5


def test_a_balance_in_two_currencies_of_one_amount_is_kept_in_dollars():
    record = replace(cash(CompanyFactory()), value=Decimal(0))
    assert merge_facts([replace(record, unit="EUR"), record], source="edgar").created == 1
    assert FinancialFact.objects.get().unit == "USD"


def test_figures_of_a_filing_that_are_not_in_a_row_belong_to_one_snapshot_of_its_last_period():
    first = cash(CompanyFactory())
    second = replace(first, accession="0000000000-26-000002", form="10-Q", period_end=dt.date(2026, 3, 31))
    records = [
        first, second,
        replace(first, period_end=dt.date(2024, 12, 31)), replace(second, concept="assets"),
        replace(first, period_end=dt.date(2026, 1, 15), concept="shares_outstanding", unit="shares"),
    ]  # fmt: skip
    assert merge_facts(records, source="edgar").created == 5
    snapshots = Signal.objects.order_by("source_id")
    assert [(row.title, row.financial_facts.count()) for row in snapshots] == [
        ("10-K with figures to 2026-01-15", 3),
        ("10-Q with figures to 2026-03-31", 2),
    ]
