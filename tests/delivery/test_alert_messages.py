"""Messages on their way: when they are due, to whom, how often they are tried, and that none is lost or doubled."""

from __future__ import annotations

import datetime as dt
import smtplib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.mail import mailers
from biotech_ma.core.outgoing import CallError, Reply
from delivery.alerts import channels
from delivery.alerts.jobs import take_up_messages
from delivery.alerts.quiet import due_at
from delivery.alerts.sending import DELAYS, send_again, send_message, take_up
from delivery.models import Alert, AlertNotice, InboxItem
from delivery.services import issue_client, record_alert_trigger
from tests.mail_server import DROPS, MailServer

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("fields", "now", "due"),
    [
        ({}, "2026-06-01T03:12", "2026-06-01T03:12"),
        ({"digest": "hourly"}, "2026-06-01T03:12", "2026-06-01T04:00"),
        ({"digest": "hourly"}, "2026-06-01T03:00", "2026-06-01T03:00"),
        ({"digest": "daily"}, "2026-06-01T03:12", "2026-06-01T07:00"),
        ({"digest": "daily"}, "2026-06-01T07:01", "2026-06-02T07:00"),
        ({"digest": "daily", "digest_at": dt.time(16, 30)}, "2026-06-01T07:01", "2026-06-01T16:30"),
        ({"quiet_from": dt.time(22), "quiet_until": dt.time(6, 30)}, "2026-06-01T23:00", "2026-06-02T06:30"),
        ({"quiet_from": dt.time(22), "quiet_until": dt.time(6, 30)}, "2026-06-01T02:00", "2026-06-01T06:30"),
        ({"quiet_from": dt.time(22), "quiet_until": dt.time(6, 30)}, "2026-06-01T06:30", "2026-06-01T06:30"),
        ({"quiet_from": dt.time(22), "quiet_until": dt.time(6, 30)}, "2026-06-01T21:59", "2026-06-01T21:59"),
        ({"quiet_from": dt.time(12), "quiet_until": dt.time(13)}, "2026-06-01T12:00", "2026-06-01T13:00"),
        ({"digest": "daily", "quiet_from": dt.time(6), "quiet_until": dt.time(9)}, "2026-06-01T03:12",
         "2026-06-01T09:00"),
        # the clocks go forward at two on 8 March 2026, back at two on 1 November
        ({"digest": "daily", "digest_at": dt.time(2, 30)}, "2026-03-08T00:00", "2026-03-08T03:30"),
        ({"digest": "daily"}, "2026-03-07T22:00", "2026-03-08T07:00"),
        ({"digest": "hourly"}, "2026-10-31T23:30", "2026-11-01T00:00"),
    ],
)  # fmt: skip
def test_messages_wait_for_the_digest_and_the_end_of_the_quiet_period(fields, now, due):
    assert due_at(Alert(**fields), at(now)) == at(due)


def test_in_the_hour_that_comes_twice_a_digest_is_at_most_an_hour_away():
    first = dt.datetime(2026, 11, 1, 5, 30, tzinfo=dt.UTC)
    assert due_at(Alert(digest="hourly"), first) == dt.datetime(2026, 11, 1, 6, 0, tzinfo=dt.UTC)


def alert(**fields: Any) -> Alert:
    options = {"notification_channels": ["email"], "recipients": ["a@example.org"], "alert_type": "new_signal"}
    made = Alert(**{"name": "Watch", **options, **fields})
    made.full_clean()
    made.save()
    return made


def went_off(watch: Alert, *causes: str) -> None:
    for cause in causes:
        record_alert_trigger(alert=watch, cause=cause, reason=f"AAA: cause {cause}")


def send_due() -> list[Any]:
    return [send_message(each.claim, each.attempts) for each in take_up()]


def make_due() -> None:
    AlertNotice.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=Now())


@pytest.mark.django_db
def test_each_recipient_gets_one_message_with_all_causes_and_no_second_one():
    watch = alert(recipients=["a@example.org", "b@example.org"])
    went_off(watch, "1", "2")
    assert send_due() == ["sent", "sent"]
    assert send_due() == []
    assert sorted(message.to[0] for message in mail.outbox) == ["a@example.org", "b@example.org"]
    first = mail.outbox[0]
    assert first.subject == "[Watch] 2 times"
    assert "cause 1" in first.body
    assert "cause 2" in first.body
    assert "transparent ranking, not validated" in first.body
    assert set(AlertNotice.objects.values_list("status", "attempts", "next_attempt_at")) == {("sent", 1, None)}
    went_off(watch, "2", "3")
    send_due()
    assert mail.outbox[-1].subject == "[Watch] AAA: cause 3"


