"""Messages sent by real workers: one is killed while the other side holds its answer back, and the next one sends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest
from django.db import transaction

from delivery.alerts.triggers import locked_for_evaluation
from delivery.models import Alert, AlertNotice, Report, ReportMail
from delivery.reports.jobs import queue_mails
from delivery.reports.mail import message_id
from delivery.services import record_alert_trigger
from tests.mail_server import HANGS, OK, MailServer
from tests.processes import python
from tests.webhook_receiver import OK as TAKEN
from tests.webhook_receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)

# From the kill to the second attempt: the promise, which the usual thirty seconds of silence leave room for.
WAIT_SECONDS = 60
WORKER = """
from django.core.management import call_command
call_command("worker", "--stalled-after", "3")
"""


def wait_until(condition: Callable[[], object], what: str) -> None:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < WAIT_SECONDS, what
        time.sleep(0.05)


def went_off(**fields: object) -> None:
    watch = Alert.objects.create(name="Watch", alert_type="new_signal", **fields)
    with transaction.atomic():
        locked_for_evaluation()
        record_alert_trigger(alert=watch, cause="1", reason="AAA: because")


def killed_while(is_out: Callable[[], object], **environment: str) -> None:
    """Run a worker until the message is out, and kill it before it can have the answer."""
    with python(WORKER, **environment) as worker:
        wait_until(is_out, "nothing was sent")
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()


def test_an_e_mail_of_a_killed_worker_goes_out_again_within_a_minute_under_its_id():
    with MailServer(answers={"a@example.org": HANGS}).running() as server:
        went_off(notification_channels=["email"], recipients=["a@example.org", "b@example.org"])
        killed_while(lambda: server.ids("a@example.org") and server.ids("b@example.org"), EMAIL_URL=server.url)
        server.answers.clear()
        with python(WORKER, EMAIL_URL=server.url):
            wait_until(lambda: len(server.ids("a@example.org")) == 2, "the message is not sent again")
            wait_until(lambda: AlertNotice.objects.filter(status="sent").count() == 2, "its state is not on record")
    first, second = server.ids("a@example.org")
    assert first == second
    assert AlertNotice.objects.get(recipient="a@example.org").attempts == 2


def test_a_slack_message_of_a_killed_worker_goes_out_again_within_a_minute():
    receiver = Receiver(answer=lambda received: None if len(receiver.received) == 1 else TAKEN)
    allow = {"BIOTECH_MA_WEBHOOK_ALLOW": "127.0.0.0/8"}
    with receiver.running():
        went_off(notification_channels=["slack"], slack_webhook_url=receiver.url("/T0"))
        killed_while(lambda: receiver.received, **allow)
        with python(WORKER, **allow):
            wait_until(lambda: AlertNotice.objects.filter(status="sent").exists(), "the message is not sent again")
    assert [received.body for received in receiver.received] == [receiver.received[0].body] * 2


def test_a_report_of_a_killed_worker_is_mailed_again_within_a_minute_to_whom_it_has_not_reached(tmp_path):
    place = tmp_path / "report.json"
    place.write_text("{}")
    report = Report.objects.create(
        title="Deep dive", report_type="deep_dive", report_date="2026-06-30", format="json", file_size_bytes=2,
        local_path=str(place), delivery_status="ready",
    )  # fmt: skip
    for address in ("a@example.org", "b@example.org"):
        ReportMail.objects.create(report=report, recipient=address, message_id=message_id(report, address))
    environment = {"REPORTS_STORAGE_URL": tmp_path.as_uri()}
    with MailServer(answers={"b@example.org": HANGS}).running() as server:
        environment["EMAIL_URL"] = server.url
        queue_mails(report)
        killed_while(lambda: server.ids("b@example.org"), **environment)
        server.answers["b@example.org"] = OK
        with python(WORKER, **environment):
            wait_until(lambda: Report.objects.get().delivery_status == "sent", "the report is not mailed again")
    assert len(server.ids("a@example.org")) == 1
    assert server.ids("b@example.org") == [message_id(report, "b@example.org")] * 2
