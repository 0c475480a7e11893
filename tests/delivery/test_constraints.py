"""The database refuses wrong reports, alerts, webhooks, clients and deliveries."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from delivery.models import Alert, AlertTrigger, Client, Report, Webhook, WebhookDelivery

pytestmark = pytest.mark.django_db

DAY = dt.date(2025, 6, 30)
VALID = {
    Report: {"report_type": "alert", "report_date": DAY, "title": "x"},
    Alert: {"name": "x", "alert_type": "custom"},
    Webhook: {"name": "x", "url": "https://example.org/", "secret": "whsec_x"},
    Client: {"client_name": "x", "api_key": "0" * 64, "key_prefix": "00000000"},
}


@pytest.mark.parametrize(
    ("model", "constraint", "values"),
    [
        (Report, "reports_type_known", {"report_type": "gossip"}),
        (Report, "reports_format_known", {"format": "docx"}),
        (Report, "reports_status_known", {"delivery_status": "lost"}),
        (Report, "reports_period_ordered", {"period_start": DAY, "period_end": DAY - dt.timedelta(days=1)}),
        (Report, "reports_recipients_is_array", {"recipients": {}}),
        (Report, "reports_companies_included_is_array", {"companies_included": "ACME"}),
        (Report, "reports_key_findings_is_array", {"key_findings": {}}),
        (Report, "reports_metadata_is_object", {"metadata": []}),
        (Alert, "alerts_type_known", {"alert_type": "gut"}),
        (Alert, "alerts_channels_known", {"notification_channels": ["pigeon"]}),
        (Alert, "alerts_company_tickers_is_array", {"company_tickers": "ACME"}),
        (Alert, "alerts_signal_types_is_array", {"signal_types": {}}),
        (Alert, "alerts_recipients_is_array", {"recipients": {}}),
        (Alert, "alerts_condition_is_object", {"condition": []}),
        (Alert, "alerts_metadata_is_object", {"metadata": []}),
        (Webhook, "webhooks_events_known", {"event_types": ["score"]}),
        (Webhook, "webhooks_events_known", {"event_types": "ping"}),
        (Webhook, "webhooks_company_tickers_is_array", {"company_tickers": {}}),
        (Webhook, "webhooks_retry_policy_is_object", {"retry_policy": []}),
        (Webhook, "webhooks_metadata_is_object", {"metadata": []}),
        (Webhook, "webhooks_url_form", {"url": "ftp://example.org/"}),
        (Webhook, "webhooks_url_form", {"url": "https://user:word@example.org/"}),
        (Webhook, "webhooks_min_score_range", {"min_score": 101}),
        (Webhook, "webhooks_timeout_range", {"timeout_seconds": 0}),
        (Webhook, "webhooks_timeout_range", {"timeout_seconds": 61}),
        (Client, "clients_type_known", {"client_type": "friend"}),
        (Client, "clients_scopes_known", {"scopes": ["root"]}),
        (Client, "clients_scopes_known", {"scopes": "read"}),
        (Client, "clients_api_key_form", {"api_key": "bma_00000000_secret"}),
        (Client, "clients_rate_limit_positive", {"rate_limit_per_hour": 0}),
        (Client, "clients_allowed_endpoints_is_array", {"allowed_endpoints": {}}),
        (Client, "clients_watchlist_tickers_is_array", {"watchlist_tickers": {}}),
        (Client, "clients_notification_preferences_is_object", {"notification_preferences": []}),
        (Client, "clients_custom_thresholds_is_object", {"custom_thresholds": []}),
        (Client, "clients_metadata_is_object", {"metadata": []}),
    ],
)
def test_wrong_value_is_refused(model, constraint, values):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.create(**{**VALID[model], **values})
    model.objects.create(**VALID[model])


def test_client_key_is_unique_among_archived_clients_too():
    Client.objects.create(**VALID[Client])
    Client.objects.archive()
    with pytest.raises(IntegrityError, match="clients_api_key_uniq"), transaction.atomic():
        Client.objects.create(**VALID[Client])


def test_alert_trigger_of_one_cause_is_one():
    alert = Alert.objects.create(**VALID[Alert])
    AlertTrigger.objects.create(alert=alert, cause="1", reason="x")
    with pytest.raises(IntegrityError, match="alert_triggers_uniq"), transaction.atomic():
        AlertTrigger.objects.create(alert=alert, cause="1", reason="x")


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("webhook_deliveries_event_known", {"event_type": "rumour"}),
        ("webhook_deliveries_status_known", {"status": "lost"}),
    ],
)
def test_webhook_delivery_wrong_value_is_refused(constraint, values):
    hook = Webhook.objects.create(**VALID[Webhook])
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        WebhookDelivery.objects.create(**{"webhook": hook, "event_type": "ping", "body": b"{}", **values})