@pytest.mark.django_db
def test_names_and_reasons_cannot_add_headers():
    watch = alert(name="Watch\r\nBcc: evil@example.org")
    record_alert_trigger(alert=watch, cause="1", reason="two\nlines")
    assert send_due() == ["sent"]
    assert mail.outbox[0].subject == "[Watch Bcc: evil@example.org] two lines"


@pytest.mark.django_db
def test_a_client_is_told_at_its_own_address_where_the_alert_names_none():
    client, _ = issue_client(client_name="Fund", contact_email="fund@example.org")
    went_off(alert(client=client, recipients=[]), "1")
    went_off(alert(client=client), "1")
    assert sorted(AlertNotice.objects.values_list("recipient", flat=True)) == ["a@example.org", "fund@example.org"]


@pytest.mark.django_db
def test_a_digest_gathers_and_the_inbox_does_not_wait(django_user_model):
    django_user_model.objects.create_superuser("analyst", password="x")
    watch = alert(digest="daily", notification_channels=["email", "inbox"])
    went_off(watch, "1")
    went_off(watch, "2")
    assert InboxItem.objects.count() == 2
    assert send_due() == []
    make_due()
    assert send_due() == ["sent"]
    assert mail.outbox[0].subject == "[Watch] 2 times"


def refuse(patch: pytest.MonkeyPatch, error: Exception) -> list[str]:
    """Have the mail server refuse every message with the error; return the list in which their ids will be."""
    ids: list[str] = []

    def send(message: mail.EmailMessage) -> int:
        ids.append(message.extra_headers["Message-ID"])
        raise error

    patch.setattr(mail.EmailMessage, "send", send)
    return ids


@pytest.mark.django_db
def test_what_fails_is_tried_again_under_the_same_id_and_fails_for_good_with_its_reason(monkeypatch):
    with monkeypatch.context() as patch:
        ids = refuse(patch, smtplib.SMTPServerDisconnected("Connection unexpectedly closed"))
        went_off(alert(), "1")
        for delay in DELAYS:
            assert send_due() == ["pending"]
            notice = AlertNotice.objects.get()
            assert notice.error == "SMTPServerDisconnected: Connection unexpectedly closed"
            assert abs(notice.next_attempt_at - timezone.now() - delay) < dt.timedelta(minutes=1)
            assert send_due() == []
            make_due()
        assert send_due() == ["failed"]
    notice = AlertNotice.objects.get()
    assert (notice.status, notice.attempts, notice.next_attempt_at) == ("failed", len(DELAYS) + 1, None)
    assert len(ids) == len(DELAYS) + 1
    assert len(set(ids)) == 1
    assert send_again([notice.pk]) == 1
    assert send_due() == ["sent"]
    assert (len(mail.outbox), AlertNotice.objects.get().error) == (1, None)


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "status"), [(550, "failed"), (451, "pending")])
def test_a_recipient_that_the_server_refuses_for_good_is_not_tried_again(monkeypatch, code, status):
    refused = smtplib.SMTPRecipientsRefused({"a@example.org": (code, b"no such user")})
    refuse(monkeypatch, refused)
    went_off(alert(), "1")
    assert send_due() == [status]
    assert "no such user" in AlertNotice.objects.get().error


@pytest.mark.django_db
def test_a_killed_workers_message_is_taken_up_again_when_its_lease_is_over_and_by_nobody_before():
    went_off(alert(), "1")
    (lost,) = take_up()
    assert take_up() == []
    make_due()
    (again,) = take_up()
    assert again.claim == lost.claim
    assert send_message(again.claim, again.attempts) == "sent"
    # the first worker was only slow
    assert send_message(lost.claim, lost.attempts) is None
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_a_job_that_comes_late_does_not_run_ahead_of_the_next_attempt(monkeypatch):
    refuse(monkeypatch, OSError("down"))
    went_off(alert(), "1")
    (first,) = take_up()
    assert send_message(first.claim, first.attempts) == "pending"
    assert send_message(first.claim, first.attempts) is None
    assert AlertNotice.objects.get().attempts == 1


@pytest.mark.django_db
def test_each_message_has_a_job_of_its_own():
    went_off(alert(recipients=["a@example.org", "b@example.org"]), "1", "2")
    take_up_messages()
    jobs = ProcrastinateJob.objects.filter(task_name="delivery.alerts.jobs.send")
    assert {job.args["claim"] for job in jobs} == {
        str(key) for key in AlertNotice.objects.values_list("claim", flat=True)
    }
    assert jobs.count() == 2


SLACK = {"notification_channels": ["slack"], "recipients": [], "slack_webhook_url": "https://hooks.example.org/T0/B0/x"}


