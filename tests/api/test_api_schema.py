"""The schema tells the truth: it is the committed one, its examples fit it, and a client made from it works."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from django.test import Client as HTTPClient
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from tests.api.test_api_writes import CREATIONS
from tests.processes import ROOT

pytestmark = pytest.mark.django_db

COMMITTED = ROOT / "docs" / "openapi.yaml"
REWRITE = "uv run manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"


@pytest.fixture(scope="module")
def schema():
    """The schema as it is made now."""
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def operations(schema):
    return [(path, method, op) for path, item in schema["paths"].items() for method, op in item.items()]


def test_committed_schema_is_the_one_that_is_served(schema):
    assert yaml.safe_load(COMMITTED.read_text()) == schema, (
        f"the API's contract changed: if it was meant to, run {REWRITE}"
    )


def test_schema_is_valid_openapi(schema):
    validate_schema(schema)
    assert schema["openapi"] == "3.1.0"


def test_every_operation_names_its_problems_headers_and_example(schema):
    for path, method, operation in operations(schema):
        where = f"{method} {path}"
        answers = operation["responses"]
        assert {"400", "401", "403", "406", "429", "500", "503"} <= answers.keys(), where
        assert ("404" in answers) == ("{" in path), where
        assert ("422" in answers) == (method == "post"), where
        for code, answer in answers.items():
            if code == "414":
                assert method == "get", where
            elif code.startswith(("4", "5")):
                assert answer["$ref"].startswith("#/components/responses/"), where
            elif code.startswith("2"):
                assert {"X-Request-ID", "RateLimit", "RateLimit-Policy"} <= answer["headers"].keys(), where
                content = answer.get("content", {}).get("application/json")
                assert content is None or "example" in content, where
    for name, problem in schema["components"]["responses"].items():
        assert problem["content"].keys() == {"application/problem+json"}, name
        assert problem["content"]["application/problem+json"]["example"]["status"], name


def test_no_answer_is_an_object_of_anything(schema):
    for path, method, operation in operations(schema):
        for code, answer in operation["responses"].items():
            content = answer.get("content", {}).get("application/json")
            if code.startswith("2") and content and not path.endswith("/download/"):
                assert {"$ref", "anyOf"} & content["schema"].keys(), f"{method} {path} {code}"


def resolver(schema, part):
    """Return a validator of a part of the schema."""
    return jsonschema_rs.Draft202012Validator({**part, "components": schema["components"]})


def test_examples_fit_what_they_are_examples_of(schema):
    for path, method, operation in operations(schema):
        contents = [operation.get("requestBody", {})]
        contents += [answer for code, answer in operation["responses"].items() if code.startswith("2")]
        for content in contents:
            found = content.get("content", {}).get("application/json", {})
            if "example" in found:
                errors = list(resolver(schema, found["schema"]).iter_errors(found["example"]))
                assert not errors, (path, method, [str(error)[:300] for error in errors])


def test_written_examples_are_accepted(admin, universe, schema):
    for path, method, operation in operations(schema):
        example = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        if example is not None and method == "post" and "{ref}" not in path:
            body = json.loads(json.dumps(example).replace('"VRTX"', '"ALPH"'))
            answer = admin.post(path, body)
            assert answer.status == 201, (path, answer.text)


BODIES = [("companies", "CompanyInput"), ("drug-candidates", "DrugCandidateInput"), ("signals", "SignalInput")]
BODIES += [
    ("reports", "ReportInput"),
    ("alerts", "AlertInput"),
    ("webhooks", "WebhookInput"),
    ("clients", "ClientInput"),
]


@pytest.mark.parametrize(("resource", "component"), BODIES)
def test_what_is_accepted_fits_the_schema_and_what_is_unknown_does_not(admin, universe, schema, resource, component):
    validator = resolver(schema, {"$ref": f"#/components/schemas/{component}"})
    assert validator.is_valid(CREATIONS[resource])
    assert not validator.is_valid({**CREATIONS[resource], "colour": "red"})
    assert admin.post(f"{resource}/", CREATIONS[resource]).status == 201


@pytest.mark.parametrize(
    "path",
    [
        "companies/statistics/",
        "companies/ALPH/?as_of=2025-06-30",
        "companies/ALPH/history/",
        "signals/counts/",
        "companies/ALPH/figures/",
        "catalysts/?count=true",
        "alerts/{alert}/test/",
        "clients/{client}/usage/",
    ],
)
def test_objects_are_what_the_schema_says(admin, universe, schema, path):
    ids = {"alert": universe.alert.pk, "client": admin.client.pk}
    declared = path.partition("?")[0].replace("ALPH", "{ref}").replace("{alert}", "{ref}").replace("{client}", "{ref}")
    operation = schema["paths"][f"/api/v1/{declared}"]["get"]
    body = admin.get(f"/api/v1/{path.format(**ids)}")
    assert body.status == 200, body.text
    part = operation["responses"]["200"]["content"]["application/json"]["schema"]
    errors = list(resolver(schema, part).iter_errors(body.json))
    assert not errors, [str(error)[:300] for error in errors]


def test_bulk_result_is_what_the_schema_says(admin, universe, schema):
    answer = admin.post("signals/", [CREATIONS["signals"], {"company": "NOPE"}])
    assert answer.status == 207
    assert resolver(schema, {"$ref": "#/components/schemas/BulkResult"}).is_valid(answer.json)


def test_served_schema_is_the_same_in_json_and_yaml(schema):
    anyone = HTTPClient()
    assert json.loads(anyone.get("/api/schema/?format=json").content) == schema
    assert yaml.safe_load(anyone.get("/api/schema/?format=yaml").content) == schema


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> Path:
    """A folder with the client that openapi-python-client makes from the committed schema, as `desk_client`."""
    folder = tmp_path_factory.mktemp("client")
    made = subprocess.run(
        [Path(sys.executable).parent / "openapi-python-client", "generate", "--path", str(COMMITTED), "--meta", "none",
         "--output-path", str(folder / "desk_client"), "--fail-on-warning"],
        capture_output=True, text=True, check=False,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)},
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.mark.django_db(transaction=True)
def test_generated_client_reads_writes_pages_and_is_told_what_is_wrong(
    admin, universe, generated, live_server, monkeypatch
):
    monkeypatch.syspath_prepend(str(generated))
    package = importlib.import_module("desk_client")
    models = importlib.import_module("desk_client.models")

    def operation(tag, name):
        return importlib.import_module(f"desk_client.api.{tag}.{name}")

    client = package.AuthenticatedClient(live_server.url, token=admin.key)
    listing = operation("companies", "companies_list")
    page = listing.sync(client=client, limit=2, count=True, ordering=[models.CompaniesListOrderingItem.NAME])
    assert [row.ticker for row in page.results] == ["ALPH", "BETA"]
    assert page.count == 3
    cursor = page.next_.partition("cursor=")[2]
    rest = listing.sync(client=client, limit=2, cursor=cursor, ordering=[models.CompaniesListOrderingItem.NAME])
    assert [row.ticker for row in rest.results] == ["GAMM"]
    fields = [models.CompaniesListFieldsItem.TICKER, models.CompaniesListFieldsItem.MARKET_CAP_USD]
    thin = listing.sync(client=client, fields=fields, role=[models.CompaniesListRoleItem.TARGET])
    assert {key for row in thin.results for key in row.to_dict()} == {"ticker", "market_cap_usd"}
    company = operation("companies", "companies_retrieve").sync("ALPH", client=client)
    assert (company.market_cap_usd, company.runway_quarters) == ("2500000000.25", 2.5)

    creation = operation("companies", "companies_create")
    body = models.CompanyInput(name="Made by a client", ticker="MADE")
    first = creation.sync_detailed(client=client, body=body, idempotency_key="k-1")
    again = creation.sync_detailed(client=client, body=body, idempotency_key="k-1")
    assert (first.status_code, first.parsed.ticker) == (201, "MADE")
    assert again.parsed.id == first.parsed.id
    assert again.headers["idempotent-replayed"] == "true"
    refused = creation.sync_detailed(client=client, body=models.CompanyInput(name="Twice", ticker="MADE"))
    assert refused.status_code == 400
    assert isinstance(refused.parsed, models.Problem)
    assert refused.parsed.errors[0].field == "ticker"

    change = operation("companies", "companies_partial_update").sync(
        "MADE", client=client, body=models.PatchedCompanyInput(employee_count=7), if_match=first.headers["etag"]
    )
    assert change.employee_count == 7
    counts = operation("signals", "signals_counts_retrieve").sync(client=client, company=["ALPH"])
    assert counts.total == 1
    text = operation("companies", "companies_export").sync_detailed(models.CompaniesExportForm.CSV, client=client)
    assert text.content.startswith(b"id,ticker,")


def test_new_rows_and_lists_lead_to_what_can_be_done_with_a_row(schema):
    names = {operation["operationId"] for _, _, operation in operations(schema)}
    made = schema["paths"]["/api/v1/webhooks/"]["post"]["responses"]["201"]["links"]
    assert {"webhooks_retrieve", "webhooks_destroy", "webhooks_ping_create"} <= made.keys() <= names
    assert made["webhooks_retrieve"]["parameters"] == {"ref": "$response.body#/id"}
    listed = schema["paths"]["/api/v1/scores/"]["get"]["responses"]["200"]["links"]
    assert listed["scores_explanation_retrieve"]["parameters"] == {"ref": "$response.body#/results/0/id"}
