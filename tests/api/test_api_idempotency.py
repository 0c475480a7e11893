"""`Idempotency-Key`: the same POST twice changes the data once and gets the first answer twice."""

from __future__ import annotations

import datetime as dt
import json
from threading import Event

import pytest
from django.db import connection
from django.utils import timezone

from biotech_ma.core.kept_answers import KeptAnswer
from companies.models import Company
from delivery.models import Client, Webhook
from signals_app.models import Signal
from tests.api.conftest import Caller, caller
from tests.concurrency import WAIT_SECONDS, together

pytestmark = pytest.mark.django_db

SIGNAL = {
    "company": "ALPH",
    "signal_type": "partnership",
    "title": "A deal",
    "source": "desk",
    "event_date": "2026-01-31T16:00:00Z",
}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_same_request_again_changes_nothing_and_gets_the_same_answer(admin):
    first = admin.post("companies/", {"name": "Once"}, headers=keyed("k-1"))
    again = admin.post("companies/", {"name": "Once"}, headers=keyed("k-1"))
    assert (first.status, again.status) == (201, 201)
    assert again.text == first.text
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Company.objects.filter(name="Once").count() == 1


def test_quotes_of_a_structured_field_are_no_part_of_the_key(admin):
    admin.post("companies/", {"name": "Once"}, headers=keyed('"k-1"'))
    assert admin.post("companies/", {"name": "Once"}, headers=keyed("k-1")).headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("companies/", {"name": "Twice"}),
        ("drug-candidates/", {"name": "Once"}),
        ("companies/", {"name": "Once", "cik": "1"}),
    ],
)
def test_other_request_of_the_same_key_is_422(admin, path, body):
    admin.post("companies/", {"name": "Once"}, headers=keyed("k-1"))
    answer = admin.post(path, body, headers=keyed("k-1"))
    answer.is_problem(422)
    assert list(Company.objects.values_list("name", flat=True)) == ["Once"]


def test_other_reason_is_another_request(admin):
    admin.post("companies/", {"name": "Once"}, headers={**keyed("k-1"), "X-Change-Reason": "Why"})
    same = admin.post("companies/", {"name": "Once"}, headers={**keyed("k-1"), "X-Change-Reason": "Why"})
    assert same.headers["Idempotent-Replayed"] == "true"
    for reason in ("Because", "x" * 501):
        admin.post("companies/", {"name": "Once"}, headers={**keyed("k-1"), "X-Change-Reason": reason}).is_problem(422)


def test_other_clients_key_of_the_same_text_is_another_key(admin):
    other = caller("admin")
    for who in (admin, other):
        assert who.post("companies/", {"name": "Each"}, headers=keyed("k-1")).status == 201
    assert Company.objects.filter(name="Each").count() == 2


def test_new_key_of_the_same_client_still_repeats(admin):
    first = admin.post("companies/", {"name": "Once"}, headers=keyed("k-1"))
    rotated = admin.post(f"clients/{admin.client.pk}/rotate-key/", {}).json["api_key"]
    again = Caller(rotated).post("companies/", {"name": "Once"}, headers=keyed("k-1"))
    assert again.text == first.text
    assert Company.objects.count() == 1


def test_refused_request_leaves_its_key_free(admin):
    admin.post("companies/", {"name": ""}, headers=keyed("k-1")).is_problem(400)
    assert admin.post("companies/", {"name": "Right"}, headers=keyed("k-1")).status == 201


def test_answer_is_kept_for_a_day(admin):
    first = admin.post("companies/", {"name": "Daily"}, headers=keyed("k-1"))
    KeptAnswer.objects.update(created_at=timezone.now() - dt.timedelta(hours=23, minutes=59))
    assert admin.post("companies/", {"name": "Daily"}, headers=keyed("k-1")).json["id"] == first.json["id"]
    KeptAnswer.objects.update(created_at=timezone.now() - dt.timedelta(hours=24, minutes=1))
    later = admin.post("companies/", {"name": "Daily"}, headers=keyed("k-1"))
    assert later.status == 201
    assert later.json["id"] != first.json["id"]


