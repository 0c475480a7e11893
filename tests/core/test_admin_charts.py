"""Charts in the page as figures that Unfold draws, and lines in the size of a word."""

from __future__ import annotations

import json
import re
from html import unescape

from biotech_ma.core.admin import columns
from biotech_ma.core.admin.charts import Chart, Series


def test_a_chart_carries_its_figures_its_name_and_no_script():
    chart = Chart(
        "Runway <by> quarter", "across", ["AAA", 'B"B'], [Series("Runway", [1.5, None], "red")], unit="quarters"
    )
    text = str(chart)
    assert "<script" not in text
    assert 'role="img" aria-label="Runway &lt;by&gt; quarter"' in text
    data = json.loads(unescape(re.search(r'data-value="([^"]*)"', text)[1]))
    assert data["labels"] == ["AAA", 'B"B']
    assert data["datasets"][0]["data"] == [1.5, None]
    options = json.loads(unescape(re.search(r'data-options="([^"]*)"', text)[1]))
    assert options["indexAxis"] == "y"
    assert options["scales"]["x"]["title"]["text"] == "quarters"
    assert 'data-type="bar"' in text


def test_a_line_chart_is_drawn_as_one():
    assert 'data-type="line"' in str(Chart("Score", "line", ["a", "b"], [Series("Score", [1, 2])]))


def test_a_spark_runs_from_the_lowest_at_the_bottom_to_the_highest_at_the_top():
    text = columns.spark([10, 20, 15], title="AAA")
    # 60 wide, 18 high with a pixel to spare: 10 lies at 17, 20 at 1, 15 half-way at 9
    assert 'points="0.0,17.0 30.0,1.0 60.0,9.0"' in text
    assert 'aria-label="AAA"' in text


def test_a_flat_line_and_a_single_score_are_no_error():
    assert 'points="0.0,17.0 60.0,17.0"' in columns.spark([5, 5], title="AAA")
    assert "desk-unknown" in columns.spark([5], title="AAA")
