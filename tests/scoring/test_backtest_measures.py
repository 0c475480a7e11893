"""The back-test's measures: worked by hand on small rankings, and recovering a signal planted in generated ones."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from scoring.backtest.bands import bands, years
from scoring.backtest.curves import precision_recall, roc
from scoring.backtest.generated import binormal_panel
from scoring.backtest.measures import (
    Estimate,
    auroc_of,
    difference,
    draws_of,
    estimate,
    measured,
)
from scoring.backtest.panel import NO_DEAL, Panel, panel_of
from scoring.backtest.places import decile_shares, percentiles, top_share
from scoring.backtest.shuffled import shuffled_auroc

DAYS = (dt.date(2010, 3, 31), dt.date(2010, 6, 30), dt.date(2011, 6, 30))


def panel(*rows: tuple[str, int, int, float], days: tuple[dt.date, ...] = DAYS) -> Panel:
    """Return a panel of (company, snapshot, deal, score)."""
    return panel_of([(*row, True, ()) for row in rows], days=days, deal_days=(dt.date(2010, 7, 1),) * 100, baselines=())


def one_day(scores: str, deals: str) -> Panel:
    """Return one day's ranking from scores and the letters x (bought) and o."""
    rows = zip(scores.split(), deals, strict=True)
    return panel(*((f"C{i}", 0, i if deal == "x" else NO_DEAL, float(score)) for i, (score, deal) in enumerate(rows)))


def point(of: Panel) -> tuple[float | None, float | None]:
    found = measured(of, of.score, draws_of(len(of.companies), draws=10))
    return found.auroc.value, found.average_precision.value


@pytest.mark.parametrize(
    ("scores", "deals", "auroc", "precision"),
    [
        # x beats both others: 2 of 2 pairs; found at the first place
        ("9 5 1", "xoo", 1.0, 1.0),
        # x loses to both: found at the third place, precision 1/3
        ("1 5 9", "xoo", 0.0, 1 / 3),
        # ranking x o x o o: first x wins 3 of 3, second 2 of 3; precision 1/1 and 2/3
        ("9 8 7 6 5", "xoxoo", 5 / 6, (1 + 2 / 3) / 2),
        # all equal: every pair counts half; all are taken together, precision 2/5
        ("4 4 4 4 4", "xoxoo", 0.5, 0.4),
        # x ties with one o above two others: (0.5 + 1 + 1) / 3; precision 1/2 at that level
        ("7 7 3 2", "xooo", 2.5 / 3, 0.5),
    ],
)
def test_auroc_and_average_precision_of_hand_worked_rankings(scores, deals, auroc, precision):
    assert point(one_day(scores, deals)) == pytest.approx((auroc, precision))


def test_percentiles_count_equals_half_and_average_to_a_half():
    day = np.zeros(4, dtype=np.int64)
    # 9 outranks three and is itself half: 3.5 of 4; the two 5s outrank one, are two halves; 1 is half of itself
    assert percentiles(day, np.array([9.0, 5, 5, 1])).tolist() == [0.875, 0.5, 0.5, 0.125]


def test_days_of_other_levels_become_comparable():
    # The second day's scores all lie above the first's: by raw scores x of day one would lose to B of day two.
    found = panel(("A", 0, 0, 9), ("B", 0, NO_DEAL, 1), ("A2", 1, 1, 99), ("B", 1, NO_DEAL, 90))
    assert point(found)[0] == 1.0


def test_places_at_the_border_are_shared_by_those_who_tie():
    day = np.zeros(5, dtype=np.int64)
    scores = np.array([9.0, 5, 5, 5, 1])
    # two places: the first is taken by 9; three share the other
    assert top_share(day, scores, 2).tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0])
    assert top_share(day, scores, 10).tolist() == [1, 1, 1, 1, 1]


def test_deciles_of_a_day_hold_a_tenth_each():
    day = np.zeros(5, dtype=np.int64)
    shares = decile_shares(day, np.array([5.0, 4, 3, 2, 1]))
    # five companies: each fills two tenths
    assert shares[0].tolist() == pytest.approx([0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0])
    assert shares.sum(axis=0).tolist() == pytest.approx([0.5] * 10)
    assert shares.sum(axis=1).tolist() == pytest.approx([1] * 5)


