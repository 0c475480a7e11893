"""Charts that Unfold draws with Chart.js, from figures in the page: no script of our own, no script inline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

# Canvas text and lines: legible on white and on black alike, because a chart keeps its colours when the theme changes.
INK = "#7b8794"
GRID = "rgba(123, 135, 148, 0.25)"
COLOURS = {
    "grey": "#94a3b8",
    "blue": "#3b82f6",
    "green": "#0f9f8f",
    "amber": "#f59e0b",
    "red": "#ef4444",
}
NO_LEGEND = 1


@dataclass(frozen=True)
class Series:
    """One row of figures with its name and colour (grey, blue, green, amber, red); None is a gap."""

    name: str
    values: Sequence[float | None]
    colour: str = "green"


@dataclass(frozen=True)
class Chart:
    """Figures to draw. `title` is read out where the picture is not seen; `unit` stands at the axis of the values.

    `kind`: bar, stacked (bars on top of each other), across (bars from left to right) or line. `height` in pixels.
    """

    title: str
    kind: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    height: int = 180
    low: float | None = None
    high: float | None = None

    @property
    def data(self) -> str:
        """Return the figures as Chart.js takes them."""
        return json.dumps({"labels": list(self.labels), "datasets": [self._dataset(each) for each in self.series]})

    @property
    def options(self) -> str:
        """Return the options as Chart.js takes them."""
        is_across, is_stacked = self.kind == "across", self.kind == "stacked"
        values: dict[str, Any] = {
            "stacked": is_stacked, "beginAtZero": self.kind != "line", "grid": {"color": GRID},
            "ticks": {"color": INK, "precision": 0, "maxTicksLimit": 6},
            "title": {"display": bool(self.unit), "text": self.unit, "color": INK},
        }  # fmt: skip
        values |= {name: end for name, end in (("min", self.low), ("max", self.high)) if end is not None}
        names: dict[str, Any] = {
            "stacked": is_stacked, "grid": {"display": False},
            "ticks": {"color": INK, "maxRotation": 0, "autoSkip": not is_across},
        }  # fmt: skip
        legend = {"display": len(self.series) > NO_LEGEND, "align": "end", "labels": {"color": INK, "boxWidth": 10}}
        return json.dumps(
            {
                "animation": False, "responsive": True, "maintainAspectRatio": False,
                "indexAxis": "y" if is_across else "x",
                "interaction": {"mode": "index", "intersect": False, "axis": "y" if is_across else "x"},
                "scales": {"x": values, "y": names} if is_across else {"x": names, "y": values},
                "plugins": {"legend": legend},
            }
        )  # fmt: skip

    def _dataset(self, series: Series) -> dict[str, Any]:
        colour = COLOURS[series.colour]
        drawn: dict[str, Any] = {
            "label": series.name, "data": list(series.values), "borderColor": colour, "backgroundColor": colour,
        }  # fmt: skip
        if self.kind == "line":
            return {**drawn, "borderWidth": 2, "pointRadius": 2, "tension": 0.2, "spanGaps": True}
        return {**drawn, "maxBarThickness": 18, "borderRadius": 2}

    def __str__(self) -> SafeString:
        return render_to_string("admin/desk/chart.html", {"chart": self})
