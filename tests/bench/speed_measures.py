"""What the speed command measures beside the hot reads: statements, depth, bulk, growth. Ratios of medians."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import psycopg
from django.db import transaction
from django.test import Client as HTTPClient
from rest_framework import generics, serializers
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from biotech_ma.core.api import reads
from companies.models import Company
from delivery.services import issue_client
from scoring.api.reads import SCORES
from scoring.models import MAScore
from signals_app.models import Signal
from tests.bench.served import Server

type Say = Callable[[str], None]

ROUNDS = 150
DEPTH, PAGE = 100_000, 500
BULK, BULK_ROUNDS = 10_000, 3
# A tag that no answer has: such a request is read from the tables, never answered from memory.
FROM_TABLES = {"If-None-Match": '"none"'}
EXPLAINED = ("key_drivers", "risk_factors", "metadata")


class Caller:
    """Asks one server over one connection."""

    def __init__(self, server: Server, key: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **headers: str) -> tuple[float, bytes]:
        """Return the milliseconds that the answer took, and the answer."""
        started = time.perf_counter()
        self.connection.request("GET", path, headers={**self.headers, **headers})
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - started) * 1000
        assert answer.status == 200, (path, answer.status, body[:500])
        return took, body


def top_sql(url: str, grown_url: str | None, say: Say) -> None:
    """Say how long the server works on the statement of the top scores, at one and at ten times the rows."""
    figures = [column for column in SCORES.fields if column.name not in EXPLAINED and not column.on_request]
    whole = [column for column in SCORES.fields if column.name != "metadata" and not column.on_request]
    everything = [column for column in SCORES.fields if not column.on_request]
    for name, columns in (("figures", figures), ("with drivers and risks", whole), ("all fields", everything)):
        statement = reads.rows(MAScore.objects.top(50), columns)
        took = [_server_ms(address, statement) for address in (url, grown_url) if address]
        more = f", ten times the rows {took[1] / took[0]:.2f} times as long" if len(took) > 1 else ""
        say(f"top scores, {name}: {took[0]:.2f} ms of the server's time{more}")


def _server_ms(url: str, statement: Any) -> float:
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as db:
        asked = f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY ON, FORMAT JSON) {statement.sql}"
        found = [db.execute(asked, statement.params).fetchone() for _ in range(ROUNDS)]
        return statistics.median(row[0][0]["Execution Time"] for row in found)


def depth(server: Server, key: str, say: Say) -> None:
    """Say how long a page of signals at depth 100,000 takes, and the first page; both read from the tables."""
    caller = Caller(server, key)
    first = deep = f"/api/v1/signals/?limit={PAGE}"
    for _ in range(DEPTH // PAGE):
        deep = json.loads(caller.get(deep)[1])["next"].split("/", 3)[3]
        deep = f"/{deep}"
    took: dict[str, list[float]] = {first: [], deep: []}
    for place in range(ROUNDS):
        for path in (first, deep) if place % 2 else (deep, first):
            took[path].append(caller.get(path, **FROM_TABLES)[0])
    ratio = statistics.median(took[deep]) / statistics.median(took[first])
    say(f"a page of {PAGE} signals at depth {DEPTH:,} to the first page: {ratio:.2f}")


def growth(small: tuple[Server, str], large: tuple[Server, str], url: str, say: Say) -> None:
    """Say how long each read takes at ten times the signals, as served and read from the tables."""
    with psycopg.connect(url) as db:
        busiest = [
            str(row[0])
            for row in db.execute("SELECT company_id FROM signals GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 100")
        ]
    callers = [Caller(*each) for each in (small, large)]
    for name, paths in _paths(busiest):
        for path in paths * 2:
            for caller in callers:
                caller.get(path)
        for way, headers in (("as served", {}), ("from the tables", FROM_TABLES)):
            took: list[list[float]] = [[], []]
            for place, path in enumerate(paths):
                for which in (0, 1) if place % 2 else (1, 0):
                    took[which].append(callers[which].get(path, **headers)[0])
            ratio = statistics.median(took[1]) / statistics.median(took[0])
            say(f"{name} at ten times the signals, {way}: {ratio:.2f} times as long")


def _paths(companies: list[str]) -> Iterator[tuple[str, list[str]]]:
    chance = Random(7)
    yield "top scores", ["/api/v1/scores/top/?limit=50"] * ROUNDS
    yield (
        "companies",
        [
            "/api/v1/companies/?include=pipeline&ordering=-market_cap_usd&limit=50&therapeutic_area=oncology"
            f"&market_cap_min={chance.randint(30, 200)}000000&market_cap_max={chance.randint(2, 90)}000000000"
            for _ in range(ROUNDS)
        ],
    )
    yield (
        "company signals",
        [f"/api/v1/companies/{chance.choice(companies)}/signals/?min_severity=high&limit=100" for _ in range(ROUNDS)],
    )
    yield "recent signals", ["/api/v1/signals/?limit=100"] * ROUNDS


def bulk(say: Say) -> None:
    """Say how much faster 10,000 signals are posted than by `bulk_create` behind a ModelSerializer; none stays."""
    tickers = list(Company.objects.order_by("id").values_list("ticker", "id")[:500])
    took: dict[str, list[float]] = {"project": [], "reference": []}
    for place in range(BULK_ROUNDS):
        for name, post in (("project", _post), ("reference", _post_reference))[:: 1 if place % 2 else -1]:
            body = json.dumps([_row(number, name, *tickers[number % len(tickers)]) for number in range(BULK)]).encode()
            with transaction.atomic():
                started = time.perf_counter()
                post(body)
                took[name].append(time.perf_counter() - started)
                transaction.set_rollback(True)
    project, reference = (statistics.median(took[name]) for name in ("project", "reference"))
    say(f"bulk POST of {BULK:,} signals: {reference / project:.1f} times as fast as bulk_create behind a "
        f"ModelSerializer ({project:.2f} s to {reference:.2f} s)")  # fmt: skip


def _row(number: int, name: str, ticker: str, company_id: Any) -> dict[str, Any]:
    return {
        "company": ticker if name == "project" else str(company_id), "signal_type": "market",
        "event_date": "2026-06-30T12:00:00Z", "severity": "medium", "confidence": 0.9, "title": f"Generated {number}",
        "description": "Generated. " * 10, "source": "generated-bulk", "source_id": f"{number}",
        "source_url": f"https://example.com/{number}", "signal_data": {"generated": True, "number": number},
        "ma_impact_score": 1.5,
    }  # fmt: skip


def _post(body: bytes) -> None:
    _, key = issue_client(client_name="speed", scopes=["read", "write:signals"])
    answer = HTTPClient(headers={"Authorization": f"Bearer {key}"}, SERVER_NAME="127.0.0.1").post(
        "/api/v1/signals/", body, content_type="application/json"
    )
    assert answer.status_code == 201, answer.content[:500]


class _PlainSerializer(serializers.ModelSerializer):
    class Meta:
        model = Signal
        fields = ("company", "signal_type", "event_date", "severity", "confidence", "title", "description", "source",
                  "source_id", "source_url", "signal_data", "ma_impact_score")  # fmt: skip


class _BulkCreate(generics.GenericAPIView):
    """What most would write: the serializer with many=True, then bulk_create; no authentication, no throttling."""

    authentication_classes = permission_classes = throttle_classes = ()
    parser_classes, renderer_classes = (JSONParser,), (JSONRenderer,)

    def post(self, request: Any) -> Response:
        serializer = _PlainSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        rows = Signal.objects.bulk_create([Signal(**values) for values in serializer.validated_data])
        return Response({"created": len(rows)}, status=201)


def _post_reference(body: bytes) -> None:
    request = APIRequestFactory().post("/", body, content_type="application/json")
    answer = _BulkCreate.as_view()(request)
    assert answer.status_code == 201, answer.data
