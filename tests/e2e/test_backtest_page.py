"""The back-test's page in a real browser: light, dark, on a phone and on paper; it loads nothing, and no complaint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.e2e.test_admin_browser import CHROMIUM
from tests.scoring.backtest_universe import generate

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (looked for chromium, google-chrome)"),
]

INK_OF_TEXT = "() => getComputedStyle(document.querySelector('svg text')).fill"
PAPER = "() => getComputedStyle(document.body).backgroundColor"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDEST_PLOT = "() => Math.max(...[...document.querySelectorAll('svg')].map(plot => plot.getBoundingClientRect().width))"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    generated = generate(companies=60, quarters=12, deals=30)
    labels, path = tmp_path / "labels.csv", tmp_path / "report.html"
    labels.write_text(generated.labels())
    call_command(
        "backtest", "--from", "2005-09-30", "--to", "2006-09-30", "--labels", str(labels), "--html", str(path), "--json"
    )
    return path


@pytest.fixture
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser: Any, path: Path, **options: Any) -> tuple[Any, list[str]]:
    page = browser.new_context(**options).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: asked.url != path.as_uri() and complaints.append(asked.url))
    page.goto(path.as_uri())
    return page, complaints


def test_page_takes_the_colours_of_the_scheme_and_fits_a_phone(report, browser):
    phone = {"viewport": {"width": 360, "height": 740}}
    light, complaints = opened(browser, report, color_scheme="light")
    dark, more = opened(browser, report, color_scheme="dark", **phone)
    assert complaints == more == []
    assert light.evaluate(PAPER) == "rgb(255, 255, 255)"
    assert dark.evaluate(PAPER) != light.evaluate(PAPER)
    assert light.evaluate(INK_OF_TEXT) == "rgb(43, 52, 64)"
    assert dark.evaluate(INK_OF_TEXT) != light.evaluate(INK_OF_TEXT)
    assert dark.evaluate(OVERFLOW) == 0
    assert 200 < dark.evaluate(WIDEST_PLOT) < 360
    dark.emulate_media(media="print")
    assert dark.evaluate(PAPER) == "rgb(255, 255, 255)"
    assert dark.evaluate(INK_OF_TEXT) == "rgb(43, 52, 64)"


def test_plots_say_what_they_are_to_who_cannot_see_them(report, browser):
    page, _ = opened(browser, report)
    names = [plot.get_attribute("aria-label") for plot in page.get_by_role("img").all()]
    assert names == [
        "ROC curve of the score and its baselines",
        "Precision and recall of the score and its baselines",
        "Lift by decile of the score",
        "Share of observations with a deal by score",
    ]
    assert page.get_by_role("table").count() == 5
