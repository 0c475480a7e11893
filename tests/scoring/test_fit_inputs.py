"""Strategic fit comes from the best matches of which enough is known; a tie alone is no fit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from scoring.inputs import inputs
from tests.factories import AcquirerMatchFactory
from tests.scoring.universe import DAY, candidate, company, research

pytestmark = pytest.mark.django_db


@pytest.fixture
def target():
    found = company("AXON")
    candidate(found, "phase_3")
    research(found, 90_000_000)
    return found


def match(target, rank: int, fit: str, *, coverage: str | None, days: int = 0) -> None:
    AcquirerMatchFactory(
        target_company=target,
        match_date=DAY - dt.timedelta(days=days),
        match_rank=rank,
        strategic_fit_score=Decimal(fit),
        metadata={} if coverage is None else {"coverage": coverage},
    )


def test_the_three_best_ranked_count_whatever_others_fit(target):
    for rank, fit in enumerate(("6", "9", "3", "10"), start=1):
        match(target, rank, fit, coverage="0.60")
    assert inputs(target, DAY).fit.mean == 6


def test_matches_of_which_less_than_half_is_known_do_not_count(target):
    match(target, 1, "8.0", coverage="0.15")
    match(target, 2, "7.0", coverage="0.4999")
    match(target, 3, "4.0", coverage="0.50")
    match(target, 4, "2.0", coverage=None)
    assert inputs(target, DAY).fit.mean == 3


def test_without_a_match_of_which_enough_is_known_the_input_is_missing(target):
    match(target, 1, "8.0", coverage="0.15")
    assert inputs(target, DAY).fit is None


def test_matches_older_than_a_month_do_not_count(target):
    match(target, 1, "8.0", coverage="0.60", days=32)
    assert inputs(target, DAY).fit is None
    match(target, 1, "5.0", coverage="0.60", days=31)
    assert inputs(target, DAY).fit.mean == 5
