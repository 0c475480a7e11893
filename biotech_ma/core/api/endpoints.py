"""What an endpoint takes and gives, said once: for the schema, and for whoever reads the view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from django.db import models
from rest_framework import serializers

from biotech_ma.core.api.filters import ReadFilterSet
from biotech_ma.core.api.resources import Column, JsonRow, JsonRows, Money, Resource, model_field


@dataclass(frozen=True)
class Parameter:
    """A query parameter that no filter set declares: text, or a day, or one that is true or false."""

    name: str
    text: str
    kind: Literal["text", "day", "boolean"] = "text"
    max_length: int | None = None


@dataclass(frozen=True)
class Endpoint:
    """What an endpoint takes and gives: a page or a row of a resource, or an object of its own."""

    gives: Literal["page", "row", "queued", "object", "file", "calendar", "nothing"] = "object"
    resource: Resource | None = None
    filters: type[ReadFilterSet] | None = None
    # Of limit, cursor, count and ordering, those that it takes.
    paging: tuple[str, ...] = ()
    shaped: bool = True
    takes: type[serializers.BaseSerializer[Any]] | None = None
    without: frozenset[str] = frozenset()
    further: tuple[Parameter, ...] = ()
    # What an object is, and the status of success where it is not the usual one.
    answer: type[serializers.Serializer[Any]] | None = None
    status: int | None = None
    # The member that the creating answer alone has.
    once: str = ""
    # Whether a list of what it takes may be sent, too.
    many: bool = False
    # The media types in which it can answer besides JSON, or instead of it for a file.
    types: tuple[str, ...] = ()


PAGING = ("limit", "cursor", "count", "ordering")


def page_of(resource: Resource, filters: type[ReadFilterSet], paging: tuple[str, ...] = PAGING) -> Endpoint:
    """Return the description of a list."""
    return Endpoint("page", resource, filters, paging)


@cache
def row_serializer(resource: Resource) -> type[serializers.Serializer[Any]]:
    """Return a serializer that describes a row of the resource. Nothing is required: `?fields=` thins rows."""
    described: type[serializers.Serializer[Any]] = _described(resource.name, resource.model, resource.fields)
    return described


@cache
def page_serializer(resource: Resource) -> type[serializers.Serializer[Any]]:
    """Return a serializer that describes a page of the resource."""
    members = {
        "results": row_serializer(resource)(many=True),
        "next": serializers.URLField(allow_null=True, help_text="The next page, null on the last."),
        "previous": serializers.URLField(allow_null=True, help_text="The page before, null on the first."),
        "count": serializers.IntegerField(required=False, help_text="All matching rows, with `?count=true`."),
    }
    return type(f"{resource.name}PageSerializer", (serializers.Serializer,), members)


def _described(name: str, model: type[models.Model], columns: tuple[Column, ...]) -> Any:
    members = {column.name: _field(model, column) for column in columns}
    return type(f"{name}Serializer", (serializers.Serializer,), members)


def _field(model: type[models.Model], column: Column) -> Any:
    source = column.source or column.name
    options: dict[str, Any] = {"required": False}
    if column.help_text:
        options["help_text"] = column.help_text
    if isinstance(source, JsonRows):
        nested = _described(source.name, source.model, source.wanted)
        return nested(allow_null=True, **options) if isinstance(source, JsonRow) else nested(many=True, **options)
    # What is worked out under the name of a model's own column has that column's type.
    path = source.path if isinstance(source, Money) else source if isinstance(source, str) else column.name
    if column.described is not None:
        return column.described(**options)
    found = model_field(model, path)
    if found is None:
        return serializers.CharField(allow_null=True, **options)
    options.setdefault("help_text", str(found.help_text or ""))
    # A column of a related row is unknown where the relation is.
    options["allow_null"] = bool(found.null) or "__" in path
    if isinstance(source, Money):
        return serializers.DecimalField(max_digits=20, decimal_places=2, **options)
    return _plain(found, options)


def _plain(found: Any, options: dict[str, Any]) -> Any:
    if isinstance(found, models.ForeignKey):
        return serializers.UUIDField(**options)
    if found.choices and not options["allow_null"]:
        return serializers.ChoiceField(choices=list(found.choices), **options)
    if isinstance(found, models.JSONField):
        many = found.default is list
        return (
            serializers.ListField(child=serializers.JSONField(), **options)
            if many
            else (serializers.DictField(**options))
        )
    kinds: list[tuple[type[models.Field[Any, Any]], type[serializers.Field[Any, Any, Any, Any]]]] = [
        (models.DateTimeField, serializers.DateTimeField),
        (models.DateField, serializers.DateField),
        (models.DecimalField, serializers.FloatField),
        (models.BooleanField, serializers.BooleanField),
        (models.UUIDField, serializers.UUIDField),
        (models.IntegerField, serializers.IntegerField),
    ]
    for kind, described in kinds:
        if isinstance(found, kind):
            return described(**options)
    return serializers.CharField(**options)
