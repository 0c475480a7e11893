"""Whatever a hostile client sends ends in 4xx with problem+json, never in 5xx, and writes nothing."""

from __future__ import annotations

import json
import logging
import time
import uuid

import pytest

from biotech_ma.core.api.cursors import Cursor
from biotech_ma.core.api.errors import MAX_ERRORS
from companies.api.filters import CashConstrainedFilterSet, CompanyFilterSet, DrugCandidateFilterSet
from companies.api.serializers import CompanySerializer, DrugCandidateSerializer
from companies.models import Company
from delivery.api import filters as delivery_filters
from delivery.api.reports import ReportSerializer
from delivery.api.serializers import AlertSerializer, ClientSerializer, WebhookSerializer
from scoring.api.filters import AcquirerMatchFilterSet, ScoreFilterSet, TopFilterSet
from signals_app.api.catalysts import CatalystFilterSet
from signals_app.api.filters import SignalFilterSet
from signals_app.api.serializers import SignalSerializer
from tests.api.test_api_writes import CREATIONS

pytestmark = pytest.mark.django_db

DEEP = "[" * 1000 + "]" * 1000
TEXTS = [
    "\x00",
    "a\x00b",
    "%00",
    "NaN",
    "Infinity",
    "-1e999999",
    "9" * 400,
    "1e1000000",
    "0000-01-01",
    "10000-01-01",
    "9999-12-31",
    "0001-01-01",
    "2026-01-01T00:00:00",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-02-30",
    "not-a-uuid",
    "' OR 1=1 --",
    "{{7*7}}{% debug %}",
    "\\",
    "%",
    "\ufffd",
    "x" * 5000,
    "",
    " ",
    ",,,",
    "[]",
    "{}",
    '"\\ud800"',
    '"\\u0000"',
    DEEP,
    "-0",
    "²",
    "٣",
]
LISTS = {
    "companies/": CompanyFilterSet,
    "companies/statistics/": CompanyFilterSet,
    "companies/cash-constrained/": CashConstrainedFilterSet,
    "companies/ALPH/pipeline/": DrugCandidateFilterSet,
    "companies/ALPH/signals/": SignalFilterSet,
    "drug-candidates/": DrugCandidateFilterSet,
    "signals/": SignalFilterSet,
    "signals/counts/": SignalFilterSet,
    "catalysts/": CatalystFilterSet,
    "scores/": ScoreFilterSet,
    "scores/top/": TopFilterSet,
    "acquirer-matches/": AcquirerMatchFilterSet,
    "reports/": delivery_filters.ReportFilterSet,
    "alerts/": delivery_filters.AlertFilterSet,
    "alerts/history/": delivery_filters.AlertTriggerFilterSet,
    "webhooks/": delivery_filters.WebhookFilterSet,
    "clients/": delivery_filters.ClientFilterSet,
}
SHAPING = ["limit", "cursor", "count", "fields", "ordering", "include"]
# JSON texts, for some values cannot be made by json.dumps.
VALUES = [
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '{"\\u0000": 1}',
    '{"a": {"b\\udfff": 1}}',
    '{"a": ["\\u0000"]}',
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e400",
    "1e30",
    "9" * 5000,
    "9" * 40,
    "true",
    "[]",
    '[[["x"]]]',
    "{}",
    '"0000-01-01"',
    '"10000-01-01"',
    '"0000-01-01T00:00:00Z"',
    '"9999-12-31T23:59:59-23:59"',
    '"2026-01-01T00:00:00"',
    '"NaN"',
    '"Infinity"',
    '"1e400"',
    '"-1"',
    "-1",
    "0.1",
    '""',
    '"  "',
    "null",
    '"\\u202e"',
    '"{{7*7}}"',
    '"\'; DROP TABLE companies; --"',
    DEEP,
    '{"a":' * 500 + "1" + "}" * 500,
    '{"a": 1, "a": 2}',
]
SERIALIZERS = {
    "companies": CompanySerializer,
    "drug-candidates": DrugCandidateSerializer,
    "signals": SignalSerializer,
    "reports": ReportSerializer,
    "alerts": AlertSerializer,
    "webhooks": WebhookSerializer,
    "clients": ClientSerializer,
}


@pytest.mark.parametrize("path", sorted(LISTS))
def test_filters_survive_everything(admin, universe, path):
    names = [*LISTS[path].base_filters, *SHAPING, *(["data__x", "data__"] if "signals" in path else [])]
    for name in names:
        for text in TEXTS:
            answer = admin.get(path, **{name: text})
            if answer.status != 200:
                answer.is_problem(400)
            if "\x00" in text:
                answer.is_problem(400)


