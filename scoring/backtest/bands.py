"""The tables of a back-test: how often deals came in each band of the score, and year by year. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.backtest.measures import UNKNOWN, Estimate, auroc_of, draws_of, rate
from scoring.backtest.panel import Panel
from scoring.backtest.places import Floats, decile_shares
from scoring.backtest.verdict import LEAST_POSITIVES

BAND_POINTS = 10
BANDS = 10


@dataclass(frozen=True, slots=True)
class Band:
    """The rows with a total from `low` up to `high` (100 included in the last): how many, and the share with a deal."""

    low: int
    high: int
    rows: int
    positive_rows: int
    mean_score: float | None
    rate: Estimate


@dataclass(frozen=True, slots=True)
class Year:
    """The days of one year. `auroc` is unknown with fewer than ten deals; `top_decile`: positives in the best tenth."""

    year: int
    days: int
    companies: int
    rows: int
    positive_rows: int
    deals: int
    top_decile: float
    auroc: Estimate


def bands(panel: Panel, draws: Floats) -> tuple[Band, ...]:
    """Return the calibration table: what share of the rows of each ten points had a deal within the horizon.

    The score is no probability; the table shows what it would have to become to be one.
    """
    band = np.clip(panel.score // BAND_POINTS, 0, BANDS - 1)
    found = []
    for number in range(BANDS):
        inside = band == number
        rows = int(inside.sum())
        found.append(
            Band(
                low=number * BAND_POINTS,
                high=(number + 1) * BAND_POINTS,
                rows=rows,
                positive_rows=int((inside & panel.positive).sum()),
                mean_score=float(panel.score[inside].mean()) if rows else None,
                rate=rate(panel, inside.astype(np.float64), draws) if rows else UNKNOWN,
            )
        )
    return tuple(found)


def years(panel: Panel) -> tuple[Year, ...]:
    """Return the table by year of the days."""
    of_day = np.array([day.year for day in panel.days], dtype=np.int64)
    top = decile_shares(panel.snapshot, panel.score)[:, 0]
    of_row = of_day[panel.snapshot] if panel.score.size else np.empty(0, dtype=np.int64)
    found = []
    for year in sorted(set(of_day.tolist())):
        inside = of_row == year
        part = panel.only(inside)
        found.append(
            Year(
                year=year,
                days=int((of_day == year).sum()),
                companies=part.company_count,
                rows=int(inside.sum()),
                positive_rows=int(part.positive.sum()),
                deals=part.deals,
                top_decile=float(top[inside & panel.positive].sum()),
                auroc=_auroc(part),
            )
        )
    return tuple(found)


def _auroc(part: Panel) -> Estimate:
    if part.deals < LEAST_POSITIVES:
        return UNKNOWN
    return auroc_of(part, part.score, draws_of(len(part.companies)))