def test_precision_lift_and_recall_of_a_hand_worked_ranking():
    # twenty companies in order; bought: places 1, 2, 12, 20
    rows = [(f"C{n:02d}", 0, n if n in (0, 1, 11, 19) else NO_DEAL, 100.0 - n) for n in range(20)]
    found = measured(panel(*rows), panel(*rows).score, draws_of(20, draws=10))
    assert found.precision_at[10].value == pytest.approx(2 / 10)
    # fewer companies than places: all twenty are taken
    assert found.precision_at[20].value == found.precision_at[50].value == pytest.approx(4 / 20)
    # tenths of two companies: base rate 4/20; first tenth 2/2, sixth (places 11, 12) 1/2, last 1/2
    assert [lift.value for lift in found.lift_by_decile] == pytest.approx([5, 0, 0, 0, 0, 2.5, 0, 0, 0, 2.5])
    assert found.top_decile_recall.value == pytest.approx(2 / 4)


def test_precision_is_of_the_best_of_every_day():
    rows = [(f"A{n}", 0, n if n < 3 else NO_DEAL, -n) for n in range(30)]
    rows += [(f"B{n}", 1, NO_DEAL, -n) for n in range(30)]
    found = measured(panel(*rows), panel(*rows).score, draws_of(60, draws=10))
    assert found.precision_at[10].value == pytest.approx(3 / 20)


def test_a_draw_weighs_whole_companies():
    """Company A is drawn twice, B not at all, C once: what counts is A's two rows twice and C's one row once."""
    found = panel(("A", 0, 0, 9), ("A", 1, NO_DEAL, 2), ("B", 0, NO_DEAL, 10), ("C", 1, NO_DEAL, 1))
    draws = np.array([[1.0, 1, 1], [2, 0, 1]])
    aurocs = measured(found, found.score, draws).auroc_draws
    # Percentiles: day 0 B .75, A .25; day 1 A .75, C .25. As it is A's x ties C, loses to B and to A: 0.5 of 3.
    # Drawn: the x (twice) against A's other row (twice, lost) and C (once, tied): 2 x 0.5 of 2 x 3.
    assert aurocs.tolist() == pytest.approx([0.5 / 3, 1 / 6])


def test_draws_are_the_same_each_time_and_of_as_many_companies():
    draws = draws_of(7, draws=50)
    assert draws.shape == (51, 7)
    assert draws[0].tolist() == [1] * 7
    assert draws.sum(axis=1).tolist() == [7] * 51
    assert (draws == draws_of(7, draws=50)).all()


def test_interval_is_the_middle_95_percent_of_the_draws():
    # 0, 1, … 40 hundredths: the 2.5th percentile is the second, the 97.5th the last but one
    values = np.concatenate(([0.77], np.arange(41) / 100))
    assert estimate(values) == Estimate(0.77, 0.01, 0.39)
    assert estimate(np.array([np.nan, 1.0])) == Estimate()


def test_interval_does_not_narrow_when_a_company_repeats_its_rows():
    """Four identical quarters of each company tell no more than one: the interval must not narrow."""
    rng = np.random.default_rng(5)
    scores = rng.standard_normal(200)
    bought = rng.choice(200, 40, replace=False)
    rows = [(f"C{n:03d}", 0, n if n in bought else NO_DEAL, float(scores[n])) for n in range(200)]
    once = panel(*rows)
    repeated = panel(*((name, day, deal, score) for name, _, deal, score in rows for day in range(3)))
    draws = draws_of(200)
    one, four = auroc_of(once, once.score, draws), auroc_of(repeated, repeated.score, draws)
    assert four.value == pytest.approx(one.value)
    assert (four.low, four.high) == pytest.approx((one.low, one.high), abs=1e-9)


@pytest.mark.parametrize("true", [0.5, 0.6, 0.7, 0.85])
def test_planted_signal_is_recovered_within_the_interval(true):
    generated = binormal_panel(auroc=true)
    found = auroc_of(generated, generated.score, draws_of(len(generated.companies)))
    assert found.low <= true <= found.high
    assert found.high - found.low < 0.14


