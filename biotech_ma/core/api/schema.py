"""OpenAPI 3.1 from what the endpoints say of themselves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from biotech_ma.core.api import filters
from biotech_ma.core.api.endpoints import Endpoint, page_serializer, row_serializer
from biotech_ma.core.api.errors import CONTENT_TYPE
from biotech_ma.core.api.query import DEFAULT_LIMIT, MAX_LIMIT
from biotech_ma.core.api.serializers import CheckedModelSerializer

PAGING_HELP: dict[str, tuple[Any, str]] = {
    "limit": (OpenApiTypes.INT, f"Rows a page, 1 to {MAX_LIMIT}; {DEFAULT_LIMIT} by default."),
    "cursor": (OpenApiTypes.STR, "From `next` or `previous`, as it is."),
    "count": (OpenApiTypes.BOOL, "true adds the number of all matching rows."),
}
PROBLEMS = {
    400: "What was sent is wrong: each error names its field or parameter.",
    401: "No key, or one that is unknown, revoked or expired.",
    403: "The key lacks the scope that is named.",
    404: "There is no such row, or it is archived.",
    409: "A live row has this key already, or the present state forbids it.",
    412: "`If-Match` names an older state.",
    413: "The body is too large.",
    415: "The body is not `application/json`.",
    429: "The hour's requests are spent; `Retry-After` says when to come back.",
}
WRITING = ("POST", "PUT", "PATCH")
TYPES: list[tuple[type[Any], Any]] = [
    (filters.BooleanFilter, OpenApiTypes.BOOL),
    (filters.NumberFilter, OpenApiTypes.DECIMAL),
    (filters.DayFilter, OpenApiTypes.DATE),
    (filters.IdFilter, OpenApiTypes.UUID),
]


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One wrong field."""

    field = serializers.CharField(allow_blank=True, help_text="The field or parameter; empty for the whole.")
    code = serializers.CharField(help_text="A word for programs.")
    detail = serializers.CharField(help_text="A line for people.")


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]


class ResourceSchema(AutoSchema):
    """Describes an endpoint by its `Endpoint`."""

    @property
    def endpoint(self) -> Endpoint | None:
        """What the view says of the current action; None for views outside of the resources."""
        describe = getattr(self.view, "describe", None)
        described: dict[str, Endpoint] = describe() if describe else {}
        return described.get(getattr(self.view, "action", ""))

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Return whether the endpoint gives a page; what describes a page is no list itself."""
        return serializer is None and self.endpoint is not None and self.endpoint.gives == "page"

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """Tell what is written (CompanyInput) from what is read (Company)."""
        name: str = super().get_serializer_name(serializer, direction)
        return f"{name}Input" if isinstance(serializer, CheckedModelSerializer) else name

    def get_tags(self) -> list[str]:
        """Group by resource."""
        return [getattr(self.view, "scope", "") or "system"]

    def get_summary(self) -> str | None:
        """Return the first line of the action's docstring."""
        action = getattr(self.view, getattr(self.view, "action", "") or "", None)
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
        found = [parameter for name in endpoint.paging for parameter in self._paging(name, endpoint)]
        if endpoint.filters:
            names = endpoint.filters.base_filters.items()
            found += [_filter_parameter(name, f) for name, f in names if name not in endpoint.without]
        if endpoint.resource and endpoint.shaped:
            found.append(_words("fields", list(endpoint.resource.by_name), "Only these fields."))
            if endpoint.resource.includable:
                found.append(_words("include", list(endpoint.resource.includable), "These too."))
        if "{ref}" in self.path:
            found.append(OpenApiParameter("ref", OpenApiTypes.STR, OpenApiParameter.PATH, description=self._ref_help()))
        return found

    def _paging(self, name: str, endpoint: Endpoint) -> list[OpenApiParameter]:
        if name == "ordering" and endpoint.resource:
            names = [f"{sign}{n}" for n in endpoint.resource.sortable for sign in ("", "-")]
            return [_words("ordering", names, "In this order; a minus turns it round.")]
        kind, text = PAGING_HELP[name]
        return [OpenApiParameter(name, kind, description=text)]

    def _ref_help(self) -> str:
        return "Id or ticker, in any case." if "/companies/" in self.path else "Id."

    def get_response_serializers(self) -> Any:
        """Return what the endpoint gives, by status, and its problems."""
        endpoint = self.endpoint
        if endpoint is None:
            return {200: OpenApiTypes.OBJECT}
        creating = getattr(self.view, "action", "") == "create"
        found: dict[Any, Any] = {}
        if endpoint.gives == "page" and endpoint.resource:
            found[200] = page_serializer(endpoint.resource)
        elif endpoint.gives == "row" and endpoint.resource:
            found[201 if creating else 200] = row_serializer(endpoint.resource)
        elif endpoint.gives == "nothing":
            found[204] = OpenApiResponse(description="Done.")
        else:
            found[200] = OpenApiTypes.OBJECT
        return found | {
            (code, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, PROBLEMS[code]) for code in self._problems()
        }

    def _problems(self) -> list[int]:
        codes = [400, 401, 403, 429]
        if "{ref}" in self.path:
            codes.append(404)
        if self.method in WRITING:
            codes += [409, 413, 415]
        if self.method in ("PUT", "PATCH", "DELETE"):
            codes.append(412)
        return sorted(codes)


def _words(name: str, words: list[str], text: str) -> OpenApiParameter:
    items = {"type": "array", "items": {"type": "string", "enum": words}}
    return OpenApiParameter(name, items, description=text, style="form", explode=False)


def _filter_parameter(name: str, declared: Any) -> OpenApiParameter:
    text = str(declared.extra.get("label") or declared.label or "")
    if isinstance(declared, filters.ListFilter):
        items: dict[str, Any] = {"type": "string"}
        if declared.vocabulary:
            items["enum"] = list(declared.vocabulary.values)
        return OpenApiParameter(name, {"type": "array", "items": items}, description=text, style="form", explode=False)
    kind = next((found for cls, found in TYPES if isinstance(declared, cls)), OpenApiTypes.STR)
    return OpenApiParameter(name, kind, description=text)
