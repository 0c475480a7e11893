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
from matplotlib.figure import Figure

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
FONT_POINTS = 9
BAR_WIDTH = 0.7
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
    """What an axis says, and from where to where it goes (None: as the figures do)."""

    label: str
    limits: Range | None = None


def line_chart(title: str, lines: Sequence[Line], *, x: Axis, y: Axis, themed: bool = True) -> str:
    """Return a chart of lines with a legend. `title` is read out, not drawn: the page has its own heading."""
    with rc_context(SETTINGS):
        figure, axes = _axes(x, y)
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


def _axes(x: Axis, y: Axis) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x.label)
    axes.set_ylabel(y.label)
    axes.grid(visible=True)
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
