"""History is written by the database, whoever writes the row, and holds no secrets."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

from companies.models import Company

pytestmark = pytest.mark.django_db


def test_raw_sql_update_is_recorded():
    company = Company.objects.create(name="Acme")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE companies SET name = 'Acme Bio' WHERE id = %s", [company.pk])
    events = apps.get_model("companies", "CompanyEvent").objects.filter(pgh_obj_id=company.pk).order_by("pgh_id")
    assert [(e.pgh_label, e.name) for e in events] == [("insert", "Acme"), ("update", "Acme Bio")]


@pytest.mark.parametrize(
    ("model", "secret"), [("WebhookEvent", "secret"), ("WebhookEvent", "previous_secret"), ("ClientEvent", "api_key")]
)
def test_history_holds_no_secrets(model, secret):
    assert secret not in {field.name for field in apps.get_model("delivery", model)._meta.fields}
