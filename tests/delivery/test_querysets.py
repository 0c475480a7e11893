"""Questions about reports, alerts, webhooks and clients."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from biotech_ma.core.services import archive
from delivery.models import Alert, Client, Report, Webhook
from delivery.services import issue_client

pytestmark = pytest.mark.django_db


def report(day: int, **fields) -> Report:
    return Report.objects.create(
        report_date=dt.date(2025, 6, day), title=str(day), **{"report_type": "daily_digest", **fields}
    )


def titles(rows) -> list[str]:
    return [row.title for row in rows]


def test_reports_by_type_period_and_status():
    for day in (1, 2, 3):
        report(day)
    report(4, report_type="deep_dive", delivery_status="failed")
    assert titles(Report.objects.of_type("daily_digest")) == ["3", "2", "1"]
    assert titles(Report.objects.in_period(dt.date(2025, 6, 2), dt.date(2025, 6, 3))) == ["3", "2"]
    assert titles(Report.objects.in_period(None, dt.date(2025, 6, 1))) == ["1"]
    assert titles(Report.objects.with_status("failed", "sent")) == ["4"]
    assert titles(Report.objects.recent(2)) == ["4", "3"]


def test_reports_archived_are_hidden():
    archive(row=report(1))
    assert not Report.objects.recent().exists()


@pytest.mark.parametrize(
    ("question", "near"),
    [
        (lambda: Report.objects.of_type("deepdive"), "deep_dive"),
        (lambda: Report.objects.with_status("send"), "sent"),
        (lambda: Alert.objects.of_type("signal"), "new_signal"),
        (lambda: Webhook.objects.active_for("score.update"), "score.updated"),
    ],
)
def test_unknown_word_is_an_error_that_names_the_near_one(question, near):
    with pytest.raises(ValueError, match=near):
        question()


def test_alerts_active_by_type():
    for name, active in (("on", True), ("off", False)):
        Alert.objects.create(name=name, alert_type="new_signal", is_active=active)
    Alert.objects.create(name="other", alert_type="custom")
    archive(row=Alert.objects.create(name="gone", alert_type="new_signal"))
    for rows in (Alert.objects, Alert.all_objects):
        assert [alert.name for alert in rows.active().of_type("new_signal")] == ["on"]
        assert rows.active().of_type("new_signal", "custom").count() == 2


def test_webhooks_active_for_an_event_include_those_that_want_all():
    def hook(name: str, **fields) -> Webhook:
        return Webhook.objects.create(name=name, url="https://example.org/", secret="whsec_x", **fields)

    hook("score", event_types=["score.updated", "report.ready"])
    hook("all", event_types=[])
    hook("signal", event_types=["signal.created"])
    hook("off", is_active=False)
    archive(row=hook("gone"))
    for rows in (Webhook.objects, Webhook.all_objects):
        assert [row.name for row in rows.active_for("score.updated")] == ["all", "score"]
        assert rows.active().count() == 3


def test_clients_active_are_live_not_revoked_and_not_expired():
    now = timezone.now()
    for name, fields in (
        ("forever", {}),
        ("until tomorrow", {"expires_at": now + dt.timedelta(days=1)}),
        ("expired", {"expires_at": now - dt.timedelta(seconds=1)}),
        ("revoked", {"is_active": False}),
        ("archived", {}),
    ):
        issue_client(client_name=name, **fields)
    archive(row=Client.objects.get(client_name="archived"))
    for rows in (Client.objects, Client.all_objects):
        assert [row.client_name for row in rows.active()] == ["forever", "until tomorrow"]
