"""What every request and answer has: an id, a type that was asked for, conditions, and origins by setting."""

from __future__ import annotations

import pytest
from django.test import Client as HTTPClient

from biotech_ma.core.api.negotiation import preferred
from biotech_ma.core.bodies import WholeBodies
from biotech_ma.core.request_ids import InEveryLine

pytestmark = pytest.mark.django_db

ORIGIN = "https://app.example.com"


@pytest.mark.parametrize("sent", ["a", "0b6f0a3e-6a55-4a61-8f2e-1d3c5b7a9e01", "A.b_c:d-1+/=", "x" * 128])
@pytest.mark.parametrize("path", ["companies/", "nothing/", "/livez", "/api/schema/"])
def test_request_id_comes_back(admin, sent, path):
    assert admin.get(path, headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", [None, "", " ", "a b", "x" * 129, "a\x1b[31m", "é", "-a", "{{7*7}}"])
def test_request_without_an_id_that_can_be_logged_gets_one(admin, sent):
    headers = {} if sent is None else {"X-Request-ID": sent}
    one, other = (admin.get("companies/", headers=headers).headers["X-Request-ID"] for _ in range(2))
    assert one not in ("", sent)
    assert len(one) == 32
    assert one != other


def test_request_id_stands_in_what_the_request_logs(admin, monkeypatch, caplog):
    monkeypatch.setattr("companies.api.views.CompanyViewSet.rows", lambda self: 1 / 0)
    admin.http.raise_request_exception = False
    caplog.handler.addFilter(InEveryLine())
    admin.get("companies/", headers={"X-Request-ID": "trace-1"}).is_problem(500)
    assert {record.name for record in caplog.records} == {"biotech_ma.api", "django.request"}
    assert {record.request_id for record in caplog.records} == {"trace-1"}


def test_body_refused_before_the_application_has_a_request_id():
    seen = {}
    environ = {"PATH_INFO": "/api/v1/companies/", "CONTENT_LENGTH": str(2**30), "HTTP_X_REQUEST_ID": "trace-2"}
    WholeBodies(lambda *args: [])(environ, lambda status, headers: seen.update(dict(headers), status=status))
    assert seen["status"].startswith("413")
    assert seen["X-Request-ID"] == "trace-2"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("application/*", "application/json"),
        ("text/calendar, application/json", "application/json"),
        ("text/calendar", "text/calendar"),
        ("application/json;q=0.5, text/calendar", "text/calendar"),
        ("text/*;q=0.9, application/json;q=0.1", "text/calendar"),
        ("*/*, application/json;q=0", "text/calendar"),
        ("text/html", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("application/json;q=x", None),
        ("rubbish", "application/json"),
        (",;,", "application/json"),
    ],
)
def test_type_that_is_wanted_most(header, found):
    assert preferred(header, ("application/json", "text/calendar")) == found


def test_other_types_than_json_are_406(admin, universe):
    answer = admin.get("companies/ALPH/", headers={"Accept": "application/xml"})
    answer.is_problem(406)
    assert "application/json" in answer.json["detail"]
    assert admin.get("companies/ALPH/", headers={"Accept": "text/html, */*;q=0.1"}).status == 200


@pytest.mark.parametrize("known", ["*", "W/{}", '"other", {}', '"other" , W/{}', "{}-gzip"])
def test_known_representation_is_304_without_body_and_type(admin, universe, known):
    tag = admin.get("companies/ALPH/").headers["ETag"]
    header = known.format(tag) if not known.endswith("-gzip") else tag[:-1] + '-gzip"'
    answer = admin.get("companies/ALPH/", headers={"If-None-Match": header})
    assert (answer.status, answer.text, answer.headers["ETag"]) == (304, "", tag)
    assert "Content-Type" not in answer.headers
    assert "RateLimit" in answer.headers


@pytest.mark.parametrize("unknown", ['"other"', "", "rubbish", '"*"'])
def test_unknown_representation_is_given(admin, universe, unknown):
    assert admin.get("companies/ALPH/", headers={"If-None-Match": unknown}).status == 200


def test_any_state_may_be_written_and_a_list_of_states(admin, universe):
    tag = admin.get("companies/ALPH/").headers["ETag"]
    wanted = f'"other", {tag}'
    assert admin.patch("companies/ALPH/", {"employee_count": 9}, headers={"If-Match": wanted}).status == 200
    assert admin.patch("companies/ALPH/", {"employee_count": 8}, headers={"If-Match": "*"}).status == 200
    admin.patch("companies/ALPH/", {"employee_count": 7}, headers={"If-Match": wanted}).is_problem(412)
    admin.patch("companies/NOPE/", {"employee_count": 7}, headers={"If-Match": "*"}).is_problem(404)


def test_no_origin_may_call_by_default(admin):
    answer = admin.get("companies/", headers={"Origin": ORIGIN})
    assert answer.status == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_origin_of_the_setting_may_call_and_sees_the_headers_of_the_contract(admin, settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    preflight = HTTPClient().options("/api/v1/companies/X/", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    allowed = preflight.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "idempotency-key", "if-match", "content-type", "x-request-id"} <= set(allowed)
    answer = admin.get("companies/", headers={"Origin": ORIGIN})
    shown = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Location", "RateLimit", "Retry-After", "Idempotent-Replayed", "X-Request-ID"} <= set(shown)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    refused = admin.get("nothing/", headers={"Origin": ORIGIN})
    assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN
    for path, origin in (("/admin/login/", ORIGIN), ("/api/v1/", "https://evil.example.com")):
        other = HTTPClient().get(path, headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in other.headers
