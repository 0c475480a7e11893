"""From the order to the reader: stored on disk or in a bucket, told of, mailed; a failure is kept and tried again."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from django.core import mail as outbox
from django.core.files.storage import FileSystemStorage
from django.db import transaction
from moto import mock_aws
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core import news
from biotech_ma.core.mail import mailers
from biotech_ma.core.services import Refused, archive
from biotech_ma.core.storage_url import storage_from_url
from delivery.models import Report
from delivery.reports import jobs, mail, services
from delivery.reports.orders import ReportRefused
from delivery.reports.storage import StorageRefused, link, read
from tests.delivery.reports.conftest import DAY
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_disk(settings, tmp_path):
    place(settings, (tmp_path / "reports").as_uri())
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    return tmp_path / "reports"


def place(settings, url: str) -> None:
    settings.STORAGES = settings.STORAGES | {"reports": storage_from_url(url, variable="REPORTS_STORAGE_URL")}


def ordered(**values) -> Report:
    return services.order_report(**{"report_type": "weekly_watchlist", "day": DAY, **values})


def queued(task: str) -> list[str]:
    rows = ProcrastinateJob.objects.filter(task_name=f"delivery.reports.jobs.{task}", status="todo")
    return [row.args["report"] for row in rows.order_by("id")]


def test_order_is_written_and_queued_in_one_transaction(desk):
    report = ordered(companies=["aaa", "AAA"], recipients=["jane@example.com"])
    assert (report.delivery_status, report.title) == ("queued", "Weekly watchlist AAA 2025-06-30")
    assert (str(report.period_start), str(report.period_end)) == ("2025-06-24", "2025-06-30")
    assert report.companies_asked == ["AAA"]
    assert queued("make_report") == [str(report.pk)]
    with transaction.atomic():
        ordered()
        transaction.set_rollback(True)
    assert len(queued("make_report")) == Report.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field", "word"),
    [
        ({"report_type": "gossip"}, "report_type", "gossip"),
        ({"form": "docx"}, "format", "docx"),
        ({"recipients": ["nobody"]}, "recipients", "'nobody' is no e-mail address"),
        ({"recipients": [f"a{n}@example.com" for n in range(101)]}, "recipients", "at most 100"),
        ({"companies": ["AAB"]}, "companies_included", "near: AAA"),
        ({"report_type": "deep_dive"}, "companies_included", "of one company"),
        ({"thresholds": {"score_change": "much"}}, "metadata", "score_change is a number"),
        ({"thresholds": {"min_score": True}}, "metadata", "min_score is a number"),
    ],
)
def test_what_cannot_be_made_is_refused_when_it_is_ordered(desk, wrong, field, word):
    with pytest.raises(ReportRefused, match=word) as refusal:
        ordered(**wrong)
    assert refusal.value.field == field
    assert not Report.objects.exists()


def test_pdf_is_refused_at_the_order_where_it_is_not_installed(desk, monkeypatch):
    monkeypatch.setattr("delivery.reports.render.pdf.find_spec", lambda name: None)
    with pytest.raises(ReportRefused, match="uv sync --extra pdf"):
        ordered(form="pdf")


def test_made_report_lies_on_disk_and_is_told_of(desk, on_disk, monkeypatch):
    told = []
    monkeypatch.setitem(news._listeners, "reports", [lambda span, **about: told.append(about)])
    report = ordered(form="json")
    made = services.make(report.pk)
    assert (made.delivery_status, made.failure) == ("ready", None)
    assert made.local_path == str(
        on_disk / f"weekly_watchlist/2025/06/weekly-watchlist-2025-06-30-{str(report.pk)[-8:]}.json"
    )
    body = read(made)
    assert made.file_size_bytes == len(body)
    assert json.loads(body)["listed"][0]["who"]["ticker"] == "AAA"
    assert made.companies_included == ["AAA", "BBB", "BUY", "CCC", "OFF"]
    assert made.key_findings[0].startswith("Alpha Bio (AAA) leads")
    assert told == [{"report": str(report.pk)}]
    assert link(made, seconds=60) is None


def test_run_again_takes_the_place_of_the_file_and_says_the_same(desk, on_disk):
    report = ordered(form="json")
    first = services.make(report.pk)
    before, digest = read(first), first.content_sha256
    ProcrastinateJob.objects.all().delete()
    again = services.run_again(report=first)
    assert again.delivery_status == "queued"
    assert queued("make_report") == [str(report.pk)]
    second = services.make(report.pk)
    assert (read(second), second.content_sha256, second.local_path) == (before, digest, first.local_path)
    assert len([path for path in on_disk.rglob("*") if path.is_file()]) == 1


def test_report_lies_in_the_bucket_with_a_signed_link(desk, settings, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="desk-reports")
        place(settings, "s3://desk-reports/fund?region=us-east-1")
        made = services.make(ordered(form="csv").pk)
        assert (made.s3_bucket, made.local_path) == ("desk-reports", None)
        assert made.s3_key == f"fund/weekly_watchlist/2025/06/weekly-watchlist-2025-06-30-{str(made.pk)[-8:]}.csv"
        held = client.get_object(Bucket="desk-reports", Key=made.s3_key)
        body = held["Body"].read()
        assert made.file_size_bytes == len(body)
        assert held["ContentType"] == "text/csv; charset=utf-8"
        assert "Alpha Bio" in body.decode("utf-8-sig")
        url = urlsplit(link(made, seconds=300))
        asked = parse_qs(url.query)
        assert url.path.endswith(made.s3_key)
        assert (asked["X-Amz-Expires"], asked["X-Amz-Algorithm"]) == (["300"], ["AWS4-HMAC-SHA256"])
        assert len(asked["X-Amz-Signature"][0]) == 64


def test_bucket_that_is_not_there_fails_with_the_reason_and_is_tried_again(desk, settings, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        place(settings, "s3://nowhere/x?region=us-east-1")
        report = ordered()
        with pytest.raises(StorageRefused):
            jobs.make_report(report=str(report.pk))
        report.refresh_from_db()
        assert report.delivery_status == "failed"
        assert "the storage refused" in report.failure
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="nowhere")
        jobs.make_report(report=str(report.pk))
        report.refresh_from_db()
        assert (report.delivery_status, report.failure) == ("ready", None)


def test_the_job_is_tried_again_five_times():
    waits = []

    class Attempt:
        attempts = 0

    for attempts in range(6):
        Attempt.attempts = attempts
        decision = jobs.RETRY.get_retry_decision(exception=OSError(), job=Attempt)
        waits.append(decision is not None)
    assert waits == [True] * 5 + [False]
    assert jobs.make_report.retry_strategy is jobs.RETRY


def test_storage_that_refuses_a_file_is_a_failure_of_one_line(desk, monkeypatch):
    def refuse(self, name, content, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(FileSystemStorage, "save", refuse)
    report = ordered()
    with pytest.raises(StorageRefused):
        jobs.make_report(report=str(report.pk))
    report.refresh_from_db()
    assert report.failure.endswith("Permission denied")
    assert "\n" not in report.failure


def test_order_that_can_be_filled_no_more_fails_for_good(desk):
    report = ordered(report_type="deep_dive", companies=["AAA"])
    archive(row=desk.AAA)
    jobs.make_report(report=str(report.pk))
    report.refresh_from_db()
    assert report.delivery_status == "failed"
    assert "no live company has the ticker AAA" in report.failure
    with pytest.raises(Refused, match="no live company"):
        services.run_again(report=report)


def test_list_without_an_archived_company_is_made_and_says_so(desk):
    report = ordered(companies=["AAA", "CCC"], form="json")
    archive(row=desk.CCC)
    made = services.make(report.pk)
    assert "No live company has the ticker CCC any more." in json.loads(read(made))["frame"]["notes"]
    assert "CCC" not in made.companies_included


def test_archived_report_is_not_made(desk):
    report = ordered()
    archive(row=report)
    assert services.make(report.pk) is None


def test_file_that_is_gone_is_said_to_be(desk, on_disk):
    made = services.make(ordered().pk)
    for path in [path for path in on_disk.rglob("*") if path.is_file()]:
        path.unlink()
    with pytest.raises(StorageRefused, match="run the report again"):
        read(made)


def test_report_is_mailed_with_plain_text_and_the_file(desk):
    report = ordered(form="xlsx", recipients=["jane@example.com", "joe@example.com"])
    services.make(report.pk)
    assert queued("mail_report") == [str(report.pk)]
    jobs.mail_report(report=str(report.pk))
    report.refresh_from_db()
    assert report.delivery_status == "sent"
    assert report.sent_at is not None
    assert sorted(message.to[0] for message in outbox.outbox) == ["jane@example.com", "joe@example.com"]
    first = outbox.outbox[0]
    assert first.subject == "Weekly watchlist 2025-06-30"
    assert "- Alpha Bio (AAA) leads 3 ranked targets at 65.0." in first.body
    assert "Transparent ranking, not validated." in first.body
    name, body, media = first.attachments[0]
    assert name.endswith(".xlsx")
    assert body == read(report)
    assert media == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    sent = first.message()
    assert sent.get_content_maintype() == "multipart"
    assert sent.get_payload()[0].get_content_type() == "text/plain"


def test_nobody_is_mailed_twice(desk):
    report = ordered(recipients=["jane@example.com"])
    for _ in range(2):
        services.make(report.pk)
        jobs.mail_report(report=str(report.pk))
    report.refresh_from_db()
    assert len(outbox.outbox) == 1
    assert report.delivery_status == "sent"
    Report.objects.update(recipients=["jane@example.com", "new@example.com"])
    services.make(report.pk)
    jobs.mail_report(report=str(report.pk))
    assert [message.to for message in outbox.outbox] == [["jane@example.com"], ["new@example.com"]]


def test_recipient_whom_the_server_refuses_is_tried_again_under_the_same_id(desk, monkeypatch):
    report = ordered(recipients=["bad@example.com", "good@example.com"])
    services.make(report.pk)
    real, ids = mail.EmailMessage.send, []

    def send(message, *args, **options):
        ids.append((message.to[0], message.extra_headers["Message-ID"]))
        if message.to == ["bad@example.com"] and len(ids) < 3:
            raise ConnectionRefusedError(111, "Connection refused")
        return real(message, *args, **options)

    monkeypatch.setattr(mail.EmailMessage, "send", send)
    with pytest.raises(mail.MailFailed, match="1 of 2 e-mails were not sent"):
        jobs.mail_report(report=str(report.pk))
    report.refresh_from_db()
    assert report.delivery_status == "failed"
    assert "Connection refused" in report.failure
    assert {row.recipient: row.status for row in report.mails.all()} == {
        "bad@example.com": "failed", "good@example.com": "sent",
    }  # fmt: skip
    jobs.mail_report(report=str(report.pk))
    report.refresh_from_db()
    assert (report.delivery_status, report.failure) == ("sent", None)
    assert [name for name, _ in ids] == ["bad@example.com", "good@example.com", "bad@example.com"]
    assert ids[0] == ids[2] != ids[1]
    assert [row.attempts for row in report.mails.order_by("recipient")] == [2, 1]


def test_a_recipient_refused_for_good_is_failed_at_once_and_the_others_have_it(desk, settings):
    answers = {"gone@example.com": "550 No such user", "busy@example.com": "451 Try later"}
    with MailServer(answers).running() as server:
        settings.MAILERS = mailers(server.url, Path("unused"))
        report = ordered(recipients=["gone@example.com", "busy@example.com", "good@example.com"])
        services.make(report.pk)
        # the one that may be reached later is worth another attempt
        with pytest.raises(mail.MailFailed, match="451 Try later"):
            jobs.mail_report(report=str(report.pk))
        assert states(report) == {
            "gone@example.com": ("refused", 1), "busy@example.com": ("failed", 1), "good@example.com": ("sent", 1),
        }  # fmt: skip
        server.answers["busy@example.com"] = "250 OK"
        # and what is left then is no reason to try again
        jobs.mail_report(report=str(report.pk))
        assert states(report)["gone@example.com"] == ("refused", 1)
        assert states(report)["busy@example.com"] == ("sent", 2)
        report.refresh_from_db()
        assert report.delivery_status == "failed"
        assert report.failure == (
            "Refused for good, and not tried again. "
            "gone@example.com: The mail server refuses the recipient: 550 No such user"
        )
        assert report.sent_at is not None
        server.answers["gone@example.com"] = "250 OK"
        services.run_again(report=report)
        jobs.mail_report(report=str(report.pk))
        assert states(report)["gone@example.com"] == ("sent", 2)
        assert [to for to, _ in server.received].count("good@example.com") == 1


def states(report):
    return {row.recipient: (row.status, row.attempts) for row in report.mails.all()}


def test_report_in_a_bucket_is_linked_and_not_attached(desk, settings, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="desk-reports")
        place(settings, "s3://desk-reports?region=us-east-1")
        report = ordered(recipients=["jane@example.com"])
        services.make(report.pk)
        jobs.mail_report(report=str(report.pk))
    message = outbox.outbox[0]
    assert message.attachments == []
    assert "X-Amz-Signature=" in message.body
    assert "the link works until" in message.body


def test_webhooks_hear_of_the_report(desk):
    from delivery.models import WebhookDelivery
    from delivery.services import create_webhook
    from delivery.webhooks.fan_out import fan_out

    hook, _ = create_webhook(name="Desk", url="https://example.org/hook", event_types=["report.ready"])
    spans = []
    report = ordered(form="json")
    news._listeners.setdefault("reports", []).append(lambda span, **about: spans.append((span, about)))
    try:
        services.make(report.pk)
    finally:
        news._listeners["reports"].pop()
    span, about = spans[0]
    assert fan_out("reports", span, about) == 1
    event = json.loads(bytes(WebhookDelivery.objects.get(webhook=hook).body))
    assert (event["type"], event["data"]["id"]) == ("report.ready", str(report.pk))
