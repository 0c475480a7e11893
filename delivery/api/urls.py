"""The addresses of reports, alerts, webhooks and clients below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from delivery.api.reports import ReportViewSet
from delivery.api.views import AlertViewSet, ClientViewSet
from delivery.api.webhook_views import WebhookDeliveriesViewSet, WebhookDeliveryViewSet, WebhookViewSet

router = SimpleRouter()
router.register("reports", ReportViewSet, basename="report")
router.register("alerts", AlertViewSet, basename="alert")
router.register("webhooks", WebhookViewSet, basename="webhook")
router.register("clients", ClientViewSet, basename="client")
urlpatterns = [
    *router.urls,
    ReportViewSet.export_address(),
    AlertViewSet.export_address(),
    WebhookViewSet.export_address(),
    ClientViewSet.export_address(),
    path(
        "webhooks/<uuid:ref>/deliveries/",
        WebhookDeliveriesViewSet.as_view({"get": "list"}, detail=True),
        name="webhook-deliveries",
    ),
    path(
        "webhooks/deliveries/<uuid:ref>/",
        WebhookDeliveryViewSet.as_view({"get": "retrieve"}, detail=True),
        name="webhook-delivery",
    ),
    path(
        "webhooks/deliveries/<uuid:ref>/replay/",
        WebhookDeliveryViewSet.as_view({"post": "replay"}, detail=True),
        name="webhook-delivery-replay",
    ),
]
