"""The control that must find nothing: the labels handed to other companies at random. Pure."""

from __future__ import annotations

import numpy as np

from scoring.backtest.measures import BOUNDS, SEED, Estimate
from scoring.backtest.panel import Panel
from scoring.backtest.places import Floats, percentiles

SHUFFLES = 500


def shuffled_aurocs(panel: Panel, *, shuffles: int = SHUFFLES, seed: int = SEED) -> Floats:
    """Return the AUROC after each shuffle: every company's labels go, day for day, to a company drawn at random.

    Labels of days on which that company was not ranked are lost. So the rows of a deal stay together, as they are.
    """
    rng = np.random.default_rng(seed)
    companies, days = len(panel.companies), len(panel.days)
    place = np.full((companies, days), np.nan)
    place[panel.company, panel.snapshot] = _midranks(percentiles(panel.snapshot, panel.score))
    labelled = np.zeros((companies, days), dtype=np.bool_)
    labelled[panel.company, panel.snapshot] = panel.positive
    aurocs = np.full(shuffles, np.nan)
    for number in range(shuffles):
        ranks = place[labelled[rng.permutation(companies)]]
        ranks = ranks[~np.isnan(ranks)]
        positives, negatives = ranks.size, panel.score.size - ranks.size
        if positives and negatives:
            aurocs[number] = (ranks.sum() - positives * (positives + 1) / 2) / (positives * negatives)
    return aurocs


def _midranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks


def shuffled_auroc(panel: Panel, *, shuffles: int = SHUFFLES, seed: int = SEED) -> tuple[Estimate, Floats]:
    """Return the mean AUROC of shuffled labels with the range of 95 % of them, and all of them."""
    aurocs = shuffled_aurocs(panel, shuffles=shuffles, seed=seed)
    known = aurocs[~np.isnan(aurocs)]
    if not known.size:
        return Estimate(), known
    low, high = np.percentile(known, BOUNDS)
    return Estimate(float(known.mean()), float(low), float(high)), known