def test_what_is_older_than_a_day_is_thrown_away(admin):
    admin.post("companies/", {"name": "Old"}, headers=keyed("old"))
    KeptAnswer.objects.update(created_at=timezone.now() - dt.timedelta(hours=25))
    admin.post("companies/", {"name": "New"}, headers=keyed("new"))
    assert list(KeptAnswer.objects.values_list("key", flat=True)) == ["new"]


def test_bulk_repeats_its_results(admin, universe):
    rows = [SIGNAL, {**SIGNAL, "company": "NOPE"}, {**SIGNAL, "title": "Another"}]
    before = Signal.objects.count()
    first = admin.post("signals/", rows, headers=keyed("bulk"))
    again = admin.post("signals/", rows, headers=keyed("bulk"))
    assert (first.status, again.status) == (207, 207)
    assert again.text == first.text
    assert Signal.objects.count() == before + 2
    admin.post("signals/?atomic=true", rows, headers=keyed("bulk")).is_problem(422)


def test_secrets_are_repeated_and_encrypted_at_rest(admin):
    body = {"name": "Hook", "url": "https://example.com/hook"}
    first = admin.post("webhooks/", body, headers=keyed("hook"))
    again = admin.post("webhooks/", body, headers=keyed("hook"))
    assert again.json["secret"] == first.json["secret"]
    assert again.headers["Cache-Control"] == "no-store"
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM kept_answers")
        stored = cursor.fetchone()[0]
    assert first.json["secret"] not in stored
    assert "Hook" not in stored
    assert Webhook.objects.count() == 1


def test_answer_whose_key_is_gone_says_so(admin, settings):
    admin.post("companies/", {"name": "Once"}, headers=keyed("k-1"))
    settings.FIELD_KEYS = ["another key of thirty-two characters"]
    answer = admin.post("companies/", {"name": "Once"}, headers=keyed("k-1"))
    answer.is_problem(409)
    assert Company.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "a,b", '"', 'a"b', '"a', "x" * 256, "é", "a\\b"])
def test_malformed_key_is_400(admin, key):
    answer = admin.post("companies/", {"name": "x"}, headers=keyed(key))
    answer.is_problem(400)
    assert answer.fields == {"Idempotency-Key": "invalid"}
    assert not Company.objects.exists()


def test_other_methods_do_not_look_at_the_key(admin, universe):
    for _ in range(2):
        answer = admin.patch("companies/ALPH/", {"employee_count": 5}, headers=keyed("k-1"))
        assert answer.status == 200
        assert "Idempotent-Replayed" not in answer.headers
    assert not KeptAnswer.objects.exists()


def test_key_does_not_open_what_the_caller_may_not_do(reader):
    reader.post("companies/", {"name": "x"}, headers=keyed("k-1")).is_problem(403)
    Caller(None).post("companies/", {"name": "x"}, headers=keyed("k-1")).is_problem(401)


def test_crash_after_the_change_leaves_neither_change_nor_answer(admin, monkeypatch):
    def crash(*args: object) -> None:
        raise RuntimeError

    admin.http.raise_request_exception = False
    monkeypatch.setattr("biotech_ma.core.api.idempotency._keep", crash)
    admin.post("companies/", {"name": "Lost"}, headers=keyed("k-1")).is_problem(500)
    assert not Company.objects.exists()
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_at_work_the_second_is_409(monkeypatch):
    admin = caller("admin")
    at_work, answered = Event(), Event()
    create = Company.save_base

    def slow(self, *args, **kwargs):
        at_work.set()
        assert answered.wait(WAIT_SECONDS)
        return create(self, *args, **kwargs)

    monkeypatch.setattr(Company, "save_base", slow)

    def second():
        assert at_work.wait(WAIT_SECONDS)
        answer = Caller(admin.key).post("companies/", {"name": "Once"}, headers=keyed("k-1"))
        answered.set()
        return answer

    first, refused = together(
        lambda: Caller(admin.key).post("companies/", {"name": "Once"}, headers=keyed("k-1")), second
    )
    assert first.status == 201
    refused.is_problem(409)
    assert refused.headers["Retry-After"] == "1"
    again = Caller(admin.key).post("companies/", {"name": "Once"}, headers=keyed("k-1"))
    assert json.loads(again.text)["id"] == first.json["id"]
    assert Company.objects.count() == 1
    assert Client.objects.count() == 1
