"""What every table promises: comments, server-side defaults, true stamps, ordered keys, soft delete."""

from __future__ import annotations

import datetime as dt
import uuid
from itertools import pairwise

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from biotech_ma.core.models import AppendOnlyModel, SoftDeleteModel, TimestampedModel
from tests.factories import CompanyFactory, DrugCandidateFactory, SignalFactory

pytestmark = pytest.mark.django_db

APPS = ("companies", "signals_app", "scoring", "delivery")
TABLES = [
    model
    for label in APPS
    for model in apps.get_app_config(label).get_models()
    if "Event" not in model.__name__ and not model._meta.proxy
]
STAMPED = [model for model in TABLES if issubclass(model, TimestampedModel)]
SOFT = [model for model in STAMPED if issubclass(model, SoftDeleteModel)]

# The least that one row of each table takes, as COPY writes it. A foreign key names the table that it leads to.
LEAST = {
    "companies": {"name": "Acme"},
    "drug_candidates": {"company_id": "companies", "name": "AC-1"},
    "company_notes": {"company_id": "companies", "text": "x"},
    "restrictions": {"company_id": "companies", "reason": "x"},
    "restriction_clearances": {"restriction_id": "restrictions", "user_id": "auth_user"},
    "restriction_log": {"restriction_id": "restrictions", "act": "opened", "who": "x"},
    "watchlists": {"owner_id": "auth_user", "name": "x"},
    "sheet_imports": {"kind": "candidates", "file_name": "x", "sha256": "0" * 64, "size_bytes": "1", "made_of": "x"},
    "sheet_import_rows": {"sheet_import_id": "sheet_imports", "row": "1", "label": "x", "fate": "create"},
    # Of two rows of companies, the second written has the higher id.
    "company_distinctions": {"one_id": "companies", "other_id": "companies"},
    "company_merges": {"kept_id": "companies", "duplicate_id": "companies"},
    "company_aliases": {"company_id": "companies", "alias": "Acme Inc"},
    "signals": {"company_id": "companies", "signal_type": "market", "event_date": "2025-01-01Z", "title": "x"},
    "financial_facts": {"company_id": "companies", "concept": "cash", "period_end": "2025-03-31", "value": "1"},
    "ledger_entries": {"signal_id": "signals"},
    "review_items": {"kind": "signal", "title": "x", "source": "edgar", "source_id": "1"},
    "ingest_runs": {"source": "edgar", "started_at": "2025-01-01Z"},
    "ingest_cursors": {"source": "edgar", "key": "day", "value": "2025-01-01"},
    "raw_payloads": {
        "source": "edgar",
        "url": "https://example.org/",
        "name": "x",
        "sha256": "0" * 64,
        "size_bytes": "1",
        "fetched_at": "2025-01-01Z",
    },
    "score_versions": {"version": "test"},
    "score_weights": {"score_version_id": "score_versions", "component": "patent", "weight": "0.1", "reason": "x"},
    "ma_scores": {"company_id": "companies", "score_date": "2025-01-01", "total_score": "50"},
    "served_scores": {
        "score_id": "ma_scores",
        "form": "x",
        "key_drivers": "[]",
        "risk_factors": "[]",
        "metadata": "{}",
    },
    "acquirer_matches": {
        "target_company_id": "companies",
        "acquirer_name": "Big",
        "match_date": "2025-01-01",
        "strategic_fit_score": "5",
    },
    "reports": {"report_type": "alert", "report_date": "2025-01-01", "title": "x"},
    "standing_orders": {"watchlist_id": "watchlists"},
    "report_mails": {"report_id": "reports", "recipient": "jane@example.com", "message_id": "<x@example.com>"},
    "alerts": {"name": "x", "alert_type": "new_signal"},
    "alert_triggers": {"alert_id": "alerts", "cause": "1", "reason": "x"},
    "alert_states": {"alert_id": "alerts", "company_id": "companies", "since": "2025-01-01"},
    "alert_notices": {"trigger_id": "alert_triggers", "channel": "slack", "recipient": ""},
    "inbox_items": {"user_id": "auth_user", "trigger_id": "alert_triggers"},
    # the framework's, which inboxes belong to
    "auth_user": {
        "username": "x",
        "password": "",
        "first_name": "",
        "last_name": "",
        "email": "",
        "is_superuser": "f",
        "is_staff": "f",
        "is_active": "t",
        "date_joined": "2025-01-01Z",
    },
    "webhooks": {"name": "x", "url": "https://example.org/", "secret": ""},
    "webhook_deliveries": {"webhook_id": "webhooks", "event_type": "ping", "body": r"\x00"},
    "clients": {"client_name": "x", "api_key": "0" * 64, "key_prefix": "00000000"},
    "client_usage": {"client_id": "clients", "hour": "2025-01-01Z"},
}


