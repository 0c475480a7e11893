"""What the schema says of answers that are no rows: counts, files, secrets shown once, results of many rows."""

from __future__ import annotations

from functools import cache
from typing import Any

from rest_framework import serializers

from biotech_ma.core.api.endpoints import row_serializer
from biotech_ma.core.api.resources import Resource


class BulkErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with a field of one row."""

    field = serializers.CharField(allow_blank=True, help_text="The field; empty for the whole row.")
    code = serializers.CharField(help_text="A word for programs.")
    detail = serializers.CharField(help_text="A line for people.")


class BulkRowSerializer(serializers.Serializer[Any]):
    """What became of one row of the list."""

    index = serializers.IntegerField(help_text="Its place in the list, from 0.")
    status = serializers.IntegerField(help_text="As if it had been sent alone: 201, 400 or 409.")
    id = serializers.UUIDField(allow_null=True, help_text="Id of the new row; null where it was refused.")
    errors = BulkErrorSerializer(many=True)  # type: ignore[assignment]


class BulkResultSerializer(serializers.Serializer[Any]):
    """What became of each row of a list that was sent."""

    created = serializers.IntegerField(help_text="Rows that were written.")
    rejected = serializers.IntegerField(help_text="Rows that were refused.")
    results = BulkRowSerializer(many=True, help_text="One result a row, in the order of the list.")


@cache
def created_serializer(resource: Resource, once: str) -> type[serializers.Serializer[Any]]:
    """Return a serializer that describes a new row with the member that this one answer alone has."""
    shown = serializers.CharField(help_text="Shown in this answer only.")
    return type(f"{resource.name}CreatedSerializer", (row_serializer(resource),), {once: shown})


def described(name: str, doc: str, /, **members: Any) -> type[serializers.Serializer[Any]]:
    """Return a serializer of these members that describes an answer."""
    return type(f"{name}Serializer", (serializers.Serializer,), {"__doc__": doc, **members})
