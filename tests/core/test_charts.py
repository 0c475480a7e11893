"""Charts as SVG: they stand in a page beside others, take its colours, and are the same bytes each time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from biotech_ma.core import charts
from biotech_ma.core.charts import Axis, Line, Point, bar_chart, line_chart, point_chart

LINES = [Line("Score", (0, 0.5, 1), (0, 0.8, 1)), Line("Chance", (0, 1), (0, 1), colour=charts.MUTED, is_dashed=True)]
X, Y = Axis("Passed", (0, 1)), Axis("Found")


def lines(title: str = "ROC", **options: bool) -> str:
    return line_chart(title, LINES, x=X, y=Y, **options)


def bars(values: tuple[float, ...] = (2, 1)) -> str:
    return bar_chart("Lift", ["1", "2"], [Point(n, value, 0.5, 3) for n, value in enumerate(values)], x=X, y=Y, level=1)


def points() -> str:
    return point_chart("Calibration", [Point(0.2, 1, 0, 2), Point(0.7, 3)], x=X, y=Y, level=1)


@pytest.mark.parametrize("chart", [lines, bars, points])
def test_chart_is_one_svg_element_with_its_words_as_text(chart):
    root = ET.fromstring(chart())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = {(item.text or "").strip() for item in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Passed", "Found"} <= texts


def test_chart_scales_with_the_page_and_sets_no_rules_for_it():
    root = ET.fromstring(lines())
    assert "viewBox" in root.attrib
    assert not {"width", "height"} & set(root.attrib)
    assert "<style" not in lines()
    assert "font-family" not in lines()


def test_chart_takes_the_colours_of_the_page_or_keeps_its_own():
    themed, fixed = lines(), lines(themed=False)
    assert "var(--chart-accent, #1f5fd0)" in themed
    assert "var(" not in fixed
    # nothing is drawn in a colour that a dark page could not change
    assert set(re.findall(r"(?<!, )#[0-9a-f]{6}", themed)) == set()


def test_same_figures_give_the_same_bytes_and_others_give_others():
    assert lines() == lines()
    assert bars() == bars()
    assert bars((2, 1)) != bars((2, 2))


def test_charts_on_one_page_share_no_identifiers():
    found = [set(re.findall(r'\bid="([^"]+)"', chart)) for chart in (lines("One"), lines("Two"), bars(), points())]
    assert all(found)
    assert sum(map(len, found)) == len(set().union(*found))


def test_words_from_outside_are_text_never_markup_or_formulas():
    said = line_chart('<b>"a" & $x^2$', [Line("<i>$\\alpha$</i>", (0, 1), (0, 1))], x=Axis("<u>$y$"), y=Y)
    texts = [item.text or "" for item in ET.fromstring(said).iter()]
    assert any("<i>$\\alpha$</i>" in text for text in texts)
    assert any("<u>$y$" in text for text in texts)
    assert "<b>" not in said
    assert ET.fromstring(said).attrib["aria-label"] == '<b>"a" & $x^2$'
