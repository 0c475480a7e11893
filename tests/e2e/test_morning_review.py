"""An analyst's morning in a real browser: what is new since the last visit, each thing opened from the first page."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from delivery.models import Alert, AlertTrigger, InboxItem
from tests.e2e.test_admin_browser import log_in, page, propose, pytestmark  # noqa: F401 - the browser's fixture and marks
from tests.factories import CompanyFactory, DrugCandidateFactory, MAScoreFactory, SignalFactory


@pytest.fixture
def acme(db: None) -> Company:
    """Return a company with little money, a readout next month, and a signal and a score of the time before."""
    today = timezone.localdate(timezone=NEW_YORK)
    company = CompanyFactory(
        name="Acme Therapeutics", ticker="ACME", cash_position_usd=Decimal("90000000"),
        quarterly_burn_rate_usd=Decimal("60000000"), runway_quarters=Decimal("1.5"), is_cash_constrained=True,
    )  # fmt: skip
    next_month = (today.replace(day=1) + dt.timedelta(days=32)).replace(day=15)
    DrugCandidateFactory(
        company=company, name="acmetinib", next_milestone="Topline readout", next_milestone_date=next_month
    )
    SignalFactory(company=company, severity="high", title="An old financing")
    MAScoreFactory(company=company, score_date=today - dt.timedelta(days=1), total_score=Decimal("40.0"))
    return company


def overnight(company: Company) -> None:
    """Write what came in while nobody looked: a signal, a score, an alert that went off, a proposal."""
    now = timezone.now()
    signal = SignalFactory(
        company=company, severity="critical", title="Board receives an offer", event_date=now, available_at=now
    )
    MAScoreFactory(
        company=company, score_date=timezone.localdate(timezone=NEW_YORK), total_score=Decimal("52.5"), is_latest=True
    )
    alert = Alert.objects.create(name="Offers", alert_type="new_signal", notification_channels=["inbox"])
    trigger = AlertTrigger.objects.create(alert=alert, company=company, signal=signal, cause="1", reason="ACME: offer")
    InboxItem.objects.create(user=User.objects.get(username="analyst"), trigger=trigger)
    propose(company, "QORVEX LABS")


def test_an_analyst_reviews_the_morning(page: Any, live_server: Any, acme: Company) -> None:  # noqa: F811
    log_in(page, live_server)
    first = f"{live_server.url}/admin/"

    def tile(title: str) -> Any:
        return page.locator(f".desk-tile[aria-label='{title}']")

    page.get_by_role("button", name="I have seen this").click()
    for title in ("New signals", "Scores that moved", "Alerts", "Waits for you"):
        assert tile(title).locator(".desk-tile-value").inner_text() == "0", title

    overnight(acme)
    page.reload()
    assert page.locator(".desk-since").get_by_text("your last visit").count() == 1
    new = [tile(title).inner_text() for title in ("New signals", "Scores that moved", "Alerts", "Waits for you")]
    assert "1 critical" in new[0].replace("\xa0", " ")
    assert "An old financing" not in page.locator(".desk-card", has_text="New signals").inner_text()
    assert "1 up" in new[1]
    assert "1 unread in your inbox" in new[2]
    assert "1 " in new[3]

    tile("New signals").get_by_role("link", name="critical").click()
    page.get_by_role("link", name="Board receives an offer").first.wait_for()
    assert page.get_by_text("An old financing").count() == 0

    page.goto(first)
    moved = page.get_by_role("region", name="Scores that moved").last.get_by_role("row").nth(1).inner_text()
    assert [cell.strip() for cell in moved.split("\t")][:4] == ["ACME", "40.0", "52.5", "+12.5"]
    poor = page.get_by_role("region", name="Short of cash").get_by_role("row").nth(1)
    assert "Topline readout" in poor.inner_text()
    page.locator("#catalysts").get_by_role("link", name="Later").click()
    page.locator("#catalysts").get_by_role("link", name="ACME").click()
    page.wait_for_url("**/drugcandidate/**")

    page.goto(first)
    tile("Alerts").get_by_role("link", name="unread").click()
    page.get_by_text("ACME: offer").first.wait_for()

    page.goto(first)
    tile("Waits for you").locator(".desk-tile-link").click()
    page.get_by_role("link", name="Is QORVEX LABS a company?").click()
    page.get_by_role("link", name="Accept").click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("Accepted: Is QORVEX LABS a company?").wait_for()

    page.goto(first)
    page.get_by_role("button", name="I have seen this").click()
    for title in ("New signals", "Scores that moved", "Alerts", "Waits for you"):
        assert tile(title).locator(".desk-tile-value").inner_text() == "0", title
    assert page.complaints == []
