"""Who may call: keys, scopes, endpoints, and an hourly limit that is exact."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as HTTPClient
from django.utils import timezone

from biotech_ma.core.services import archive
from delivery.models import Client, ClientUsage
from delivery.services import revoke_client, rotate_client_key
from tests.api.conftest import Caller, caller
from tests.concurrency import together

pytestmark = pytest.mark.django_db

UNKNOWN = "bma_00000000_" + "0" * 64


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {UNKNOWN}"},
        {"X-API-Key": UNKNOWN},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer " + "x" * 9000},
        {"Authorization": "Basic YTpi"},
        {"Authorization": f"Token {UNKNOWN}"},
        {"X-API-Key": ""},
        {"X-API-Key": "bma_é_ü"},
    ],
)
def test_without_a_good_key_is_401_with_challenge(headers):
    response = HTTPClient(headers=headers).get("/api/v1/companies/")
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_key_works_in_either_header_but_not_in_both(reader):
    assert HTTPClient(headers={"X-API-Key": reader.key}).get("/api/v1/companies/").status_code == 200
    both = HTTPClient(headers={"X-API-Key": reader.key, "Authorization": f"Bearer {reader.key}"})
    assert both.get("/api/v1/companies/").status_code == 400


@pytest.mark.parametrize("end", ["revoked", "expired", "archived", "rotated"])
def test_key_that_has_ended_is_401(reader, end):
    assert reader.get("companies/").status == 200
    match end:
        case "revoked":
            revoke_client(client=reader.client)
        case "expired":
            Client.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
        case "archived":
            archive(row=reader.client)
        case "rotated":
            key = rotate_client_key(client=reader.client)
            assert Caller(key).get("companies/").status == 200
    reader.get("companies/").is_problem(401)


def test_scope_that_is_missing_is_named():
    reading, writing = caller("read"), caller("write:signals")
    answer = reading.post("companies/", {"name": "x"})
    answer.is_problem(403)
    assert "write:companies" in answer.json["detail"]
    answer = writing.get("signals/")
    answer.is_problem(403)
    assert "read" in answer.json["detail"]
    writing.post("signals/", {}).is_problem(400)
    writing.post("companies/", {}).is_problem(403)


def test_clients_are_the_administrators(reader, admin):
    for answer in (reader.get("clients/"), reader.get(f"clients/{admin.client.pk}/"), reader.post("clients/", {})):
        answer.is_problem(403)
    assert reader.get("clients/me/").json["id"] == str(reader.client.pk)
    assert len(admin.rows("clients/")) == 2


def test_allowed_endpoints_narrow_a_key():
    narrow = caller("admin", allowed_endpoints=["scores"])
    assert narrow.get("scores/").status == 200
    narrow.get("signals/").is_problem(403)
    narrow.get("companies/ALPH/signals/").is_problem(403)
    assert narrow.get("clients/me/").status == 200


def test_allowed_endpoints_hold_for_included_fields_too(universe):
    narrow = caller("read", allowed_endpoints=["companies"])
    assert narrow.get("companies/").status == 200
    for query in ("include=pipeline", "include=latest_score", "fields=name,pipeline"):
        narrow.get(f"companies/?{query}").is_problem(403)
        narrow.get(f"companies/ALPH/?{query}").is_problem(403)
    wider = caller("read", allowed_endpoints=["companies", "scores"])
    assert wider.get("companies/ALPH/?include=latest_score").status == 200
    assert caller("read").get("companies/ALPH/?include=pipeline,latest_score").status == 200


def test_session_of_the_admin_does_not_open_the_api():
    get_user_model().objects.create_superuser("analyst", password="a long enough password")
    browser = HTTPClient()
    assert browser.login(username="analyst", password="a long enough password")
    assert browser.get("/api/v1/companies/").status_code == 401


def test_limit_is_told_and_kept():
    desk = caller("read", rate_limit_per_hour=3)
    left = [desk.get("companies/").headers["RateLimit"].split(";")[1] for _ in range(3)]
    assert left == ["r=2", "r=1", "r=0"]
    answer = desk.get("companies/")
    answer.is_problem(429)
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert answer.headers["RateLimit-Policy"] == '"hour";q=3;w=3600'
    ClientUsage.objects.update(hour=timezone.now() - dt.timedelta(hours=1))
    assert desk.get("companies/").status == 200


@pytest.mark.django_db(transaction=True)
def test_limit_is_exact_when_calls_come_together():
    desk = caller("read", rate_limit_per_hour=5)
    answers = together(*[lambda: desk.get("clients/me/") for _ in range(8)])
    assert sorted(answer.status for answer in answers) == [200] * 5 + [429] * 3
    assert ClientUsage.objects.get().requests == 5


def test_last_access_and_count_are_kept_without_an_update_a_call(reader):
    first = reader.get("clients/me/").json
    assert first["request_count"] == 1
    reader.get("clients/me/")
    client = Client.objects.get(pk=reader.client.pk)
    assert client.request_count == 1
    Client.objects.update(last_access=timezone.now() - dt.timedelta(minutes=2))
    assert reader.get("clients/me/").json["request_count"] == 3


def test_options_tells_the_methods(reader):
    answer = reader.send("OPTIONS", "signals/")
    assert answer.status == 204
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_a_key_is_rotated_with_an_overlap(admin, reader):
    answer = admin.post(f"clients/{reader.client.pk}/rotate-key/", {"overlap_hours": 24})
    assert answer.headers["Cache-Control"] == "no-store"
    new = Caller(answer.json["api_key"])
    assert reader.get("clients/me/").status == new.get("clients/me/").status == 200
    Client.objects.update(previous_key_until=timezone.now())
    reader.get("clients/me/").is_problem(401)
    assert new.get("clients/me/").status == 200


@pytest.mark.parametrize("hours", [-1, 721, 1.5, "a day", None])
def test_an_overlap_that_cannot_be_is_refused(admin, reader, hours):
    answer = admin.post(f"clients/{reader.client.pk}/rotate-key/", {"overlap_hours": hours})
    answer.is_problem(400)
    assert set(answer.fields) == {"overlap_hours"}
    assert reader.get("clients/me/").status == 200


def test_a_client_is_revoked_over_the_api_and_twice_is_no_error(admin, reader):
    for _ in range(2):
        assert admin.post(f"clients/{reader.client.pk}/revoke/").json["is_active"] is False
    reader.get("clients/me/").is_problem(401)
    reader.post(f"clients/{admin.client.pk}/revoke/").is_problem(401)
    caller("read").post(f"clients/{admin.client.pk}/revoke/").is_problem(403)


def test_usage_is_told_by_day(admin, reader):
    for _ in range(3):
        reader.get("clients/me/")
    day = timezone.now().astimezone(dt.UTC).date().isoformat()
    assert admin.get(f"clients/{reader.client.pk}/usage/").json == {"days": [{"day": day, "requests": 3}]}
    admin.get("clients/00000000-0000-7000-8000-000000000000/usage/").is_problem(404)
