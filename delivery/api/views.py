"""Alerts and clients over REST."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any, ClassVar

from django.db import models, transaction
from django.http import HttpResponse
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request

from biotech_ma.core import closed
from biotech_ma.core.api import query
from biotech_ma.core.api.endpoints import Endpoint, page_of
from biotech_ma.core.api.errors import Problem
from biotech_ma.core.api.views import json_response, not_found, required, shaping
from biotech_ma.core.api.writes import EditMixin, refusals
from delivery.alerts.conditions import ConditionError
from delivery.alerts.trial import PrivateWatchlistError, trial_of
from delivery.api.answers import NEW_KEY, TRIAL, USAGE
from delivery.api.auth import Caller
from delivery.api.filters import (
    AlertFilterSet,
    AlertTriggerFilterSet,
    ClientFilterSet,
)
from delivery.api.ownership import shown
from delivery.api.reads import ALERT_TRIGGERS, ALERTS, CLIENTS
from delivery.api.serializers import (
    AlertSerializer,
    ClientSerializer,
    KeyRotationSerializer,
)
from delivery.models import AlertTrigger, Client
from delivery.services import revoke_client, rotate_client_key
from delivery.usage import usage_by_day


class AlertViewSet(EditMixin):
    """Standing questions of the desk."""

    scope = "alerts"
    resource = ALERTS
    filterset_class = AlertFilterSet
    serializer_class = AlertSerializer

    def rows(self) -> models.QuerySet[Any]:
        """Return the live alerts that the caller may see."""
        return shown(super().rows(), self.request)

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        return super().describe() | {
            "history": page_of(ALERT_TRIGGERS, AlertTriggerFilterSet),
            "test": Endpoint(answer=TRIAL),
        }

    @action(detail=False)
    def history(self, request: Request) -> HttpResponse:
        """List when alerts went off and why, the last time first."""
        triggers = shown(AlertTrigger.objects.filter(alert__deleted_at__isnull=True), request, "alert__client")
        triggers = closed.narrowed(triggers, closed.caller_of(request.auth))
        hidden = models.Q(company__deleted_at__isnull=False)
        return self.answer_list(request, ALERT_TRIGGERS, AlertTriggerFilterSet, lambda _: triggers.exclude(hidden))

    @action(detail=True, methods=["get", "post"], url_path="test")
    def test(self, request: Request, ref: str) -> HttpResponse:
        """Tell what an alert would have told over the last 90 days of the data that it looks at; nobody is told."""
        query.allow_only(request.query_params, ())
        alert = self.row(ref).select_related("client").first()
        if alert is None:
            raise not_found()
        try:
            found = trial_of(alert, reader=closed.caller_of(request.auth))
        except ConditionError as error:
            raise Problem(status.HTTP_409_CONFLICT, f"The stored condition cannot be read. {error}") from error
        except PrivateWatchlistError as error:
            raise Problem(status.HTTP_409_CONFLICT, str(error)) from error
        return json_response(json.dumps(found.to_json(), default=str).encode())

    def ordering_for(self, params: Any) -> tuple[str, ...]:
        """Return the ordering when none is asked for."""
        return ALERT_TRIGGERS.ordering if self.action == "history" else self.resource.ordering


class ClientViewSet(EditMixin):
    """Holders of API keys, for administrators. The key is in the creating answer only."""

    scope = "clients"
    admin_only = True
    open_actions: ClassVar[frozenset[str]] = frozenset({"me"})
    resource = CLIENTS
    filterset_class = ClientFilterSet
    serializer_class = ClientSerializer

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        found = super().describe()
        return found | {
            "create": replace(found["create"], once="api_key"),
            "me": Endpoint("row", CLIENTS),
            "rotate_key": Endpoint(takes=KeyRotationSerializer, answer=NEW_KEY),
            "revoke": Endpoint("row", CLIENTS, shaped=False),
            "usage": Endpoint(answer=USAGE),
        }

    @action(detail=False)
    def me(self, request: Request) -> HttpResponse:
        """Give the caller's own client."""
        query.allow_only(request.query_params, shaping(CLIENTS))
        shape = query.shape(request.query_params, CLIENTS)
        caller = _as(Caller, request.auth)
        return self.answer_one(request, Client.objects.filter(pk=caller.id), shape.columns)

    @action(detail=True, methods=["post"], url_path="rotate-key")
    def rotate_key(self, request: Request, ref: str) -> HttpResponse:
        """Give a client a new key; the old one is dead at once, or works on for `overlap_hours`."""
        query.allow_only(request.query_params, ())
        asked = KeyRotationSerializer(data=required(request.data or {}))
        asked.is_valid(raise_exception=True)
        overlap = dt.timedelta(hours=asked.validated_data["overlap_hours"])
        with transaction.atomic(), refusals():
            client = _as(Client, self.locked_row(request, ref))
            key = rotate_client_key(client=client, overlap=overlap)
        return _once({"id": str(client.pk), "key_prefix": client.key_prefix, "api_key": key})

    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, ref: str) -> HttpResponse:
        """Shut a client's keys out; twice is no error."""
        query.allow_only(request.query_params, ())
        with transaction.atomic(), refusals():
            client = _as(Client, self.locked_row(request, ref))
            revoke_client(client=client)
        return self.answer_one(request, self.row(ref), tuple(self.resource.select()))

    @action(detail=True)
    def usage(self, request: Request, ref: str) -> HttpResponse:
        """Tell how many calls a client made on each UTC day of the last ninety, the newest first."""
        query.allow_only(request.query_params, ())
        if not self.row(ref).exists():
            raise not_found()
        days = [{"day": day.isoformat(), "requests": calls} for day, calls in usage_by_day(ref)]
        return json_response(json.dumps({"days": days}).encode())


def _as[T](kind: type[T], value: Any) -> T:
    """Return the value, which is known to be of this kind."""
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _once(members: dict[str, str]) -> HttpResponse:
    return json_response(json.dumps(members).encode(), Cache_Control="no-store")
