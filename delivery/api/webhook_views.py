"""Webhooks and their deliveries over REST."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django.db import models, transaction
from django.http import HttpResponse
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request

from biotech_ma.core import closed
from biotech_ma.core.api import query, reads
from biotech_ma.core.api.endpoints import Endpoint
from biotech_ma.core.api.resources import Resource
from biotech_ma.core.api.views import ResourceViewSet, json_response, not_found, required
from biotech_ma.core.api.writes import EditMixin, refusals
from delivery.api.answers import NEW_SECRET, QUEUED
from delivery.api.filters import WebhookDeliveryFilterSet, WebhookFilterSet
from delivery.api.ownership import owned
from delivery.api.reads import WEBHOOK_DELIVERIES, WEBHOOKS, WEBHOOKS_LISTED
from delivery.api.serializers import PeriodSerializer, SecretRotationSerializer, WebhookSerializer
from delivery.models import Webhook, WebhookDelivery
from delivery.services import ping_webhook, replay_delivery, replay_period, rotate_webhook_secret


class WebhookViewSet(EditMixin):
    """Endpoints that are told of events: the caller's own, for an administrator all.

    The signing secret is in the creating answer only; lists leave out the values of an address's parameters.
    """

    scope = "webhooks"
    resource = WEBHOOKS
    filterset_class = WebhookFilterSet
    serializer_class = WebhookSerializer

    @property
    def listed(self) -> Resource:
        """The fields as lists and exports show them."""
        return WEBHOOKS_LISTED

    def rows(self) -> models.QuerySet[Any]:
        """Return the live webhooks that the caller may see."""
        return owned(super().rows(), self.request)

    def archived_row(self, ref: str) -> models.Model:
        """Return the row that the address names, archived or not, if it is the caller's."""
        row: models.Model | None = owned(Webhook.all_objects.all(), self.request).filter(pk=ref).first()
        if row is None:
            raise not_found()
        return row

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        found = super().describe()
        return found | {
            "create": replace(found["create"], once="secret"),
            "rotate_secret": Endpoint(takes=SecretRotationSerializer, answer=NEW_SECRET),
            "ping": Endpoint("queued", WEBHOOK_DELIVERIES, shaped=False, status=202),
            "replay": Endpoint(takes=PeriodSerializer, answer=QUEUED, status=202),
        }

    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, ref: str) -> HttpResponse:
        """Give a webhook a new secret, or the one that is sent; the former one signs too for a day."""
        query.allow_only(request.query_params, ())
        asked = SecretRotationSerializer(data=required(request.data or {}))
        asked.is_valid(raise_exception=True)
        with transaction.atomic(), refusals():
            webhook = self.webhook(request, ref)
            secret = rotate_webhook_secret(webhook=webhook, secret=asked.validated_data.get("secret"))
        body = json.dumps({"id": str(webhook.pk), "secret": secret}).encode()
        return json_response(body, Cache_Control="no-store")

    @action(detail=True, methods=["post"])
    def ping(self, request: Request, ref: str) -> HttpResponse:
        """Queue a `ping` to the endpoint, switched off or not, and give its delivery: follow it there."""
        query.allow_only(request.query_params, ())
        with transaction.atomic(), refusals():
            delivery = ping_webhook(webhook=self.webhook(request, ref))
        return accepted(delivery)

    @action(detail=True, methods=["post"])
    def replay(self, request: Request, ref: str) -> HttpResponse:
        """Send the deliveries of a period again, each under its own id, and tell how many they are."""
        query.allow_only(request.query_params, ())
        asked = PeriodSerializer(data=required(request.data or {}))
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        with transaction.atomic(), refusals():
            queued = replay_period(
                webhook=self.webhook(request, ref),
                since=values["since"],
                until=values.get("until"),
                statuses=values.get("status", ()),
            )
        return json_response(json.dumps({"queued": queued}).encode(), status.HTTP_202_ACCEPTED)

    def webhook(self, request: Request, ref: str) -> Webhook:
        """Return the live webhook of the address, locked."""
        row = self.locked_row(request, ref)
        if not isinstance(row, Webhook):
            raise TypeError(f"{row!r} is no webhook")
        return row


class WebhookDeliveriesViewSet(ResourceViewSet):
    """The deliveries of one live webhook of the caller's, the newest first."""

    scope = "webhooks"
    resource = WEBHOOK_DELIVERIES
    filterset_class = WebhookDeliveryFilterSet

    def list(self, request: Request, ref: str) -> HttpResponse:  # type: ignore[override]
        """List what was sent, or tried."""
        return self.answer_list(
            request,
            self.resource,
            self.filterset_class,
            lambda _: closed.narrowed(WebhookDelivery.objects.filter(webhook_id=ref), closed.caller_of(request.auth)),
            parent=lambda _: owned(Webhook.objects.filter(pk=ref), request),
        )


class WebhookDeliveryViewSet(ResourceViewSet):
    """One delivery of a live webhook of the caller's."""

    scope = "webhooks"
    resource = WEBHOOK_DELIVERIES

    def rows(self) -> models.QuerySet[Any]:
        """Return the deliveries of live webhooks that the caller may see."""
        rows = WebhookDelivery.objects.filter(webhook__deleted_at__isnull=True)
        return closed.narrowed(owned(rows, self.request, "webhook__client"), closed.caller_of(self.request.auth))

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        return super().describe() | {"replay": Endpoint("queued", WEBHOOK_DELIVERIES, shaped=False, status=202)}

    def replay(self, request: Request, ref: str) -> HttpResponse:
        """Send the delivery again, under the same id, and give it as it now stands."""
        query.allow_only(request.query_params, ())
        delivery = self.row(ref).order_by().first()
        if delivery is None:
            raise not_found()
        with refusals():
            replay_delivery(delivery=delivery)
        return accepted(delivery)


def accepted(delivery: WebhookDelivery) -> HttpResponse:
    """Return 202 with the delivery as a reader sees it."""
    body = reads.one(WebhookDelivery.objects.filter(pk=delivery.pk), tuple(WEBHOOK_DELIVERIES.select()))
    return json_response(body or b"{}", status.HTTP_202_ACCEPTED)
