"""Generated universes with a signal of known strength planted in them: what the measures must find again. Pure."""

from __future__ import annotations

from datetime import date
from statistics import NormalDist

import numpy as np

from scoring.backtest.calendar import quarter_ends
from scoring.backtest.panel import NO_DEAL, Panel, panel_of

FIRST_DAY = date(2001, 1, 1)
QUARTERS_BEFORE_A_DEAL = 4
SCALE, MIDDLE = 10, 50


def binormal_panel(
    *, auroc: float, companies: int = 300, quarters: int = 8, deals: int = 90, likeness: float = 0.7, seed: int = 1
) -> Panel:
    """Return a generated panel in which the true AUROC is known.

    Scores of rows without a deal are N(0, 1), of rows with one N(d, 1), with d = sqrt(2) * probit(AUROC); `likeness` is
    the correlation of a company's scores from quarter to quarter. A company is out from its deal on.
    Source: the binormal model, Green and Swets, Signal Detection Theory and Psychophysics (1966).
    """
    rng = np.random.default_rng(seed)
    days = _quarters(quarters + QUARTERS_BEFORE_A_DEAL)
    distance = 2**0.5 * NormalDist().inv_cdf(auroc)
    lasting = rng.standard_normal(companies)
    passing = rng.standard_normal((companies, quarters))
    scores = likeness**0.5 * lasting[:, None] + (1 - likeness) ** 0.5 * passing
    bought = {
        int(company): int(quarter)
        for company, quarter in zip(
            rng.choice(companies, deals, replace=False), rng.integers(1, quarters + 1, deals), strict=True
        )
    }
    numbers = {company: number for number, company in enumerate(bought)}
    rows = []
    for company in range(companies):
        leaves = bought.get(company, quarters + QUARTERS_BEFORE_A_DEAL)
        for quarter in range(min(leaves, quarters)):
            is_positive = leaves - quarter <= QUARTERS_BEFORE_A_DEAL
            score = MIDDLE + SCALE * (scores[company, quarter] + distance * is_positive)
            deal = numbers[company] if is_positive else NO_DEAL
            rows.append((f"generated-{company:05d}", quarter, deal, float(score), True, ()))
    deal_days = tuple(days[quarter] for quarter in bought.values())
    return panel_of(rows, days=days, deal_days=deal_days, baselines=())


def _quarters(count: int) -> tuple[date, ...]:
    ends = quarter_ends(FIRST_DAY, date.max)
    return tuple(next(ends) for _ in range(count))
