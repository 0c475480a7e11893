"""OpenAPI 3.1 from what the endpoints say of themselves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from biotech_ma.core.api import schema_fields
from biotech_ma.core.api.answers import BulkResultSerializer, created_serializer
from biotech_ma.core.api.endpoints import Endpoint, page_serializer, row_serializer
from biotech_ma.core.api.errors import CONTENT_TYPE
from biotech_ma.core.api.exports import CSV, JSONL
from biotech_ma.core.api.serializers import CheckedModelSerializer, StrictSerializer

JSON = "application/json"
TEXT = {"type": "string"}
ANYTHING = {"description": "Whatever the file holds."}
FILES = {CSV: "text/csv", JSONL: "application/jsonl"}


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One wrong field."""

    field = serializers.CharField(allow_blank=True, help_text="The field or parameter; empty for the whole.")
    code = serializers.CharField(help_text="A word for programs.")
    detail = serializers.CharField(help_text="A line for people.")


class MergedIntoSerializer(serializers.Serializer[Any]):
    """The company as which a merged duplicate is read."""

    id = serializers.UUIDField()
    ticker = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    address = serializers.URLField(help_text="Where it is to be read.")


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]
    merged_into = MergedIntoSerializer(
        required=False, help_text="Where the company of the address is merged into another one: that one."
    )


