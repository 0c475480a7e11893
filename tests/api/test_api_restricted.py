"""The restricted list over REST: what leaves by export, history, report and delivery is closed to keys not cleared."""

from __future__ import annotations

import json

import pytest

from companies.models import RestrictionLog
from companies.restrictions import put_on
from delivery.models import AlertTrigger, Report, WebhookDelivery
from tests.api.conftest import caller
from tests.factories import AcquirerMatchFactory, DrugCandidateFactory

pytestmark = pytest.mark.django_db
OMITTED = "X-Restricted-Rows-Omitted"


@pytest.fixture
def closed_universe(universe):
    """Alpha is on the list."""
    universe.restriction = put_on(company=universe.alpha, reason="Mandate")
    return universe


@pytest.fixture
def cleared(db):
    return caller("read", is_cleared=True)


def export(who, path, **params):
    response = who.http.get(f"/api/v1/exports/{path}", params)
    text = (response.getvalue() if response.streaming else response.content).decode()
    assert response.status_code == 200, text
    return response.headers, text


# Rows about Alpha in each resource of the universe.
CLOSED = {"companies": 1, "drug-candidates": 1, "signals": 1, "scores": 2, "acquirer-matches": 1}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("resource", CLOSED)
def test_exports_leave_it_out_and_say_how_many_rows(closed_universe, reader, cleared, resource, form):
    key = str(closed_universe.alpha.pk)
    headers, text = export(reader, f"{resource}.{form}")
    assert key not in text
    assert headers[OMITTED] == str(CLOSED[resource])
    headers, text = export(cleared, f"{resource}.{form}")
    assert key in text
    assert OMITTED not in headers
    door = f"exports/{resource}.{form}"
    log = RestrictionLog.objects.filter(door=door).order_by("id").values_list("act", "who", "rows")
    assert list(log) == [
        ("left_out", "API client desk", CLOSED[resource]),
        ("exported", "API client desk", CLOSED[resource]),
    ]


def test_a_key_that_may_do_everything_is_not_cleared_by_that(closed_universe, admin):
    headers, text = export(admin, "companies.csv")
    assert "ALPH" not in text
    assert headers[OMITTED] == "1"


def test_a_match_with_it_as_acquirer_is_left_out(closed_universe, reader):
    AcquirerMatchFactory(target_company=closed_universe.beta, acquirer_company=closed_universe.alpha)
    headers, text = export(reader, "acquirer-matches.csv")
    assert headers[OMITTED] == "2"
    assert text.count("\n") == 1


def test_catalysts_leave_as_files_without_it(closed_universe, reader, cleared):
    for company in (closed_universe.alpha, closed_universe.beta):
        DrugCandidateFactory(company=company, next_milestone="Data", next_milestone_date="2999-05-01")
    window = {"since": "2999-01-01", "until": "2999-12-31"}
    headers, text = export(reader, "catalysts.csv", **window)
    assert ("ALPH" in text, "BETA" in text, headers[OMITTED]) == (False, True, "1")
    for who, sees in ((reader, False), (cleared, True)):
        response = who.http.get("/api/v1/catalysts.ics", window)
        assert ("ALPH" in response.getvalue().decode()) is sees
        listed = who.http.get("/api/v1/catalysts/", window, headers={"Accept": "text/calendar"})
        assert ("ALPH" in listed.getvalue().decode()) is sees


def test_public_facts_stay_in_lists(closed_universe, reader):
    assert "ALPH" in [row["ticker"] for row in reader.rows("companies/")]
    assert reader.rows("companies/ALPH/signals/")
    assert reader.get("companies/ALPH/notes/").status == 404


def test_the_history_of_alerts_and_a_trial_are_closed(closed_universe, reader, cleared):
    AlertTrigger.objects.create(
        alert=closed_universe.alert, company=closed_universe.beta, cause="y", reason="because of beta"
    )
    assert [row["ticker"] for row in reader.rows("alerts/history/")] == ["BETA"]
    assert sorted(row["ticker"] for row in cleared.rows("alerts/history/")) == ["ALPH", "BETA"]
    trial = f"alerts/{closed_universe.alert.pk}/test/"
    assert {row["ticker"] for row in reader.get(trial).json["triggers"]} == {"BETA"}
    assert {row["ticker"] for row in cleared.get(trial).json["triggers"]} == {"ALPH", "BETA"}


def test_reports_that_name_it_are_not_there(closed_universe, cleared, tmp_path):
    made = Report.objects.create(
        report_type="deep_dive", report_date="2025-06-30", title="Alpha", companies_included=["ALPH"],
        local_path=str(tmp_path / "r.html"), file_size_bytes=1,
    )  # fmt: skip
    (tmp_path / "r.html").write_bytes(b"x")
    writer = caller("read", "write:reports")
    for path in (f"reports/{made.pk}/", f"reports/{made.pk}/download/"):
        writer.get(path).is_problem(404)
        assert cleared.get(path).status == 200
    assert str(made.pk) not in [row["id"] for row in writer.rows("reports/")]
    for answer in (
        writer.patch(f"reports/{made.pk}/", {"title": "x"}),
        writer.delete(f"reports/{made.pk}/"),
        writer.post(f"reports/{made.pk}/rerun/"),
        writer.post(f"reports/{made.pk}/restore/"),
    ):
        answer.is_problem(404)
    assert str(made.pk) not in export(writer, "reports.jsonl")[1]


def test_an_order_by_a_key_that_is_not_cleared_is_refused_with_the_field(closed_universe):
    order = {"report_type": "deep_dive", "company": "ALPH"}
    answer = caller("write:reports").post("reports/", order)
    answer.is_problem(400)
    assert "restricted list" in answer.text
    made = caller("read", "write:reports", is_cleared=True).post("reports/", order)
    assert made.status == 201
    assert Report.objects.get(pk=made.json["id"]).ordered_by_client.is_cleared


def test_deliveries_that_tell_of_it_are_closed(closed_universe, admin):
    rows = {
        name: WebhookDelivery.objects.create(
            webhook=closed_universe.webhook, event_type="signal.created", event_id=name,
            body=json.dumps({"data": name}).encode(), company_ids=[company.pk],
        )
        for name, company in (("alpha", closed_universe.alpha), ("beta", closed_universe.beta))
    }  # fmt: skip
    cleared = caller("admin", is_cleared=True)
    listed = f"webhooks/{closed_universe.webhook.pk}/deliveries/"
    assert {row["event_id"] for row in admin.rows(listed, include="body")} & set(rows) == {"beta"}
    assert {row["event_id"] for row in cleared.rows(listed)} & set(rows) == {"alpha", "beta"}
    one = f"webhooks/deliveries/{rows['alpha'].pk}/"
    admin.get(one).is_problem(404)
    assert cleared.get(one).status == 200


def test_clearance_is_given_by_no_key(closed_universe, admin):
    client = closed_universe.webhook
    answer = admin.patch(f"clients/{admin.client.pk}/", {"is_cleared": True})
    answer.is_problem(400)
    admin.patch(f"webhooks/{client.pk}/", {"cleared_url": client.url}).is_problem(400)


def test_without_a_list_nothing_is_said_of_it(universe, reader):
    headers, text = export(reader, "companies.csv")
    assert "ALPH" in text
    assert OMITTED not in headers