@pytest.mark.parametrize("resource", sorted(SERIALIZERS))
def test_fields_survive_everything(admin, universe, resource):
    fields = [name for name, field in SERIALIZERS[resource]().fields.items() if not field.read_only]
    for name in fields:
        for value in VALUES:
            rest = {key: val for key, val in CREATIONS[resource].items() if key != name}
            text = json.dumps(rest)[:-1] + f', "{name}": {value}}}'
            answer = admin.post(f"{resource}/", text.encode())
            if answer.status != 201:
                answer.is_problem(400, 409)
            elif name not in ("client_name", "name", "title"):
                # What was taken can be read back.
                assert admin.get(answer.headers["Location"].removeprefix("http://testserver")).status == 200


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b"", (400,)),
        (b"{", (400,)),
        (b"\xff\xfe{}", (400,)),
        (b'{"name": "\xed\xa0\x80"}', (400,)),
        (b"\xef\xbb\xbf{}", (400,)),
        (b"5", (400,)),
        (b"null", (400,)),
        (b'"x"', (400,)),
        (b"[]", (400,)),
        (DEEP.encode(), (400,)),
        (b"[" * 200_000, (400,)),
        (b'{"name": "' + b"x" * 5_000_000 + b'"}', (400,)),
        (b'{"metadata": {"a": "' + b"x" * 5_000_000 + b'"}}', (400,)),
        (b'{"name": "' + b"x" * 11_000_000 + b'"}', (413,)),
        (b'{"name": "a", "name": "b"}', (400,)),
        (b'{"metadata": {"a": 1, "a": 2}, "name": "x"}', (400,)),
        (b'{"employee_count": ' + b"9" * 10_000 + b"}", (400,)),
    ],
)
@pytest.mark.parametrize("path", ["companies/", "signals/"])
def test_bodies_survive_everything(admin, path, body, codes):
    admin.post(path, body).is_problem(*codes)
    assert not Company.objects.exists()


KEYS = ",".join(f'"k{n}": 1' for n in range(200_000))


@pytest.mark.parametrize(
    "body",
    [
        # Each cost minutes of a thread's time: a search for near names by key, a count of all keys by key, …
        "{" + KEYS + "}",
        "{" + KEYS + ', "k199999": 2}',
        '{"metadata": {"a": [' + "1," * 2_400_000 + "1]}}",
        "[" + "{}," * 1_000_000 + "{}]",
        "[" + "[]," * 3_000_000 + "[]]",
        '{"name": "x", "therapeutic_areas": [' + '"",' * 300_000 + '""]}',
    ],
    ids=["unknown keys", "key twice", "values", "objects", "lists", "items"],
)
def test_documents_of_very_many_parts_are_refused_soon_and_shortly(admin, body):
    started = time.process_time()
    answer = admin.post("companies/", body.encode())
    answer.is_problem(400)
    assert time.process_time() - started < 10
    assert len(answer.text) < 50_000
    assert not Company.objects.exists()


def test_object_too_long_for_lists_to_carry_is_400(admin):
    body = {"name": "x", "metadata": {"a": ["x" * 90_000, "y" * 90_000]}}
    answer = admin.post("companies/", body)
    answer.is_problem(400)
    assert answer.fields == {"metadata": "max_length"}


def test_unknown_names_by_the_thousand_are_answered_shortly(admin):
    answer = admin.get("companies/", fields=",".join(f"nbme{n}" for n in range(5000)))
    answer.is_problem(400)
    assert len(answer.json["errors"]) == MAX_ERRORS


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "", "text/json"])
def test_other_content_types_are_415(admin, kind):
    admin.post("companies/", b'{"name": "x"}', content_type=kind).is_problem(415)


def test_charset_parameter_is_no_matter(admin):
    answer = admin.post("companies/", {"name": "x"}, content_type="application/json; charset=utf-8")
    assert answer.status == 201


@pytest.mark.parametrize(
    "path",
    [
        "companies/%00/",
        "companies/%ED%A0%80/",
        "companies/..%2f..%2fetc/",
        "companies/' OR 1=1/",
        "companies/" + "a" * 5000 + "/",
        "companies/NOPE/",
        "companies/NOPE/signals/",
        "companies/%00/signals/",
        "signals/nope/",
        "signals/01a205cf-0309-7f4c-8315-09443ff5da29/",
        "scores/1/",
        "webhooks/1/deliveries/",
        "nothing/",
        "/api/",
        "/api/v2/companies/",
        "/api/v1/companies/%0d%0aX: y",
    ],
)
def test_addresses_that_lead_nowhere_are_404(admin, universe, path):
    for method in ("GET", "POST", "PATCH", "DELETE"):
        answer = admin.send(method, path, {} if method in ("POST", "PATCH") else None)
        answer.is_problem(404, 405, 400)
    admin.get(path).is_problem(404)


def test_address_without_its_slash_leads_there(admin):
    answer = admin.get("companies?limit=1")
    assert (answer.status, answer.headers["Location"]) == (308, "/api/v1/companies/?limit=1")


def test_cursors_that_were_tampered_with_are_400(admin, universe):
    good = admin.get("signals/", limit=1).json["next"].partition("cursor=")[2]
    body, _, signature = good.rpartition(".")
    other = Cursor(("name", "id"), ("x", "not-a-uuid")).encode()
    for bad in (body, signature, f"{body}.", f".{signature}", f"{body[:-2]}AA.{signature}", good + "x", "é", other):
        admin.get("signals/", limit=1, cursor=bad).is_problem(400)
    admin.get("signals/", limit=1, cursor=good, ordering="event_date").is_problem(400)
    signed = Cursor(("-event_date", "-id"), ("no date", "no id")).encode()
    admin.get("signals/", limit=1, cursor=signed).is_problem(400)


