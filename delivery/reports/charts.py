"""The charts of a report, as inline SVG from its content alone: score history, components, timeline, heat map."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from biotech_ma.core.charts import (
    ACCENT,
    INK,
    MUTED,
    SECOND,
    THIRD,
    Axis,
    Bar,
    Event,
    Line,
    heat_map,
    line_chart,
    row_chart,
    timeline_chart,
)
from delivery.reports.content import AcquirerAnalysis, AlertReport, Content, DailyDigest, DeepDive, WeeklyWatchlist
from delivery.reports.content.parts import DayScore, Fit, HeatMap, Standing

EPOCH = dt.date(1970, 1, 1)
COLOURS = (ACCENT, SECOND, THIRD, INK, MUTED)
HISTORY_SIZE = (7.2, 2.7)
LINES, FEWEST_POINTS, ROWS = 5, 2, 12
SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 84.0, 22.0, 3.0
WEIGHTS = {"low": 1, "medium": 2, "high": 3, "critical": 4}
TERMS = ("Fit", "Overlap", "Regions", "Means", "Deals")
SHORT_NAME = 28


def charts_of(content: Content, *, themed: bool) -> dict[str, str]:
    """Return the report's charts by name; one that has nothing to show is left out.

    `themed`: the colours follow the page; False for paper, where they are fixed.
    """
    return _CHARTS[type(content)](content, themed)


def spark(points: Sequence[DayScore], *, themed: bool) -> str:
    """Return a score's history as a line as small as a word; empty for fewer than two points."""
    if len(points) < FEWEST_POINTS:
        return ""
    first, last = points[0].day, points[-1].day
    days = max((last - first).days, 1)
    low, high = min(point.total for point in points), max(point.total for point in points)
    stretch = float(high - low) or 1.0
    wide, tall = SPARK_WIDTH - 2 * SPARK_MARGIN, SPARK_HEIGHT - 2 * SPARK_MARGIN
    places = [
        (
            SPARK_MARGIN + wide * (point.day - first).days / days,
            SPARK_MARGIN + tall * (1 - float(point.total - low) / stretch),
        )
        for point in points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    colour = f"var(--chart-accent, {ACCENT})" if themed else ACCENT
    said = f"from {points[0].total:.1f} on {first} to {points[-1].total:.1f} on {last}"
    return (
        f'<svg class="spark" role="img" aria-label="{said}" viewBox="0 0 {SPARK_WIDTH:g} {SPARK_HEIGHT:g}" '
        f'width="{SPARK_WIDTH:g}" height="{SPARK_HEIGHT:g}"><polyline fill="none" stroke="{colour}" stroke-width="1.5" '
        f'points="{line}"/><circle cx="{places[-1][0]:.1f}" cy="{places[-1][1]:.1f}" r="2" fill="{colour}"/></svg>'
    )


def drawn(rows: Sequence[Standing]) -> list[Standing]:
    """Return the companies whose histories are drawn: the first that have two points."""
    return [row for row in rows if len(row.history) >= FEWEST_POINTS][:LINES]


def history(rows: Sequence[Standing], *, themed: bool) -> str:
    """Return the score histories of the first companies; empty where none has two points."""
    lines = [
        Line(
            row.who.ticker or row.who.name,
            [(point.day - EPOCH).days for point in row.history],
            [float(point.total) for point in row.history],
            colour=COLOURS[place],
        )
        for place, row in enumerate(drawn(rows))
    ]
    if not lines:
        return ""
    named = ", ".join(line.name for line in lines)
    return line_chart(
        f"Score history of {named}", lines, x=Axis("", is_days=True), y=Axis("Score"), themed=themed, size=HISTORY_SIZE
    )


def _weekly(content: WeeklyWatchlist, themed: bool) -> dict[str, str]:
    return _kept(history=history(content.listed, themed=themed), heat_map=_grid(content.heat_map, themed))


def _daily(content: DailyDigest, themed: bool) -> dict[str, str]:
    return _kept(history=history(content.listed, themed=themed))


def _dive(content: DeepDive, themed: bool) -> dict[str, str]:
    named = content.who.ticker or content.who.name
    bars = [
        Bar(each.label, _number(each.score), _number(each.median)) for each in content.components
    ]  # fmt: skip
    components = row_chart(
        f"Components of {named}", bars, x=Axis("0 to 100", (0, 112)), mark="median of the ranked targets", themed=themed
    ) if bars else ""  # fmt: skip
    events = [Event(each.kind, (each.day - EPOCH).days, WEIGHTS[each.severity]) for each in content.news]
    terms = _terms(content.buyers, named, themed)
    lines = history([content.standing], themed=themed) if content.standing else ""
    timeline = _timeline(f"Signals of {named}", events, content.frame.day, themed)
    return _kept(history=lines, components=components, timeline=timeline, heat_map=terms)


def _acquirers(content: AcquirerAnalysis, themed: bool) -> dict[str, str]:
    return _kept(heat_map=_grid(content.heat_map, themed))


def _alerts(content: AlertReport, themed: bool) -> dict[str, str]:
    events = [Event(_short(each.alert), (each.day - EPOCH).days, 2) for each in content.triggers]
    return _kept(timeline=_timeline("Alerts that went off", events, content.frame.day, themed))


def _timeline(title: str, events: Sequence[Event], day: dt.date, themed: bool) -> str:
    rows = list(dict.fromkeys(event.row for event in events))[:ROWS]
    shown = [event for event in events if event.row in rows]
    if not shown:
        return ""
    first, last = min(event.x for event in shown), float((day - EPOCH).days)
    margin = max((last - first) * 0.03, 1)
    axis = Axis("", (first - margin, last + margin), is_days=True)
    return timeline_chart(title, rows, shown, x=axis, themed=themed)


def _terms(fits: Sequence[Fit], named: str, themed: bool) -> str:
    if not fits:
        return ""
    cells = [[_number(value) for value in (f.fit, f.overlap, f.geography, f.capacity, f.history)] for f in fits]
    rows = [_short(str(f.acquirer)) for f in fits]
    return heat_map(f"Acquirers of {named}, terms of 10", rows, TERMS, cells, top=10, themed=themed)


def _grid(shown: HeatMap, themed: bool) -> str:
    if not shown.targets:
        return ""
    return heat_map(
        "Fit of acquirers and targets, of 10",
        [_short(each.ticker or each.name) for each in shown.targets],
        [_short(each.ticker or each.name, 16) for each in shown.acquirers],
        [[_number(value) for value in row] for row in shown.cells],
        top=10,
        themed=themed,
    )


def _short(text: str, most: int = SHORT_NAME) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _kept(**charts: str) -> dict[str, str]:
    return {name: chart for name, chart in charts.items() if chart}


_CHARTS: Mapping[type, Callable[..., dict[str, str]]] = {
    WeeklyWatchlist: _weekly,
    DailyDigest: _daily,
    DeepDive: _dive,
    AcquirerAnalysis: _acquirers,
    AlertReport: _alerts,
}
