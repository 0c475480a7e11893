"""What was ranked and what became of it: one row a company and day. Pure arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from scoring.backtest.places import Bools, Floats, Ints

NO_DEAL = -1


@dataclass(frozen=True)
class Panel:
    """The rows, as arrays of one length, and what their numbers refer to.

    `company`, `snapshot` and `deal` number into `companies`, `days` and `deal_days` (the announcement of each deal);
    `deal` is -1 where none was announced within the horizon. `score` is the total, 0 to 100. `sufficient`: confidence
    of 0.5 or more. `baselines` holds other rankings of the same rows by name, higher = more likely.
    """

    days: tuple[date, ...]
    companies: tuple[str, ...]
    deal_days: tuple[date, ...]
    company: Ints
    snapshot: Ints
    deal: Ints
    score: Floats
    sufficient: Bools
    baselines: Mapping[str, Floats]

    @property
    def positive(self) -> Bools:
        """Return which rows have a deal within the horizon."""
        found: Bools = self.deal != NO_DEAL
        return found

    @property
    def deals(self) -> int:
        """Return how many different deals the rows have: one deal makes up to four quarterly rows positive."""
        return int(np.unique(self.deal[self.positive]).size)

    @property
    def company_count(self) -> int:
        """Return how many companies the rows have."""
        return int(np.unique(self.company).size)

    def only(self, rows: Bools) -> Panel:
        """Return the panel of some of the rows."""
        return Panel(
            days=self.days,
            companies=self.companies,
            deal_days=self.deal_days,
            company=self.company[rows],
            snapshot=self.snapshot[rows],
            deal=self.deal[rows],
            score=self.score[rows],
            sufficient=self.sufficient[rows],
            baselines={name: values[rows] for name, values in self.baselines.items()},
        )


def panel_of(
    rows: Sequence[tuple[str, int, int, float, bool, tuple[float, ...]]],
    *,
    days: tuple[date, ...],
    deal_days: tuple[date, ...],
    baselines: tuple[str, ...],
) -> Panel:
    """Return the panel of (company, snapshot, deal, score, sufficient, baseline values), in any order."""
    rows = sorted(rows, key=lambda row: (row[1], row[0]))
    companies = tuple(sorted({row[0] for row in rows}))
    numbers = {key: number for number, key in enumerate(companies)}
    others = np.array([row[5] for row in rows], dtype=np.float64).reshape(len(rows), len(baselines))
    return Panel(
        days=days,
        companies=companies,
        deal_days=deal_days,
        company=np.array([numbers[row[0]] for row in rows], dtype=np.int64),
        snapshot=np.array([row[1] for row in rows], dtype=np.int64),
        deal=np.array([row[2] for row in rows], dtype=np.int64),
        score=np.array([row[3] for row in rows], dtype=np.float64),
        sufficient=np.array([row[4] for row in rows], dtype=np.bool_),
        baselines={name: others[:, column] for column, name in enumerate(baselines)},
    )