class ResourceSchema(AutoSchema):
    """Describes an endpoint by its `Endpoint`."""

    @property
    def endpoint(self) -> Endpoint | None:
        """What the view says of the current action; None for views outside of the resources."""
        describe = getattr(self.view, "describe", None)
        described: dict[str, Endpoint] = describe() if describe else {}
        return described.get(getattr(self.view, "action", ""))

    @property
    def action(self) -> str:
        """The name of the view's action."""
        return getattr(self.view, "action", "") or ""

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Return whether the endpoint gives a page; what describes a page is no list itself."""
        return serializer is None and self.endpoint is not None and self.endpoint.gives == "page"

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """Tell what is written (CompanyInput) from what is read (Company)."""
        name: str = super().get_serializer_name(serializer, direction)
        is_written = isinstance(serializer, CheckedModelSerializer)
        return f"{name.removesuffix('Serializer')}Input" if is_written else name

    def get_tags(self) -> list[str]:
        """Group by resource."""
        return [getattr(self.view, "scope", "") or "system"]

    def get_operation_id(self) -> str:
        """Name files by what they hold: their addresses have dots."""
        if self.endpoint and self.endpoint.gives in ("file", "calendar") and "." in self.path:
            kind = "export" if self.endpoint.gives == "file" else "calendar"
            return f"{str(getattr(self.view, 'scope', '')).replace('-', '_')}_{kind}"
        name: str = super().get_operation_id()
        return name

    def get_summary(self) -> str | None:
        """Return the first line of the action's docstring."""
        action = getattr(self.view, self.action, None)
        return (action.__doc__ or "").strip().partition("\n")[0] or None if action else None

    def get_description(self) -> str:  # type: ignore[override]
        """Return what the resource is."""
        return (self.view.__doc__ or "").strip()

    def get_request_serializer(self) -> Any:
        """Return what the endpoint takes."""
        return self.endpoint.takes if self.endpoint else None

    def get_override_parameters(self) -> list[Any]:
        """Return the query parameters, and the reference in the path."""
        endpoint = self.endpoint
        if endpoint is None:
            return []
        found = [self._paging(name, endpoint) for name in endpoint.paging]
        found += [schema_fields.further_parameter(parameter) for parameter in endpoint.further]
        if endpoint.filters:
            names = endpoint.filters.base_filters.items()
            found += [schema_fields.filter_parameter(name, f) for name, f in names if name not in endpoint.without]
        if endpoint.resource and endpoint.shaped:
            found.append(schema_fields.words("fields", list(endpoint.resource.by_name), "Only these fields."))
            if endpoint.resource.includable:
                found.append(schema_fields.words("include", list(endpoint.resource.includable), "These too."))
        return found + self._path_parameters()

    def _paging(self, name: str, endpoint: Endpoint) -> OpenApiParameter:
        if name == "ordering" and endpoint.resource:
            names = [f"{sign}{n}" for n in endpoint.resource.sortable for sign in ("", "-")]
            return schema_fields.words("ordering", names, "In this order; a minus turns it round.")
        return schema_fields.paging_parameter(name)

    def _path_parameters(self) -> list[OpenApiParameter]:
        found = []
        if "{ref}" in self.path:
            is_company = "/companies/{ref}/" in self.path
            kind: dict[str, Any] = {"type": "string", "format": "uuid"}
            if is_company:
                kind = {"type": "string", "pattern": schema_fields.COMPANY, "examples": ["VRTX"]}
            text = "Id or ticker, in any case." if is_company else "Id."
            found.append(OpenApiParameter("ref", kind, OpenApiParameter.PATH, description=text))
        if "{form}" in self.path:
            kind = {"type": "string", "enum": list(FILES)}
            found.append(OpenApiParameter("form", kind, OpenApiParameter.PATH, description="CSV or JSON lines."))
        return found

    def get_response_serializers(self) -> Any:
        """Return what the endpoint gives, by status and type, and its problems."""
        endpoint = self.endpoint
        if endpoint is None:
            return {200: OpenApiTypes.OBJECT}
        found = self._successes(endpoint)
        return found | {(400, CONTENT_TYPE): OpenApiResponse(ProblemSerializer)}

    def _successes(self, endpoint: Endpoint) -> dict[Any, Any]:
        is_creating = self.action == "create"
        usual = endpoint.status or (201 if is_creating else 200)
        json = (usual, JSON)
        found: dict[Any, Any] = {(usual, kind): ANYTHING if kind == JSON else TEXT for kind in endpoint.types}
        if endpoint.gives == "page" and endpoint.resource:
            found[json] = page_serializer(endpoint.resource)
        elif endpoint.gives in ("row", "queued") and endpoint.resource:
            once = endpoint.once if is_creating else ""
            found[json] = created_serializer(endpoint.resource, once) if once else row_serializer(endpoint.resource)
        elif endpoint.gives == "nothing":
            found[204] = OpenApiResponse(description="Done.")
        elif endpoint.gives == "file" and "{form}" in self.path:
            found |= {(usual, kind): TEXT for kind in FILES.values()}
        elif endpoint.gives == "object":
            found[json] = endpoint.answer or OpenApiTypes.OBJECT
        if endpoint.many:
            found[207, JSON] = OpenApiResponse(BulkResultSerializer)
        return found

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Any:
        """Return the operation; what its success is, stands in `x-gives` until `schema_contract` has read it."""
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        endpoint = self.endpoint
        if operation is None or endpoint is None:
            return operation
        for code, answer in operation["responses"].items():
            if code.startswith("2"):
                answer["x-gives"] = "created once" if endpoint.once and self.action == "create" else endpoint.gives
                if not answer.get("description"):
                    answer["description"] = WORDS.get(code, "Done.")
        if endpoint.many:
            _take_lists_too(operation)
        return operation

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        return schema_fields.narrowed(field, schema) if direction == "request" and schema else schema

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
            for name in sorted(serializer.echoed - schema.get("properties", {}).keys()):
                schema["properties"][name] = {"readOnly": True, "description": "As it was read; it is not looked at."}
        return schema


WORDS = {
    "200": "What was asked for.",
    "201": "What was made.",
    "202": "It is queued.",
    "207": "Some rows were refused.",
}


def _take_lists_too(operation: dict[str, Any]) -> None:
    """Let the body be a list of what it may be, and the answer a result of many rows."""
    body = operation["requestBody"]["content"][JSON]
    one = body["schema"]
    body["schema"] = {"anyOf": [one, {"type": "array", "minItems": 1, "maxItems": 10_000, "items": one}]}
    made = operation["responses"]["201"]["content"][JSON]
    result = operation["responses"]["207"]["content"][JSON]["schema"]
    made["schema"] = {"anyOf": [made["schema"], result]}
