"""Archiving and restoring companies and candidates, with what belongs to them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection

from biotech_ma.core.services import Refused, archive, restore
from companies.models import Company, DrugCandidate
from companies.services import refresh_patent_years
from scoring.models import AcquirerMatch, MAScore
from signals_app.models import Signal
from tests.concurrency import together
from tests.factories import (
    AcquirerMatchFactory,
    CompanyFactory,
    DrugCandidateFactory,
    MAScoreFactory,
    SignalFactory,
)

pytestmark = pytest.mark.django_db


def live(model) -> set[str]:
    return {row.name for row in model.objects.all()}


def test_archive_company_takes_its_candidates_along_and_says_so():
    company = CompanyFactory(name="Acme", ticker="ACME")
    DrugCandidateFactory.create_batch(2, company=company)
    other = DrugCandidateFactory()
    outcome = archive(row=company)
    assert outcome.changed
    assert outcome.with_it == 2
    assert outcome.message == "Acme (ACME) is archived with 2 drug candidates."
    assert company.is_archived
    assert list(DrugCandidate.objects.all()) == [other]
    assert live(Company) == {other.company.name}


def test_archive_company_twice_changes_nothing_and_says_so():
    company = CompanyFactory()
    archive(row=company)
    before = Company.all_objects.get(pk=company.pk)
    outcome = archive(row=Company.all_objects.get(pk=company.pk))
    assert not outcome.changed
    assert "already" in outcome.message
    assert Company.all_objects.get(pk=company.pk).updated_at == before.updated_at


def test_archived_company_leaves_leaderboard_matches_signals_and_search_and_comes_back():
    company = CompanyFactory(name="Acme", ticker="ACME")
    MAScoreFactory(company=company, is_latest=True)
    AcquirerMatchFactory(target_company=company)
    SignalFactory(company=company)

    def shown() -> list[bool]:
        day = dt.date(2025, 6, 30)
        return [
            MAScore.objects.top().exists(),
            MAScore.objects.top(on=day).exists(),
            MAScore.objects.of_company("ACME").exists(),
            AcquirerMatch.objects.of_live_targets().exists(),
            AcquirerMatch.objects.for_target("ACME").exists(),
            Signal.objects.of_live_companies().exists(),
            Company.objects.search("acme").exists(),
            Company.objects.by_ref("ACME").exists(),
        ]

    assert shown() == [True] * 8
    archive(row=company)
    assert shown() == [False] * 8
    restore(row=company)
    assert shown() == [True] * 8


def test_archived_acquirer_is_out_of_the_matches():
    buyer = CompanyFactory(role="acquirer")
    AcquirerMatchFactory(acquirer_company=buyer)
    archive(row=buyer)
    assert not AcquirerMatch.objects.of_live_targets().exists()


def test_restore_company_brings_back_exactly_what_was_archived_with_it():
    company = CompanyFactory()
    DrugCandidateFactory(company=company, name="with it")
    before = DrugCandidateFactory(company=company, name="before")
    archive(row=before)
    archive(row=company)
    outcome = restore(row=Company.all_objects.get(pk=company.pk))
    assert outcome.changed
    assert outcome.with_it == 1
    assert live(DrugCandidate) == {"with it"}
    assert live(Company) == {company.name}


def test_restore_live_company_changes_nothing_and_says_so():
    outcome = restore(row=CompanyFactory())
    assert not outcome.changed
    assert "not archived" in outcome.message


@pytest.mark.parametrize(("field", "value"), [("ticker", "ACME"), ("cik", "0000000042")])
def test_restore_company_whose_key_is_taken_is_refused_naming_the_other(field, value):
    old = CompanyFactory(name="Old", **{field: value})
    candidate = DrugCandidateFactory(company=old)
    archive(row=old)
    CompanyFactory(name="New Holder", **{field: value})
    with pytest.raises(Refused, match=f"New Holder has its .* {value}") as refusal:
        restore(row=old)
    assert refusal.value.field == field
    assert Company.all_objects.get(pk=old.pk).is_archived
    assert DrugCandidate.all_objects.get(pk=candidate.pk).is_archived


def test_restore_candidate_of_archived_company_is_refused_and_allowed_afterwards():
    candidate = DrugCandidateFactory()
    archive(row=candidate)
    archive(row=candidate.company)
    with pytest.raises(Refused, match="Restore that first") as refusal:
        restore(row=DrugCandidate.all_objects.get(pk=candidate.pk))
    assert refusal.value.field == "company"
    restore(row=candidate.company)
    assert not DrugCandidate.objects.exists()
    assert restore(row=candidate).changed
    assert DrugCandidate.objects.get() == candidate


def test_archive_row_that_is_gone_is_refused():
    company = CompanyFactory()
    Company.objects.filter(pk=company.pk).delete()
    with pytest.raises(Refused, match="does not exist"):
        archive(row=company)


def test_history_carries_action_and_reason_for_the_company_and_its_candidates():
    candidate = DrugCandidateFactory()
    archive(row=candidate.company, reason="acquired by Bigpharma")
    for model, pk in (("CompanyEvent", candidate.company_id), ("DrugCandidateEvent", candidate.pk)):
        event = apps.get_model("companies", model).objects.filter(pgh_obj_id=pk).latest("pgh_id")
        assert event.pgh_label == "update"
        assert event.deleted_at is not None
        assert event.pgh_context.metadata == {"action": "archive", "reason": "acquired by Bigpharma"}


def test_refresh_patent_years_sets_every_candidate_in_one_statement(django_assert_num_queries):
    day = dt.date(2026, 1, 1)
    for name, expiry in (
        ("long", dt.date(2036, 1, 1)),
        ("expired", dt.date(2020, 1, 1)),
        ("unknown", None),
        ("absurd", dt.date(9999, 1, 1)),
    ):
        DrugCandidateFactory(name=name, patent_expiry=expiry)
    DrugCandidate.objects.filter(name="unknown").update(patent_years_remaining=3)
    with django_assert_num_queries(3):  # one statement between savepoint and release
        assert refresh_patent_years(day=day) == 4
    assert dict(DrugCandidate.objects.values_list("name", "patent_years_remaining")) == {
        "long": Decimal("10.00"),
        "expired": Decimal(0),
        "unknown": None,
        "absurd": Decimal("999.99"),
    }
    assert refresh_patent_years(day=day) == 0


@pytest.mark.django_db(transaction=True)
def test_two_archivers_at_once_one_changes_and_one_says_already():
    company = CompanyFactory()
    DrugCandidateFactory.create_batch(3, company=company)
    outcomes = together(*[lambda: archive(row=Company.all_objects.get(pk=company.pk))] * 4)
    assert sorted(outcome.changed for outcome in outcomes) == [False, False, False, True]
    stamps = {*DrugCandidate.all_objects.values_list("deleted_at", flat=True)}
    assert stamps == {Company.all_objects.get().deleted_at}


@pytest.mark.django_db(transaction=True)
def test_two_archived_companies_of_one_ticker_restored_at_once_one_is_refused():
    first = CompanyFactory(ticker="ACME")
    archive(row=first)
    second = CompanyFactory(ticker="ACME")
    archive(row=second)
    outcomes = together(lambda: restore(row=first), lambda: restore(row=second))
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(refused) == 1
    assert refused[0].field == "ticker"
    assert Company.objects.filter(ticker="ACME").count() == 1


@pytest.mark.django_db(transaction=True)
def test_restoring_candidates_while_their_company_is_archived_never_leaves_one_live():
    company = CompanyFactory()
    candidates = DrugCandidateFactory.create_batch(3, company=company)
    for candidate in candidates:
        archive(row=candidate)
    together(
        lambda: archive(row=company),
        *[lambda c=candidate: restore(row=DrugCandidate.all_objects.get(pk=c.pk)) for candidate in candidates],
    )
    assert Company.all_objects.get().is_archived
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM drug_candidates WHERE deleted_at IS NULL")
        assert cursor.fetchone() == (0,)
