"""A company under offer leaves the live ranking at once; a terminated deal brings it back."""

from __future__ import annotations

import datetime as dt

import pytest

from scoring.models import MAScore
from signals_app.ingest.merge.ledger import SignalRecord, merge_signals
from signals_app.offers import refresh_offers
from signals_app.services import correct_signal, record_signal
from tests.factories import CompanyFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db

ANNOUNCED = dt.datetime(2025, 3, 3, 12, tzinfo=dt.UTC)


@pytest.fixture
def company():
    company = CompanyFactory()
    MAScoreFactory(company=company, is_latest=True, score_date=dt.date(2025, 2, 28))
    return company


def announce(company, kind="takeover_target", when=ANNOUNCED):
    return record_signal(company=company, signal_type=kind, event_date=when, available_at=when, title="A deal")


def test_announced_takeover_leaves_the_live_list_and_stays_on_past_days(company):
    announce(company)
    company.refresh_from_db()
    assert company.under_offer_since == dt.date(2025, 3, 3)
    assert not MAScore.objects.top().exists()
    assert MAScore.objects.top(on=dt.date(2025, 2, 28)).count() == 1


def test_terminated_deal_brings_the_company_back(company):
    announce(company)
    announce(company, "takeover_terminated", ANNOUNCED + dt.timedelta(days=30))
    company.refresh_from_db()
    assert company.under_offer_since is None
    assert MAScore.objects.top().count() == 1


def test_corrected_announcement_no_longer_counts(company):
    signal = announce(company)
    correct_signal(signal=signal, changes={"signal_type": "takeover_acquirer"})
    company.refresh_from_db()
    assert company.under_offer_since is None


def test_merged_announcement_counts(company):
    record = SignalRecord(
        company_id=company.pk, signal_type="takeover_target", event_date=ANNOUNCED, available_at=ANNOUNCED,
        title="A deal", source="deals", source_id="one", source_url=None, signal_data={},
    )  # fmt: skip
    assert merge_signals([record]).created == 1
    company.refresh_from_db()
    assert company.under_offer_since == dt.date(2025, 3, 3)


def test_announcement_yet_to_become_public_counts_once_it_is(company):
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    SignalFactory(company=company, signal_type="takeover_target", event_date=ANNOUNCED, available_at=later)
    assert refresh_offers() == 0
    SignalFactory(company=company, signal_type="takeover_target", event_date=ANNOUNCED, available_at=ANNOUNCED)
    assert refresh_offers() == 1
