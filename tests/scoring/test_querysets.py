"""Latest, top, history, percentiles, changes: right on ties, on older days scored later, on archived companies."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from threading import Event

import pytest
from django.db import transaction
from django.utils import timezone

from biotech_ma.core.services import archive
from scoring.models import AcquirerMatch, MAScore, ScoreVersion
from tests.concurrency import together
from tests.factories import AcquirerMatchFactory, CompanyFactory, MAScoreFactory
from tests.scoring.universe import published_version

pytestmark = pytest.mark.django_db

DAY = dt.date(2025, 6, 30)


def before(days: int) -> dt.date:
    return DAY - dt.timedelta(days=days)


def totals(rows) -> list[int]:
    return [int(row.total_score) for row in rows]


def latest() -> dict[str, tuple[dt.date, str]]:
    return {s.company.name: (s.score_date, s.score_version) for s in MAScore.objects.latest().with_company()}


def test_percentiles_ties_are_equal_and_run_from_0_to_100():
    for total in (10, 20, 20, 30, 40):
        MAScoreFactory(total_score=total)
    assert MAScore.objects.update_percentiles(DAY, "1") == 5
    ranks = MAScore.objects.order_by("total_score", "id").values_list("percentile_rank", flat=True)
    assert list(ranks) == [Decimal(0), Decimal(25), Decimal(25), Decimal(75), Decimal(100)]


def test_percentiles_rank_all_of_the_day_with_enough_confidence_whatever_became_of_them():
    kept = MAScoreFactory(total_score=50, confidence=Decimal("0.5"))
    unsure = MAScoreFactory(total_score=60, confidence=Decimal("0.4999"))
    acquirer = MAScoreFactory(total_score=70, company__role="acquirer")
    gone = MAScoreFactory(total_score=80)
    archive(row=gone.company)
    MAScore.objects.update(percentile_rank=99)
    MAScore.objects.update_percentiles(DAY, "1")
    ranks = dict(MAScore.objects.values_list("pk", "percentile_rank"))
    assert ranks == {kept.pk: Decimal(0), unsure.pk: None, acquirer.pk: Decimal(50), gone.pk: Decimal(100)}


def test_percentiles_keep_to_their_day_and_version():
    MAScoreFactory(total_score=50)
    other_day = MAScoreFactory(total_score=60, score_date=before(1))
    other_version = MAScoreFactory(total_score=70, score_version="2")
    assert MAScore.objects.update_percentiles(DAY, "1") == 1
    for row in (other_day, other_version):
        row.refresh_from_db()
        assert row.percentile_rank is None


@pytest.mark.parametrize("number", [1, 30])
def test_percentiles_take_one_statement_and_write_nothing_twice(django_assert_num_queries, number):
    MAScoreFactory.create_batch(number)
    with django_assert_num_queries(1):
        MAScore.objects.update_percentiles(DAY, "1")
    assert MAScore.objects.update_percentiles(DAY, "1") == 0


def test_refresh_latest_flags_each_company_s_newest_day():
    first, second = CompanyFactory(name="first"), CompanyFactory(name="second")
    for company, days in ((first, 0), (first, 30), (second, 30)):
        MAScoreFactory(company=company, score_date=before(days))
    assert MAScore.objects.refresh_latest("1") == 2
    assert latest() == {"first": (DAY, "1"), "second": (before(30), "1")}
    assert MAScore.objects.refresh_latest("1") == 0


def test_refresh_latest_moves_the_flag_forwards_and_never_back():
    company = CompanyFactory(name="a")
    MAScoreFactory(company=company, score_date=before(30))
    MAScore.objects.refresh_latest("1")
    MAScoreFactory(company=company, score_date=DAY)
    MAScore.objects.refresh_latest("1")
    assert latest() == {"a": (DAY, "1")}
    MAScoreFactory(company=company, score_date=before(60))
    MAScore.objects.refresh_latest("1")
    assert latest() == {"a": (DAY, "1")}


@pytest.mark.parametrize(("old", "new"), [(0, 30), (30, 0)])
def test_refresh_latest_moves_a_flag_on_the_wrong_row_in_either_direction(old, new):
    """The partial unique index is checked row by row, in whatever order the table is read."""
    for number in range(20):
        company = CompanyFactory(name=str(number))
        rows = [MAScoreFactory(company=company, score_date=before(days)) for days in (old, new)]
        wrong = min(rows, key=lambda row: row.score_date)
        MAScore.objects.filter(pk=wrong.pk).update(is_latest=True)
    assert MAScore.objects.refresh_latest("1") == 20
    assert set(latest().values()) == {(DAY, "1")}


def test_refresh_latest_of_a_new_version_replaces_the_old_one():
    company, left = CompanyFactory(name="a"), CompanyFactory(name="not scored anew")
    MAScoreFactory(company=company, score_date=DAY)
    MAScoreFactory(company=left, score_date=DAY)
    MAScore.objects.refresh_latest("1")
    MAScoreFactory(company=company, score_date=before(3), score_version="2")
    MAScore.objects.refresh_latest("2")
    assert latest() == {"a": (before(3), "2")}


@pytest.mark.django_db(transaction=True)
def test_refresh_latest_twice_at_once_agrees():
    for company in CompanyFactory.create_batch(20):
        MAScoreFactory(company=company, score_date=before(30), is_latest=True)
        MAScoreFactory(company=company, score_date=DAY)
    results = together(*[lambda: MAScore.objects.refresh_latest("1")] * 4)
    assert sorted(results) == [0, 0, 0, 20]
    assert MAScore.objects.latest().filter(score_date=DAY).count() == 20


@pytest.mark.django_db(transaction=True)
def test_refresh_latest_waits_for_one_under_way_and_then_sees_its_flags():
    """Else the second, with a newer day, would flag that without lowering the flag it cannot see."""
    company = CompanyFactory()
    for days in (60, 30):
        MAScoreFactory(company=company, score_date=before(days), is_latest=days == 60)
    flagged = Event()

    def first() -> int:
        with transaction.atomic():
            changed = MAScore.objects.refresh_latest("1")
            flagged.set()
            time.sleep(0.5)
        return changed

    def second() -> int:
        flagged.wait(20)
        MAScoreFactory(company=company, score_date=DAY)
        return MAScore.objects.refresh_latest("1")

    assert together(first, second) == [1, 1]
    assert MAScore.objects.latest().get().score_date == DAY


@pytest.mark.parametrize(
    ("days", "change"),
    [(29, None), (30, 10), (35, 10), (40, 10), (41, None)],
)
def test_changes_compare_with_a_score_at_most_ten_days_older(days, change):
    company = CompanyFactory()
    MAScoreFactory(company=company, total_score=40, score_date=before(days))
    row = MAScoreFactory(company=company, total_score=50)
    MAScore.objects.update_changes(DAY, "1")
    row.refresh_from_db()
    assert (row.score_change_30d, row.score_change_90d) == (change, None)


def test_changes_take_the_latest_score_of_the_window_and_both_spans():
    company = CompanyFactory()
    for days, total in ((32, 45), (38, 20), (90, 70), (100, 10)):
        MAScoreFactory(company=company, total_score=total, score_date=before(days))
    row = MAScoreFactory(company=company, total_score=50)
    assert MAScore.objects.update_changes(DAY, "1") == 1
    row.refresh_from_db()
    assert (row.score_change_30d, row.score_change_90d) == (5, -20)
    assert MAScore.objects.update_changes(DAY, "1") == 0


def test_changes_never_compare_versions_or_companies():
    company = CompanyFactory()
    MAScoreFactory(company=company, total_score=40, score_date=before(30), score_version="0")
    MAScoreFactory(total_score=40, score_date=before(30))
    row = MAScoreFactory(company=company, total_score=50, score_change_30d=7)
    MAScore.objects.update_changes(DAY, "1")
    row.refresh_from_db()
    assert row.score_change_30d is None


def test_changes_take_one_statement(django_assert_num_queries):
    MAScoreFactory.create_batch(5)
    with django_assert_num_queries(1):
        MAScore.objects.update_changes(DAY, "1")


def test_top_now_shows_latest_scores_of_ranked_live_targets_best_first(django_assert_num_queries):
    for total in (50, 70, 60):
        MAScoreFactory(total_score=total, is_latest=True)
    MAScoreFactory(total_score=99)
    MAScoreFactory(total_score=98, is_latest=True, company__role="acquirer")
    MAScoreFactory(total_score=97, is_latest=True, confidence=Decimal("0.49"))
    archive(row=MAScoreFactory(total_score=96, is_latest=True).company)
    with django_assert_num_queries(1):
        found = MAScore.objects.top()
        assert [(int(s.total_score), bool(s.company.name)) for s in found] == [(70, True), (60, True), (50, True)]
    assert totals(MAScore.objects.top(2)) == [70, 60]


def test_top_on_a_day_shows_that_day_or_the_last_one_before_it():
    company, archived = CompanyFactory(), CompanyFactory()
    for days, total in ((0, 90), (30, 60), (60, 30)):
        MAScoreFactory(company=company, score_date=before(days), total_score=total)
        MAScoreFactory(company=archived, score_date=before(days), total_score=99)
    archive(row=archived)
    assert totals(MAScore.objects.top(on=before(30))) == [60]
    assert totals(MAScore.objects.top(on=before(1))) == [60]
    assert totals(MAScore.objects.top(on=DAY + dt.timedelta(days=400))) == [90]
    assert totals(MAScore.objects.top(on=before(61))) == []


def test_top_on_a_day_is_of_the_version_in_force_unless_one_is_named():
    now = timezone.now()
    published_version("7", now + dt.timedelta(days=1))
    published_version("8", now + dt.timedelta(days=2))
    ScoreVersion.objects.create(version="9")
    company = CompanyFactory()
    for version, total in (("7", 10), ("8", 20), ("9", 30)):
        MAScoreFactory(company=company, score_version=version, total_score=total)
    assert totals(MAScore.objects.top(on=DAY)) == [20]
    assert totals(MAScore.objects.top(on=DAY, version="7")) == [10]
    assert totals(MAScore.objects.top(version="9")) == [30]


def test_top_by_area_and_cap_leaves_unknown_caps_out():
    for total, areas, cap in ((10, ["oncology"], 5), (20, ["oncology"], 50), (30, [], 5), (40, ["oncology"], None)):
        company = CompanyFactory(therapeutic_areas=areas, market_cap_usd=cap)
        MAScoreFactory(company=company, total_score=total, is_latest=True)
    assert totals(MAScore.objects.top(area="oncology")) == [40, 20, 10]
    assert totals(MAScore.objects.top(market_cap_max=5)) == [30, 10]
    assert totals(MAScore.objects.top(area="oncology", market_cap_max=49)) == [10]


def test_history_is_newest_first_of_one_company():
    company = CompanyFactory(ticker="ACME")
    for days, version in ((60, "1"), (0, "1"), (30, "2")):
        MAScoreFactory(company=company, score_date=before(days), score_version=version)
    MAScoreFactory()
    assert [s.score_date for s in MAScore.objects.history("acme")] == [DAY, before(30), before(60)]
    assert [s.score_date for s in MAScore.objects.history(company, version="1")] == [DAY, before(60)]


def test_in_range_includes_the_ends():
    for total in (10, 20, 30):
        MAScoreFactory(total_score=total)
    assert totals(MAScore.objects.in_range(20, 30)) == [30, 20]
    assert totals(MAScore.objects.in_range(None, 10)) == [10]
    assert totals(MAScore.objects.in_range(30, None)) == [30]


def test_matches_of_a_target_best_fit_first():
    target = CompanyFactory(ticker="ACME")
    for fit in (5, 9, 7):
        AcquirerMatchFactory(target_company=target, strategic_fit_score=fit)
    AcquirerMatchFactory(target_company=target, strategic_fit_score=10, match_date=before(30))
    AcquirerMatchFactory()
    rows = AcquirerMatch.objects.for_target("acme")
    assert [int(row.strategic_fit_score) for row in rows] == [9, 7, 5, 10]
    assert [int(row.strategic_fit_score) for row in rows.newest()] == [9, 7, 5]


def test_matches_by_acquirer_fit_and_top():
    pfizer = AcquirerMatchFactory(acquirer_ticker="PFE", strategic_fit_score=8, is_top_match=True)
    AcquirerMatchFactory(acquirer_ticker="MRK", strategic_fit_score=Decimal("7.9999"))
    assert list(AcquirerMatch.objects.by_acquirer(" pfe")) == [pfizer]
    assert list(AcquirerMatch.objects.min_fit(8)) == [pfizer]
    assert list(AcquirerMatch.objects.top_matches()) == [pfizer]


def test_matches_with_companies_take_one_query(django_assert_num_queries):
    AcquirerMatchFactory.create_batch(3, acquirer_company=CompanyFactory(role="acquirer"))
    with django_assert_num_queries(1):
        rows = list(AcquirerMatch.objects.with_companies())
        assert all(row.target_company.name and row.acquirer_company.name for row in rows)


def test_who_is_under_offer_is_out_of_the_ranking_of_now_and_stays_in_those_of_the_days_before():
    bought = CompanyFactory(under_offer_since=DAY)
    old, new = (
        MAScoreFactory(company=bought, total_score=90, score_date=day, is_latest=day == DAY) for day in (before(1), DAY)
    )
    other = MAScoreFactory(total_score=80, is_latest=True)
    other_old = MAScoreFactory(company=other.company, total_score=80, score_date=before(1))
    assert list(MAScore.objects.ranked_now()) == [other]
    assert MAScore.objects.all().ranks([old.pk, new.pk, other.pk, other_old.pk]) == {
        old.pk: 1, other_old.pk: 2, other.pk: 1,
    }  # fmt: skip


def test_ranks_count_the_higher_ranked_scores_of_the_same_day_and_version():
    best, tied, also, low = (MAScoreFactory(total_score=total) for total in (90, 70, 70, 10))
    MAScoreFactory(total_score=95, confidence="0.4999")
    MAScoreFactory(total_score=96, score_date=before(1))
    MAScoreFactory(total_score=97, score_version="2")
    MAScoreFactory(total_score=98, company=CompanyFactory(role="acquirer"))
    gone = MAScoreFactory(total_score=99)
    archive(row=gone.company)
    earlier = MAScoreFactory(total_score=50, score_date=before(1))
    asked = [best.pk, tied.pk, also.pk, low.pk, gone.pk, earlier.pk]
    expected = {best.pk: 1, tied.pk: 2, also.pk: 2, low.pk: 4, earlier.pk: 2}
    assert MAScore.objects.all().ranks(asked) == expected
    assert MAScore.objects.all().ranks([low.pk]) == {low.pk: 4}
    assert MAScore.objects.all().ranks([]) == {}
