"""Schema, documentation, health, metrics, and the command that issues keys."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as HTTPClient
from drf_spectacular.validation import validate_schema

from delivery.models import Client
from tests.api.conftest import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema():
    """The schema as a stranger gets it."""
    response = HTTPClient().get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert response.status_code == 200
    return json.loads(response.content)


def test_schema_is_valid_openapi_3_1_and_needs_no_key(schema):
    assert schema["openapi"].startswith("3.1")
    validate_schema(schema)


def test_entrance_leads_to_documentation_and_every_list(admin, universe):
    found = HTTPClient().get("/api/v1/").json()
    assert HTTPClient().get(found["docs"]).status_code == 200
    assert HTTPClient().get(found["schema"]).status_code == 200
    names = {"companies", "drug-candidates", "signals", "scores", "acquirer-matches", "reports", "alerts", "webhooks"}
    assert names | {"clients", "catalysts"} <= found["resources"].keys()
    for address in found["resources"].values():
        assert admin.get(address.removeprefix("http://testserver")).status == 200, address
    refused = admin.post("/api/v1/", {})
    refused.is_problem(405)
    assert refused.headers["Allow"] == "GET, HEAD"


def test_schema_generates_without_a_warning(capfd):
    call_command("spectacular", "--fail-on-warn", "--file", "/dev/null")


def test_schema_names_every_address_with_its_filters_and_problems(schema):
    resources = ["companies", "drug-candidates", "signals", "scores", "acquirer-matches", "reports", "alerts"]
    resources += ["webhooks", "clients", "catalysts", "scores/top", "signals/counts", "companies/statistics"]
    resources += ["companies/cash-constrained", "alerts/history", "clients/me"]
    assert not {f"/api/v1/{name}/" for name in resources} - schema["paths"].keys()
    listing = schema["paths"]["/api/v1/signals/"]["get"]
    names = {parameter.get("name") for parameter in listing["parameters"]}
    assert {"company", "type", "min_severity", "since", "limit", "cursor", "count", "fields", "ordering"} <= names
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["security"] == [{"bearer": []}, {"apiKey": []}], (path, method)
            assert operation["responses"]["401"]["$ref"].endswith("/responses/Unauthorized"), (path, method)


@pytest.mark.parametrize(
    ("path", "component"),
    [
        ("companies/?include=pipeline,latest_score", "Company"),
        ("drug-candidates/", "DrugCandidate"),
        ("signals/", "Signal"),
        ("scores/", "Score"),
        ("acquirer-matches/", "AcquirerMatch"),
        ("reports/", "Report"),
        ("alerts/", "Alert"),
        ("alerts/history/", "AlertTrigger"),
        ("webhooks/", "ListedWebhook"),
        ("clients/", "Client"),
        ("companies/ALPH/history/", "CompanyChange"),
    ],
)
def test_rows_are_what_the_schema_says(admin, universe, schema, path, component):
    whole = schema["paths"][f"/api/v1/{path.partition('?')[0].replace('ALPH', '{ref}')}"]["get"]["responses"]["200"]
    page = whole["content"]["application/json"]["schema"]
    assert page == {"$ref": f"#/components/schemas/{component}Page"}
    assert fits(admin.get(f"/api/v1/{path}").json, page, schema)
    described = schema["components"]["schemas"][component]["properties"]
    for row in admin.rows(f"/api/v1/{path}"):
        assert list(row) == list(described)
        for name, value in row.items():
            assert fits(value, described[name], schema), (name, value, described[name])


def fits(value, kind, schema):
    """Return whether the value is of the described kind."""
    for several in ("oneOf", "anyOf", "allOf"):
        if several in kind:
            return any(fits(value, one, schema) for one in kind[several])
    if "$ref" in kind:
        return fits(value, schema["components"]["schemas"][kind["$ref"].rpartition("/")[2]], schema)
    if "enum" in kind and value not in kind["enum"]:
        return False
    kinds = kind.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    python = {
        "string": str,
        "integer": int,
        "number": int | float,
        "boolean": bool,
        "array": list,
        "object": dict,
        "null": type(None),
    }
    if kinds and not any(isinstance(value, python[k]) for k in kinds):
        return False
    if isinstance(value, str):
        match kind.get("format"):
            case "uuid":
                UUID(value)
            case "decimal":
                Decimal(value)
    return True


def test_docs_work_under_the_pages_policy_with_assets_from_here():
    browser = HTTPClient()
    page = browser.get("/api/docs/")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<script>" not in page.text
    scripts = re.findall(r'<script src="([^"]+)"', page.text)
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    assert len(scripts) == 3
    for address in [*scripts, *styles]:
        assert address.startswith("/"), address
        asset = browser.get(address)
        assert asset.status_code == 200
        asset.close()
    assert "persistAuthorization" in browser.get(scripts[-1]).text


def test_health_needs_no_key():
    anyone = HTTPClient()
    assert anyone.get("/livez").json() == {"status": "ok"}
    ready = anyone.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok", "migrations": "ok", "sources": "ok"})


def test_not_ready_while_a_migration_is_missing(monkeypatch):
    monkeypatch.setattr(
        "biotech_ma.core.api.health.MigrationExecutor.migration_plan", lambda *args, **kwargs: ["one", "two"]
    )
    answer = HTTPClient().get("/readyz")
    assert answer.status_code == 503
    assert "2 not applied" in answer.json()["checks"]["migrations"]


def test_metrics_want_a_key_or_this_machine(reader, universe):
    far = HTTPClient(REMOTE_ADDR="203.0.113.7")
    assert far.get("/metrics").status_code == 401
    assert far.get("/metrics", headers={"Authorization": "Basic eDp5"}).status_code == 401
    assert HTTPClient().get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 401
    answer = far.get("/metrics", headers={"X-API-Key": reader.key})
    assert answer.status_code == 200
    lines = HTTPClient().get("/metrics").text.splitlines()
    assert "biotech_ma_companies 3" in lines
    assert "biotech_ma_webhook_deliveries_pending 1" in lines
    assert all(re.fullmatch(r"# (HELP|TYPE) .+|[a-z_]+(\{.+\})? \d+", line) for line in lines)


def run(*args):
    out = io.StringIO()
    call_command("client", *args, stdout=out, stderr=io.StringIO())
    return out.getvalue().strip()


def test_client_command_issues_lists_rotates_and_revokes():
    key = run("create", "Desk", "--scope", "read", "--rate", "7", "--expires", "2999-12-31")
    assert Caller(key).get("companies/").headers["RateLimit-Policy"] == '"hour";q=7;w=3600'
    listed = run("list", "--json")
    assert key not in listed
    assert json.loads(listed)[0]["expires_at"].startswith("2999-12-31T23:59:59")
    assert "Desk" in run("list")
    new = json.loads(run("rotate", "Desk", "--json"))["api_key"]
    assert Caller(key).get("companies/").status == 401
    assert Caller(new).get("companies/").status == 200
    newest = json.loads(run("rotate", "Desk", "--overlap", "24", "--json"))["api_key"]
    assert Caller(new).get("companies/").status == Caller(newest).get("companies/").status == 200
    new = newest
    run("revoke", new.split("_")[1])
    assert Caller(new).get("companies/").status == 401


def test_client_command_says_in_one_line_what_is_wrong():
    run("create", "Twice")
    run("create", "Twice")
    for args in (
        ("revoke", "Nobody"),
        ("revoke", "Twice"),
        ("create", " "),
        ("create", "x", "--rate", "0"),
        ("rotate", "Nobody", "--overlap", "721"),
    ):
        with pytest.raises((CommandError, SystemExit)):
            run(*args)
    revoked = Client.objects.filter(client_name="Twice").first()
    run("revoke", str(revoked.pk))
    with pytest.raises(CommandError, match="revoked"):
        run("rotate", revoked.key_prefix)


def test_a_key_that_would_be_dead_at_birth_is_not_made(db):
    with pytest.raises(CommandError, match="2020-01-01 has passed"):
        call_command("client", "create", "Late", "--expires", "2020-01-01")
    assert not Client.objects.filter(client_name="Late").exists()
