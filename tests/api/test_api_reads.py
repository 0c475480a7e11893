"""What programs read: fields, filters, orders, pages, and that archived rows are gone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from biotech_ma.core.services import archive
from companies.models import Company
from signals_app.services import correct_signal
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db


def walk(caller, path, **params):
    """Return the rows of all pages, following `next`; then assert that `previous` leads back over the same rows."""
    answer = caller.get(path, **params).json
    pages = [answer]
    while answer["next"]:
        answer = caller.get(answer["next"].removeprefix("http://testserver")).json
        pages.append(answer)
    forward = [row for page in pages for row in page["results"]]
    back = list(answer["results"])
    while answer["previous"]:
        answer = caller.get(answer["previous"].removeprefix("http://testserver")).json
        back = answer["results"] + back
    assert back == forward
    return forward


def test_company_is_read_by_id_and_by_ticker_in_any_case(reader, universe):
    by_id = reader.get(f"companies/{universe.alpha.pk}/").json
    assert by_id == reader.get("companies/alph/").json == reader.get("companies/ALPH/").json
    assert by_id["market_cap_usd"] == "2500000000.25"
    assert by_id["runway_quarters"] == 2.5
    assert dt.datetime.fromisoformat(by_id["created_at"]).tzinfo is not None
    assert "pipeline" not in by_id
    assert not {"deleted_at", "search_vector"} & by_id.keys()


def test_include_adds_pipeline_and_latest_score(reader, universe):
    rows = reader.rows("companies/", include="pipeline,latest_score", ordering="-market_cap_usd")
    assert [row["ticker"] for row in rows] == ["ALPH", "BETA", "GAMM"]  # unknown comes last
    assert [drug["name"] for drug in rows[0]["pipeline"]] == ["AB-1"]
    assert rows[0]["latest_score"]["total_score"] == 71.25
    assert rows[2]["pipeline"] == []
    assert rows[2]["latest_score"] is None


def test_fields_thin_rows_in_the_order_asked(reader, universe):
    answer = reader.get("companies/", fields="ticker,pipeline,id", limit=1)
    assert list(answer.json["results"][0]) == ["ticker", "pipeline", "id"]
    assert list(reader.get("companies/ALPH/", fields="name").json) == ["name"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"search": "alpha"}, ["ALPH"]),
        ({"search": "50%_"}, ["GAMM"]),
        ({"search": "%"}, ["GAMM"]),
        ({"therapeutic_area": "oncology"}, ["ALPH"]),
        ({"therapeutic_area": "oncology,metabolic"}, ["ALPH", "BETA"]),
        ({"market_cap_min": "1000000000"}, ["ALPH"]),
        ({"market_cap_max": "900000000"}, ["BETA"]),
        ({"cash_constrained": "true"}, ["ALPH"]),
        ({"cash_constrained": "false"}, []),
        ({"phase": "phase_3"}, ["ALPH"]),
        ({"phase": ["phase_3", "phase_1"]}, ["ALPH", "BETA"]),
        ({"min_score": "50"}, ["ALPH"]),
        ({"role": "acquirer"}, []),
    ],
)
def test_company_filters(reader, universe, params, expected):
    assert [row["ticker"] for row in reader.rows("companies/", **params)] == expected


@pytest.mark.parametrize(
    ("path", "params", "number"),
    [
        ("drug-candidates/", {"company": "alph"}, 1),
        ("drug-candidates/", {"company": "alph,beta", "phase": "phase_1"}, 1),
        ("drug-candidates/", {"orphan": "true"}, 0),
        ("signals/", {"min_severity": "medium"}, 1),
        ("signals/", {"severity": "low"}, 1),
        ("signals/", {"type": "market,trial_started"}, 2),
        ("signals/", {"company": "NONE"}, 0),
        ("signals/", {"since": "2025-06-01"}, 2),
        ("signals/", {"since": "2025-06-02"}, 0),
        ("signals/", {"until": "2025-06-01T11:59:59Z"}, 0),
        ("signals/", {"until": "2025-06-01"}, 2),
        ("signals/", {"source": "analyst"}, 2),
        ("signals/", {"data__form": "SC 13D"}, 1),
        ("signals/", {"data__shares": "5"}, 1),
        ("signals/", {"data__new": "true"}, 1),
        ("signals/", {"data__new": "false"}, 0),
        ("signals/", {"data__form": "SC 13D", "data__shares": "6"}, 0),
        ("scores/", {"min_score": "60"}, 2),
        ("scores/", {"max_score": "50", "company": "BETA"}, 1),
        ("scores/", {"latest": "true"}, 2),
        ("scores/", {"since": "2025-06-01"}, 2),
        ("acquirer-matches/", {"target": "ALPH", "acquirer": "buyr", "min_fit": "5", "top": "true"}, 1),
        ("acquirer-matches/", {"min_fit": "5.1"}, 0),
        ("reports/", {"type": "daily_digest", "since": "2025-06-30"}, 1),
        ("alerts/", {"is_active": "false"}, 0),
        ("alerts/history/", {"company": "ALPH"}, 1),
        ("webhooks/", {"event_type": "signal.created"}, 1),
        ("webhooks/", {"event_type": "ping"}, 0),
    ],
)
def test_filters_of_the_other_resources(admin, universe, path, params, number):
    assert len(admin.rows(path, **params)) == number


@pytest.mark.parametrize("path", ["pipeline", "signals", "scores", "acquirers", "history"])
def test_what_belongs_to_a_company(reader, universe, path):
    rows = reader.rows(f"companies/alph/{path}/")
    assert rows
    assert rows == reader.rows(f"companies/{universe.alpha.pk}/{path}/")
    reader.get(f"companies/NOPE/{path}/").is_problem(404)


@pytest.mark.parametrize("ordering", ["-event_date", "event_date", "ma_impact_score,-event_date"])
def test_pages_hold_every_row_once_in_order(reader, universe, ordering):
    for minute in range(7):
        SignalFactory(
            company=universe.beta,
            event_date=dt.datetime(2025, 6, 2, 10, minute // 2, tzinfo=dt.UTC),
            ma_impact_score=minute % 3,
        )
    whole = reader.rows("signals/", ordering=ordering)
    assert len(whole) == 9
    assert walk(reader, "signals/", ordering=ordering, limit=2) == whole
    assert walk(reader, "signals/", ordering=ordering, limit=3) == whole


@pytest.mark.parametrize("ordering", ["market_cap_usd", "-market_cap_usd", "-market_cap_usd,-name", "name"])
def test_pages_end_with_what_is_unknown(reader, universe, ordering):
    for number in range(4):
        CompanyFactory(market_cap_usd=None if number % 2 else 10 + number // 2)
    whole = reader.rows("companies/", ordering=ordering)
    assert walk(reader, "companies/", ordering=ordering, limit=2) == whole
    if "market" in ordering:
        assert [row["market_cap_usd"] is None for row in whole] == sorted(
            row["market_cap_usd"] is None for row in whole
        )


def test_pages_of_a_search_keep_the_best_match_first(reader, universe):
    for number in range(4):
        CompanyFactory(ticker=f"X{number}", name=f"The alph house {number}")
    rows = walk(reader, "companies/", search="alph", limit=2)
    assert len(rows) == 5
    assert rows[0]["ticker"] == "ALPH"


def test_count_only_when_asked(reader, universe):
    assert "count" not in reader.get("companies/").json
    assert reader.get("companies/", count="true", limit=1, phase="phase_3").json["count"] == 1


def test_rows_appearing_later_do_not_shift_a_page(reader, universe):
    first = reader.get("signals/", limit=1).json
    SignalFactory(company=universe.alpha, event_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    second = reader.get(first["next"].removeprefix("http://testserver")).json
    assert second["results"][0]["id"] != first["results"][0]["id"]


def test_archived_company_takes_everything_of_it_along(admin, universe):
    archive(row=universe.alpha)
    assert [row["ticker"] for row in admin.rows("companies/")] == ["BETA", "GAMM"]
    for path in ("drug-candidates/", "signals/", "scores/", "acquirer-matches/", "alerts/history/", "scores/top/"):
        assert "ALPH" not in admin.get(path).text, path
    for path in ("companies/ALPH/", f"companies/{universe.alpha.pk}/", "companies/ALPH/signals/"):
        admin.get(path).is_problem(404)
    for resource, row in (
        ("signals", universe.signal),
        ("scores", universe.score),
        ("drug-candidates", universe.drug),
        ("acquirer-matches", universe.match),
    ):
        admin.get(f"{resource}/{row.pk}/").is_problem(404)


def test_superseded_signal_is_hidden_unless_asked_for(reader, universe):
    correct_signal(signal=universe.signal, changes={"title": "Put right"})
    titles = [row["title"] for row in reader.rows("signals/", company="ALPH")]
    assert titles == ["Put right"]
    assert len(reader.rows("signals/", company="ALPH", superseded="true")) == 2


def test_top_scores_carry_name_and_market_cap(reader, universe):
    rows = reader.rows("scores/top/", limit=5)
    assert [(row["ticker"], row["name"], row["market_cap_usd"]) for row in rows] == [
        ("ALPH", "Alpha Bio", "2500000000.25"),
        ("BETA", "Beta Pharma", "900000000.00"),
    ]
    assert [row["ticker"] for row in reader.rows("scores/top/", area="metabolic")] == ["BETA"]
    assert [row["ticker"] for row in reader.rows("scores/top/", market_cap_max="1000000000")] == ["BETA"]
    assert [row["total_score"] for row in reader.rows("scores/top/", as_of="2025-06-01")] == [60.0]
    assert len(reader.rows("scores/top/", limit=1)) == 1


def test_statistics_and_counts(reader, universe):
    statistics = reader.get("companies/statistics/").json
    assert statistics["total"] == 3
    assert statistics["by_area"]["oncology"] == 1
    assert statistics["market_cap_total_usd"] == "3400000000.25"
    assert reader.get("companies/statistics/", therapeutic_area="metabolic").json["total"] == 1
    counts = reader.get("signals/counts/").json
    assert counts == {
        "total": 2,
        "by_type": {"market": 1, "trial_started": 1},
        "by_severity": {"low": 1, "medium": 0, "high": 1, "critical": 0},
    }


def test_cash_constrained_list_is_shortest_runway_first(reader, universe):
    CompanyFactory(ticker="SHRT", runway_quarters=Decimal("0.5"), is_cash_constrained=True)
    assert [row["ticker"] for row in reader.rows("companies/cash-constrained/")] == ["SHRT", "ALPH"]
    assert [r["ticker"] for r in reader.rows("companies/cash-constrained/", max_runway_quarters="1")] == ["SHRT"]


def test_history_tells_who_changed_what(admin, universe):
    admin.patch("companies/ALPH/", {"name": "Alpha Renamed"})
    rows = admin.rows("companies/ALPH/history/")
    assert rows[0]["name"] == "Alpha Renamed"
    assert rows[0]["context"]["client"] == "desk"
    assert rows[0]["context"]["key_prefix"] == admin.client.key_prefix
    assert rows[-1]["action"] == "insert"


def test_etag_answers_304_until_the_row_changes(admin, universe):
    first = admin.get("companies/ALPH/")
    same = admin.http.get("/api/v1/companies/ALPH/", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    Company.objects.filter(pk=universe.alpha.pk).update(employee_count=121)
    fresh = admin.http.get("/api/v1/companies/ALPH/", headers={"If-None-Match": first.headers["ETag"]})
    assert fresh.status_code == 200


def test_explanation_adds_up(reader, universe):
    universe.score.metadata = {
        "baseline": "60.00",
        "contributions": [
            {
                "component": "pipeline",
                "feature": "lead_stage",
                "label": "Lead",
                "detail": "phase 3",
                "weight": "0.2",
                "value": "90",
                "median": "33.75",
                "contribution": "11.25",
                "source": "starter",
                "source_url": None,
                "date": "2025-06-01",
                "imputed": False,
                "assumed": False,
                "signal_ids": [],
                "accessions": [],
            }
        ],
    }
    universe.score.save()
    found = reader.get(f"scores/{universe.score.pk}/explanation/").json
    total = Decimal(found["baseline"]) + sum(Decimal(line["contribution"]) for line in found["contributions"])
    assert total == Decimal(found["total_score"])


def test_explanation_of_a_score_without_one_is_404(reader, universe):
    reader.get(f"scores/{universe.score.pk}/explanation/").is_problem(404)


@pytest.mark.parametrize(
    ("path", "field", "near"),
    [
        ("companies/?limt=3", "limt", "limit"),
        ("companies/?therapeutic_areas=oncology", "therapeutic_areas", "therapeutic_area"),
        ("companies/?fields=tickr", "tickr", "ticker"),
        ("companies/?include=pipelin", "pipelin", "pipeline"),
        ("companies/?ordering=-marketcap_usd", "marketcap_usd", "market_cap_usd"),
        ("signals/?type=fda_aproval", "type", "fda_approval"),
        ("signals/?min_severity=hihg", "min_severity", "high"),
        ("companies/ALPH/signals/?company=BETA", "company", "cursor"),
    ],
)
def test_wrong_parameter_is_named_with_its_near_ones(reader, universe, path, field, near):
    answer = reader.get(f"/api/v1/{path}")
    answer.is_problem(400)
    error = answer.json["errors"][0]
    assert error["field"] == field
    assert near in error["detail"]