def table_of(model) -> str:
    return model._meta.db_table


def copy(table: str) -> uuid.UUID | None:
    """Write the least row of the table by COPY, after the rows that it needs, and return its key."""
    values = {}
    for column, value in LEAST[table].items():
        values[column] = str(copy(value)) if value in LEAST else value
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({', '.join(values)}) FROM STDIN") as stream:
            stream.write_row(list(values.values()))
        if table in {"client_usage", "served_scores"}:
            return None
        cursor.execute(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 1")
        return cursor.fetchone()[0]


def rows(statement: str, *parameters) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def test_every_table_has_its_least_row_here():
    assert {table_of(model) for model in TABLES} <= set(LEAST)


@pytest.mark.parametrize("model", TABLES, ids=table_of)
def test_bare_copy_gives_a_complete_row(model):
    copy(table_of(model))
    row = model._base_manager.order_by("-pk").first()
    for field in model._meta.concrete_fields:
        if not field.null:
            assert getattr(row, field.attname) is not None, field.name
        if field.get_internal_type() == "JSONField":
            assert getattr(row, field.attname) == field.get_default(), field.name
    if issubclass(model, TimestampedModel):
        assert row.pk.version == 7
        assert abs(row.created_at - timezone.now()) < dt.timedelta(minutes=1)
        assert row.updated_at == row.created_at
    row.full_clean(exclude=["scopes", "secret"], validate_unique=False)


@pytest.mark.parametrize("model", TABLES, ids=table_of)
def test_python_and_the_server_have_the_same_defaults(model):
    """A row made in Python and one made by COPY differ in nothing but what was given."""
    for field in model._meta.concrete_fields:
        if field.has_default() and not field.has_db_default() and not field.primary_key:
            pytest.fail(f"{field.name} has a default that COPY would not fill in")


@pytest.mark.parametrize("model", TABLES, ids=table_of)
def test_table_and_every_column_have_a_comment(model):
    table = table_of(model)
    bare = rows(
        "SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = %s::regclass AND a.attnum > 0 "
        "AND NOT a.attisdropped AND coalesce(col_description(a.attrelid, a.attnum), '') = ''",
        table,
    )
    assert bare == []
    assert rows("SELECT obj_description(%s::regclass)", table)[0][0]


@pytest.mark.parametrize("model", TABLES, ids=table_of)
def test_every_field_an_analyst_sees_is_explained(model):
    for field in model._meta.concrete_fields:
        if field.editable and not field.primary_key:
            assert field.help_text, field.name


@pytest.mark.parametrize("model", STAMPED, ids=table_of)
def test_updated_at_follows_every_change_or_the_table_takes_none(model):
    table = table_of(model)
    key = copy(table)
    triggers = {row[0] for row in rows("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", table)}
    if issubclass(model, AppendOnlyModel):
        assert any("no_update" in name for name in triggers)
        assert any("no_delete" in name for name in triggers)
        return
    rows(f"UPDATE {table} SET created_at = created_at WHERE id = %s RETURNING 1", key)
    row = model._base_manager.get(pk=key)
    assert row.updated_at > row.created_at


def test_updated_at_cannot_be_set_by_hand():
    company = CompanyFactory()
    type(company).objects.filter(pk=company.pk).update(updated_at=dt.datetime(2001, 1, 1, tzinfo=dt.UTC))
    company.refresh_from_db()
    assert company.updated_at.year > 2001


def test_keys_are_ordered_by_creation():
    keys = [CompanyFactory().pk for _ in range(20)]
    assert all(earlier < later for earlier, later in pairwise(keys))


@pytest.mark.parametrize("model", SOFT, ids=table_of)
def test_archive_hides_from_objects_and_keeps_in_all_objects(model):
    key = copy(table_of(model))
    assert model.objects.filter(pk=key).archive() == 1
    assert not model.objects.filter(pk=key).exists()
    row = model.all_objects.get(pk=key)
    assert row.is_archived
    assert list(model.all_objects.archived()) == [row]
    assert not model.all_objects.live().filter(pk=key).exists()
    assert model.all_objects.filter(pk=key).archive() == 0


def test_archived_company_can_still_be_reached_from_its_rows():
    signal = SignalFactory()
    type(signal.company).objects.archive()
    signal = type(signal).objects.get(pk=signal.pk)
    assert signal.company.is_archived


def test_hard_delete_takes_the_children_in_the_database(django_assert_num_queries):
    company = CompanyFactory()
    DrugCandidateFactory.create_batch(3, company=company)
    SignalFactory.create_batch(3, company=company)
    # one for the watchlists that it is on, whose table is Django's, and one for itself
    with django_assert_num_queries(2):
        company.delete()
    assert rows("SELECT count(*) FROM drug_candidates") == [(0,)]
    assert rows("SELECT count(*) FROM signals") == [(0,)]
