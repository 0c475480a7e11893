"""Scores that moved since a moment, against the last one before it with the same inputs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK, start_of
from companies.models import Company
from scoring.models import MAScore
from scoring.movers import moved_since
from tests.factories import CompanyFactory, MAScoreFactory

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 10)


def scored(before: str, now: str, *, days: int = 1, then: dict | None = None, **company: object) -> str:
    owner = CompanyFactory(**company)
    MAScoreFactory(
        company=owner, score_date=DAY - dt.timedelta(days=days), total_score=Decimal(before), metadata=then or {}
    )
    MAScoreFactory(company=owner, score_date=DAY, total_score=Decimal(now), is_latest=True)
    return owner.name


def test_the_largest_moves_come_first_and_small_ones_not_at_all():
    up, down = scored("50", "53.5"), scored("60", "55")
    scored("50", "50.9")
    found = moved_since(start_of(DAY))
    assert [(mover.name, mover.points) for mover in found] == [(down, Decimal(-5)), (up, Decimal("3.5"))]
    assert (found[0].earlier_day, found[0].day) == (DAY - dt.timedelta(days=1), DAY)


def test_what_is_compared_is_the_last_score_before_the_day():
    owner = CompanyFactory()
    for days, total in ((5, "10"), (2, "40"), (0, "48")):
        MAScoreFactory(
            company=owner, score_date=DAY - dt.timedelta(days=days), total_score=Decimal(total), is_latest=not days
        )
    assert [mover.points for mover in moved_since(start_of(DAY))] == [Decimal(8)]
    assert [mover.points for mover in moved_since(start_of(DAY - dt.timedelta(days=2)))] == [Decimal(38)]
    assert moved_since(start_of(DAY + dt.timedelta(days=1))) == []


def test_data_that_became_known_is_no_move():
    scored("50", "60", then={"unfed": ["patent"]})
    assert moved_since(start_of(DAY)) == []


@pytest.mark.parametrize("company", [{"role": "acquirer"}, {"under_offer_since": DAY}])
def test_who_is_not_ranked_does_not_move(company):
    scored("50", "60", **company)
    assert moved_since(start_of(DAY)) == []


def test_an_old_score_and_thin_data_are_nothing_to_compare_with():
    scored("50", "60", days=41)
    owner = CompanyFactory()
    MAScoreFactory(
        company=owner, score_date=DAY - dt.timedelta(days=1), total_score=Decimal(10), confidence=Decimal("0.4")
    )
    MAScoreFactory(company=owner, score_date=DAY, total_score=Decimal(90), is_latest=True)
    assert moved_since(start_of(DAY)) == []


@pytest.mark.django_db(transaction=True)
def test_move_is_told_at_once_although_the_list_is_kept():
    name = scored("50", "53")
    assert [mover.points for mover in moved_since(start_of(DAY))] == [Decimal(3)]
    MAScore.objects.filter(company__name=name, is_latest=True).update(total_score=Decimal(58))
    assert [mover.points for mover in moved_since(start_of(DAY))] == [Decimal(8)]
    Company.objects.filter(name=name).update(role="acquirer")
    assert moved_since(start_of(DAY)) == []


def test_a_move_that_has_been_seen_is_not_new_any_more():
    today = timezone.localdate(timezone=NEW_YORK)
    owner = CompanyFactory()
    MAScoreFactory(company=owner, score_date=today - dt.timedelta(days=1), total_score=Decimal(40))
    latest = MAScoreFactory(company=owner, score_date=today, total_score=Decimal(45), is_latest=True)
    seen = latest.updated_at + dt.timedelta(microseconds=1)
    assert [mover.points for mover in moved_since(latest.updated_at)] == [Decimal(5)]
    assert moved_since(seen) == []
