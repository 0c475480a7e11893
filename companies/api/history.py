"""The history of companies as the API shows it: who changed what, when, from which value to which, and why."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import F, Func, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, JSONObject
from rest_framework import serializers

from biotech_ma.core.api.resources import Column, Money, Resource
from companies.api.reads import COMPANIES

CONTEXT = "pgh_context__metadata"


class _Differences(Func):
    """What differs between two JSON objects of the same keys: `{field: {"from", "to"}}`."""

    output_field = models.JSONField()
    template = (
        "(SELECT coalesce(jsonb_object_agg(new.key, jsonb_build_object('from', old.value, 'to', new.value)), '{}')"
        " FROM (VALUES (%(expressions)s)) AS pair (now, before)"
        " CROSS JOIN LATERAL jsonb_each(pair.now) AS new"
        " LEFT JOIN LATERAL jsonb_each(pair.before) AS old ON old.key = new.key"
        " WHERE coalesce(old.value, 'null') <> new.value)"
    )


def company_history() -> Resource:
    """Return the resource over the history table, which the models' tracking has made."""
    event = apps.get_model("companies", "CompanyEvent")
    kept = {field.name for field in event._meta.fields}
    columns = [column for column in COMPANIES.fields if column.name in kept]
    return Resource(
        name="CompanyChange",
        model=event,
        fields=(
            Column("change_id", "pgh_id", help_text="Number of the change, rising."),
            Column("changed_at", "pgh_created_at", help_text="When it changed."),
            Column("changed_by", _who(), help_text="The API client or the user; null for a command of the desk."),
            Column("action", "pgh_label", help_text="insert, update or delete."),
            Column("reason", _why(), help_text="The reason that was given, else what was being done; null if neither."),
            Column(
                "changes",
                _changes(event, columns),
                help_text="What differs from the version before, by field: from and to; `field_sources` aside.",
                described=serializers.DictField,
            ),
            Column("context", CONTEXT, help_text="All that was noted of the change: client, key prefix, address."),
            Column("session", "pgh_session", help_text="The session of the database that wrote it."),
            *columns,
            Column("deleted_at", help_text="When it was archived, null while live."),
        ),
        ordering=("-change_id",),
        orderable={"change_id": "pgh_id"},
        unique="change_id",
    )


def _who() -> Any:
    users = get_user_model()._default_manager.annotate(key=Cast("pk", models.TextField()))
    user = users.filter(key=KeyTextTransform("user", OuterRef(CONTEXT))).values("username")[:1]
    return Coalesce(_noted("client"), Subquery(user), output_field=models.TextField(null=True))


def _why() -> Any:
    return Coalesce(_noted("reason"), _noted("action"), output_field=models.TextField(null=True))


def _noted(key: str) -> Any:
    return KeyTextTransform(key, CONTEXT)


def _changes(event: type[models.Model], columns: list[Column]) -> Any:
    facts = {column.name: _value(column) for column in columns} | {"deleted_at": F("deleted_at")}
    # The notes on sources change with what they are of, and stand beside it in the row.
    facts = {name: value for name, value in facts.items() if name not in ("id", "field_sources")}
    versions = event._default_manager.filter(pgh_obj=OuterRef("pgh_obj"), pgh_id__lt=OuterRef("pgh_id"))
    before = versions.order_by("-pgh_id").values(facts=JSONObject(**facts))[:1]
    return _Differences(JSONObject(**facts), Subquery(before, output_field=models.JSONField()))


def _value(column: Column) -> Any:
    return Money(column.source.path) if isinstance(column.source, Money) else column.expression


COMPANY_HISTORY = company_history()