@pytest.mark.django_db
def test_slack_gets_the_text_escaped_and_the_address_is_kept_encrypted(monkeypatch):
    posted: list[tuple[str, bytes]] = []

    def post(url: str, *, content: bytes, headers: dict[str, str]) -> Reply:
        posted.append((url, content))
        return Reply(200, {}, b"ok")

    monkeypatch.setattr(channels, "post_once", post)
    watch = alert(**SLACK)
    record_alert_trigger(alert=watch, cause="1", reason="A <b> & C")
    assert send_due() == ["sent"]
    assert posted[0][0] == SLACK["slack_webhook_url"]
    assert b"A &lt;b&gt; &amp; C" in posted[0][1]
    stored = Alert.objects.extra(select={"raw": "slack_webhook_url"}).values_list("raw", flat=True).get()
    assert "hooks.example.org" not in stored


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (Reply(404, {}, b"no_team"), "failed", "answers 404: no_team"),
        (Reply(429, {}, b""), "pending", "answers 429"),
        (Reply(503, {}, b""), "pending", "answers 503"),
        (CallError("No whole answer within 15 s."), "pending", "No whole answer within 15 s."),
    ],
)
def test_slack_that_refuses_is_on_record(monkeypatch, answer, status, words):
    def post(*_: Any, **__: Any) -> Reply:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(channels, "post_once", post)
    went_off(alert(**SLACK), "1")
    assert send_due() == [status]
    assert words in AlertNotice.objects.get().error


@pytest.mark.django_db
def test_the_inbox_is_of_those_whom_the_recipients_name_else_of_all_who_may_see_alerts(django_user_model):
    anna = django_user_model.objects.create_superuser("anna", email="anna@example.org", password="x")
    ben = django_user_model.objects.create_superuser("ben", email="ben@example.org", password="x")
    django_user_model.objects.create_user("none", is_staff=True, password="x")
    django_user_model.objects.create_superuser("left", password="x", is_active=False)
    went_off(alert(notification_channels=["inbox"], recipients=[]), "1")
    assert set(InboxItem.objects.values_list("user", flat=True)) == {anna.pk, ben.pk}
    InboxItem.objects.all().delete()
    went_off(alert(notification_channels=["inbox"], recipients=["ANNA@example.org", "other@example.org"]), "1")
    assert list(InboxItem.objects.values_list("user", flat=True)) == [anna.pk]


@pytest.mark.parametrize(
    ("url", "backend", "options"),
    [
        ("", "filebased", {"file_path": "/data/mail"}),
        ("console:", "console", {}),
        ("file:///srv/my%20mail", "filebased", {"file_path": "/srv/my mail"}),
        ("smtp://mail", "smtp", {"host": "mail", "port": 25, "timeout": 30}),
        (
            "smtp+tls://a%40b:p%2Fw@mail:2525",
            "smtp",
            {"host": "mail", "port": 2525, "timeout": 30, "username": "a@b", "password": "p/w", "use_tls": True},
        ),
        ("smtps://mail", "smtp", {"host": "mail", "port": 465, "timeout": 30, "use_ssl": True}),
    ],
)
def test_e_mail_goes_where_the_address_says(url, backend, options):
    made = mailers(url, Path("/data"))["default"]
    assert made == {"BACKEND": f"django.core.mail.backends.{backend}.EmailBackend", "OPTIONS": options}


@pytest.mark.parametrize("url", ["mail.example.org", "imap://mail", "smtp://", "file://relative", "smtp://mail:port"])
def test_an_e_mail_address_that_is_none_stops_the_start_in_words(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        mailers(url, Path("/data"))


@pytest.mark.django_db
def test_a_mail_server_that_refuses_one_recipient_or_hangs_up_keeps_no_other_waiting(settings):
    answers = {"no@example.org": "550 no such user", "later@example.org": "451 greylisted", "cut@example.org": DROPS}
    with MailServer(answers=answers).running() as server:
        settings.MAILERS = mailers(server.url, Path("/nowhere"))
        went_off(alert(recipients=[*answers, "a@example.org"]), "1")
        send_due()
    found = {notice.recipient: (notice.status, notice.error or "") for notice in AlertNotice.objects.all()}
    assert found["a@example.org"] == ("sent", "")
    assert {name: status for name, (status, _) in found.items()} == {
        "no@example.org": "failed", "later@example.org": "pending", "cut@example.org": "pending",
        "a@example.org": "sent",
    }  # fmt: skip
    assert "550" in found["no@example.org"][1]
    assert "451" in found["later@example.org"][1]
    assert "closed" in found["cut@example.org"][1]
