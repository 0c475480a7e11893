"""Questions about companies and candidates answer as the analyst means them."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from companies.models import Company, CompanyAlias, DrugCandidate
from tests.factories import CompanyFactory, DrugCandidateFactory, MAScoreFactory

pytestmark = pytest.mark.django_db


def names(rows) -> list[str]:
    return [row.name for row in rows]


def archive(row) -> None:
    type(row).all_objects.filter(pk=row.pk).archive()


def test_roles_are_told_apart():
    for role in ("target", "acquirer", "excluded"):
        CompanyFactory(name=role, role=role)
    assert names(Company.objects.targets()) == ["target"]
    assert names(Company.objects.acquirers()) == ["acquirer"]
    assert names(Company.objects.excluded()) == ["excluded"]
    assert set(names(Company.objects.with_role("target", "excluded"))) == {"target", "excluded"}


@pytest.mark.parametrize(
    ("question", "near"),
    [
        (lambda: Company.objects.with_role("targt"), "target"),
        (lambda: Company.objects.in_area("oncolgy"), "oncology"),
        (lambda: Company.objects.with_phase("phase3"), "phase_3"),
        (lambda: Company.objects.cash_status("constrain"), "constrained"),
        (lambda: DrugCandidate.objects.in_phase("phase_4"), "phase_"),
        (lambda: DrugCandidate.objects.in_area("neuro"), "neurology"),
    ],
)
def test_unknown_word_is_an_error_that_names_the_near_one(question, near):
    with pytest.raises(ValueError, match=near):
        question()


@pytest.mark.parametrize("form", [str.upper, str.lower, lambda ticker: f" {ticker} "])
def test_by_ref_finds_the_ticker_in_any_case(form):
    CompanyFactory()
    company = CompanyFactory(ticker="ACME")
    assert list(Company.objects.by_ref(form("Acme"))) == [company]


def test_by_ref_finds_the_id_as_text_and_as_uuid():
    company = CompanyFactory()
    assert list(Company.objects.by_ref(company.pk)) == [company]
    assert list(Company.objects.by_ref(str(company.pk))) == [company]
    assert not Company.objects.by_ref(uuid.uuid4()).exists()


@pytest.mark.parametrize("ref", ["", "ACME\x00", "ACME' OR 1=1", "A" * 17, "%"])
def test_by_ref_what_can_be_no_reference_finds_nothing(ref):
    CompanyFactory(ticker="ACME")
    assert not Company.objects.by_ref(ref).exists()


def test_by_ref_leaves_archived_companies_out_and_finds_the_ticker_s_new_holder():
    old = CompanyFactory(ticker="ACME")
    archive(old)
    assert not Company.objects.by_ref("acme").exists()
    new = CompanyFactory(ticker="ACME")
    assert list(Company.objects.by_ref("acme")) == [new]
    assert set(Company.all_objects.by_ref("acme")) == {old, new}


def test_search_ranks_the_exact_ticker_then_prefixes_then_the_rest():
    CompanyFactory(name="Zeta Gene", ticker="ZZ")
    CompanyFactory(name="Genentix", ticker="GNX")
    CompanyFactory(name="Other", ticker="GENE")
    CompanyFactory(name="Alpha", ticker="GENEX")
    CompanyFactory(name="Unrelated", ticker="UNR")
    assert names(Company.objects.search("gene")) == ["Other", "Alpha", "Genentix", "Zeta Gene"]


@pytest.mark.parametrize(("text", "found"), [("%", ["100% Bio"]), ("_", ["Under_score"]), ("\\", ["Back\\slash"])])
def test_search_takes_wildcards_as_letters(text, found):
    for name in ("100% Bio", "Under_score", "Back\\slash", "Plain"):
        CompanyFactory(name=name)
    assert names(Company.objects.search(text)) == found


def test_search_finds_whole_words_in_any_order():
    CompanyFactory(name="Vertex Pharmaceuticals Boston")
    CompanyFactory(name="Vertex Holdings")
    assert names(Company.objects.search("boston vertex")) == ["Vertex Pharmaceuticals Boston"]


def test_search_finds_a_company_by_its_former_name_and_ticker():
    company = CompanyFactory(name="New Name", ticker="NEW")
    CompanyAlias.objects.create(company=company, kind="former_name", alias="Old-Name, Inc.")
    CompanyAlias.objects.create(company=company, kind="former_ticker", alias="OLDT")
    assert names(Company.objects.search("old-name")) == ["New Name"]
    assert names(Company.objects.search("OLDNAMEINC")) == ["New Name"]
    assert names(Company.objects.search("oldt")) == ["New Name"]


def test_search_leaves_archived_companies_out():
    archive(CompanyFactory(name="Acme"))
    assert not Company.objects.search("acme").exists()


@pytest.mark.parametrize("text", ["a\x00b", pytest.param("x" * 5_000_000, id="long")])
def test_search_for_what_no_name_can_hold_finds_nothing(text):
    CompanyFactory(name="ab")
    assert not Company.objects.search(text).exists()


def test_search_for_blanks_asks_for_nothing_in_particular():
    CompanyFactory.create_batch(2)
    assert Company.objects.search("  ").count() == 2


def test_in_area_finds_any_of_the_areas():
    CompanyFactory(name="onc", therapeutic_areas=["oncology", "metabolic"])
    CompanyFactory(name="neuro", therapeutic_areas=["neurology"])
    CompanyFactory(name="none")
    assert names(Company.objects.in_area("oncology")) == ["onc"]
    assert names(Company.objects.in_area("metabolic", "neurology")) == ["neuro", "onc"]
    assert names(Company.objects.in_area()) == []


def test_market_cap_between_includes_the_ends_and_no_unknown():
    for name, cap in (("a", 10), ("b", 20), ("c", 30), ("d", None)):
        CompanyFactory(name=name, market_cap_usd=cap)
    assert names(Company.objects.market_cap_between(10, 20)) == ["a", "b"]
    assert names(Company.objects.market_cap_between(20, None)) == ["b", "c"]
    assert names(Company.objects.market_cap_between(None, 10)) == ["a"]
    assert names(Company.objects.market_cap_between(None, None)) == ["a", "b", "c", "d"]


@pytest.fixture
def cash():
    for name, quarters, flag in (
        ("long", 12, False),
        ("short", 1, True),
        ("middle", 3, True),
        ("five", 5, False),
        ("unknown", None, None),
    ):
        CompanyFactory(name=name, runway_quarters=quarters, is_cash_constrained=flag)


@pytest.mark.usefixtures("cash")
def test_cash_constrained_is_shortest_first_without_the_unknown():
    assert names(Company.objects.cash_constrained()) == ["short", "middle"]
    assert names(Company.objects.cash_constrained(6)) == ["short", "middle", "five"]
    assert names(Company.objects.cash_constrained(3)) == ["short"]


@pytest.mark.usefixtures("cash")
def test_cash_constrained_keeps_what_an_analyst_flagged_by_hand():
    CompanyFactory(name="flagged", runway_quarters=None, is_cash_constrained=True)
    assert names(Company.objects.cash_constrained()) == ["short", "middle", "flagged"]


@pytest.mark.usefixtures("cash")
def test_cash_status_has_three_answers():
    assert names(Company.objects.cash_status("constrained")) == ["middle", "short"]
    assert names(Company.objects.cash_status("unconstrained")) == ["five", "long"]
    assert names(Company.objects.cash_status("unknown")) == ["unknown"]


def test_with_phase_looks_at_live_candidates_and_names_a_company_once():
    company = CompanyFactory(name="two")
    DrugCandidateFactory.create_batch(2, company=company, phase="phase_3")
    gone = DrugCandidateFactory(company=CompanyFactory(name="gone"), phase="phase_3")
    archive(gone)
    DrugCandidateFactory(company=CompanyFactory(name="early"), phase="phase_1")
    assert names(Company.objects.with_phase("phase_3")) == ["two"]
    assert names(Company.objects.with_phase("phase_3", "phase_1")) == ["early", "two"]


def test_with_min_score_asks_the_latest_score_only():
    fallen = CompanyFactory(name="fallen")
    MAScoreFactory(company=fallen, total_score=90, score_date=dt.date(2025, 1, 1))
    MAScoreFactory(company=fallen, total_score=10, score_date=dt.date(2025, 2, 1), is_latest=True)
    MAScoreFactory(company=CompanyFactory(name="high"), total_score=80, is_latest=True)
    assert names(Company.objects.with_min_score(80)) == ["high"]
    assert names(Company.objects.with_min_score(Decimal("80.0001"))) == []


@pytest.mark.parametrize("number", [1, 7])
def test_with_pipeline_and_latest_score_take_three_queries_however_many(django_assert_num_queries, number):
    for company in CompanyFactory.create_batch(number):
        DrugCandidateFactory.create_batch(2, company=company)
        archive(DrugCandidateFactory(company=company))
        MAScoreFactory(company=company, score_date=dt.date(2024, 1, 1))
        MAScoreFactory(company=company, is_latest=True, total_score=60)
    with django_assert_num_queries(3):
        found = [
            (len(company.drug_candidates.all()), [score.total_score for score in company.latest_scores])
            for company in Company.objects.with_pipeline().with_latest_score()
        ]
    assert found == [(2, [Decimal(60)])] * number


def test_with_score_columns_can_be_sorted_by_and_keeps_companies_without_a_score():
    for name, score in (("low", 10), ("high", 90)):
        company = CompanyFactory(name=name)
        MAScoreFactory(company=company, total_score=99, score_date=dt.date(2020, 1, 1))
        MAScoreFactory(company=company, total_score=score, percentile_rank=score, is_latest=True)
    CompanyFactory(name="none")
    rows = Company.objects.with_score_columns().order_by("-latest_percentile_rank")
    assert {r.name: r.latest_total_score for r in rows} == {"high": Decimal(90), "low": Decimal(10), "none": None}
    assert rows.filter(latest_total_score__gte=50).get().latest_score_date == dt.date(2025, 6, 30)


def test_statistics_count_and_sum_in_one_statement(django_assert_num_queries):
    figures = [("target", 10, True), ("target", 20, False), ("acquirer", 31, None), ("excluded", 41, None)]
    for role, cap, cash in figures:
        CompanyFactory(role=role, market_cap_usd=cap, is_cash_constrained=cash, therapeutic_areas=["oncology"])
    CompanyFactory(role="target", is_public=False, therapeutic_areas=["oncology", "metabolic"])
    archive(CompanyFactory(market_cap_usd=1_000))
    with django_assert_num_queries(1):
        found = Company.objects.statistics()
    assert (found.total, found.listed, found.unlisted) == (5, 4, 1)
    assert found.by_role == {"target": 3, "acquirer": 1, "excluded": 1}
    assert found.by_area["oncology"] == 5
    assert found.by_area["metabolic"] == 1
    assert found.by_area["neurology"] == 0
    assert (found.cash_constrained, found.cash_unconstrained, found.cash_unknown) == (1, 1, 3)
    assert (found.market_cap_known, found.market_cap_total_usd) == (4, 102)
    assert found.market_cap_median_usd == Decimal("25.5")


def test_statistics_median_is_exact_where_a_float_is_not():
    for cap in ("999999999999999999.01", "999999999999999999.03"):
        CompanyFactory(market_cap_usd=Decimal(cap))
    assert Company.objects.statistics().market_cap_median_usd == Decimal("999999999999999999.02")


def test_statistics_of_nothing_are_zero_and_unknown():
    found = Company.objects.statistics()
    assert (found.total, found.market_cap_total_usd, found.market_cap_median_usd) == (0, 0, None)


def test_statistics_follow_the_question():
    CompanyFactory(role="target", market_cap_usd=5)
    CompanyFactory(role="acquirer", market_cap_usd=50)
    assert Company.objects.targets().statistics().market_cap_total_usd == 5


def test_candidates_of_company_by_ticker_id_and_row():
    candidate = DrugCandidateFactory(company__ticker="ACME")
    DrugCandidateFactory()
    for ref in ("acme", str(candidate.company_id), candidate.company_id, candidate.company):
        assert list(DrugCandidate.objects.of_company(ref)) == [candidate]
    assert not DrugCandidate.objects.of_company("no such").exists()


def test_candidates_by_phase_area_and_designation():
    DrugCandidateFactory(name="a", phase="phase_1", therapeutic_area="oncology", orphan_designation=True)
    DrugCandidateFactory(name="b", phase="phase_3", therapeutic_area="neurology", orphan_designation=False)
    DrugCandidateFactory(name="c", phase="approved", therapeutic_area=None)
    assert names(DrugCandidate.objects.in_phase("phase_1", "approved")) == ["a", "c"]
    assert names(DrugCandidate.objects.in_area("neurology")) == ["b"]
    assert names(DrugCandidate.objects.orphan()) == ["a"]


def test_late_stage_runs_from_phase_2_3_to_the_filing():
    for phase in ("phase_2", "phase_2_3", "phase_3", "nda_bla", "approved", "discontinued"):
        DrugCandidateFactory(name=phase, phase=phase)
    assert set(names(DrugCandidate.objects.late_stage())) == {"phase_2_3", "phase_3", "nda_bla"}


def test_upcoming_includes_both_days_soonest_first():
    for name, day in (("early", 9), ("last", 20), ("first", 10), ("late", 21)):
        DrugCandidateFactory(name=name, next_milestone_date=dt.date(2026, 3, day))
    DrugCandidateFactory(name="undated")
    found = DrugCandidate.objects.upcoming(dt.date(2026, 3, 10), dt.date(2026, 3, 20))
    assert names(found) == ["first", "last"]


def test_candidates_with_company_take_one_query(django_assert_num_queries):
    DrugCandidateFactory.create_batch(3)
    with django_assert_num_queries(1):
        assert all(row.company.name for row in DrugCandidate.objects.with_company())


def test_archived_candidates_are_hidden_from_objects_and_from_the_company():
    candidate = DrugCandidateFactory()
    archive(candidate)
    assert not DrugCandidate.objects.exists()
    assert not candidate.company.drug_candidates.exists()
    assert list(DrugCandidate.all_objects.archived()) == [candidate]
    assert not DrugCandidate.all_objects.live().exists()


def test_candidates_of_live_companies_leave_out_those_of_archived_ones():
    candidate = DrugCandidateFactory()
    assert DrugCandidate.objects.of_live_companies().count() == 1
    archive(candidate.company)
    assert not DrugCandidate.objects.of_live_companies().exists()
