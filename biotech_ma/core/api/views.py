"""The base of every resource: strict parameters, one statement a read, one service a write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.db import models
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.urls import URLPattern, path
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from biotech_ma.core import closed
from biotech_ma.core.api import exports, idempotency, query, reads
from biotech_ma.core.api.conditions import etag, is_known
from biotech_ma.core.api.cursors import page_of as page_in_order
from biotech_ma.core.api.endpoints import Endpoint, page_of
from biotech_ma.core.api.errors import Problem, invalid
from biotech_ma.core.api.filters import ReadFilterSet
from biotech_ma.core.api.listing import JSON, Asked, Listing, answer, envelope, not_found
from biotech_ma.core.api.negotiation import ANY, preferred
from biotech_ma.core.api.plans import Build, Slot
from biotech_ma.core.api.resources import Column, Resource, project

__all__ = [
    "JSON",
    "APIViewSet",
    "ResourceViewSet",
    "empty",
    "envelope",
    "json_response",
    "not_found",
    "required",
    "shaping",
]

UUID_PATTERN = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


class APIViewSet(ViewSet):
    """What every endpoint has: a name for its scope, 405 before 403, rate headers on each answer."""

    # The name in the address and in `write:<scope>`.
    scope: ClassVar[str] = ""
    admin_only: ClassVar[bool] = False
    # Actions that any key may call.
    open_actions: ClassVar[frozenset[str]] = frozenset()
    # Actions whose address says in which form they answer, whatever `Accept` wants.
    file_actions: ClassVar[frozenset[str]] = frozenset({"export"})
    lookup_value_regex = UUID_PATTERN
    lookup_url_kwarg = "ref"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Admit the request, and see to it that a POST with an `Idempotency-Key` is carried out once."""
        super().initial(request, *args, **kwargs)
        sent = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if sent is not None and request.method == "POST":
            # What DRF runs next; `request.auth` is the caller that was admitted.
            handle: Any = self.post  # type: ignore[has-type]
            self.post = idempotency.once(handle, request, cast("Any", request.auth).id, sent)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Refuse (406) a caller who wants none of the types that the endpoint gives."""
        types = self.media_types()
        if not force and ANY not in types and preferred(request.META.get("HTTP_ACCEPT"), types) is None:
            raise Problem(status.HTTP_406_NOT_ACCEPTABLE, f"This is given as {', '.join(types)}.")
        return super().perform_content_negotiation(request, force)

    def media_types(self) -> tuple[str, ...]:
        """Return the types in which the endpoint can answer, the usual one first."""
        return (ANY,) if self.action in self.file_actions else (JSON,)

    @classmethod
    def export_address(cls) -> URLPattern:
        """Return the address `exports/{scope}.{csv,jsonl}`."""
        view = cls.as_view({"get": "export"}, basename=f"{cls.scope}-export", detail=False)
        return path(f"exports/{cls.scope}.<export_form:form>", view, name=f"{cls.scope}-export")

    def check_permissions(self, request: Request) -> None:
        """Refuse what the caller may not do; a method that does not exist here comes first."""
        if request.method != "OPTIONS" and (request.method or "").lower() not in self.action_map:
            raise exceptions.MethodNotAllowed(request.method or "")
        super().check_permissions(request)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Say which methods there are."""
        return empty(status.HTTP_204_NO_CONTENT, Allow=", ".join(self.allowed_methods))

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the caller's rate headers and keep answers that depend on the key out of shared caches."""
        final = super().finalize_response(request, response, *args, **kwargs)
        caller = getattr(request, "_auth", None)
        for name, value in getattr(caller, "headers", {}).items():
            final[name] = value
        final.headers.setdefault("Cache-Control", "private, no-cache")
        return final


