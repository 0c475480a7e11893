"""A back-test as one JSON object: counts are numbers, measures decimal strings or null. Same data, same bytes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from scoring.backtest import words
from scoring.backtest.bands import Band, Year
from scoring.backtest.controls import Control
from scoring.backtest.measures import TOPS, UNKNOWN, Estimate, Measures
from scoring.backtest.places import DECILES
from scoring.backtest.run import Ranking, Result

PLACES = 4
EMPTY = Measures(
    auroc=UNKNOWN,
    average_precision=UNKNOWN,
    precision_at=dict.fromkeys(TOPS, UNKNOWN),
    lift_by_decile=(UNKNOWN,) * DECILES,
    top_decile_recall=UNKNOWN,
    auroc_draws=None,  # type: ignore[arg-type]
)


def document(result: Result) -> dict[str, Any]:
    """Return the back-test for machines. With fewer than ten positives every measure is null."""
    panel = result.panel
    return {
        "verdict": result.verdict.words,
        "validated": result.verdict.validated,
        "unseen_deals": result.verdict.unseen_deals,
        "methodology": words.methodology(result),
        "score_version": result.version,
        "from": result.asked.first.isoformat(),
        "to": result.asked.last.isoformat(),
        "horizon_days": result.asked.horizon_days,
        "snapshots": len(result.calendar.days),
        "snapshot_days": _days(result),
        "snapshots_before_labels": [day.isoformat() for day in result.calendar.before_labels],
        "snapshots_without_follow_up": [day.isoformat() for day in result.calendar.without_follow_up],
        "follow_up_ends": result.follow_up_ends.isoformat(),
        "ledger_ends": result.ledger_ends.isoformat() if result.ledger_ends else None,
        "companies": panel.company_count,
        "observations": int(panel.score.size),
        "positives": panel.deals,
        "positive_observations": int(panel.positive.sum()),
        "base_rate": _figure(float(panel.positive.mean()) if panel.score.size else None),
        "labels": _labels(result),
        "left_out": _left_out(result),
        **_measures(result.score.measures if result.score else EMPTY),
        "auroc_sufficient_data": _estimate(result.sufficient_only or UNKNOWN),
        "calibration": [_band(band) for band in result.bands],
        "by_year": [_year(year) for year in result.years],
        "baselines": {name: _baseline(ranking) for name, ranking in result.baselines.items()},
        "controls": {name: _control(control) for name, control in result.controls.items()},
    }


def _days(result: Result) -> list[dict[str, Any]]:
    panel = result.panel
    companies = Counter(panel.snapshot.tolist())
    positives = Counter(panel.snapshot[panel.positive].tolist())
    return [
        {"day": day.isoformat(), "companies": companies[number], "positives": positives[number]}
        for number, day in enumerate(result.calendar.days)
    ]


def _labels(result: Result) -> dict[str, Any]:
    found = result.labels
    return {
        "source": found.source, "read": found.read, "used": found.used, "unused": found.unused,
        "skipped": found.skipped,
    }  # fmt: skip


def _left_out(result: Result) -> dict[str, Any]:
    counts = result.counts
    return {
        "not_listed": counts.not_listed,
        "pending": counts.pending,
        "censored": counts.censored,
        "undated_programmes": len(counts.undated_programmes),
        "dated_programmes": len(counts.dated_programmes),
        "insufficient_data_observations": counts.insufficient_data,
        "negatives_on_labels_alone": counts.on_labels_alone,
        "snapshots_without_inputs": counts.days_without_inputs,
    }


def _measures(found: Measures) -> dict[str, Any]:
    return {
        "auroc": _estimate(found.auroc),
        "average_precision": _estimate(found.average_precision),
        "precision_at": {str(top): _estimate(value) for top, value in found.precision_at.items()},
        "lift_by_decile": [
            {"decile": number, **_estimate(value)} for number, value in enumerate(found.lift_by_decile, start=1)
        ],
        "top_decile_recall": _estimate(found.top_decile_recall),
    }


def _baseline(ranking: Ranking) -> dict[str, Any]:
    exceeds = ranking.score_exceeds_by or UNKNOWN
    return {**_measures(ranking.measures), "score_exceeds_auroc_by": _estimate(exceeds)}


def _band(band: Band) -> dict[str, Any]:
    return {
        "score_from": band.low,
        "score_to": band.high,
        "observations": band.rows,
        "positive_observations": band.positive_rows,
        "mean_score": _figure(band.mean_score),
        "rate": _estimate(band.rate),
    }


def _year(year: Year) -> dict[str, Any]:
    return {
        "year": year.year,
        "snapshots": year.days,
        "companies": year.companies,
        "observations": year.rows,
        "positives": year.deals,
        "positive_observations": year.positive_rows,
        "positive_observations_in_top_decile": _figure(year.top_decile),
        "auroc": _estimate(year.auroc),
    }


def _control(control: Control) -> dict[str, Any]:
    found: dict[str, Any] = {"holds": control.holds, "universe": control.universe, "says": control.says}
    if control.auroc is not None:
        found["auroc"] = _estimate(control.auroc)
    if control.p_value is not None:
        found["p_value"] = _figure(control.p_value)
    return found


def _estimate(found: Estimate) -> dict[str, str | None]:
    return {"value": _figure(found.value), "low": _figure(found.low), "high": _figure(found.high)}


def _figure(value: float | None) -> str | None:
    return None if value is None else f"{value:.{PLACES}f}"
