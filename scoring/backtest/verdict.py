"""Whether a back-test validates anything: how many deals nobody had seen when the weights were chosen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from scoring.backtest.measures import Estimate
from scoring.backtest.panel import Panel
from scoring.backtest.places import Bools

LEAST_POSITIVES = 10
LEAST_UNSEEN_DEALS = 60
# The first weights were chosen knowing the 34 deals within a year of mid-2021, mid-2022 and mid-2023.
FIRST_VERSION = "1"
FIRST_WEIGHTS_SAW = (date(2021, 6, 30), date(2024, 6, 30))
CHANCE = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """The days, both included, of which the deals were known when the weights were chosen."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def seen_by(version: str, made_on: date) -> Seen:
    """Return what was known to whoever chose the weights: of a version made here, everything up to that day."""
    return Seen(*FIRST_WEIGHTS_SAW) if version == FIRST_VERSION else Seen(date.min, made_on)


def unseen_rows(panel: Panel, seen: Seen) -> Bools:
    """Return which rows have no deal, or one that was not seen."""
    is_seen = np.array([day in seen for day in panel.deal_days] + [False])
    # -1 reads the last element: no deal, nothing seen.
    rows: Bools = ~is_seen[panel.deal]
    return rows


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the back-test allows to be said, in one line. `words` starts with the reason where it is not validated."""

    validated: bool
    unseen_deals: int
    words: str


def verdict(
    *,
    positives: int,
    unseen_deals: int,
    auroc: Estimate,
    differences: Mapping[str, Estimate],
    controls: Mapping[str, bool],
) -> Verdict:
    """Return the verdict on AUROC and its difference to each baseline, both on the unseen deals.

    Validated: 60 unseen deals or more, every control holds, the AUROC's interval lies above 0.5 and that of its
    difference to each baseline above 0.
    """
    if positives < LEAST_POSITIVES:
        return Verdict(False, unseen_deals, f"insufficient positives ({positives})")
    if unseen_deals < LEAST_UNSEEN_DEALS:
        need = f"{unseen_deals} unseen deals of the {LEAST_UNSEEN_DEALS} that it takes"
        return Verdict(False, unseen_deals, f"not validated: {need}")
    failed = [name for name, holds in controls.items() if not holds]
    if failed:
        return Verdict(False, unseen_deals, f"not validated: controls that do not hold: {', '.join(failed)}")
    if not _above(auroc, CHANCE):
        return Verdict(False, unseen_deals, f"not validated: on {unseen_deals} unseen deals no better than chance")
    no_better = [name for name, found in differences.items() if not _above(found, 0)]
    if no_better:
        names = ", ".join(name.replace("_", " ") for name in no_better)
        return Verdict(False, unseen_deals, f"not validated: on {unseen_deals} unseen deals not surely above {names}")
    return Verdict(True, unseen_deals, f"validated on {unseen_deals} unseen deals")


def _above(found: Estimate, least: float) -> bool:
    return found.low is not None and found.low > least
