"""Many signals at once fare as each would alone: the same rows, refusals, offers and news, by few statements."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from biotech_ma.core import news
from companies.models import Company
from signals_app.api.bulk import create_many
from signals_app.appending import append_signals
from signals_app.models import Signal
from signals_app.services import correct_signal
from tests.api.conftest import caller
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db

ROW = {"company": "ALPH", "signal_type": "market", "event_date": "2026-01-31T16:00:00Z", "title": "T"}
DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def alpha(db):
    return CompanyFactory(ticker="ALPH")


@pytest.fixture
def told(monkeypatch):
    """Collect the spans of the news that signals were written."""
    heard = []
    monkeypatch.setitem(news._listeners, "signals", [lambda span, **about: heard.append(span)])
    return heard


def test_rows_are_written_as_one_alone_is(alpha):
    rich = {
        **ROW, "signal_type": "activist_stake", "available_at": "2026-02-01T00:00:00+02:00", "severity": "low",
        "confidence": "0.125", "description": "ä\n\"q\" \\ \t% {0} 1,5", "source": "edgar", "source_id": "x:1",
        "source_url": "https://example.com/a?b=1&c=%20", "signal_data": {"ä": [1, None, {"b": 1.5}], "c": "\\N"},
        "ma_impact_score": -2.5,
    }  # fmt: skip
    desk = caller("admin")
    for row in (ROW, rich, {**ROW, "description": None, "source_id": None}):
        alone = desk.post("signals/", {**row, "source": "alone"}).json
        status, body = create_many([{**row, "source": "many"}], atomic=False)
        assert status == 201
        many = desk.get(f"signals/{body['results'][0]['id']}/").json
        moments = ("created_at", "updated_at", *(() if "available_at" in row else ("available_at",)))
        for moment in moments:
            age = timezone.now() - dt.datetime.fromisoformat(many.pop(moment))
            assert dt.timedelta(0) <= age < dt.timedelta(minutes=5)
            alone.pop(moment)
        assert many | {"id": alone["id"], "source": "alone"} == alone


def test_each_row_fares_as_it_would_alone(alpha):
    old, corrected = SignalFactory(company=alpha, available_at=DAY), SignalFactory(company=alpha)
    correct_signal(signal=corrected, changes={"title": "Better"})
    SignalFactory(company=alpha, source="edgar", source_id="there")
    same = {"signal_type": old.signal_type, "event_date": "2025-06-01T12:00:00Z", "title": old.title}
    rows = [
        ROW, {**ROW, "title": "  "}, {**ROW, "title": "\u00a0"}, {**ROW, "title": ""}, {**ROW, "title": 7}, None, [],
        "x", {}, {**ROW, "company": "NOPE"}, {**ROW, "company": 5}, {**ROW, "compny": "ALPH"},
        {**ROW, "signal_type": "rumour"}, {**ROW, "event_date": "2026-01-01T00:00:00"}, {**ROW, "event_date": None},
        {**ROW, "confidence": 1.5}, {**ROW, "confidence": "0.12345"}, {**ROW, "ma_impact_score": -11},
        {**ROW, "severity": "dire"}, {**ROW, "source_url": "no"}, {**ROW, "signal_data": []}, {**ROW, "source": ""},
        {**ROW, "source": "edgar", "source_id": "there"}, {**ROW, "source_id": "x" * 256},
        {**ROW, "supersedes": "01900000-0000-7000-8000-000000000000"}, {**ROW, "supersedes": "no"},
        {**ROW, "supersedes": 5}, {**ROW, "supersedes": str(corrected.pk)},
        {**ROW, "supersedes": str(old.pk), "available_at": "2025-12-31T00:00:00Z"},
        {**ROW, **same, "supersedes": str(old.pk)}, {**ROW, "title": " ", "supersedes": str(corrected.pk)},
    ]  # fmt: skip
    desk, expected = caller("admin"), []
    for row in rows:
        if isinstance(row, dict):
            answer = desk.post("signals/", row)
            whole = [{"field": "", "code": "conflict", "detail": answer.json.get("detail")}]
            expected.append((answer.status, [] if answer.status == 201 else answer.json["errors"] or whole))
    results = create_many(rows, atomic=False)[1]["results"]
    assert [result["index"] for result in results] == list(range(len(rows)))
    assert [result["status"] for result in results if not isinstance(rows[result["index"]], dict)] == [400] * 3
    found = [(r["status"], r["errors"]) for r in results if isinstance(rows[r["index"]], dict)]
    assert found == expected
    assert {status for status, _ in found} == {201, 400, 409}


def test_key_taken_earlier_in_the_request_is_taken(alpha):
    row = {**ROW, "source": "edgar", "source_id": "a"}
    rows = [{**row, "title": " "}, row, row, {**row, "source": "other"}]
    body = create_many(rows, atomic=False)[1]
    assert [result["status"] for result in body["results"]] == [400, 201, 400, 201]
    assert [error["code"] for error in body["results"][2]["errors"]] == ["unique"]
    assert (body["created"], body["rejected"]) == (2, 2)


def test_corrections_take_the_rest_from_what_they_correct(alpha):
    old = SignalFactory(company=alpha, severity="high", description="Kept", source="edgar", source_id="e1")
    later = SignalFactory(company=alpha, available_at=timezone.now() + dt.timedelta(days=3))
    rows = [
        {**ROW, "supersedes": str(old.pk)},
        {**ROW, "supersedes": str(old.pk)},
        {**ROW, "supersedes": str(later.pk)},
    ]
    results = create_many(rows, atomic=False)[1]["results"]
    assert [result["status"] for result in results] == [201, 400, 201]
    assert results[1]["errors"][0] == {
        "field": "supersedes", "code": "unique",
        "detail": "That signal has been superseded already; correct the newer one.",
    }  # fmt: skip
    first = Signal.objects.get(pk=results[0]["id"])
    assert (first.supersedes_id, first.severity, first.description) == (old.pk, "high", "Kept")
    assert (first.source, first.source_id) == ("analyst", None)
    assert Signal.objects.get(pk=results[2]["id"]).available_at == later.available_at


def test_news_is_told_once_and_only_of_what_was_written(alpha, told, django_capture_on_commit_callbacks):
    create_many([{**ROW, "title": " "}], atomic=False)
    assert told == []
    create_many([ROW] * 5, atomic=False)
    assert len(told) == 1
    assert told[0].since <= Signal.objects.latest("created_at").created_at <= told[0].until


def test_offer_takes_the_company_off_the_list_and_its_correction_puts_it_back(alpha):
    beta = CompanyFactory(ticker="BETA")
    offer = {**ROW, "signal_type": "takeover_target"}
    results = create_many([offer, {**ROW, "company": "BETA"}], atomic=False)[1]["results"]
    assert Company.objects.get(pk=alpha.pk).under_offer_since == dt.date(2026, 1, 31)
    assert Company.objects.get(pk=beta.pk).under_offer_since is None
    create_many([{**ROW, "supersedes": results[0]["id"]}], atomic=False)
    assert Company.objects.get(pk=alpha.pk).under_offer_since is None


def test_number_of_statements_does_not_grow_with_the_rows(alpha):
    beta = CompanyFactory(ticker="BETA")
    counts = []
    for number in (3, 60):
        old = [SignalFactory(company=alpha) for _ in range(number)]
        rows = [
            *({**ROW, "supersedes": str(signal.pk)} for signal in old),
            *({**ROW, "source_id": f"{number}-{place}"} for place in range(number)),
            *({**ROW, "company": str(beta.pk), "title": " "} for _ in range(number)),
            *({**ROW, "company": f"NO{place}"} for place in range(number)),
        ]
        with CaptureQueriesContext(connection) as queries:
            assert create_many(rows, atomic=False)[1]["created"] == 2 * number
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_ids_follow_the_order_of_the_request(alpha):
    body = create_many([{**ROW, "title": f"{place}"} for place in range(50)], atomic=False)[1]
    ids = [result["id"] for result in body["results"]]
    assert ids == sorted(ids)
    assert list(Signal.objects.order_by("id").values_list("title", flat=True)) == [str(place) for place in range(50)]


@pytest.mark.django_db(transaction=True)
def test_key_that_another_takes_at_the_same_moment_is_a_conflict(monkeypatch):
    alpha = CompanyFactory(ticker="ALPH")
    values = {"company": alpha, "signal_type": "market", "event_date": DAY, "title": "T", "source": "edgar"}
    from signals_app.appending import _Batch

    judge = _Batch.judge

    def overtaken(batch, cursor):
        judge(batch, cursor)
        with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
            other.execute(
                "INSERT INTO signals (company_id, signal_type, event_date, title, source, source_id)"
                " VALUES (%s, 'market', now(), 'First', 'edgar', 'b')",
                [alpha.pk],
            )

    monkeypatch.setattr(_Batch, "judge", overtaken)
    fates = append_signals([{**values, "source_id": key} for key in ("a", "b", "c")])
    assert [fate.id is not None for fate in fates] == [True, False, True]
    assert fates[1].refusal.field == "source_id"
    assert Signal.objects.get(source_id="b").title == "First"
