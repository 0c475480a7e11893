"""A small desk for the admin's tests: some rows of every table."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from companies.models import Company, CompanyAlias, CompanyNote
from delivery.models import Alert, AlertNotice, AlertTrigger, InboxItem, Report, WebhookDelivery
from delivery.services import create_webhook, issue_client
from scoring.models import MAScore
from signals_app.models import FinancialFact
from tests.factories import (
    AcquirerMatchFactory,
    CompanyFactory,
    DrugCandidateFactory,
    MAScoreFactory,
    SignalFactory,
)

EXPLANATION: dict[str, Any] = {
    "baseline": "40.0000",
    "contributions": [
        {
            "component": "pipeline",
            "feature": "lead_stage",
            "label": "Lead stage",
            "detail": "phase 3",
            "weight": "0.15",
            "value": "85",
            "median": "60",
            "contribution": "12.5000",
            "source": "starter",
            "source_url": "https://example.org/trial",
            "date": "2025-06-01",
            "imputed": False,
            "assumed": False,
            "signal_ids": [],
            "accessions": [],
        },
        {
            "component": "financial",
            "feature": "size",
            "label": "Market cap",
            "detail": "unknown",
            "weight": "0.1",
            "value": "50",
            "median": "50",
            "contribution": "-2.5000",
            "source": None,
            "source_url": None,
            "date": None,
            "imputed": True,
            "assumed": False,
            "signal_ids": [],
            "accessions": [],
        },
    ],
    "unfed": ["patent"],
    "methodology": "transparent ranking, not validated",
}


def some_rows(tag: str, number: int) -> dict[str, Any]:
    """Write `number` rows of every table and return the last of each, by model name."""
    made: dict[str, Any] = {}
    for index in range(number):
        made = _rows(f"{tag}{index}", made.get("company"))
    return made


def _rows(tag: str, acquirer: Company | None) -> dict[str, Any]:
    company = CompanyFactory(
        ticker=f"Q{tag}".upper(),
        market_cap_usd=Decimal("1312345678"),
        market_cap_as_of=dt.date(2026, 1, 31),
        cash_position_usd=Decimal("250000000"),
        quarterly_burn_rate_usd=Decimal("100000000"),
        runway_quarters=Decimal("2.5"),
        is_cash_constrained=True,
        therapeutic_areas=["oncology", "immunology"],
        field_sources={"cash_position_usd": {"source": "edgar", "id": "0001-26-000001", "as_of": "2025-12-31"}},
    )
    signal = SignalFactory(company=company, severity="high", source_url="https://example.org/filing")
    score = MAScoreFactory(company=company, is_latest=True, metadata=EXPLANATION, pipeline_score=Decimal("85"))
    alert = Alert.objects.create(name=f"Alert {tag}", alert_type="new_signal", notification_channels=["inbox"])
    trigger = AlertTrigger.objects.create(alert=alert, company=company, signal=signal, cause=tag, reason="a new signal")
    webhook, _ = create_webhook(name=f"Hook {tag}", url="https://example.org/hook", event_types=["ping"])
    client, _ = issue_client(client_name=f"Client {tag}")
    MAScore.objects.filter(pk=score.pk).update(percentile_rank=Decimal("75"))
    return {
        "company": company,
        "drugcandidate": DrugCandidateFactory(company=company, next_milestone_date=dt.date(2030, 1, 1)),
        "companynote": CompanyNote.objects.create(company=company, text=f"Said {tag}"),
        "companyalias": CompanyAlias.objects.create(company=company, alias=f"Former {tag}"),
        "signal": signal,
        "financialfact": FinancialFact.objects.create(
            company=company, signal=signal, concept="cash", period_end=dt.date(2025, 12, 31), value=1, unit="USD"
        ),
        "mascore": score,
        "acquirermatch": AcquirerMatchFactory(target_company=company, acquirer_company=acquirer, match_rank=1),
        "report": Report.objects.create(
            report_type="daily_digest",
            report_date=dt.date(2026, 1, 2),
            title=f"Digest {tag}",
            recipients=["a@example.org"],
        ),
        "alert": alert,
        "alerttrigger": trigger,
        "alertnotice": AlertNotice.objects.create(trigger=trigger, channel="email", recipient=f"{tag}@example.org"),
        "inboxitem": _inbox_item(trigger),
        "webhook": webhook,
        "webhookdelivery": WebhookDelivery.objects.create(webhook=webhook, event_type="ping", body=b"{}"),
        "client": client,
    }


def _inbox_item(trigger: AlertTrigger) -> InboxItem:
    """Put the trigger into every user's inbox; return the entry of the first one."""
    users = User.objects.order_by("pk") if User.objects.exists() else [User.objects.create_superuser("first")]
    first, *_ = [InboxItem.objects.create(user=user, trigger=trigger) for user in users]
    return first
