"""How well a ranking finds the deals, with intervals from drawing whole companies: pure arrays.

Each day's ranking stands as it is; what is drawn anew is which companies the sample holds. All rows of a company are
drawn together, for a company is much the same from quarter to quarter and its deal makes several rows positive.
Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 13, percentile intervals; the cluster
bootstrap of Field and Welsh, J. R. Stat. Soc. B 69 (2007).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scoring.backtest.panel import Panel
from scoring.backtest.places import DECILES, Bools, Floats, Ints, decile_shares, percentiles, top_share

DRAWS = 2000
SEED = 20_060_808
BOUNDS = (2.5, 97.5)
TOPS = (10, 20, 50)
# Draws taken at a time: bounds memory where a long back-test has thousands of positive rows.
DRAWS_A_BLOCK = 250


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; all None where it is not defined."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


UNKNOWN = Estimate()


@dataclass(frozen=True)
class Measures:
    """One ranking's measures. Lift runs from the best tenth down. `auroc_draws`: the value, then each draw's."""

    auroc: Estimate
    average_precision: Estimate
    precision_at: Mapping[int, Estimate]
    lift_by_decile: tuple[Estimate, ...]
    top_decile_recall: Estimate
    auroc_draws: Floats


def draws_of(companies: int, *, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """Return how often each company is in each sample, draws + 1 x companies; the first row is the sample as it is."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(companies, np.full(companies, 1 / companies), size=draws)
    return np.vstack((np.ones((1, companies)), drawn)).astype(np.float64)


def estimate(values: Floats) -> Estimate:
    """Return the first value with the 2.5th and 97.5th percentile of the others; what is not a number is left out."""
    if np.isnan(values[0]):
        return UNKNOWN
    known = values[1:][~np.isnan(values[1:])]
    if not known.size:
        return Estimate(float(values[0]))
    low, high = np.percentile(known, BOUNDS)
    return Estimate(float(values[0]), float(low), float(high))


def measured(panel: Panel, score: Floats, draws: Floats) -> Measures:
    """Return the measures of a ranking of the panel's rows; `draws` as `draws_of` gives them for all its companies."""
    positive = panel.positive
    auroc, precision = _areas(panel, percentiles(panel.snapshot, score), draws)
    deciles = decile_shares(panel.snapshot, score)
    found = _sums(panel, positive, draws)
    base_rate = ratio(found, _sums(panel, np.ones_like(positive), draws))
    in_decile = [_rate(panel, deciles[:, column], draws) for column in range(DECILES)]
    return Measures(
        auroc=estimate(auroc),
        average_precision=estimate(precision),
        precision_at={
            top: estimate(_rate(panel, top_share(panel.snapshot, score, top), draws)) for top in TOPS
        },
        lift_by_decile=tuple(estimate(ratio(rate, base_rate)) for rate in in_decile),
        top_decile_recall=estimate(ratio(_sums(panel, positive * deciles[:, 0], draws), found)),
        auroc_draws=auroc,
    )  # fmt: skip


def rate(panel: Panel, share: Floats, draws: Floats) -> Estimate:
    """Return the share of positives among the rows, each counted by its `share`."""
    return estimate(_rate(panel, share, draws))


def difference(one: Measures, other: Measures) -> Estimate:
    """Return by how much one ranking's AUROC exceeds another's of the same rows, drawn together."""
    return estimate(one.auroc_draws - other.auroc_draws)


def auroc_of(panel: Panel, score: Floats, draws: Floats) -> Estimate:
    """Return the area under the ROC curve alone."""
    return estimate(_areas(panel, percentiles(panel.snapshot, score), draws)[0])


def _rate(panel: Panel, share: Floats, draws: Floats) -> Floats:
    return ratio(_sums(panel, panel.positive * share, draws), _sums(panel, share, draws))


def _sums(panel: Panel, values: Floats | Bools, draws: Floats) -> Floats:
    """Return in each draw the sum of the rows' values."""
    by_company = np.bincount(panel.company, weights=values, minlength=draws.shape[1])
    sums: Floats = draws @ by_company
    return sums


def ratio(over: Floats, under: Floats) -> Floats:
    """Return the quotient; not a number where there is nothing to divide by."""
    return np.divide(over, under, out=np.full_like(over, np.nan), where=under > 0)


def _areas(panel: Panel, place: Floats, draws: Floats) -> tuple[Floats, Floats]:
    """Return AUROC and average precision in each draw.

    Both are sums over the levels at which positives stand. AUROC counts equals half (Hanley and McNeil 1982); average
    precision takes equals together: sum of (recall gained at a level) x (precision at it).
    """
    levels, level_of = np.unique(place[panel.positive], return_inverse=True)
    if not levels.size:
        nothing = np.full(draws.shape[0], np.nan)
        return nothing, nothing
    companies, count = draws.shape[1], levels.size
    hits = _table(panel.company[panel.positive], level_of, companies, count)
    misses, negative = place[~panel.positive], panel.company[~panel.positive]
    # A miss is above the levels before `left` and at or above those before `right`.
    at_or_above = _table(negative, np.searchsorted(levels, misses, "right"), companies, count + 1)
    above = _table(negative, np.searchsorted(levels, misses, "left"), companies, count + 1)
    areas = [
        _block(block @ hits, block @ at_or_above, block @ above)
        for block in np.array_split(draws, max(1, draws.shape[0] // DRAWS_A_BLOCK))
    ]
    return np.concatenate([area[0] for area in areas]), np.concatenate([area[1] for area in areas])


def _table(company: Ints, level: Ints, companies: int, levels: int) -> Floats:
    """Return how many rows each company has at each level."""
    cells = np.bincount(company * levels + level, minlength=companies * levels)
    return cells.reshape(companies, levels).astype(np.float64)


def _block(hits: Floats, at_or_above: Floats, above: Floats) -> tuple[Floats, Floats]:
    misses = at_or_above.sum(axis=1)
    found = hits.sum(axis=1)
    # The misses at or above each level: what lies beyond it, counted from the top.
    reached = _from_the_top(at_or_above)[:, 1:]
    passed = _from_the_top(above)[:, 1:]
    below = misses[:, None] - (reached + passed) / 2
    auroc = ratio((hits * below).sum(axis=1), found * misses)
    true = _from_the_top(hits)
    precision = np.divide(true, true + reached, out=np.zeros_like(true), where=true > 0)
    return auroc, ratio((hits * precision).sum(axis=1), found)


def _from_the_top(counts: Floats) -> Floats:
    sums: Floats = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1]
    return sums