class ResourceViewSet(APIViewSet):
    """Lists a resource and gives single rows of it, each by one statement."""

    resource: ClassVar[Resource]
    filterset_class: ClassVar[type[ReadFilterSet]] = ReadFilterSet
    # True where a page is a matter of parameters, address and tables alone (core/api/listing.py).
    is_planned: ClassVar[bool] = False

    @property
    def listed(self) -> Resource:
        """The fields as lists and exports show them."""
        return self.resource

    def rows(self) -> models.QuerySet[Any]:
        """Return the rows that the API shows at all: the live ones, of live companies."""
        return self.resource.model._default_manager.all()

    def row(self, ref: str) -> models.QuerySet[Any]:
        """Return the queryset of the one row that the address names."""
        return self.rows().filter(pk=ref)

    def ordering_for(self, params: Any) -> tuple[str, ...]:
        """Return the ordering that a list has when none is asked for."""
        return self.resource.ordering

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        return {
            "list": page_of(self.listed, self.filterset_class),
            "retrieve": Endpoint("row", self.resource),
            "export": Endpoint("file", self.listed, self.filterset_class, ("ordering",)),
        }

    def list(self, request: Request) -> HttpResponse:
        """List the rows."""
        return self.answer_list(request, self.listed, self.filterset_class, lambda _: self.rows())

    def retrieve(self, request: Request, ref: str) -> HttpResponseBase:
        """Give one row."""
        query.allow_only(request.query_params, shaping(self.resource))
        shape = self.shape(request, self.resource)
        return self.answer_one(request, self.row(ref), shape.columns)

    def shape(self, request: Request, resource: Resource, params: QueryDict | None = None) -> query.Shape:
        """Return the fields that are asked for; 403 for those of a resource that the key may not call."""
        shape = query.shape(request.query_params if params is None else params, resource)
        allowed = getattr(request.auth, "allowed_endpoints", ())
        barred = [column for column in shape.columns if allowed and column.endpoint not in ("", *allowed)]
        if barred:
            names = ", ".join(f"{column.name} ({column.endpoint})" for column in barred)
            raise Problem(status.HTTP_403_FORBIDDEN, f"This key may not call what these fields come from: {names}.")
        return shape

    def export(self, request: Request, form: str) -> HttpResponseBase:
        """Give all rows that the filters name as a file, in the order of the list."""
        params = request.query_params
        known = self.filterset_class.known() | shaping(self.listed) | {"ordering"}
        query.allow_only(
            params, known, prefixes=self.filterset_class.prefixes, repeatable=self.filterset_class.repeatable()
        )
        shape = self.shape(request, self.listed)
        terms = query.paging(params, self.listed, self.ordering_for(params)).terms
        filters = self.filterset_class(params, self.rows(), request=request)
        query.filter_errors(filters)
        reader = closed.caller_of(request.auth)
        # Before the first row is on its way: from then on the connection is taken.
        left_out = closed.let_out(filters.qs, reader, f"exports/{self.scope}.{form}")
        rows = project(page_in_order(closed.narrowed(filters.qs, reader), terms, None), shape.columns)
        response = exports.exported(request, rows, shape.columns, form=form, name=self.scope)
        exports.say_left_out(response, left_out)
        return response

    def answer_list(
        self,
        request: Request,
        resource: Resource,
        filterset_class: type[ReadFilterSet],
        rows: Callable[[str], models.QuerySet[Any]],
        *,
        ref: str = "",
        slot: Callable[[str], Slot] | None = None,
        parent: Callable[[str], models.QuerySet[Any]] | None = None,
        without: frozenset[str] = frozenset(),
        is_planned: bool = True,
    ) -> HttpResponse:
        """Answer one page of the rows; 404 when the parent that the address names by `ref` does not exist.

        `is_planned` False: compile this page by itself although the view's are planned.
        """

        def build(params: QueryDict, ref: str) -> reads.PageStatement | reads.Page:
            known = (filterset_class.known() - without) | shaping(resource) | query.PAGING
            query.allow_only(params, known, prefixes=filterset_class.prefixes, repeatable=filterset_class.repeatable())
            shape = self.shape(request, resource, params)
            paging = query.paging(params, resource, self.ordering_for(params))
            filters = filterset_class(params, rows(ref), request=request)
            query.filter_errors(filters)
            return reads.page(
                filters.qs,
                shape.columns,
                terms=paging.terms,
                limit=paging.limit,
                cursor=paging.cursor,
                count=paging.count,
                parent=parent(ref) if parent else None,
            )

        return self.answer_page(request, resource, filterset_class, build, ref, slot, is_planned=is_planned)

    def answer_page(
        self,
        request: Request,
        resource: Resource,
        filterset_class: type[ReadFilterSet],
        build: Build,
        ref: str = "",
        slot: Callable[[str], Slot] | None = None,
        *,
        is_planned: bool = True,
    ) -> HttpResponse:
        """Answer the page that `build` compiles from the parameters and the address."""
        listing = Listing((type(self), self.action), resource, filterset_class, slot)
        return answer(Asked(request, listing, build, ref, self.is_planned and is_planned))

    def answer_one(self, request: Request, queryset: models.QuerySet[Any], columns: tuple[Column, ...]) -> HttpResponse:
        """Answer the one row with its ETag, or 304 when the caller has it already; 404 when there is none."""
        return self.answer_body(request, reads.one(queryset, columns))

    def answer_body(self, request: Request, body: bytes | None) -> HttpResponse:
        """Answer the row in JSON with its ETag, or 304 when the caller has it already; 404 for None."""
        if body is None:
            raise not_found()
        tag = etag(body)
        if is_known(request.headers.get("If-None-Match"), tag):
            return empty(status.HTTP_304_NOT_MODIFIED, ETag=tag)
        return HttpResponse(body, content_type=JSON, headers={"ETag": tag})


def shaping(resource: Resource) -> frozenset[str]:
    """Return the parameters that shape a row of the resource."""
    return query.SHAPING if resource.includable else frozenset({"fields"})


def json_response(body: bytes, status_code: int = status.HTTP_200_OK, **headers: str) -> HttpResponse:
    """Return bytes that are JSON already."""
    return HttpResponse(
        body, status=status_code, content_type=JSON, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def empty(status_code: int, **headers: str) -> HttpResponse:
    """Return an answer without a body, and so without a type of it."""
    response = HttpResponse(status=status_code, headers=headers)
    del response.headers["Content-Type"]
    return response


def required(data: Any) -> dict[str, Any]:
    """Return the body, which must be a JSON object. Raises Problem (400)."""
    if not isinstance(data, dict):
        raise invalid("", "The body must be a JSON object.", "not_an_object")
    return data