@pytest.mark.parametrize("limit", ["0", "-1", "501", "1.5", "1e2", "٣", " 1", "9" * 50, "", "x"])
def test_limits_out_of_range_are_400(admin, limit):
    answer = admin.get("signals/", limit=limit)
    answer.is_problem(400)
    assert "limit" in answer.fields


def test_parameters_given_twice_and_by_the_thousand_are_400(admin):
    admin.get("/api/v1/signals/?limit=1&limit=2").is_problem(400)
    admin.get("/api/v1/signals/?" + "&".join(f"a{n}=1" for n in range(2000))).is_problem(400)
    admin.get("signals/", company=",".join(["ALPH"] * 10_000)).is_problem(400)


def test_unforeseen_error_is_500_without_a_word_of_it(admin, monkeypatch):
    def explode(*args, **kwargs):
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("biotech_ma.core.api.reads.page", explode)
    admin.http.raise_request_exception = False
    answer = admin.get("companies/")
    answer.is_problem(500)
    assert "secret" not in answer.text


def test_wrong_host_is_400_problem_and_no_traceback_in_the_log(admin, settings, capfd):
    settings.ALLOWED_HOSTS = ["desk.example"]
    admin.get("companies/", headers={"Host": "evil.example"}).is_problem(400)
    assert "evil.example" not in capfd.readouterr().err
    assert logging.getLogger("django.security.DisallowedHost").getEffectiveLevel() > logging.ERROR


BY_COMPANY = sorted(path for path, f in LISTS.items() if "company" in f.base_filters and "ALPH" not in path)
IDS = ",".join(str(uuid.UUID(int=number)) for number in range(10_000))


@pytest.mark.parametrize("path", BY_COMPANY)
def test_ids_by_the_ten_thousand_are_refused_soon(admin, universe, path):
    started = time.process_time()
    answer = admin.get(path, company=IDS)
    answer.is_problem(400)
    assert answer.fields == {"company": "max_length"}
    assert time.process_time() - started < 5
    admin.get(f"/api/v1/{path}?" + "&".join(f"company={word}" for word in IDS.split(",")[:600])).is_problem(400)


HEADERS = [
    "Authorization", "X-API-Key", "Accept", "Accept-Encoding", "If-None-Match", "If-Match", "Idempotency-Key", "Origin",
    "X-Request-ID", "Content-Type", "Range", "X-HTTP-Method-Override", "X-Forwarded-For", "Cookie", "Prefer",
]  # fmt: skip
WORDS = [
    "",
    " ",
    "\x00",
    "\x7f",
    "é",
    "a" * 60_000,
    "," * 5_000,
    ";q=,*/*;q=2",
    "W/",
    '"',
    "DELETE",
    "{{7*7}}",
    "' OR 1=1 --",
]


@pytest.mark.parametrize("name", HEADERS)
def test_headers_survive_everything(admin, universe, name):
    before = Company.objects.count()
    # Django itself cannot read a longer one: biotech_ma/core/bodies.py refuses it before.
    for word in (word for word in WORDS if name != "Content-Type" or len(word) < 10_000):
        for method, path, body in (
            ("GET", "companies/ALPH/", None),
            ("PATCH", "companies/ALPH/", {"employee_count": 1}),
        ):
            answer = admin.send(method, path, body, headers={name: word})
            if answer.status not in (200, 304):
                answer.is_problem(400, 401, 406, 412, 415)
        answer = admin.post("companies/", {"name": ""}, headers={name: word})
        answer.is_problem(400, 401, 406, 415)
    assert Company.objects.count() == before


@pytest.mark.parametrize("value", VALUES)
def test_bulk_survives_everything_and_keeps_the_rows_that_are_right(admin, universe, value):
    good = json.dumps(CREATIONS["signals"])
    answer = admin.post("signals/", f"[{good}, {value}]".encode())
    if answer.status == 207:
        assert (answer.json["created"], answer.json["rejected"]) == (1, 1)
        assert answer.json["results"][1]["errors"]
    else:
        answer.is_problem(400)
    admin.post("signals/?atomic=true", f"[{good}, {value}]".encode()).is_problem(400)


@pytest.mark.parametrize("resource", sorted(SERIALIZERS))
def test_sql_and_templates_in_texts_are_texts(admin, universe, resource):
    fields = {"webhooks": "name", "clients": "client_name", "signals": "title", "reports": "title"}
    name = fields.get(resource, "name")
    for text in (
        "'; DROP TABLE companies; --",
        "{{7*7}}{% debug %}",
        "%s %(x)s {0}",
        "\\'",
        "${jndi:ldap://x}",
        "<b>&amp;",
    ):
        answer = admin.post(f"{resource}/", {**CREATIONS[resource], "ticker": None, "cik": None, name: text}
                            if resource == "companies" else {**CREATIONS[resource], name: text})  # fmt: skip
        assert answer.status == 201, answer.text
        assert answer.json[name] == text
