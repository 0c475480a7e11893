"""A caller as programs are: a key, JSON in, JSON out."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client as HTTPClient

from delivery.leases import LEASES
from delivery.models import Alert, AlertTrigger, Report, WebhookDelivery
from delivery.services import create_webhook, issue_client
from tests.factories import (
    AcquirerMatchFactory,
    CompanyFactory,
    DrugCandidateFactory,
    MAScoreFactory,
    SignalFactory,
)

BASE = "/api/v1/"


class Answer:
    """A response with its JSON."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        self.text = response.content.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def fields(self) -> dict[str, str]:
        """Field and code of each error."""
        return {error["field"]: error["code"] for error in self.json["errors"]}

    def is_problem(self, *codes: int) -> None:
        """Assert problem+json with one of the codes."""
        assert self.status in codes, (self.status, self.text[:500])
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.json["status"] == self.status
        assert {"type", "title", "status", "detail", "errors"} <= self.json.keys()


class Caller:
    """Calls the API with a key."""

    def __init__(self, key: str | None, client: Any = None) -> None:
        self.key, self.client = key, client
        self.http = HTTPClient(headers={"Authorization": f"Bearer {key}"} if key else {})

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """Send a body that is JSON (or bytes as they are)."""
        path = path if path.startswith("/") else BASE + path
        if body is not None:
            options.setdefault("content_type", "application/json")
            options["data"] = body if isinstance(body, bytes) else json.dumps(body)
        return Answer(self.http.generic(method, path, **options))

    def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> Answer:
        path = path if path.startswith("/") else BASE + path
        return Answer(self.http.get(path, params, headers=headers))

    def rows(self, path: str, **params: Any) -> list[Any]:
        """Return the results of a list that must answer 200."""
        answer = self.get(path, **params)
        assert answer.status == 200, answer.text[:500]
        return answer.json["results"]

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.send("POST", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> Answer:
        return self.send("PATCH", path, body, **options)

    def put(self, path: str, body: Any, **options: Any) -> Answer:
        return self.send("PUT", path, body, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.send("DELETE", path, **options)


def caller(*scopes: str, **fields: Any) -> Caller:
    """Return a caller with a new key of these scopes."""
    client, key = issue_client(client_name="desk", scopes=scopes, **fields)
    return Caller(key, client)


@pytest.fixture(autouse=True)
def every_call_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look keys up and count at every call: what a test changes holds for its next call."""
    monkeypatch.setattr(LEASES, "fresh_seconds", 0)


@pytest.fixture
def admin(db) -> Caller:
    """Holds a key that may do everything."""
    return caller("admin")


@pytest.fixture
def reader(db) -> Caller:
    """Holds a key that may read."""
    return caller("read")


@pytest.fixture
def universe(db) -> SimpleNamespace:
    """Two companies with something of everything, one with little."""
    alpha = CompanyFactory(
        ticker="ALPH",
        name="Alpha Bio",
        market_cap_usd=Decimal("2500000000.25"),
        therapeutic_areas=["oncology", "immunology"],
        runway_quarters=Decimal("2.5"),
        is_cash_constrained=True,
        employee_count=120,
    )
    beta = CompanyFactory(
        ticker="BETA", name="Beta Pharma", market_cap_usd=Decimal(900_000_000), therapeutic_areas=["metabolic"]
    )
    gamma = CompanyFactory(ticker="GAMM", name="Gamma 50%_off", market_cap_usd=None)
    drug = DrugCandidateFactory(company=alpha, name="AB-1", phase="phase_3", therapeutic_area="oncology")
    DrugCandidateFactory(company=beta, name="BP-1", phase="phase_1")
    score = MAScoreFactory(
        company=alpha, total_score=Decimal("71.25"), percentile_rank=100, is_latest=True, confidence=Decimal("0.9")
    )
    MAScoreFactory(company=alpha, total_score=60, score_date=dt.date(2025, 5, 31))
    MAScoreFactory(company=beta, total_score=40, percentile_rank=0, is_latest=True, confidence=Decimal("0.9"))
    signal = SignalFactory(company=alpha, severity="high", signal_data={"form": "SC 13D", "shares": 5, "new": True})
    SignalFactory(company=beta, severity="low", signal_type="market")
    match = AcquirerMatchFactory(target_company=alpha, acquirer_ticker="BUYR", is_top_match=True, match_rank=1)
    alert = Alert.objects.create(name="Watch", alert_type="new_signal")
    AlertTrigger.objects.create(alert=alert, company=alpha, signal=signal, cause="x", reason="because")
    webhook, _ = create_webhook(name="Hook", url="https://example.com/hook", event_types=["signal.created"])
    WebhookDelivery.objects.create(webhook=webhook, event_type="ping", body=b"{}")
    report = Report.objects.create(report_type="daily_digest", report_date=dt.date(2025, 6, 30), title="Digest")
    return SimpleNamespace(
        alpha=alpha,
        beta=beta,
        gamma=gamma,
        drug=drug,
        score=score,
        signal=signal,
        match=match,
        alert=alert,
        webhook=webhook,
        report=report,
    )
