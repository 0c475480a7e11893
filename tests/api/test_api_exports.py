"""Exports: the rows of the list, all of them, streamed as CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.db import OperationalError, connection

from biotech_ma.core.api import exports
from companies.models import Company
from tests.api.conftest import caller
from tests.api.test_api_hostile import LISTS, SHAPING
from tests.factories import CompanyFactory, DrugCandidateFactory, SignalFactory

pytestmark = pytest.mark.django_db

RESOURCES = [
    "companies", "drug-candidates", "signals", "scores", "acquirer-matches", "catalysts", "reports", "alerts",
    "webhooks", "clients",
]  # fmt: skip


def export(who, path, **params):
    """Return status, headers and text of an export."""
    response = who.http.get(f"/api/v1/exports/{path}", params)
    text = (response.getvalue() if response.streaming else response.content).decode()
    return response.status_code, response.headers, text


def abandon(response):
    """Go away after the first block, as a server sees it: it closes what it iterates."""
    first = next(response._iterator)
    response._iterator.close()
    return first


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("resource", RESOURCES)
def test_json_lines_are_the_rows_of_the_list_in_its_order(admin, universe, resource):
    DrugCandidateFactory(
        company=universe.alpha, name="AB-2", next_milestone="Data\nsoon", next_milestone_date="2999-05-01"
    )
    params = {"until": "2999-12-31"} if resource == "catalysts" else {}
    status, headers, text = export(admin, f"{resource}.jsonl", **params)
    assert status == 200
    assert headers["Content-Type"] == "application/jsonl"
    assert headers["Content-Disposition"] == f'attachment; filename="{resource}.jsonl"'
    assert "RateLimit" in headers
    rows = admin.rows(f"{resource}/", **params)
    assert rows
    assert [drop_counters(row) for row in json_lines(text)] == [drop_counters(row) for row in rows]


def drop_counters(row):
    """Return the row without what the calls of the test themselves move."""
    return {name: value for name, value in row.items() if name not in ("last_access", "request_count", "updated_at")}


@pytest.mark.parametrize("resource", RESOURCES)
def test_csv_has_the_same_values(admin, universe, resource):
    status, headers, text = export(admin, f"{resource}.csv")
    assert status == 200
    assert headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    rows = admin.rows(f"{resource}/")
    assert len(found) == len(rows)
    for cells, row in zip(found, rows, strict=True):
        assert list(cells) == list(row)
        for name, value in drop_counters(row).items():
            assert reads_as(cells[name], value), (name, cells[name], value)


def reads_as(cell, value):
    """Return whether the cell of a CSV file is this JSON value."""
    if value is None:
        return cell == ""
    if isinstance(value, str):
        return cell == value
    return json.loads(cell) == value


def test_more_rows_than_a_page_has_come_whole(admin):
    company = CompanyFactory(ticker="MANY")
    for _ in range(60):
        SignalFactory(company=company)
    lines = json_lines(export(admin, "signals.jsonl")[2])
    assert len(lines) == 60
    assert len({line["id"] for line in lines}) == 60


def test_filters_fields_order_and_include_are_those_of_the_list(admin, universe):
    params = {"role": "target", "fields": "ticker", "include": "pipeline", "ordering": "-ticker", "market_cap_min": "1"}
    lines = json_lines(export(admin, "companies.jsonl", **params)[2])
    assert lines == admin.rows("companies/", **params)
    assert [line["ticker"] for line in lines] == ["BETA", "ALPH"]
    assert lines[1]["pipeline"][0]["name"] == "AB-1"
    found = json_lines(export(admin, "companies.jsonl", search="alph", fields="ticker")[2])
    assert found == [{"ticker": "ALPH"}]
    assert json_lines(export(admin, "signals.jsonl", data__form="SC 13D", fields="severity")[2]) == [
        {"severity": "high"}
    ]


def test_nothing_found_is_an_empty_file_with_its_header(admin, universe):
    assert export(admin, "companies.csv", search="zzz", fields="ticker,name")[2] == "ticker,name\n"
    assert export(admin, "companies.jsonl", search="zzz")[2] == ""
    assert export(admin, "catalysts.csv", kind="pdufa_date", therapeutic_area="oncology", fields="date")[2] == "date\n"
    assert export(admin, "catalysts.jsonl", kind="pdufa_date", therapeutic_area="oncology")[2] == ""


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1 (555) 010", "'+1 (555) 010"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("  =HYPERLINK(A1)", "'  =HYPERLINK(A1)"),
        ("＝1+1", "'＝1+1"),
        ('="a","b"', '\'="a","b"'),
        ("-5", "-5"),
        ("+12.50", "+12.50"),
        ("A=1", "A=1"),
        ("'=1", "'=1"),
        ("100%", "100%"),
        ('say "x", please\n', 'say "x", please\n'),
        ("C:\\new\\table", "C:\\new\\table"),
        ("\\.", "\\."),
        ("Ünïcode 生物", "Ünïcode 生物"),
    ],
)
def test_formulas_are_text_in_csv_and_as_they_are_in_json(admin, name, cell):
    company = CompanyFactory(ticker="FORM")
    Company.objects.filter(pk=company.pk).update(name=name)
    text = export(admin, "companies.csv", fields="ticker,name,quarterly_burn_rate_usd")[2]
    assert list(csv.reader(io.StringIO(text, newline="")))[1][:2] == ["FORM", cell]
    assert json_lines(export(admin, "companies.jsonl", fields="name")[2]) == [{"name": name}]


def test_negative_money_stays_a_number(admin):
    CompanyFactory(ticker="EARN", quarterly_burn_rate_usd="-12.50", is_cash_constrained=False)
    text = export(admin, "companies.csv", fields="quarterly_burn_rate_usd,is_cash_constrained,therapeutic_areas")[2]
    assert text.splitlines()[1].startswith("-12.50,false,")


@pytest.mark.parametrize(
    "path", ["companies.xlsx", "companies.csv/", "companies", "nothing.csv", "companies.CSV", "statistics.csv", ""]
)
def test_other_files_are_404(admin, path):
    admin.get(f"exports/{path}").is_problem(404)


@pytest.mark.parametrize("query", ["limit=5", "cursor=x", "count=true", "colour=red", "fields=nme", "role=buyer"])
def test_what_is_no_parameter_is_400_before_the_first_byte(admin, query):
    admin.get(f"exports/companies.csv?{query}").is_problem(400)


@pytest.mark.parametrize("path", [f"{resource}.csv" for resource in RESOURCES])
def test_export_wants_the_key_and_scope_of_the_list(path):
    caller("write:companies").get(f"exports/{path}").is_problem(403)
    caller().get(f"exports/{path}")
    elsewhere = "signals" if path != "signals.csv" else "companies"
    caller("read", allowed_endpoints=[elsewhere]).get(f"exports/{path}").is_problem(403)


def test_clients_are_exported_to_administrators_alone(reader):
    reader.get("exports/clients.csv").is_problem(403)


def test_borrowed_fields_want_their_endpoint_too(universe):
    narrow = caller("read", allowed_endpoints=["companies"])
    narrow.get("exports/companies.jsonl?include=latest_score").is_problem(403)


def test_only_reading_is_allowed(admin):
    answer = admin.post("exports/companies.csv", {})
    answer.is_problem(405)
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_head_has_the_headers_and_asks_for_no_row(admin, universe, monkeypatch):
    monkeypatch.setattr(exports, "Stream", None)
    answer = admin.send("HEAD", "exports/companies.csv")
    assert (answer.status, answer.text) == (200, "")
    assert answer.headers["Content-Type"].startswith("text/csv")


def test_no_more_streams_at_once_than_threads_can_be_spared(admin, universe):
    held = [admin.http.get("/api/v1/exports/companies.csv") for _ in range(exports.MOST_AT_ONCE)]
    refused = admin.get("exports/companies.csv")
    refused.is_problem(503)
    assert refused.headers["Retry-After"] == "5"
    abandon(held.pop())
    assert export(admin, "companies.csv")[0] == 200
    admin.get("exports/companies.csv?colour=red").is_problem(400)
    for response in held:
        abandon(response)
    # Neither a file that was read to its end nor a refused request keeps its turn.
    for _ in range(exports.MOST_AT_ONCE + 1):
        assert export(admin, "companies.csv")[0] == 200


# in the select list: from a table function the first row would come after the last one is made
ENDLESS = "COPY (SELECT repeat('x', 99), generate_series(1, 1000000000)) TO STDOUT"


@pytest.mark.django_db(transaction=True)
def test_client_that_goes_away_ends_the_statement(monkeypatch):
    monkeypatch.setattr(exports, "_statement", lambda *args: (ENDLESS, ()))
    response = caller("read").http.get("/api/v1/exports/companies.csv")
    assert abandon(response).startswith(b"xxx")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'")
        assert cursor.fetchone() == (0,)


def test_error_before_the_first_row_is_a_problem(admin, monkeypatch):
    monkeypatch.setattr(exports, "_statement", lambda *args: ("COPY (SELECT 1/0) TO STDOUT", ()))
    admin.get("exports/companies.csv").is_problem(400, 503)


@pytest.mark.parametrize(("form", "last"), [("csv", "!The export broke off"), ("jsonl", '{"type":"about:blank"')])
def test_error_after_it_ends_the_file_with_a_line_that_says_so(admin, universe, monkeypatch, form, last):
    def breaks(statement):
        yield b"x" * exports.BLOCK_BYTES
        raise OperationalError("gone")

    monkeypatch.setattr(exports, "_copied", breaks)
    status, _, text = export(admin, f"companies.{form}")
    assert status == 200
    assert text.lstrip("x").startswith(last)
    assert text.endswith("\n")


@pytest.mark.parametrize("path", ["companies", "signals", "catalysts", "scores", "reports"])
def test_filters_of_exports_survive_everything(admin, universe, path):
    names = [*LISTS[f"{path}/"].base_filters, *SHAPING]
    for name in names:
        for text in ("\x00", "NaN", "9" * 400, "' OR 1=1 --", "{{7*7}}", "%", "%s", "\\", "9999-12-31", "x" * 5000):
            status, headers, _ = export(admin, f"{path}.jsonl", **{name: text})
            assert status in (200, 400), (name, text)
            assert status == 200 or headers["Content-Type"] == "application/problem+json"
