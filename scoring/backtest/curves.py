"""The curves behind the areas, going down the pooled ranking of all days: pure arrays."""

from __future__ import annotations

import numpy as np

from scoring.backtest.panel import Panel
from scoring.backtest.places import Floats, percentiles


def roc(panel: Panel, score: Floats) -> tuple[Floats, Floats]:
    """Return false and true positive rate at each level from the top, from (0, 0) to (1, 1)."""
    found, passed = _counts(panel, score)
    return np.append(0, passed / passed[-1]), np.append(0, found / found[-1])


def precision_recall(panel: Panel, score: Floats) -> tuple[Floats, Floats]:
    """Return recall and precision at each level from the top; the first level's precision stands at recall 0 too."""
    found, passed = _counts(panel, score)
    precision = found / (found + passed)
    return np.append(0, found / found[-1]), np.append(precision[0], precision)


def _counts(panel: Panel, score: Floats) -> tuple[Floats, Floats]:
    """Return how many positives and others stand at or above each level; equals are taken together."""
    place = percentiles(panel.snapshot, score)
    levels, level_of = np.unique(-place, return_inverse=True)
    positive = np.bincount(level_of, weights=panel.positive, minlength=levels.size)
    others = np.bincount(level_of, weights=~panel.positive, minlength=levels.size)
    return np.cumsum(positive), np.cumsum(others)
