"""Runs a back-test: labels, days, ranking, measures, baselines, controls, verdict. Writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biotech_ma.core.market_day import NEW_YORK
from scoring import services
from scoring.backtest import verdict as judged
from scoring.backtest.bands import Band, Year, bands, years
from scoring.backtest.calendar import Calendar, calendar, labels_begin, labels_end, quarter_ends
from scoring.backtest.controls import Control, control_universe, run_controls
from scoring.backtest.labels import read_labels
from scoring.backtest.measures import Estimate, Measures, auroc_of, difference, draws_of, measured
from scoring.backtest.observe import Counts, Weights, observe
from scoring.backtest.outcomes import Announced, follow_up, labelled_deals, ledger_deals
from scoring.backtest.panel import Panel
from scoring.computing import weights_of
from scoring.engine.total import check_weights
from scoring.models import ScoreVersion

SHORTEST_HORIZON_DAYS, LONGEST_HORIZON_DAYS = 1, 3650
EARLIEST_DAY = dt.date(1934, 6, 6)  # the Securities Exchange Act: nobody filed before


class BacktestError(Exception):
    """Why there can be no back-test, in one line; nothing was written."""


@dataclass(frozen=True)
class Asked:
    """What was asked: the first and last day, the horizon, the labels (None: the ledger's) and the weights' version."""

    first: dt.date
    last: dt.date
    horizon_days: int = 365
    labels: Path | None = None
    labels_until: dt.date | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """What became of the labels. `skipped`: of companies that were in the universe on none of the days.

    `used` make rows positive; `unused` are of companies of the universe, but no ranked day lies in the horizon before
    them (or the company was under offer or not listed then).
    """

    source: str
    read: int
    used: int
    unused: int
    skipped: int


@dataclass(frozen=True)
class Ranking:
    """One ranking's measures, and for a baseline by how much the score's AUROC exceeds its own."""

    measures: Measures
    score_exceeds_by: Estimate | None = None


@dataclass(frozen=True)
class Result:
    """A back-test. `score` and `baselines` are None with fewer than ten positives."""

    asked: Asked
    version: str
    calendar: Calendar
    follow_up_ends: dt.date
    ledger_ends: dt.date | None
    labels: LabelCounts
    panel: Panel
    counts: Counts
    score: Ranking | None
    sufficient_only: Estimate | None
    baselines: Mapping[str, Ranking]
    bands: Sequence[Band]
    years: Sequence[Year]
    controls: Mapping[str, Control]
    verdict: judged.Verdict
    seen: judged.Seen


def run(asked: Asked, progress: Callable[[str], None]) -> Result:
    """Return the back-test that was asked for. Raises BacktestError, LabelError or ScoringError: one line each."""
    today = services.market_today()
    _check(asked, today)
    version, weights = _weights(asked.version)
    known = ledger_deals()
    labels, others, strangers, read = _labels(asked, known, today)
    announced = [deal.announced for deal in labels]
    ends = asked.labels_until or labels_end(announced, today=today)
    days = calendar(
        list(quarter_ends(asked.first, asked.last)),
        horizon_days=asked.horizon_days,
        follow_up_begins=labels_begin(announced, first_day=asked.first),
        follow_up_ends=ends,
    )
    followed, deal_days = follow_up(days.days, horizon_days=asked.horizon_days, labels=labels, others=others)
    observed = observe(days.days, weights=weights, follow_up=followed, deal_days=deal_days, progress=progress)
    panel, counts = observed.panel, observed.counts
    in_universe = sum(deal.company in counts.universe for deal in labels)
    seen = judged.seen_by(version, _made_on(version))
    enough = panel.deals >= judged.LEAST_POSITIVES
    progress(f"Measuring {panel.score.size:,} rows, {panel.deals:,} deals …")
    draws = draws_of(len(panel.companies)) if enough else np.empty((0, 0))
    score = Ranking(measured(panel, panel.score, draws)) if enough else None
    baselines = _baselines(panel, draws, score.measures) if score else {}
    progress("Trying the controls …")
    day = days.days[-1] if days.days else min(asked.last, today)
    controls = run_controls(panel if enough else None, day=day, universe=control_universe(day), weights=weights)
    return Result(
        asked=asked,
        version=version,
        calendar=days,
        follow_up_ends=ends,
        ledger_ends=followed.ledger_ends,
        labels=LabelCounts(
            source=asked.labels.name if asked.labels else "the ledger's takeovers",
            read=read,
            used=panel.deals,
            unused=in_universe - panel.deals,
            skipped=strangers + len(labels) - in_universe,
        ),
        panel=panel,
        counts=counts,
        score=score,
        sufficient_only=_sufficient_only(panel, draws) if enough else None,
        baselines=baselines,
        bands=bands(panel, draws) if enough else (),
        years=years(panel),
        controls=controls,
        verdict=_verdict(panel, seen, controls),
        seen=seen,
    )


def _check(asked: Asked, today: dt.date) -> None:
    if asked.first > asked.last:
        raise BacktestError(f"--from {asked.first} lies after --to {asked.last}")
    if asked.first > today:
        raise BacktestError(f"--from {asked.first} lies in the future; today is {today} in New York")
    if asked.first < EARLIEST_DAY:
        raise BacktestError(f"--from {asked.first} lies before {EARLIEST_DAY}, when nobody filed")
    if not SHORTEST_HORIZON_DAYS <= asked.horizon_days <= LONGEST_HORIZON_DAYS:
        raise BacktestError(
            f"--horizon {asked.horizon_days} is not between {SHORTEST_HORIZON_DAYS} and {LONGEST_HORIZON_DAYS} days"
        )
    if asked.labels_until is not None and asked.labels_until > today:
        raise BacktestError(f"--labels-until {asked.labels_until} lies in the future; today is {today} in New York")
    if next(quarter_ends(asked.first, asked.last), None) is None:
        raise BacktestError(f"no quarter ends between {asked.first} and {asked.last}: days are ranked at quarter ends")


def _weights(version: str | None) -> tuple[str, Weights]:
    name, weights = weights_of(version)
    try:
        check_weights(weights)
    except ValueError as error:
        raise BacktestError(f"version {name}: {error}") from error
    return name, weights


def _made_on(version: str) -> dt.date:
    made: dt.datetime = ScoreVersion.objects.values_list("created_at", flat=True).get(version=version)
    return made.astimezone(NEW_YORK).date()


def _labels(asked: Asked, known: list[Announced], today: dt.date) -> tuple[list[Announced], list[Announced], int, int]:
    """Return the labels, the takeovers that are none, how many labels are of no company, and how many there were."""
    if asked.labels is None:
        return known, [], 0, len(known)
    given = read_labels(asked.labels, today=today)
    labels, strangers = labelled_deals(given, known)
    return labels, known, strangers, len(given)


def _baselines(panel: Panel, draws: np.ndarray, score: Measures) -> dict[str, Ranking]:
    found = {}
    for name, values in panel.baselines.items():
        measures = measured(panel, values, draws)
        found[name] = Ranking(measures, difference(score, measures))
    return found


def _sufficient_only(panel: Panel, draws: np.ndarray) -> Estimate | None:
    """Return the AUROC among the rows with sufficient data, which the live ranking shows; None with too few deals."""
    rows = panel.only(panel.sufficient)
    return auroc_of(rows, rows.score, draws) if rows.deals >= judged.LEAST_POSITIVES else None


def _verdict(panel: Panel, seen: judged.Seen, controls: Mapping[str, Control]) -> judged.Verdict:
    """Judge on the deals that were unknown when the weights were chosen."""
    rows = panel.only(judged.unseen_rows(panel, seen))
    auroc, differences = Estimate(), {}
    if rows.deals >= judged.LEAST_UNSEEN_DEALS:
        draws = draws_of(len(rows.companies))
        measures = measured(rows, rows.score, draws)
        auroc = measures.auroc
        differences = {
            name: difference(measures, measured(rows, values, draws)) for name, values in rows.baselines.items()
        }
    return judged.verdict(
        positives=panel.deals,
        unseen_deals=rows.deals,
        auroc=auroc,
        differences=differences,
        controls={name: control.holds for name, control in controls.items()},
    )
