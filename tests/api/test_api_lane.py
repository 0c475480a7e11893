"""The short way for lists: the same answers as the long way, and never one that a commit has made untrue."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
from dataclasses import replace
from decimal import Decimal

import psycopg
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection
from django.utils import timezone

from biotech_ma.core.api.plans import PLANS
from biotech_ma.core.api.standing import ANSWERS, Answer, Answers, Proof
from biotech_ma.core.postgres import prepared
from biotech_ma.core.services import archive
from companies.models import Company
from delivery.api.lane import ShortWay
from delivery.models import Client, ClientUsage
from delivery.services import revoke_client
from signals_app.services import correct_signal
from tests.api.conftest import caller
from tests.factories import AcquirerMatchFactory, CompanyFactory, DrugCandidateFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = [
    "companies/?limit=2&ordering=-market_cap_usd&include=pipeline,latest_score",
    "companies/?market_cap_min=900000000&market_cap_max=2500000000.25&ordering=market_cap_usd",
    "companies/?market_cap_min=900000000.5&market_cap_max=9e9&ordering=market_cap_usd",
    "companies/?min_score=40&count=true",
    "companies/?search=alpha",
    "companies/alph/signals/?min_severity=high&limit=100",
    "companies/BETA/signals/?min_severity=high&limit=100",
    "companies/BETA/scores/",
    "companies/BETA/pipeline/?fields=name,phase",
    "signals/?limit=1",
    "signals/?limit=1&ordering=ma_impact_score",
    "signals/?min_impact=-3&type=market",
    "scores/?max_score=55.5",
    "scores/top/?market_cap_max=5000000000",
    "scores/top/?limit=1&as_of=2025-06-30",
    "drug-candidates/",
    "acquirer-matches/?min_fit=2",
]


class Way:
    """Calls the WSGI application as a server does, the short way first or the long way alone."""

    def __init__(self, key: str, *, short: bool = True) -> None:
        self.key = key
        self.passed_on = 0
        django = get_wsgi_application()

        def counted(environ, start_response):
            self.passed_on += 1
            return django(environ, start_response)

        self.application = ShortWay(counted) if short else counted

    def get(self, path: str, method: str = "GET", **headers: str):
        """Return status, headers and body."""
        address, _, query = f"/api/v1/{path}".partition("?")
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": address, "QUERY_STRING": query, "HTTP_HOST": "localhost",
            "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "HTTP_AUTHORIZATION": f"Bearer {self.key}",
            **headers,
        }  # fmt: skip
        started = []
        body = b"".join(self.application(environ, lambda status, headers, *rest: started.extend((status, headers))))
        return int(started[0].split()[0]), {name.lower(): value for name, value in started[1]}, body

    def rows(self, path: str):
        status, _, body = self.get(path)
        assert status == 200, body
        return json.loads(body)["results"]


@pytest.fixture(autouse=True)
def _nothing_kept():
    ANSWERS.clear()
    PLANS.clear()


@pytest.fixture
def way(transactional_db, universe):
    return Way(caller("read").key)


@pytest.fixture
def other():
    """A second session of the same database, in a transaction of its own."""
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as session:
        yield session
        session.rollback()


def kept(way, path):
    """Ask until the answer is given from memory, and return its rows."""
    way.get(path)
    way.get(path)
    held = way.passed_on
    rows = way.rows(path)
    assert way.passed_on == held == 1
    return rows


@pytest.mark.parametrize("path", LISTS)
def test_short_way_answers_as_the_long_way_does(way, path):
    long = Way(way.key, short=False).get(path)
    for _ in range(3):
        status, headers, body = way.get(path)
        assert (status, body) == (long[0], long[2])
        own = {"x-request-id", "ratelimit"}
        assert {n: v for n, v in headers.items() if n not in own} == {n: v for n, v in long[1].items() if n not in own}
        assert own <= headers.keys()
    assert way.passed_on == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("companies/?market_cap_min=1&market_cap_max=9e9", "companies/?market_cap_min=900000001&market_cap_max=3e9"),
        ("companies/ALPH/signals/", "companies/gamm/signals/"),
        ("companies/{alpha}/signals/?min_impact=0", "companies/{beta}/signals/?min_impact=-1"),
        ("scores/?min_score=1", "scores/?min_score=50.0001"),
        ("companies/?min_score=1", "companies/?min_score=70"),
        ("scores/top/?market_cap_max=9000000000", "scores/top/?market_cap_max=900000000"),
        ("signals/?min_confidence=0.1&min_impact=0", "signals/?min_confidence=0.2&min_impact=5"),
    ],
)
def test_values_of_one_request_do_not_stay_in_the_next(way, universe, first, second):
    names = {"alpha": universe.alpha.pk, "beta": universe.beta.pk}
    first, second = first.format(**names), second.format(**names)
    way.get(first)
    answer = way.get(second)
    assert way.passed_on == 1
    assert answer[2] == Way(way.key, short=False).get(second)[2] != way.get(first)[2]


def test_every_page_is_found_by_the_short_way(way, universe):
    for minute in range(7):
        SignalFactory(company=universe.beta, event_date=dt.datetime(2025, 6, 2, 10, minute // 2, tzinfo=dt.UTC))
    long, path, pages = Way(way.key, short=False), "signals/?limit=2", []
    while path:
        pages.append(way.get(path)[2])
        assert pages[-1] == long.get(path)[2]
        link = json.loads(pages[-1])["next"]
        path = link and link.removeprefix("http://localhost/api/v1/")
    assert len(pages) == 5
    assert way.passed_on == 2  # a first page, and a page after a cursor
    before = json.loads(pages[-1])["previous"].removeprefix("http://localhost/api/v1/")
    assert json.loads(way.get(before)[2])["results"] == json.loads(pages[-2])["results"]


@pytest.mark.parametrize(
    "path",
    [
        "companies/?ordering=employee_count", "companies/?ordering=-employee_count", "companies/?search=bio",
        "companies/?ordering=-market_cap_usd", "companies/?ordering=-market_cap_usd&market_cap_min=1",
        "companies/?ordering=founded_year,-name", "companies/?ordering=created_at", "acquirer-matches/",
        "drug-candidates/?ordering=patent_expiry", "scores/?ordering=-score_change_30d", "scores/",
    ],
)  # fmt: skip
def test_pages_in_any_order_are_those_of_the_long_way(way, universe, path):
    for place in range(6):
        company = CompanyFactory(name=f"Bio {place}", employee_count=place // 2 or None, founded_year=2000 + place % 2)
        DrugCandidateFactory(company=company, patent_expiry=dt.date(2030, 1, 1 + place) if place % 2 else None)
        MAScoreFactory(company=company, score_change_30d=Decimal(place) if place % 3 else None)
        AcquirerMatchFactory(target_company=company, match_rank=place or None)
    long, link, ids = Way(way.key, short=False), f"{path}{'&' if '?' in path else '?'}limit=1", []
    for turn in ("next", "previous"):
        while link:
            status, _, body = way.get(link)
            assert (status, body) == (200, long.get(link)[2])
            answer = json.loads(body)
            ids += [row["id"] for row in answer["results"]] if turn == "next" else []
            last, link = link, (answer[turn] or "").removeprefix("http://localhost/api/v1/")
        link = last
    assert len(ids) == len(set(ids)) >= 2


def test_committed_write_is_seen_by_the_next_read(way, universe):
    writes = {
        "signals/": lambda: SignalFactory(company=universe.beta),
        "companies/BETA/signals/": lambda: SignalFactory(company=universe.beta),
        "companies/?include=pipeline": lambda: DrugCandidateFactory(company=universe.beta),
        "companies/?include=latest_score": lambda: MAScoreFactory(company=universe.gamma, is_latest=True),
        "companies/": lambda: Company.objects.update(employee_count=3),
        "scores/top/": lambda: Company.objects.filter(ticker="ALPH").update(under_offer_since="2025-01-01"),
        "scores/": lambda: MAScoreFactory(company=universe.gamma, score_date=dt.date(2025, 1, 1)),
        "drug-candidates/": lambda: archive(row=universe.drug),
    }
    for path, write in writes.items():
        way.passed_on = 0
        before = kept(way, path)
        write()
        after = way.rows(path)
        assert after != before
        assert after == Way(way.key, short=False).rows(path)


def test_write_is_seen_at_its_commit_and_not_before(way, universe, other):
    before = kept(way, "signals/")
    other.execute(
        "INSERT INTO signals (company_id, signal_type, event_date, title) VALUES (%s, 'market', now(), 'Late')",
        [universe.beta.pk],
    )
    assert way.rows("signals/") == before
    # A quicker writer commits and the page is read and kept in between: the slower one's commit must show all the same.
    SignalFactory(company=universe.alpha, title="Quick")
    titles = [row["title"] for row in way.rows("signals/")]
    assert "Quick" in titles
    assert "Late" not in titles
    other.commit()
    assert "Late" in [row["title"] for row in way.rows("signals/")]


def test_correction_hides_the_old_row_at_once(way, universe):
    assert str(universe.signal.pk) in [row["id"] for row in kept(way, "signals/")]
    newer = correct_signal(signal=universe.signal, changes={"title": "Corrected"})
    ids = [row["id"] for row in way.rows("signals/")]
    assert str(newer.pk) in ids
    assert str(universe.signal.pk) not in ids


def test_answer_stands_no_longer_than_until_a_row_begins_to_count(way, universe):
    begins = timezone.now() + dt.timedelta(hours=1)
    SignalFactory(company=universe.beta, available_at=begins)
    kept(way, "signals/")
    proof = next(iter(ANSWERS._kept.values())).proof
    assert proof.until == pytest.approx(begins.timestamp(), abs=0.001)
    assert proof.holds()
    assert not replace(proof, until=timezone.now().timestamp() - 1).holds()
    # The clock was set back behind the moment of reading.
    assert not replace(proof, since=timezone.now().timestamp() + 3600).holds()


def test_answer_of_a_server_that_started_anew_does_not_stand(way):
    kept(way, "companies/")
    proof = next(iter(ANSWERS._kept.values())).proof
    changes, start, database = proof.state.split(b" ")
    assert proof.holds()
    assert not replace(proof, state=b" ".join([changes, start + b"1", database])).holds()
    assert not replace(proof, state=b" ".join([changes, start, database + b"1"])).holds()


def test_what_is_wrong_is_said_as_ever(way, universe):
    long = Way(way.key, short=False)
    for path in ("companies/?market_cap_min=1", "companies/ALPH/signals/", "signals/?limit=1", "scores/?min_score=3"):
        way.get(path)
    cursor = json.loads(way.get("signals/?limit=1")[2])["next"].partition("cursor=")[2]
    archive(row=universe.gamma)
    wrong = [
        "companies/?market_cap_min=abc", "companies/?market_cap_min=", "companies/?market_cap_min=1&market_cap_min=2",
        "companies/?market_cap_min=NaN", "companies/?market_cap_mni=1", "companies/NOPE/signals/",
        "companies/GAMM/signals/", "companies/%20ALPH/signals/", f"signals/?limit=1&cursor={cursor}x",
        f"signals/?limit=1&cursor={cursor}&ordering=event_date", "scores/?min_score=1e999", "signals/?limit=0",
        "companies/?market_cap_min=1%00",
    ]  # fmt: skip
    for path in wrong:
        expected, found = long.get(path), way.get(path)
        assert expected[0] in (400, 404), path
        assert (found[0], found[2]) == (expected[0], expected[2]), path


def test_key_is_asked_for_what_it_may(way, universe):
    path = "companies/ALPH/pipeline/"
    kept(way, path)
    narrow = caller("read", allowed_endpoints=["companies"])
    writer = caller("write:signals")
    for key, status in ((narrow.key, 403), (writer.key, 403), ("bma_00000000_" + "0" * 64, 401), ("x", 401)):
        way.key = key
        assert way.get(path)[0] == status
    assert way.get(path, HTTP_X_API_KEY="x")[0] == 400
    way.key = narrow.key
    assert way.get("companies/?include=pipeline")[0] == 403
    assert way.get("companies/")[0] == 200


def test_call_is_counted_once_and_the_hour_ends(way, universe):
    desk = caller("read", rate_limit_per_hour=4)
    way.key = desk.key
    answers = [way.get("signals/") for _ in range(6)]
    assert [answer[0] for answer in answers] == [200, 200, 200, 200, 429, 429]
    left = [answer[1]["ratelimit"].split(";")[1] for answer in answers[:4]]
    assert left == ["r=3", "r=2", "r=1", "r=0"]
    assert ClientUsage.objects.get(client=desk.client).requests == 4
    assert way.passed_on == 3  # the first, and those that were refused


def test_revoked_key_is_refused(way):
    kept(way, "signals/")
    revoke_client(client=Client.objects.get(key_prefix=way.key.split("_")[1]))
    assert way.get("signals/")[0] == 401


@pytest.mark.parametrize(
    "header",
    [
        {"HTTP_ORIGIN": "https://example.com"},
        {"HTTP_IF_NONE_MATCH": '"x"'},
        {"HTTP_ACCEPT": "text/csv"},
        {"HTTP_COOKIE": "a=b"},
        {"HTTP_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
    ],
)
def test_what_is_out_of_the_ordinary_goes_the_long_way(way, header):
    kept(way, "companies/")
    found = way.get("companies/", **header)
    assert way.passed_on == 2
    assert found[0] == Way(way.key, short=False).get("companies/", **header)[0]


def test_server_that_dropped_the_connection_is_asked_again(way, other):
    kept(way, "companies/")
    other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    # No key is looked up and no other statement notices before.
    assert prepared.one("SELECT 7") == (7,)
    assert way.get("companies/")[0] == 200


def test_statement_that_fails_on_a_sound_connection_is_not_asked_again():
    with pytest.raises(OperationalError):
        prepared.one("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)")


def test_other_methods_go_the_long_way(way):
    kept(way, "companies/")
    assert way.get("companies/", "HEAD")[0] == 200
    assert way.get("companies/", "DELETE")[0] == 405
    assert way.passed_on == 3


def test_request_id_comes_back(way):
    kept(way, "companies/")
    assert way.get("companies/", HTTP_X_REQUEST_ID="desk-7")[1]["x-request-id"] == "desk-7"
    assert way.get("companies/", HTTP_X_REQUEST_ID="a b")[1]["x-request-id"] not in ("a b", "")


def test_list_that_depends_on_more_than_counted_tables_is_read_each_time(way, universe):
    for _ in range(3):
        way.get("companies/ALPH/history/")
        way.get("scores/top/?as_of=2025-06-30")
    assert way.passed_on == 4  # history has no plan; the ranking of a day asks for the version in force
    assert not ANSWERS._kept


def test_money_of_a_value_is_bound_exactly(way):
    CompanyFactory(ticker="EDGE", market_cap_usd=Decimal("1234567890123456.78"))
    way.get("companies/?market_cap_min=1")
    assert [row["ticker"] for row in way.rows("companies/?market_cap_min=1234567890123456.78")] == ["EDGE"]
    assert way.rows("companies/?market_cap_min=1234567890123456.79") == []


def test_answers_take_no_more_room_than_they_may():
    proof = Proof(frozenset({"companies"}), b"", 0, None)
    answers = Answers(most_bytes=1000)
    for place in range(5):
        answers.keep(str(place), Answer(b"x" * 200, (), proof))
    # Up to half at once; then only what is asked for again.
    assert [answers.find(str(place)) is not None for place in range(5)] == [True, True, True, False, False]
    for place in (3, 4, 5, 5):
        answers.keep(str(place), Answer(b"x" * 200, (), proof))
    assert answers.size == 1000
    assert answers.find("0") is None
    assert answers.find("5") is not None
