"""What programs write: whole rows back, the tables' own words on refusals, nothing half done."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from biotech_ma.core.api import serializers
from biotech_ma.core.services import archive
from companies.models import Company, DrugCandidate
from delivery.models import Client, Report, Webhook
from signals_app.models import Signal
from tests.api.conftest import caller
from tests.concurrency import together
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db

NEW_SIGNAL = {
    "company": "alph",
    "signal_type": "activist_stake",
    "event_date": "2026-01-31T16:00:00-05:00",
    "title": "13D filed",
}
CREATIONS = {
    "companies": {"name": "New Bio", "ticker": "newb", "cik": "42", "market_cap_usd": "12.50"},
    "drug-candidates": {"company": "ALPH", "name": "AB-2", "phase": "phase_1"},
    "signals": NEW_SIGNAL,
    "reports": {"report_type": "daily_digest"},
    "alerts": {"name": "Stakes", "alert_type": "new_signal", "signal_types": ["activist_stake"]},
    "webhooks": {"name": "Desk", "url": "https://example.com/in"},
    "clients": {"client_name": "Fund", "scopes": ["read", "write:signals"]},
}
EDITABLE = sorted(CREATIONS.keys() - {"signals"})


@pytest.mark.parametrize("resource", sorted(CREATIONS))
def test_creating_answers_201_with_the_whole_resource(admin, universe, resource):
    answer = admin.post(f"{resource}/", CREATIONS[resource])
    assert answer.status == 201, answer.text
    created = answer.json
    shown_once = {"secret", "api_key"} & created.keys()
    again = admin.get(answer.headers["Location"].removeprefix("http://testserver")).json
    assert {name: value for name, value in created.items() if name not in shown_once} == again
    assert shown_once == {"webhooks": {"secret"}, "clients": {"api_key"}}.get(resource, set())


def test_company_is_kept_in_its_form_and_marked_as_curated(admin):
    created = admin.post("companies/", CREATIONS["companies"]).json
    assert (created["ticker"], created["cik"], created["market_cap_usd"]) == ("NEWB", "0000000042", "12.50")
    assert created["field_sources"]["market_cap_usd"]["source"] == "curated"
    assert "employee_count" not in created["field_sources"]


def test_company_is_written_as_company_and_read_as_id_and_ticker(admin, universe):
    created = admin.post("drug-candidates/", CREATIONS["drug-candidates"]).json
    assert (created["company_id"], created["ticker"]) == (str(universe.alpha.pk), "ALPH")
    assert "company" not in created
    moved = admin.patch(f"drug-candidates/{created['id']}/", {"company": str(universe.beta.pk)}).json
    assert moved["ticker"] == "BETA"


def test_signal_takes_severity_and_impact_from_the_catalogue(admin, universe):
    created = admin.post("signals/", NEW_SIGNAL).json
    assert (created["severity"], created["ma_impact_score"]) == ("high", 10.0)
    assert created["event_date"] == "2026-01-31T21:00:00+00:00"


def test_signal_is_corrected_by_a_new_row(admin, universe):
    answer = admin.post("signals/", {**NEW_SIGNAL, "supersedes": str(universe.signal.pk)})
    assert answer.json["supersedes_id"] == str(universe.signal.pk)
    admin.post("signals/", {**NEW_SIGNAL, "title": "Again", "supersedes": str(universe.signal.pk)}).is_problem(400, 409)


def test_signal_of_an_archived_company_cannot_be_corrected(admin, universe):
    other = admin.post("companies/", {"name": "Other", "ticker": "OTHR"})
    assert other.status == 201
    assert admin.delete("companies/ALPH/").status == 204
    body = {**NEW_SIGNAL, "company": "OTHR", "supersedes": str(universe.signal.pk)}
    answer = admin.post("signals/", body)
    answer.is_problem(400)
    assert answer.fields == {"supersedes": "does_not_exist"}


def test_patch_changes_what_is_sent_and_put_accepts_what_was_read(admin, universe):
    patched = admin.patch("companies/ALPH/", {"employee_count": 130}).json
    assert (patched["employee_count"], patched["name"]) == (130, "Alpha Bio")
    patched["employee_count"] = None
    replaced = admin.put("companies/ALPH/", patched)
    assert replaced.status == 200, replaced.text
    assert replaced.json["employee_count"] is None
    admin.put("companies/ALPH/", {"ticker": "ALPH"}).is_problem(400)


@pytest.mark.parametrize("resource", EDITABLE)
def test_delete_archives_and_restore_brings_back(admin, universe, resource):
    key = admin.post(f"{resource}/", CREATIONS[resource]).json["id"]
    assert admin.delete(f"{resource}/{key}/").status == 204
    admin.get(f"{resource}/{key}/").is_problem(404)
    admin.delete(f"{resource}/{key}/").is_problem(404)
    answer = admin.post(f"{resource}/{key}/restore/")
    assert (answer.status, answer.json["id"]) == (200, key)
    assert admin.get(f"{resource}/{key}/").status == 200


def test_restore_is_refused_while_another_company_has_the_ticker(admin, universe):
    archive(row=universe.alpha)
    CompanyFactory(ticker="ALPH")
    answer = admin.post(f"companies/{universe.alpha.pk}/restore/")
    answer.is_problem(409)
    assert answer.fields == {"ticker": "conflict"}


def test_archived_company_takes_no_more_signals(admin, universe):
    archive(row=universe.alpha)
    answer = admin.post("signals/", NEW_SIGNAL)
    answer.is_problem(400)
    assert answer.fields == {"company": "unknown"}


@pytest.mark.parametrize(
    ("resource", "change", "field"),
    [
        ("companies", {"market_cap_usd": -1}, "market_cap_usd"),
        ("companies", {"market_cap_usd": "NaN"}, "market_cap_usd"),
        ("companies", {"market_cap_usd": "1e400"}, "market_cap_usd"),
        ("companies", {"role": "boss"}, "role"),
        ("companies", {"therapeutic_areas": ["onco"]}, "therapeutic_areas[0]"),
        ("companies", {"therapeutic_areas": "oncology"}, "therapeutic_areas"),
        ("companies", {"name": "   "}, "name"),
        ("companies", {"name": 5}, "name"),
        ("companies", {"name": "x" * 256}, "name"),
        ("companies", {"ticker": "beta"}, "ticker"),
        ("companies", {"ticker": "a b"}, "ticker"),
        ("companies", {"cik": "12x"}, "cik"),
        ("companies", {"founded_year": 3000}, "founded_year"),
        ("companies", {"founded_year": "2000"}, "founded_year"),
        ("companies", {"employee_count": 2**31}, "employee_count"),
        ("companies", {"employee_count": 2**70}, "employee_count"),
        ("companies", {"metadata": []}, "metadata"),
        ("companies", {"is_public": "yes"}, "is_public"),
        ("companies", {"market_cap_as_of": "2026-02-30"}, "market_cap_as_of"),
        ("companies", {"tiker": "X"}, "tiker"),
        ("drug-candidates", {"phase": "phase_9"}, "phase"),
        ("drug-candidates", {"company": "NOPE"}, "company"),
        ("drug-candidates", {"company": 7}, "company"),
        ("drug-candidates", {"phase_score": 101}, "phase_score"),
        ("signals", {"event_date": "2026-01-31T16:00:00"}, "event_date"),
        ("signals", {"event_date": "0000-01-01T00:00:00Z"}, "event_date"),
        ("signals", {"event_date": "10000-01-01T00:00:00Z"}, "event_date"),
        ("signals", {"event_date": "0001-01-01T00:00:00+14:00"}, "event_date"),
        ("signals", {"signal_type": "rumour"}, "signal_type"),
        ("signals", {"confidence": 1.5}, "confidence"),
        ("signals", {"ma_impact_score": -11}, "ma_impact_score"),
        ("signals", {"source_url": "javascript:alert(1)"}, "source_url"),
        ("signals", {"supersedes": "01a205cf-0309-7f4c-8315-09443ff5da29"}, "supersedes"),
        ("signals", {"description": "x" * 20_001}, "description"),
        ("reports", {"format": "doc"}, "format"),
        ("reports", {"recipients": ["nobody"]}, "recipients[0]"),
        ("reports", {"period_start": "2026-02-01", "period_end": "2026-01-01"}, "period_end"),
        ("alerts", {"notification_channels": ["fax"]}, "notification_channels[0]"),
        ("alerts", {"condition": "x"}, "condition"),
        ("webhooks", {"url": "https://user:pass@example.com/"}, "url"),
        ("webhooks", {"url": "ftp://example.com/"}, "url"),
        ("webhooks", {"event_types": ["nope"]}, "event_types[0]"),
        ("webhooks", {"timeout_seconds": 0}, "timeout_seconds"),
        ("clients", {"scopes": ["root"]}, "scopes[0]"),
        ("clients", {"rate_limit_per_hour": 0}, "rate_limit_per_hour"),
        ("clients", {"allowed_endpoints": ["nope"]}, "allowed_endpoints[0]"),
        ("clients", {"contact_email": "x"}, "contact_email"),
    ],
)
def test_wrong_value_is_refused_by_name_and_nothing_is_written(admin, universe, resource, change, field):
    models = {"companies": Company, "signals": Signal, "drug-candidates": DrugCandidate, "clients": Client}
    model = models.get(resource, Webhook)
    before = model.objects.count()
    answer = admin.post(f"{resource}/", {**CREATIONS[resource], **change})
    answer.is_problem(400)
    assert field in answer.fields
    assert model.objects.count() == before


def test_constraint_speaks_in_the_models_words(admin, universe):
    wanted = next(c for c in Company._meta.constraints if c.name == "companies_live_ticker_uniq")
    error = admin.post("companies/", {"name": "X", "ticker": "ALPH"}).json["errors"][0]
    assert error == {"field": "ticker", "code": "unique", "detail": wanted.violation_error_message}


def test_write_that_lost_a_race_is_409_with_the_field(admin, universe, monkeypatch):
    monkeypatch.setattr(serializers, "violations", lambda *args, **kwargs: [])
    answer = admin.post("companies/", {"name": "X", "ticker": "ALPH"})
    answer.is_problem(409)
    assert answer.fields == {"ticker": "unique"}
    answer = admin.post("companies/", {"name": "X", "therapeutic_areas": [], "ticker": "lower case"})
    answer.is_problem(400)
    assert answer.fields == {"ticker": "invalid"}


@pytest.mark.django_db(transaction=True)
def test_two_programs_that_create_one_ticker_at_once_get_one_company():
    desk = caller("admin")
    answers = together(*[lambda: desk.post("companies/", {"name": "Twin", "ticker": "TWIN"}) for _ in range(4)])
    assert sorted(answer.status for answer in answers)[0] == 201
    assert {answer.status for answer in answers} <= {201, 400, 409}
    assert Company.objects.filter(ticker="TWIN").count() == 1


def test_if_match_refuses_a_stale_write(admin, universe):
    tag = admin.get("companies/ALPH/").headers["ETag"]
    assert admin.patch("companies/ALPH/", {"employee_count": 1}, headers={"If-Match": tag}).status == 200
    admin.patch("companies/ALPH/", {"employee_count": 2}, headers={"If-Match": tag}).is_problem(412)
    admin.delete("companies/ALPH/", headers={"If-Match": tag}).is_problem(412)
    assert Company.objects.get(ticker="ALPH").employee_count == 1


@pytest.mark.parametrize("form", ["W/{}", '{}-gzip"', '{}-zstd"', '"other", {}'])
def test_if_match_knows_a_tag_that_a_compressing_proxy_changed(admin, universe, form):
    tag = admin.get("companies/ALPH/").headers["ETag"]
    changed = form.format(tag.removesuffix('"') if form.endswith('"') else tag)
    assert admin.patch("companies/ALPH/", {"employee_count": 1}, headers={"If-Match": changed}).status == 200


def test_bulk_gives_each_row_its_result(admin, universe):
    rows = [NEW_SIGNAL, {**NEW_SIGNAL, "signal_type": "rumour"}, 5, {**NEW_SIGNAL, "company": "BETA"}]
    answer = admin.post("signals/", rows)
    assert answer.status == 207
    assert [result["status"] for result in answer.json["results"]] == [201, 400, 400, 201]
    assert (answer.json["created"], answer.json["rejected"]) == (2, 2)
    assert answer.json["results"][1]["errors"][0]["field"] == "signal_type"
    assert Signal.objects.filter(title="13D filed").count() == 2
    assert Signal.objects.filter(pk=answer.json["results"][0]["id"]).exists()
    assert admin.post("signals/", [NEW_SIGNAL]).status == 201


def test_bulk_names_the_row_whose_source_id_is_taken(admin, universe):
    row = {**NEW_SIGNAL, "source": "edgar", "source_id": "a"}
    answer = admin.post("signals/", [row, row])
    assert [result["status"] for result in answer.json["results"]] == [201, 400]
    assert answer.json["results"][1]["errors"][0]["code"] == "unique"


def test_atomic_bulk_is_all_or_nothing(admin, universe):
    answer = admin.post("signals/?atomic=true", [NEW_SIGNAL, {**NEW_SIGNAL, "event_date": "2026-01-01T00:00:00"}])
    answer.is_problem(400)
    assert answer.fields == {"[1].event_date": "naive"}
    assert not Signal.objects.filter(title="13D filed").exists()
    assert admin.post("signals/?atomic=true", [NEW_SIGNAL, NEW_SIGNAL]).status == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "signals/{signal}/"),
        ("DELETE", "signals/{signal}/"),
        ("POST", "scores/"),
        ("PUT", "scores/{score}/"),
        ("POST", "acquirer-matches/"),
        ("DELETE", "acquirer-matches/{match}/"),
        ("POST", "companies/statistics/"),
        ("GET", "companies/ALPH/restore/"),
        ("DELETE", "companies/"),
    ],
)
def test_what_cannot_be_done_is_405_with_what_can(admin, universe, method, path):
    path = path.format(signal=universe.signal.pk, score=universe.score.pk, match=universe.match.pk)
    answer = admin.send(method, path, {} if method != "GET" else None)
    answer.is_problem(405)
    assert "OPTIONS" in answer.headers["Allow"]
    assert method not in answer.headers["Allow"]


def test_report_is_queued_with_day_and_title(admin):
    created = admin.post("reports/", {"report_type": "daily_digest", "report_date": "2026-01-05"}).json
    assert (created["delivery_status"], created["title"]) == ("queued", "Daily digest 2026-01-05")
    assert not {"local_path", "s3_key"} & created.keys()
    assert Report.objects.get().delivery_status == "queued"


def test_secrets_are_shown_once(admin, universe):
    secret = admin.post("webhooks/", CREATIONS["webhooks"]).json["secret"]
    rotated = admin.post(f"webhooks/{universe.webhook.pk}/rotate-secret/").json["secret"]
    assert secret.startswith("whsec_")
    assert rotated.startswith("whsec_")
    key = admin.post("clients/", CREATIONS["clients"]).json["api_key"]
    for path in ("webhooks/", f"webhooks/{universe.webhook.pk}/", "clients/", "clients/me/"):
        text = admin.get(path).text
        for hidden in (secret, rotated, key, "whsec_", '"api_key"', '"secret"'):
            assert hidden not in text


def test_deliveries_of_a_webhook(admin, universe):
    rows = admin.rows(f"webhooks/{universe.webhook.pk}/deliveries/", status="pending")
    assert [row["event_type"] for row in rows] == ["ping"]
    archive(row=universe.webhook)
    admin.get(f"webhooks/{universe.webhook.pk}/deliveries/").is_problem(404)


def test_failed_write_leaves_no_trace(admin, universe):
    with pytest.raises(IntegrityError), transaction.atomic():
        Company.objects.create(name="x", ticker="ALPH")
    before = Company.objects.values_list("pk", "updated_at", "name")
    admin.patch("companies/ALPH/", {"name": "New name", "market_cap_usd": -5}).is_problem(400)
    assert list(before) == list(Company.objects.values_list("pk", "updated_at", "name"))
    assert Company.objects.get(ticker="ALPH").name == "Alpha Bio"


def test_future_signal_is_not_listed_before_its_time(admin, universe):
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(days=3)).isoformat()
    created = admin.post("signals/", {**NEW_SIGNAL, "available_at": later})
    assert created.status == 201
    assert created.json["id"] not in [row["id"] for row in admin.rows("signals/")]
