"""Merging two companies and undoing it: what moves, what stays, what leads where, and what is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from biotech_ma.core.admin.history import steps_of
from biotech_ma.core.closed import NOBODY, Reader, narrowed
from biotech_ma.core.services import Refused, archive, restore
from companies.merging import fillable, merge, undo_merge
from companies.models import Company, CompanyAlias, CompanyMerge, CompanyNote, DrugCandidate, Watchlist
from companies.restrictions import put_on
from scoring.models import MAScore
from signals_app.models import FinancialFact, Signal
from tests.concurrency import together
from tests.factories import CompanyFactory, DrugCandidateFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept() -> Company:
    return CompanyFactory(name="Acme Therapeutics", ticker="ACME", cik="0000000001")


@pytest.fixture
def duplicate() -> Company:
    return CompanyFactory(name="Acme Bio", ticker="ACMB", cik="0000000002")


def again(company: Company) -> Company:
    return Company.all_objects.get(pk=company.pk)


def aliases(company: Company) -> set[tuple[str, str]]:
    return set(CompanyAlias.objects.filter(company=company).values_list("kind", "alias"))


def test_merge_archives_the_duplicate_and_leaves_the_ledger_where_it_is(kept, duplicate):
    signal = SignalFactory(company=duplicate)
    user = User.objects.create_user("anna")
    made = merge(kept=kept, duplicate=duplicate, by=user, reason="One registrant")
    assert (made.kept, made.duplicate, made.by, made.reason) == (kept, duplicate, user, "One registrant")
    assert again(duplicate).is_archived
    assert again(duplicate).merged_into == kept
    assert again(duplicate).survivor == kept
    assert Signal.objects.get().company_id == duplicate.pk
    assert Signal.objects.get().updated_at == signal.updated_at
    assert list(Company.objects.all()) == [kept]


def test_signals_of_both_are_read_together_and_apart_again(kept, duplicate):
    mine, other = SignalFactory(company=kept), SignalFactory(company=duplicate)
    third = SignalFactory()
    made = merge(kept=kept, duplicate=duplicate)
    for ref in (again(kept), kept.pk, "acme"):
        assert set(Signal.objects.of_company(ref)) == {mine, other}
    assert set(Signal.objects.of_live_companies()) == {mine, other, third}
    undo_merge(merge=made)
    assert set(Signal.objects.of_company(again(kept))) == {mine}
    assert set(Signal.objects.of_company(duplicate.pk)) == {other}
    assert set(Signal.objects.of_live_companies()) == {mine, other, third}


def test_rows_of_a_duplicate_leave_with_the_kept_company(kept, duplicate):
    SignalFactory(company=duplicate)
    merge(kept=kept, duplicate=duplicate)
    archive(row=kept)
    assert not Signal.objects.of_live_companies().exists()


def test_notes_on_both_are_read_together(kept, duplicate):
    notes = {CompanyNote.objects.create(company=company, text="x") for company in (kept, duplicate)}
    merge(kept=kept, duplicate=duplicate)
    assert set(CompanyNote.objects.of_company(again(kept))) == notes


def test_names_tickers_and_aliases_of_the_duplicate_lead_to_the_kept_company(kept, duplicate):
    CompanyAlias.objects.create(company=duplicate, kind="former_name", alias="Old Acme", valid_to=dt.date(2020, 1, 1))
    CompanyAlias.objects.create(company=kept, kind="name", alias="Acme plc")
    made = merge(kept=kept, duplicate=duplicate)
    assert aliases(kept) == {
        ("name", "Acme plc"), ("merged", "Acme Bio"), ("former_ticker", "ACMB"), ("former_name", "Old Acme"),
    }  # fmt: skip
    assert CompanyAlias.objects.get(company=kept, alias="Old Acme").valid_to == dt.date(2020, 1, 1)
    assert list(Company.objects.search("acme bio")) == [kept]
    undo_merge(merge=made)
    assert aliases(kept) == {("name", "Acme plc")}
    assert aliases(duplicate) == {("former_name", "Old Acme")}


def test_candidates_move_but_the_same_drug_is_kept_once(kept, duplicate):
    own = DrugCandidateFactory(company=kept, name="AC-1", indication="Obesity")
    twin = DrugCandidateFactory(company=duplicate, name="ac-1", indication="obesity")
    other = DrugCandidateFactory(company=duplicate, name="AC-1", indication="Gout")
    made = merge(kept=kept, duplicate=duplicate)
    assert set(DrugCandidate.objects.of_company(kept)) == {own, other}
    assert DrugCandidate.all_objects.get(pk=twin.pk).deleted_at == again(duplicate).deleted_at
    undo_merge(merge=made)
    assert set(DrugCandidate.objects.of_company(kept)) == {own}
    assert set(DrugCandidate.objects.of_company(duplicate.pk)) == {twin, other}


def test_undo_leaves_what_was_added_or_moved_meanwhile_where_it_is(kept, duplicate):
    moved, third = DrugCandidateFactory(company=duplicate), CompanyFactory()
    made = merge(kept=kept, duplicate=duplicate)
    new = DrugCandidateFactory(company=kept)
    signal = SignalFactory(company=kept)
    DrugCandidate.objects.filter(pk=moved.pk).update(company=third)
    undo_merge(merge=made)
    assert DrugCandidate.objects.get(pk=new.pk).company == kept
    assert DrugCandidate.objects.get(pk=moved.pk).company == third
    assert Signal.objects.get(pk=signal.pk).company == kept


def test_empty_fields_are_filled_where_the_analyst_says_so_and_emptied_again(duplicate):
    kept = CompanyFactory(name="Acme Therapeutics", ticker=None, cik=None, founded_year=2001, tags=["own"])
    note = {"source": "edgar", "id": "cik:0000000002"}
    Company.objects.filter(pk=duplicate.pk).update(
        founded_year=1999, employee_count=12, tags=["own", "spin-off"], history_starts=dt.date(2019, 1, 2),
        market_cap_usd=Decimal("1250500000"), market_cap_as_of=dt.date(2026, 5, 1),
        field_sources={"cik": note},
    )  # fmt: skip
    duplicate.refresh_from_db()
    assert fillable(kept, duplicate) == ["ticker", "cik", "market_cap_usd", "tags", "employee_count", "history_starts"]
    made = merge(kept=kept, duplicate=duplicate, fill=["ticker", "cik", "tags", "history_starts", "market_cap_usd"])
    now = again(kept)
    assert (now.ticker, now.cik, now.founded_year, now.employee_count) == ("ACMB", "0000000002", 2001, None)
    assert (now.tags, now.history_starts) == (["own", "spin-off"], dt.date(2019, 1, 2))
    assert (now.market_cap_usd, now.market_cap_as_of) == (Decimal("1250500000"), dt.date(2026, 5, 1))
    assert now.field_sources["cik"] == note
    assert not FinancialFact.objects.exists()
    Company.objects.filter(pk=kept.pk).update(tags=["own", "spin-off", "later"])
    undo_merge(merge=made)
    now, other = again(kept), again(duplicate)
    assert (now.ticker, now.cik, now.history_starts, now.market_cap_usd) == (None, None, None, None)
    assert now.tags == ["own", "spin-off", "later"]
    assert "cik" not in now.field_sources
    assert (other.ticker, other.cik, other.is_archived) == ("ACMB", "0000000002", False)


def test_watchlists_of_the_duplicate_get_the_kept_company_until_it_is_undone(kept, duplicate):
    owner = User.objects.create_user("anna")
    both, one = (Watchlist.objects.create(owner=owner, name=name) for name in ("both", "one"))
    both.companies.add(kept, duplicate)
    one.companies.add(duplicate)
    made = merge(kept=kept, duplicate=duplicate)
    assert set(Company.objects.filter(watchlists=one)) == {kept}
    undo_merge(merge=made)
    assert set(Company.objects.filter(watchlists=one)) == {duplicate}
    assert set(Company.objects.filter(watchlists=both)) == {kept, duplicate}


def test_the_duplicate_leaves_the_ranking_at_once_and_comes_back(kept, duplicate):
    MAScoreFactory(company=kept, is_latest=True)
    MAScoreFactory(company=duplicate, is_latest=True)

    def ranked() -> set[Company]:
        return {score.company for score in MAScore.objects.top()}

    made = merge(kept=kept, duplicate=duplicate)
    assert ranked() == {kept}
    assert set(MAScore.objects.of_company(kept.pk).values_list("company", flat=True)) == {kept.pk}
    undo_merge(merge=made)
    assert ranked() == {kept, duplicate}


def test_both_histories_tell_of_the_merge_and_of_its_end(kept, duplicate):
    made = merge(kept=kept, duplicate=duplicate, reason="One registrant")
    undo_merge(merge=made, reason="Two after all")
    for company in (kept, duplicate):
        steps = steps_of(again(company))
        told = dict.fromkeys((step.action, step.reason) for step in steps)
        assert list(told)[:2] == [
            ("undo merge", "Acme Bio (ACMB) out of Acme Therapeutics (ACME): Two after all"),
            ("merge", "Acme Bio (ACMB) into Acme Therapeutics (ACME): One registrant"),
        ]


@pytest.mark.parametrize(
    ("make", "words", "field"),
    [
        (lambda a, b: (a, a), "Acme Therapeutics (ACME) cannot be merged with itself.", "duplicate"),
        (lambda a, b: (archive(row=a) and a, b), "Acme Therapeutics (ACME) is archived; restore it first.", "company"),
        (lambda a, b: (a, archive(row=b) and b), "Acme Bio (ACMB) is archived; restore it first.", "duplicate"),
    ],
)
def test_merge_is_refused_in_words(kept, duplicate, make, words, field):
    pair = make(kept, duplicate)
    with pytest.raises(Refused) as refusal:
        merge(kept=pair[0], duplicate=pair[1])
    assert (refusal.value.message, refusal.value.field) == (words, field)
    assert not CompanyMerge.objects.exists()


def test_a_duplicate_is_merged_once_and_nothing_is_merged_into_it(kept, duplicate):
    third = CompanyFactory(name="Third", ticker="THRD")
    merge(kept=kept, duplicate=duplicate)
    with pytest.raises(Refused, match=r"Acme Bio \(ACMB\) is merged into Acme Therapeutics \(ACME\) already\."):
        merge(kept=third, duplicate=duplicate)
    with pytest.raises(Refused, match=r"is merged into Acme Therapeutics \(ACME\): merge into that one\."):
        merge(kept=duplicate, duplicate=third)


def test_a_field_that_cannot_be_taken_over_is_refused(kept, duplicate):
    with pytest.raises(Refused, match="has its own ticker"):
        merge(kept=kept, duplicate=duplicate, fill=["ticker"])
    with pytest.raises(Exception, match="name cannot be taken over"):
        merge(kept=kept, duplicate=duplicate, fill=["name"])


def test_what_was_merged_into_a_duplicate_goes_with_it_and_comes_back_with_it(kept, duplicate):
    first = CompanyFactory(name="First", ticker="FRST")
    signal = SignalFactory(company=first)
    inner = merge(kept=duplicate, duplicate=first)
    outer = merge(kept=kept, duplicate=duplicate)
    assert again(first).merged_into == kept
    assert set(Signal.objects.of_company(again(kept))) == {signal}
    with pytest.raises(Refused, match=r"Acme Bio \(ACMB\) is merged into Acme Therapeutics \(ACME\) itself"):
        undo_merge(merge=inner)
    undo_merge(merge=outer)
    assert again(first).merged_into == duplicate
    assert set(Signal.objects.of_company(again(duplicate))) == {signal}
    undo_merge(merge=inner)
    assert again(first).merged_into is None
    assert not again(first).is_archived


def test_undo_twice_changes_nothing_and_says_so(kept, duplicate):
    made = merge(kept=kept, duplicate=duplicate)
    assert undo_merge(merge=made).message == "Acme Bio (ACMB) stands for itself again, beside Acme Therapeutics (ACME)."
    outcome = undo_merge(merge=made)
    assert not outcome.changed
    assert "was undone already" in outcome.message
    assert CompanyMerge.objects.get().undone_at is not None


def test_undo_is_refused_while_another_company_has_the_ticker(kept, duplicate):
    made = merge(kept=kept, duplicate=duplicate)
    CompanyFactory(name="Thief", ticker="ACMB")
    with pytest.raises(Refused, match="the live company Thief has its ticker ACMB now"):
        undo_merge(merge=made)
    assert again(duplicate).merged_into == kept


def test_a_merged_company_is_not_restored(kept, duplicate):
    merge(kept=kept, duplicate=duplicate)
    with pytest.raises(Refused, match=r"it is merged into Acme Therapeutics \(ACME\)\. Undo that merge instead\."):
        restore(row=again(duplicate))
    with pytest.raises(IntegrityError, match="companies_merged_archived"), transaction.atomic():
        Company.all_objects.filter(pk=duplicate.pk).update(deleted_at=None)


def test_a_second_merge_of_the_pair_is_possible_after_the_first_was_undone(kept, duplicate):
    undo_merge(merge=merge(kept=kept, duplicate=duplicate))
    merge(kept=again(duplicate), duplicate=again(kept))
    assert again(kept).survivor == duplicate
    assert CompanyMerge.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_at_once_merge_a_duplicate_once():
    one, two, duplicate = CompanyFactory(), CompanyFactory(), CompanyFactory()

    def into(kept: Company) -> str:
        try:
            merge(kept=kept, duplicate=duplicate)
        except Refused as refusal:
            return refusal.message
        return "merged"

    told = together(lambda: into(one), lambda: into(two))
    assert sorted(told, key=lambda words: words != "merged")[0] == "merged"
    assert CompanyMerge.objects.count() == 1
    assert any("already" in words for words in told)


def test_a_restriction_of_the_kept_company_closes_the_duplicate_s_rows_too(kept, duplicate):
    note = CompanyNote.objects.create(company=duplicate, text="x")
    merge(kept=kept, duplicate=duplicate)
    put_on(company=kept, reason="Inside information")
    assert list(narrowed(CompanyNote.objects.all(), NOBODY)) == []
    cleared = Reader("anna", is_cleared=True)
    assert list(narrowed(CompanyNote.objects.all(), cleared)) == [note]


def test_a_duplicate_on_the_restricted_list_is_not_merged(kept, duplicate):
    put_on(company=duplicate, reason="Inside information")
    with pytest.raises(Refused, match=r"Acme Bio \(ACMB\) is on the restricted list: put Acme Therapeutics"):
        merge(kept=kept, duplicate=duplicate)
