"""Writing endpoints: create, update, archive, restore. Each calls one serializer or one service, then reads back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pghistory
from django.db import models, transaction
from django.http import HttpResponse
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request

from biotech_ma.core import services
from biotech_ma.core.api import query, reads
from biotech_ma.core.api.conditions import etag, refuse_stale
from biotech_ma.core.api.endpoints import Endpoint
from biotech_ma.core.api.errors import FieldError, Problem, invalid
from biotech_ma.core.api.serializers import CheckedModelSerializer
from biotech_ma.core.api.views import JSON, ResourceViewSet, empty, not_found, required

REASON = "X-Change-Reason"
MOST_OF_A_REASON = 500


def note_reason(request: Request) -> str:
    """Take the caller's reason into the history of what the request changes, and return it; empty where none is given.

    Raises Problem (400) for one that is too long or holds control characters.
    """
    sent = request.headers.get(REASON, "")
    try:
        # HTTP fields arrive as Latin-1; who writes more than ASCII sends UTF-8.
        text = sent.encode("latin-1").decode().strip()
    except UnicodeError:
        text = sent.strip()
    if len(text) > MOST_OF_A_REASON or not text.isprintable():
        raise invalid(REASON, f"At most {MOST_OF_A_REASON} printable characters, in UTF-8.")
    if text:
        pghistory.context(reason=text)
    return text


class CreateMixin(ResourceViewSet):
    """POST to the list: 201 with the whole resource and its Location."""

    serializer_class: ClassVar[type[CheckedModelSerializer]]

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        created = Endpoint("row", self.resource, shaped=False, takes=self.serializer_class)
        return super().describe() | {"create": created}

    def create(self, request: Request) -> HttpResponse:
        """Create a row."""
        query.allow_only(request.query_params, ())
        note_reason(request)
        serializer = self.serializer_class(data=required(request.data), context={"request": request})
        serializer.is_valid(raise_exception=True)
        with refusals():
            row = serializer.save()
        return self.answer_created(request, row, serializer.shown_once)

    def answer_created(self, request: Request, row: models.Model, shown_once: dict[str, str]) -> HttpResponse:
        """Answer 201 with the row as a reader would see it."""
        body = reads.one(self.created_rows(row), tuple(self.resource.select()))
        if body is None:
            raise not_found()
        headers = {"Location": request.build_absolute_uri(f"{request.path}{row.pk}/"), "ETag": etag(body)}
        if shown_once:
            body = with_members(body, shown_once)
            headers = {"Location": headers["Location"], "Cache-Control": "no-store"}
        return HttpResponse(body, status=status.HTTP_201_CREATED, content_type=JSON, headers=headers)

    def created_rows(self, row: models.Model) -> models.QuerySet[Any]:
        """Return the queryset in which the new row is read back."""
        return type(row)._default_manager.filter(pk=row.pk)


class EditMixin(CreateMixin):
    """PUT, PATCH, DELETE (which archives) and restore."""

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        written = Endpoint("row", self.resource, shaped=False, takes=self.serializer_class)
        return super().describe() | {
            "update": written,
            "partial_update": written,
            "destroy": Endpoint("nothing"),
            "restore": Endpoint("row", self.resource, shaped=False),
        }

    def update(self, request: Request, ref: str) -> HttpResponse:
        """Replace the row's fields."""
        return self._write(request, ref, partial=False)

    def partial_update(self, request: Request, ref: str) -> HttpResponse:
        """Change the fields that are sent."""
        return self._write(request, ref, partial=True)

    def _write(self, request: Request, ref: str, *, partial: bool) -> HttpResponse:
        query.allow_only(request.query_params, ())
        note_reason(request)
        data = required(request.data)
        with transaction.atomic(), refusals():
            row = self.locked_row(request, ref)
            serializer = self.serializer_class(row, data=data, partial=partial, context={"request": request})
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return self.answer_one(request, self.created_rows(row), tuple(self.resource.select()))

    def destroy(self, request: Request, ref: str) -> HttpResponse:
        """Archive the row."""
        query.allow_only(request.query_params, ())
        reason = note_reason(request)
        with transaction.atomic(), refusals():
            services.archive(row=self.locked_row(request, ref), reason=reason)
        return empty(status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def restore(self, request: Request, ref: str) -> HttpResponse:
        """Bring an archived row back."""
        query.allow_only(request.query_params, ())
        row, reason = self.archived_row(ref), note_reason(request)
        with refusals():
            services.restore(row=row, reason=reason)
        return self.answer_one(request, self.row(str(row.pk)), tuple(self.resource.select()))

    def locked_row(self, request: Request, ref: str) -> models.Model:
        """Return the live row, locked; 404 when there is none, 412 when `If-Match` names an older state."""
        row: models.Model | None = self.row(ref).order_by().select_for_update(of=("self",)).first()
        if row is None:
            raise not_found()
        wanted = request.headers.get("If-Match")
        if wanted:
            body = reads.one(self.row(ref), tuple(self.resource.select()))
            refuse_stale(wanted, None if body is None else etag(body))
        return row

    def archived_row(self, ref: str) -> models.Model:
        """Return the row that the address names, archived or not; 404 when there is none."""
        row: models.Model | None = self.resource.model._base_manager.filter(pk=ref).first()
        if row is None:
            raise not_found()
        return row


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a service's refusal into a 409 with the field that it names."""
    try:
        yield
    except services.Refused as error:
        errors = [FieldError(error.field, "conflict", error.message)] if error.field else []
        raise Problem(status.HTTP_409_CONFLICT, error.message, errors) from error


def with_members(body: bytes, members: dict[str, str]) -> bytes:
    """Return the JSON object with these members added at its end."""
    extra = json.dumps(members).encode()[1:]
    return body.rstrip()[:-1] + b"," + extra
