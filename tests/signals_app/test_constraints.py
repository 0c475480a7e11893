"""The ledger refuses wrong rows, doubles and every change, whoever tries."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from delivery.models import Alert, AlertTrigger
from signals_app.catalogue import CATALOGUE
from signals_app.models import FinancialFact, Signal
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db


def execute(statement: str, *parameters) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def insert(table: str, **values) -> None:
    execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})", *values.values())


@pytest.fixture
def company():
    return CompanyFactory()


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("signals_type_known", {"signal_type": "rumour"}),
        ("signals_severity_known", {"severity": "grave"}),
        ("signals_confidence_range", {"confidence": "1.001"}),
        ("signals_confidence_range", {"confidence": "-0.001"}),
        ("signals_impact_range", {"ma_impact_score": "10.01"}),
        ("signals_impact_range", {"ma_impact_score": "-10.01"}),
        ("signals_title_not_blank", {"title": " "}),
        ("signals_signal_data_is_object", {"signal_data": "[]"}),
    ],
)
def test_signal_wrong_value_is_refused(company, constraint, values):
    row = {"company_id": company.pk, "signal_type": "market", "event_date": "2025-01-01Z", "title": "x", **values}
    with pytest.raises(IntegrityError, match=constraint):
        insert("signals", **row)


def test_every_type_of_the_catalogue_is_taken_by_the_database(company):
    for identifier in CATALOGUE:
        insert("signals", company_id=company.pk, signal_type=identifier, event_date="2025-01-01Z", title="x")
    assert set(Signal.objects.counts_by_type()) == set(CATALOGUE)


def test_signal_source_id_is_unique_within_its_source_and_may_be_missing(company):
    SignalFactory(company=company, source="edgar", source_id="1")
    SignalFactory(company=company, source="drugsfda", source_id="1")
    SignalFactory.create_batch(2, company=company, source="edgar", source_id=None)
    with pytest.raises(IntegrityError, match="signals_source_uniq"), transaction.atomic():
        SignalFactory(company=company, source="edgar", source_id="1")


def test_signal_is_superseded_once_and_never_by_itself(company):
    old = SignalFactory(company=company)
    SignalFactory(company=company, supersedes=old)
    with pytest.raises(IntegrityError, match="signals_supersedes_uniq"), transaction.atomic():
        SignalFactory(company=company, supersedes=old)
    with pytest.raises(IntegrityError, match="signals_supersedes_other"):
        execute(
            "WITH new AS (SELECT uuidv7() AS id) INSERT INTO signals (id, supersedes_id, company_id, signal_type, "
            "event_date, title) SELECT id, id, %s, 'market', now(), 'x' FROM new",
            company.pk,
        )


@pytest.mark.parametrize("table", ["signals", "financial_facts"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET company_id = company_id", "DELETE FROM {}"])
def test_ledger_rows_are_never_changed_or_deleted(company, table, verb):
    SignalFactory(company=company)
    FinancialFact.objects.create(company=company, concept="cash", period_end=dt.date(2025, 3, 31), value=1)
    with pytest.raises(IntegrityError, match="append-only"):
        execute(verb.format(table))


def test_ledger_rows_go_with_their_company_and_leave_the_alert_history(company):
    signal = SignalFactory(company=company)
    SignalFactory(company=company, supersedes=signal)
    FinancialFact.objects.create(
        company=company, signal=signal, concept="cash", period_end=dt.date(2025, 3, 31), value=1
    )
    alert = Alert.objects.create(name="Watch", alert_type="custom")
    AlertTrigger.objects.create(alert=alert, signal=signal, cause="1", reason="x")
    company.delete()
    assert not Signal.objects.exists()
    assert not FinancialFact.objects.exists()
    assert AlertTrigger.objects.get().signal is None


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("financial_facts_period_ordered", {"period_start": "2025-04-01"}),
        ("financial_facts_concept_not_blank", {"concept": ""}),
    ],
)
def test_fact_wrong_value_is_refused(company, constraint, values):
    row = {"company_id": company.pk, "concept": "cash", "period_end": "2025-03-31", "value": 1, **values}
    with pytest.raises(IntegrityError, match=constraint):
        insert("financial_facts", **row)


def test_fact_twice_is_refused_also_without_start_and_accession(company):
    row = {"company_id": company.pk, "concept": "cash", "period_end": "2025-03-31", "value": 1}
    insert("financial_facts", **row, available_at="2025-05-01Z")
    insert("financial_facts", **row, available_at="2025-06-01Z")
    with pytest.raises(IntegrityError, match="financial_facts_uniq"):
        insert("financial_facts", **row, available_at="2025-05-01Z")
