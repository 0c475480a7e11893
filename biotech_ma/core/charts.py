"""Charts as SVG, drawn on the server: for pages, reports and print, without scripts.

A chart is text: it scales, prints, and takes its colours from the page it stands in (`--chart-ink`, `--chart-accent`
and so on, with a light default), so that one chart serves light and dark. `themed=False` keeps fixed colours, for PDF
and e-mail. The same figures give the same bytes. docs/adr says why matplotlib.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

# Name of the custom property -> its light colour, in the form in which the SVG writer prints it.
COLOURS = {
    "--chart-ink": "#2b3440",
    "--chart-muted": "#6b7685",
    "--chart-grid": "#dfe4ea",
    "--chart-accent": "#1f5fd0",
    "--chart-second": "#b45309",
    "--chart-third": "#0f766e",
}
INK, MUTED, GRID, ACCENT, SECOND, THIRD = COLOURS.values()
SIZE_INCHES = (5.0, 3.6)
WIDE_INCHES = 7.2
ROW_INCHES = 0.3
# What title, axis and margins of a chart of rows take.
FRAME_INCHES = 0.7
FONT_POINTS = 9
BAR_WIDTH = 0.7
# A cell of a heat map is never so dark that its figure cannot be read.
DARKEST = 0.55
# A label is never taken for a formula.
SETTINGS: dict[Any, Any] = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "font.size": FONT_POINTS,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "legend.fontsize": FONT_POINTS - 1,
    "lines.linewidth": 1.8,
    "savefig.transparent": True,
}
type Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart. `is_step`: the value holds up to the next point."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = ACCENT
    is_dashed: bool = False
    is_step: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A value at x with its interval, where it has one."""

    x: float
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis says, and from where to where it goes (None: as the figures do).

    `is_days`: the values are days since 1970, and months and years stand at the ticks.
    """

    label: str
    limits: Range | None = None
    is_days: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart: its name, its value (None: unknown) and a mark to compare with, where there is one."""

    name: str
    value: float | None
    mark: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A dot of a timeline: its row, its day (days since 1970) and its weight from 1 to 4."""

    row: str
    x: float
    weight: int


def line_chart(
    title: str, lines: Sequence[Line], *, x: Axis, y: Axis, themed: bool = True, size: Range = SIZE_INCHES
) -> str:
    """Return a chart of lines with a legend. `title` is read out, not drawn: the page has its own heading."""
    with rc_context(SETTINGS):
        figure, axes = _axes(x, y, size)
        for line in lines:
            axes.plot(
                line.x, line.y, label=line.name, color=line.colour, linestyle="--" if line.is_dashed else "-",
                linewidth=1.2 if line.is_dashed else None, drawstyle="steps-post" if line.is_step else "default",
            )  # fmt: skip
        axes.legend(loc="best")
        return _svg(figure, title, themed)


def bar_chart(
    title: str, labels: Sequence[str], bars: Sequence[Point], *, x: Axis, y: Axis, level: float, themed: bool = True
) -> str:
    """Return bars with their intervals and a dashed line at `level`. `bars` stand in the order of `labels`."""
    with rc_context(SETTINGS):
        figure, axes = _axes(x, y)
        places = range(len(bars))
        axes.bar(places, [bar.value for bar in bars], width=BAR_WIDTH, color=ACCENT)
        _intervals(axes, [Point(place, bar.value, bar.low, bar.high) for place, bar in zip(places, bars, strict=True)])
        axes.axhline(level, color=MUTED, linestyle="--", linewidth=1.2)
        axes.set_xticks(places, labels)
        axes.grid(visible=False, axis="x")
        return _svg(figure, title, themed)


def point_chart(
    title: str, points: Sequence[Point], *, x: Axis, y: Axis, level: float | None = None, themed: bool = True
) -> str:
    """Return points with their intervals and, where given, a dashed line at `level`."""
    with rc_context(SETTINGS):
        figure, axes = _axes(x, y)
        _intervals(axes, points)
        axes.plot([point.x for point in points], [point.value for point in points], "o", color=ACCENT, markersize=5)
        if level is not None:
            axes.axhline(level, color=MUTED, linestyle="--", linewidth=1.2)
        return _svg(figure, title, themed)


def row_chart(title: str, bars: Sequence[Bar], *, x: Axis, mark: str = "", themed: bool = True) -> str:
    """Return horizontal bars, the first on top, each with its figure, and `mark` as a line across it.

    An unknown value has no bar and says so.
    """
    with rc_context(SETTINGS):
        figure, axes = _axes(x, Axis(""), _rows_size(len(bars)))
        places = range(len(bars))
        axes.barh(places, [bar.value or 0 for bar in bars], height=0.6, color=ACCENT)
        for place, bar in zip(places, bars, strict=True):
            if bar.mark is not None:
                axes.vlines(bar.mark, place - 0.4, place + 0.4, color=SECOND, linewidth=2)
            said = "unknown" if bar.value is None else f"{bar.value:.0f}"
            right = max(bar.value or 0, bar.mark or 0)
            axes.text(right, place, f"  {said}", va="center", color=INK if bar.value is not None else MUTED)
        if mark:
            axes.plot([], [], color=SECOND, linewidth=2, label=mark)
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
        _name_rows(axes, [bar.name for bar in bars])
        return _svg(figure, title, themed)


def timeline_chart(title: str, rows: Sequence[str], events: Sequence[Event], *, x: Axis, themed: bool = True) -> str:
    """Return events as dots on one line a row, the first row on top; the heavier, the larger and the warmer."""
    colours = {1: MUTED, 2: ACCENT, 3: SECOND, 4: SECOND}
    with rc_context(SETTINGS):
        figure, axes = _axes(x, Axis(""), _rows_size(len(rows)))
        place = {row: number for number, row in enumerate(rows)}
        for weight in sorted({event.weight for event in events}):
            same = [event for event in events if event.weight == weight]
            axes.scatter(
                [event.x for event in same], [place[event.row] for event in same],
                s=18 + 22 * weight, color=colours[weight], alpha=0.85, linewidths=0,
            )  # fmt: skip
        _name_rows(axes, rows)
        return _svg(figure, title, themed)


def heat_map(
    title: str, rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[float | None]], *,
    top: float, themed: bool = True,
) -> str:  # fmt: skip
    """Return a grid of figures from 0 to `top`, the darker the higher; an unknown one is left blank."""
    with rc_context(SETTINGS):
        figure, axes = _axes(Axis(""), Axis(""), _rows_size(len(rows) + 2))
        for row, values in enumerate(cells):
            for column, value in enumerate(values):
                if value is None:
                    continue
                axes.add_patch(
                    Rectangle((column - 0.5, row - 0.5), 1, 1, color=ACCENT, alpha=DARKEST * value / top, linewidth=0)
                )
                axes.text(column, row, f"{value:.1f}", ha="center", va="center", color=INK, fontsize=FONT_POINTS - 1)
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_xticks(range(len(columns)), columns, rotation=35, ha="left", rotation_mode="anchor")
        axes.xaxis.tick_top()
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        _name_rows(axes, rows)
        return _svg(figure, title, themed)


def _rows_size(rows: int) -> Range:
    return WIDE_INCHES, FRAME_INCHES + ROW_INCHES * max(rows, 2)


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def _axes(x: Axis, y: Axis, size: Range = SIZE_INCHES) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x.label)
    axes.set_ylabel(y.label)
    axes.grid(visible=True)
    if x.is_days:
        locator: Any = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        formatter = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(formatter)
    if x.limits:
        axes.set_xlim(*x.limits)
    if y.limits:
        axes.set_ylim(*y.limits)
    return figure, axes


def _intervals(axes: Axes, points: Sequence[Point]) -> None:
    known = [(point.x, point.low, point.high) for point in points if point.low is not None and point.high is not None]
    if known:
        x, low, high = zip(*known, strict=True)
        axes.vlines(x, low, high, colors=INK, linewidth=1.2)


def _svg(figure: Figure, title: str, themed: bool) -> str:
    """Return the figure as an `svg` element that can stand in a page beside others."""
    written = io.StringIO()
    # The salt makes identifiers depend on the chart alone: the same bytes each time, no clash on a page.
    with rc_context({"svg.hashsalt": title}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r" *<metadata>.*?</metadata>\n?", "", text, flags=re.DOTALL)
    # Rules of its own would hold for the whole page.
    text = re.sub(r" *<defs>\n *<style.*?</defs>\n", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", text)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    if themed:
        for name, colour in COLOURS.items():
            text = text.replace(colour, f"var({name}, {colour})")
    said = escape(title, quote=True)
    return text.replace("<svg", f'<svg role="img" aria-label="{said}"', 1)
