"""Ranks the companies of each day with what was known then, and puts beside each what became of it.

What is ranked comes through `scoring.inputs` alone, and of that what a dated source vouches for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np

from scoring.backtest.follow_up import FollowUp
from scoring.backtest.measures import SEED
from scoring.backtest.panel import NO_DEAL, Panel, panel_of
from scoring.backtest.vouched import vouched_for
from scoring.engine import total
from scoring.engine.components import NEUTRAL
from scoring.engine.inputs import CompanyInputs
from scoring.inputs import Window

RANDOM, SIZE_ONLY, LEAD_STAGE_ONLY = "random", "size_only", "lead_stage_only"
BASELINES = (RANDOM, SIZE_ONLY, LEAD_STAGE_ONLY)
BASELINE_FEATURES = (("financial", "size"), ("pipeline", "lead_stage"))
NO_BASELINES = (float(NEUTRAL),) * len(BASELINE_FEATURES)

type Weights = Mapping[str, Decimal]


@dataclass
class Counts:
    """What was left out, and why. Rows are (company, day); programmes and companies are counted once."""

    not_listed: int = 0
    pending: int = 0
    censored: int = 0
    insufficient_data: int = 0
    on_labels_alone: int = 0
    days_without_inputs: int = 0
    undated_programmes: set[tuple[str, str, str | None]] = field(default_factory=set)
    dated_programmes: set[tuple[str, str, str | None]] = field(default_factory=set)
    universe: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Standing:
    """A company on a day: its total, whether its data suffice, and its values in the baselines but the random one."""

    total: float
    is_sufficient: bool
    baselines: tuple[float, ...]


@dataclass(frozen=True)
class Observed:
    """The panel of all days and what is not in it."""

    panel: Panel
    counts: Counts


def standings(universe: Iterable[CompanyInputs], weights: Weights) -> dict[str, Standing]:
    """Return by company key its standing on the day.

    A missing size or stage is the median of the day, as in the score. Companies of which nothing is known stand at the
    baseline, the score at all the medians; all stand at 50 where nothing is known of any.
    """
    companies = list(universe)
    known = [inputs for inputs in companies if not inputs.is_blank]
    try:
        scores = total.score_universe(known, weights).scores
    except ValueError:
        # The weights are checked beforehand: no component that has a weight has an input.
        return {inputs.key: Standing(float(NEUTRAL), False, NO_BASELINES) for inputs in companies}
    middle = Standing(float(scores[0].baseline), False, _values(scores[0], "median"))
    standings = {score.key: Standing(float(score.total), score.is_ranked, _values(score, "value")) for score in scores}
    return {inputs.key: standings.get(inputs.key, middle) for inputs in companies}


def _values(score: total.CompanyScore, which: str) -> tuple[float, ...]:
    values = {(item.component, item.feature): float(getattr(item, which)) for item in score.contributions}
    return tuple(values.get(key, float(NEUTRAL)) for key in BASELINE_FEATURES)


def observe(
    days: Sequence[date],
    *,
    weights: Weights,
    follow_up: FollowUp,
    deal_days: tuple[date, ...],
    progress: Callable[[str], None],
) -> Observed:
    """Return the panel of the days: every company then listed and not under offer, whose outcome is known."""
    counts = Counts()
    rows: list[tuple[str, int, int, float, bool, tuple[float, ...]]] = []
    for number, day in enumerate(days):
        progress(f"Ranking {day} ({number + 1} of {len(days)}) …")
        universe = _universe(day, number, follow_up, counts)
        counts.days_without_inputs += bool(universe) and all(inputs.is_blank for inputs in universe)
        chance = np.random.default_rng((SEED, day.toordinal()))
        for key, standing in sorted(standings(universe, weights).items()):
            lot = float(chance.random())
            outcome = follow_up.outcome(key, day)
            if outcome.is_censored:
                counts.censored += 1
                continue
            counts.insufficient_data += not standing.is_sufficient
            counts.on_labels_alone += outcome.is_on_labels_alone
            deal = NO_DEAL if outcome.deal is None else outcome.deal
            rows.append((key, number, deal, standing.total, standing.is_sufficient, (lot, *standing.baselines)))
    panel = panel_of(rows, days=tuple(days), deal_days=deal_days, baselines=BASELINES)
    return Observed(panel, counts)


def _universe(day: date, number: int, follow_up: FollowUp, counts: Counts) -> list[CompanyInputs]:
    """Return the inputs of the companies to rank on the day."""
    found = []
    for inputs in Window.load(day, day).on(day):
        # A price or an analyst's market cap says that the company was there where no filing is in the ledger.
        if not follow_up.is_listed(inputs.key, number) and inputs.market_cap is None:
            counts.not_listed += 1
            continue
        counts.universe.add(inputs.key)
        if follow_up.is_pending(inputs.key, day):
            counts.pending += 1
            continue
        _count_programmes(inputs, counts)
        found.append(vouched_for(inputs))
    return found


def _count_programmes(inputs: CompanyInputs, counts: Counts) -> None:
    for item in inputs.programmes:
        name = (inputs.key, item.name, item.indication)
        (counts.undated_programmes if item.is_assumed else counts.dated_programmes).add(name)
