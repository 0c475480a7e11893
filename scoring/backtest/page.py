"""A back-test as one self-contained page: plots as inline SVG, tables beside them, no script, no other file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from biotech_ma.core import charts
from biotech_ma.core.charts import Axis, Line, Point
from scoring.backtest import words
from scoring.backtest.curves import precision_recall, roc
from scoring.backtest.measures import Estimate
from scoring.backtest.run import Ranking, Result

TEMPLATE = "scoring/backtest.html"
WHOLE = (-0.01, 1.01)
MOST_POINTS = 400
COLOURS = {"score": charts.ACCENT, "size_only": charts.SECOND, "lead_stage_only": charts.THIRD}


def write_page(result: Result, path: Path) -> None:
    """Write the page, whole or not at all. Raises OSError where the folder refuses it."""
    text = page(result)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as new:
        new.write(text)
    try:
        Path(new.name).chmod(0o644)
        Path(new.name).replace(path)
    except OSError:
        Path(new.name).unlink(missing_ok=True)
        raise


def page(result: Result) -> str:
    """Return the page's HTML."""
    return render_to_string(
        TEMPLATE,
        {
            "result": result,
            "methodology": words.methodology(result),
            "summary": list(words.summary(result)),
            "plots": _plots(result, result.score) if result.score else [],
            "measures": _measures(result),
            "rankings": [words.NAMES[name] for name in ("score", *result.baselines)],
            "lift": _lift(result),
            "bands": [(band, words.percent(band.rate)) for band in result.bands if band.rows],
            "years": [(year, words.with_interval(year.auroc)) for year in result.years],
            "controls": [
                (words.NAMES[name], control, words.with_interval(control.auroc) if control.auroc else "")
                for name, control in result.controls.items()
            ],
        },
    )


def _measures(result: Result) -> list[tuple[str, list[str]]]:
    if result.score is None:
        return []
    rankings = [result.score, *result.baselines.values()]
    columns = [words.measure_values(ranking.measures) for ranking in rankings]
    rows = [
        (name, [words.with_interval(value, 3) for value in values])
        for name, values in zip(words.measure_names(), zip(*columns, strict=True), strict=True)
    ]
    exceeds = [words.with_interval(each.score_exceeds_by, 3) if each.score_exceeds_by else "" for each in rankings]
    return [*rows, ("Score's AUROC exceeds by", exceeds)]


def _lift(result: Result) -> list[tuple[int, str]]:
    if result.score is None:
        return []
    lifts = result.score.measures.lift_by_decile
    return [(number, words.with_interval(value)) for number, value in enumerate(lifts, start=1)]


def _plots(result: Result, score: Ranking) -> list[tuple[str, str, SafeString]]:
    """Return heading, remark and chart of each plot."""
    found = (_roc(result), _precision_recall(result), _lift_plot(score), _calibration(result))
    # The charts escape what they are given.
    return [(heading, remark, mark_safe(chart)) for heading, remark, chart in found]  # noqa: S308


def _rankings(result: Result) -> list[tuple[str, Any]]:
    return [
        ("score", result.panel.score),
        *((name, result.panel.baselines[name]) for name in COLOURS if name != "score"),
    ]


def _roc(result: Result) -> tuple[str, str, str]:
    lines = [
        Line(words.NAMES[name], *_thinned(*roc(result.panel, score)), colour=COLOURS[name])
        for name, score in _rankings(result)
    ]
    lines.append(Line("Chance", (0, 1), (0, 1), colour=charts.MUTED, is_dashed=True))
    chart = charts.line_chart(
        "ROC curve of the score and its baselines",
        lines,
        x=Axis("Share of the others passed", WHOLE),
        y=Axis("Share of the targets found", WHOLE),
    )
    return "ROC", "Going down the ranking of every day at the same pace. The area under a line is its AUROC.", chart


def _precision_recall(result: Result) -> tuple[str, str, str]:
    base_rate = float(result.panel.positive.mean())
    lines = [
        Line(words.NAMES[name], *_thinned(*precision_recall(result.panel, score)), colour=COLOURS[name], is_step=True)
        for name, score in _rankings(result)
    ]
    lines.append(Line("Base rate", (0, 1), (base_rate, base_rate), colour=charts.MUTED, is_dashed=True))
    chart = charts.line_chart(
        "Precision and recall of the score and its baselines",
        lines,
        x=Axis("Share of the targets found", WHOLE),
        y=Axis("Share of targets among those passed", (0, _top(line.y for line in lines))),
    )
    return "Precision and recall", f"The base rate is {100 * base_rate:.1f} %: what picking at random finds.", chart


def _lift_plot(score: Ranking) -> tuple[str, str, str]:
    lifts = score.measures.lift_by_decile
    chart = charts.bar_chart(
        "Lift by decile of the score",
        [str(number) for number in range(1, len(lifts) + 1)],
        [_point(number, value) for number, value in enumerate(lifts)],
        x=Axis("Decile of the ranking, 1 = best"),
        y=Axis("Targets, relative to the base rate"),
        level=1,
    )
    return "Lift", "How many times the base rate each tenth of the ranking holds, with 95 % intervals.", chart


def _calibration(result: Result) -> tuple[str, str, str]:
    base_rate = float(result.panel.positive.mean())
    points = [
        Point(band.mean_score, 100 * band.rate.value, _hundredfold(band.rate.low), _hundredfold(band.rate.high))
        for band in result.bands
        if band.mean_score is not None and band.rate.value is not None
    ]
    chart = charts.point_chart(
        "Share of observations with a deal by score",
        points,
        x=Axis("Score, mean of ten points", (0, 100)),
        y=Axis("Deal within the horizon, %"),
        level=100 * base_rate,
    )
    return "Calibration", "The score is no probability. This is what each ten points of it were worth.", chart


def _point(x: float, found: Estimate) -> Point:
    return Point(x, found.value or 0, found.low, found.high)


def _hundredfold(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _top(series: Any) -> float:
    """Return where the axis ends: a tenth above the highest point."""
    highest: float = max(max(values) for values in series)
    return min(1.01, 1.1 * highest)


def _thinned(x: Any, y: Any) -> tuple[list[float], list[float]]:
    """Return at most 400 points of a curve, its ends among them: more cannot be told apart."""
    step = max(1, -(-len(x) // MOST_POINTS))
    keep = sorted({*range(0, len(x), step), len(x) - 1})
    return [float(x[place]) for place in keep], [float(y[place]) for place in keep]