def test_intervals_hold_the_planted_signal_about_as_often_as_they_say():
    held = 0
    for seed in range(60):
        generated = binormal_panel(auroc=0.7, companies=250, quarters=8, deals=60, seed=seed)
        found = auroc_of(generated, generated.score, draws_of(250, draws=400))
        held += found.low <= 0.7 <= found.high
    # 95 % of 60 are 57; fewer than 50 has a chance under 1 in 10,000
    assert held >= 50


def test_width_with_nine_and_sixty_deals_is_that_of_the_literature():
    """True AUROC 0.70: about 0.52–0.87 with 9 deals, 0.64–0.77 with 60 (independent rows)."""
    widths = {}
    for deals in (9, 60):
        generated = binormal_panel(auroc=0.7, companies=1000, quarters=1, deals=deals, likeness=0)
        found = auroc_of(generated, generated.score, draws_of(1000))
        widths[deals] = found.high - found.low
    assert widths[9] == pytest.approx(0.35, abs=0.15)
    assert widths[60] == pytest.approx(0.13, abs=0.05)


def test_shuffled_labels_find_nothing_where_a_signal_is_planted():
    generated = binormal_panel(auroc=0.85)
    found, aurocs = shuffled_auroc(generated)
    assert found.low < 0.5 < found.high
    assert found.value == pytest.approx(0.5, abs=0.01)
    assert aurocs.max() < 0.85


def test_difference_of_two_rankings_of_the_same_rows_is_drawn_together():
    generated = binormal_panel(auroc=0.8)
    draws = draws_of(len(generated.companies))
    score = measured(generated, generated.score, draws)
    same = difference(score, measured(generated, generated.score * 3 + 1, draws))
    assert (same.value, same.low, same.high) == (0, 0, 0)
    worse = measured(generated, generated.score + np.random.default_rng(1).normal(0, 30, generated.score.size), draws)
    assert difference(score, worse).low > 0


def test_curves_enclose_the_areas():
    generated = binormal_panel(auroc=0.7, companies=100, deals=30)
    passed, found = roc(generated, generated.score)
    value = auroc_of(generated, generated.score, draws_of(100, draws=1)).value
    assert np.trapezoid(found, passed) == pytest.approx(value)
    recall, precision = precision_recall(generated, generated.score)
    area = measured(generated, generated.score, draws_of(100, draws=1)).average_precision.value
    assert float((np.diff(recall) * precision[1:]).sum()) == pytest.approx(area)


def test_calibration_counts_deals_in_bands_of_ten_points():
    found = panel(
        ("A", 0, 0, 100), ("B", 0, NO_DEAL, 90), ("C", 0, NO_DEAL, 89.99), ("D", 0, 1, 9.5), ("E", 0, NO_DEAL, 0)
    )
    table = bands(found, draws_of(5, draws=20))
    assert [(band.low, band.rows, band.positive_rows) for band in table if band.rows] == [
        (0, 2, 1),
        (80, 1, 0),
        (90, 2, 1),
    ]
    assert table[9].mean_score == pytest.approx(95)
    assert table[9].rate.value == pytest.approx(0.5)
    assert table[5].mean_score is None
    assert table[5].rate == Estimate()


def test_years_count_deals_once_and_give_no_auroc_under_ten():
    # deal 0 makes both quarters of 2010 positive; 2011 has nobody bought
    found = panel(("A", 0, 0, 9), ("B", 0, NO_DEAL, 1), ("A", 1, 0, 9), ("B", 1, NO_DEAL, 1), ("B", 2, NO_DEAL, 1))
    first, second = years(found)
    assert (first.year, first.days, first.companies, first.rows) == (2010, 2, 2, 4)
    assert (first.deals, first.positive_rows) == (1, 2)
    # the best tenth of two companies is a fifth of the first one
    assert first.top_decile == pytest.approx(0.4)
    assert first.auroc == Estimate()
    assert (second.year, second.deals, second.companies) == (2011, 0, 1)


def test_years_with_ten_deals_have_their_own_auroc():
    generated = binormal_panel(auroc=0.75, quarters=4, deals=60)
    assert years(generated)[0].auroc.low > 0.5
