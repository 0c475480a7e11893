"""Places within a day's ranking: percentiles and shares in the top, ties shared equally. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

DECILES = 10


def _days(snapshot: Ints) -> Iterator[Ints]:
    """Yield the row numbers of each snapshot."""
    order = np.argsort(snapshot, kind="stable")
    edges = np.flatnonzero(np.diff(snapshot[order])) + 1
    yield from np.split(order, edges) if order.size else ()


def _ties(scores: Floats) -> tuple[Ints, Ints]:
    """Return of each score how many are higher, and how many are equal to it (itself included)."""
    _, inverse, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    higher = np.concatenate(([0], np.cumsum(counts)[:-1]))
    return higher[inverse].astype(np.int64), counts[inverse].astype(np.int64)


def percentiles(snapshot: Ints, score: Floats) -> Floats:
    """Return of each row the share of its day that it outranks, equals counted half: within 0 and 1, 0.5 on average.

    So days become comparable, of whatever level their scores are.
    """
    found = np.empty(score.shape)
    for rows in _days(snapshot):
        higher, equal = _ties(score[rows])
        found[rows] = 1 - (higher + equal / 2) / rows.size
    return found


def top_share(snapshot: Ints, score: Floats, places: int) -> Floats:
    """Return of each row its share in the day's first `places`: 1, 0, or its tie's equal part of the places left."""
    found = np.empty(score.shape)
    for rows in _days(snapshot):
        higher, equal = _ties(score[rows])
        found[rows] = np.clip((places - higher) / equal, 0, 1)
    return found


def decile_shares(snapshot: Ints, score: Floats) -> Floats:
    """Return of each row its share in each tenth of the day, best first: rows x 10, each row summing to one."""
    found = np.empty((score.size, DECILES))
    for rows in _days(snapshot):
        higher, equal = _ties(score[rows])
        edges = rows.size * np.arange(DECILES + 1) / DECILES
        up_to = np.clip((edges[None, :] - higher[:, None]) / equal[:, None], 0, 1)
        found[rows] = np.diff(up_to, axis=1)
    return found
