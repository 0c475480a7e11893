"""The review queue: an accepted proposal is written once, a rejected one never."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError

from biotech_ma.core.services import Refused
from companies.models import CompanyAlias
from signals_app.ingest.merge.reviews import Proposal, merge_reviews
from signals_app.models import ReviewItem, Signal
from signals_app.review_services import accept_review, reject_review
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db

SIGNAL = {
    "signal_type": "clinical_hold",
    "event_date": "2024-03-05T00:00:00-05:00",
    "available_at": "2024-03-05T21:05:00+00:00",
    "title": "Clinical hold on TB-101",
    "signal_data": {"accession": "0009000001-24-000001"},
}


def proposal(company, kind="signal", proposed=None, source_id="0009000001-24-000001:clinical_hold"):
    return Proposal(
        kind=kind,
        company_id=company.pk if company else None,
        title="Clinical hold on TB-101",
        proposed=SIGNAL if proposed is None else proposed,
        evidence="The FDA has placed the trial on clinical hold.",
        source="edgar",
        source_id=source_id,
    )


def test_proposal_offered_twice_is_queued_once():
    company = CompanyFactory()
    first = merge_reviews([proposal(company), proposal(company)])
    second = merge_reviews([proposal(company)])
    assert (first.created, first.unchanged, second.created, second.unchanged) == (1, 1, 0, 1)


def test_accepting_writes_the_signal_with_its_evidence():
    company = CompanyFactory()
    merge_reviews([proposal(company)])
    item = ReviewItem.objects.get()
    analyst = get_user_model().objects.create(username="analyst")
    accept_review(item=item, by=analyst, reason="Read the release")
    signal = Signal.objects.get()
    assert (signal.company, signal.signal_type, signal.severity) == (company, "clinical_hold", "critical")
    assert signal.available_at == dt.datetime(2024, 3, 5, 21, 5, tzinfo=dt.UTC)
    assert signal.signal_data["evidence"] == "The FDA has placed the trial on clinical hold."
    item.refresh_from_db()
    assert (item.status, item.decided_by, item.reason) == ("accepted", analyst, "Read the release")


def test_accepting_with_changes_writes_the_analysts_type():
    merge_reviews([proposal(CompanyFactory())])
    accept_review(item=ReviewItem.objects.get(), changes={"signal_type": "clinical_hold_lifted"})
    assert Signal.objects.get().signal_type == "clinical_hold_lifted"


def test_rejecting_writes_nothing_and_the_proposal_does_not_come_back():
    company = CompanyFactory()
    merge_reviews([proposal(company)])
    reject_review(item=ReviewItem.objects.get(), reason="Another company's trial")
    assert merge_reviews([proposal(company)]).created == 0
    assert not Signal.objects.exists()
    assert not ReviewItem.objects.open().exists()


@pytest.mark.parametrize("decide", [accept_review, reject_review])
def test_deciding_twice_is_refused(decide):
    merge_reviews([proposal(CompanyFactory())])
    item = ReviewItem.objects.get()
    reject_review(item=item)
    with pytest.raises(Refused, match="rejected already"):
        decide(item=item)


def test_unknown_type_is_refused_and_the_item_stays_open():
    merge_reviews([proposal(CompanyFactory(), proposed={**SIGNAL, "signal_type": "clinical_hole"})])
    with pytest.raises(ValueError, match="clinical_hold"):
        accept_review(item=ReviewItem.objects.get())
    assert ReviewItem.objects.open().count() == 1


def test_accepting_without_a_company_asks_for_one_then_writes_the_alias():
    merge_reviews([proposal(None, "alias", {"alias": "Testbio Ireland Ltd", "kind": "name"})])
    item, company = ReviewItem.objects.get(), CompanyFactory()
    with pytest.raises(Refused, match="which company"):
        accept_review(item=item)
    accept_review(item=item, company=company)
    assert CompanyAlias.objects.get().company == company


def test_accepting_a_split_takes_the_market_cap_over():
    company = CompanyFactory(market_cap_usd=Decimal(100), market_cap_as_of=dt.date(2024, 1, 2))
    merge_reviews([proposal(company, "split", {"market_cap_usd": "250.00", "market_cap_as_of": "2024-01-03"})])
    accept_review(item=ReviewItem.objects.get())
    company.refresh_from_db()
    assert (company.market_cap_usd, company.market_cap_as_of) == (Decimal(250), dt.date(2024, 1, 3))


def test_accepting_a_value_makes_it_the_analysts():
    company = CompanyFactory(name="Old Bio")
    merge_reviews([proposal(company, "value", {"field": "name", "value": "New Bio"})])
    accept_review(item=ReviewItem.objects.get())
    company.refresh_from_db()
    assert (company.name, company.field_sources["name"]["source"]) == ("New Bio", "curated")


def test_closed_item_without_the_moment_is_refused_by_the_database():
    with pytest.raises(IntegrityError, match="decided_when_closed"):
        ReviewItem.objects.create(kind="signal", title="x", source="edgar", source_id="1", status="accepted")
