"""One content, five formats: the same words everywhere, no formula in a cell, nothing fetched, nothing run."""

from __future__ import annotations

import builtins
import csv
import dataclasses
import datetime as dt
import io
import json
import re
import sys

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from delivery.reports.content.parts import DayScore, Link, Who
from delivery.reports.content.words import history_span
from delivery.reports.orders import ReportRefused
from delivery.reports.render import FORMS, pages, pdf, rendered, sheets
from delivery.reports.tables import Kind, gist
from tests.delivery.reports.conftest import told
from tests.delivery.reports.test_report_content import TYPES, content

pytestmark = pytest.mark.django_db
METHOD = "transparent ranking, not validated"
FORMULA = '=HYPERLINK("https://evil.example","x")'


def said(body: bytes, form: str) -> str:
    """The words of a file."""
    if form == "pdf":
        return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).split())
    if form == "xlsx":
        book = load_workbook(io.BytesIO(body))
        return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    return body.decode("utf-8-sig")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("report_type", TYPES)
def test_every_format_of_every_report_carries_method_and_sources(desk, report_type, form):
    words = said(rendered(content(report_type), form), form)
    assert METHOD in words.casefold()
    assert "Drugs@FDA" in words
    assert "2025-06-30" in words


@pytest.mark.parametrize("form", FORMS)
def test_the_same_content_gives_the_same_words(desk, form):
    found = content("weekly_watchlist")
    first, again = (said(rendered(found, form), form) for _ in range(2))
    assert first == again


def test_page_is_whole_and_escapes_what_others_wrote(desk):
    told(
        desk.AAA,
        "2025-06-29",
        severity="high",
        title="<script>alert(1)</script>",
        source_url="https://example.org/a?b&c",
    )
    page = pages.page(content("weekly_watchlist"))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.findall(r'(?:src|href)="(?!https?://|#)[^"]*"', page)
    assert "<link" not in page
    assert 'name="viewport"' in page
    assert "@media print" in page
    assert page.count('role="img"') >= 2


def test_link_of_another_scheme_is_text():
    assert pages.cell(Link("source", "javascript:alert(1)"), Kind.LINK, themed=True) == "source"


def test_charts_follow_the_page_on_screen_and_are_fixed_on_paper(desk):
    found = content("deep_dive")
    assert "var(--chart-accent" in pages.page(found)
    assert "var(--chart-accent" not in pages.page(found, themed=False)
    for name in ("Score history of AAA", "Components of AAA", "Signals of AAA", "Acquirers of AAA, terms of 10"):
        assert f'aria-label="{name}"' in pages.page(found)


@pytest.mark.parametrize(
    ("days", "words"), [([], ""), ([0], ""), ([0, 1], "1 day"), ([0, 7], "7 days"), ([0, 60], "60 days"),
                        ([0, 61], "2 months"), ([0, 181], "6 months"), ([0, 30, 396], "13 months")],
)  # fmt: skip
def test_histories_are_headed_by_the_time_that_they_cover(desk, days, words):
    row = content("weekly_watchlist").listed[0]
    points = tuple(DayScore(dt.date(2025, 1, 1) + dt.timedelta(days=day), 50) for day in days)
    assert history_span([dataclasses.replace(row, history=points)]) == words


def test_a_ranking_says_how_far_its_histories_reach(desk):
    # scored on 31 May and 30 June
    page = pages.page(content("weekly_watchlist"))
    assert "Scores of the first five, 30 days" in page
    assert "Last 30 days" in page
    assert "Score, 30 days" in pages.page(content("deep_dive"))


def test_spark_needs_two_points_and_says_from_where_to_where():
    from delivery.reports.charts import spark

    first, last = DayScore(dt.date(2025, 1, 1), 50), DayScore(dt.date(2025, 1, 11), 60)
    assert spark([first], themed=False) == ""
    drawn = spark([first, last], themed=False)
    assert "from 50.0 on 2025-01-01 to 60.0 on 2025-01-11" in drawn
    # 84 wide and 22 tall with a margin of 3: from the lower left to the upper right.
    assert 'points="3.0,19.0 81.0,3.0"' in drawn


def test_json_holds_figures_as_decimal_strings_and_days_as_iso(desk):
    document = json.loads(rendered(content("weekly_watchlist"), "json"))
    assert document["listed"][0]["total"] == "65.0000"
    assert document["frame"]["day"] == "2025-06-30"
    assert document["listed"][0]["who"] == {"ticker": "AAA", "name": "Alpha Bio"}


def test_csv_escapes_formulas_and_keeps_negative_numbers(desk):
    told(desk.AAA, "2025-06-29", title=FORMULA)
    told(desk.AAA, "2025-06-29", title="\t@SUM(A1)")
    rows = list(csv.reader(io.StringIO(rendered(content("weekly_watchlist"), "csv").decode("utf-8-sig"))))
    cells = [cell for row in rows for cell in row]
    assert f"'{FORMULA}" in cells
    assert FORMULA not in cells
    assert "'\t@SUM(A1)" in cells
    assert "-3.0000" in cells
    assert rows[1][:3] == ["rank", "company_ticker", "company_name"]


def test_workbook_has_numbers_and_no_formulas(desk):
    told(desk.AAA, "2025-06-29", title=FORMULA)
    book = load_workbook(io.BytesIO(rendered(content("weekly_watchlist"), "xlsx")))
    assert book.sheetnames[:2] == ["About", "Ranking"]
    ranking = [[cell.value for cell in row] for row in book["Ranking"].iter_rows()]
    assert ranking[0][:4] == ["rank", "company_ticker", "company_name", "score_0_100"]
    assert ranking[1][:4] == [1, "AAA", "Alpha Bio", 65]
    titles = [cell for row in book["News"].iter_rows() for cell in row if cell.value == FORMULA]
    assert [cell.data_type for cell in titles] == ["s"]


def test_empty_tables_say_so_in_files(desk):
    words = said(rendered(content("alert"), "csv"), "csv")
    assert "No alert went off in this period." in words


def test_pdf_has_pages_numbers_and_the_report_in_words(desk):
    body = rendered(content("weekly_watchlist"), "pdf")
    assert body.startswith(b"%PDF-")
    words = said(body, "pdf")
    assert "Weekly watchlist" in words
    assert "Alpha Bio" in words
    assert "1 / " in words


def test_pdf_fetches_nothing():
    with pytest.raises(ValueError, match="fetches nothing"):
        pdf._nothing("file:///etc/passwd")


def test_pdf_that_is_not_installed_is_refused_in_one_line(desk, monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **options):
        if name == "weasyprint":
            raise OSError("cannot load library 'pango'")
        return real(name, *args, **options)

    found = content("alert")
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ReportRefused, match=r"uv sync --extra pdf") as refusal:
        rendered(found, "pdf")
    assert "\n" not in str(refusal.value)


def test_weasyprint_is_loaded_by_nothing_but_a_pdf():
    import subprocess

    code = "import django; django.setup(); import delivery.reports.jobs, sys; assert 'weasyprint' not in sys.modules"
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**__import__("os").environ, "DJANGO_SETTINGS_MODULE": "biotech_ma.settings"},
    )


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("", ""),
        (
            "Both work in obesity. Buyer Inc. bought Small Inc. in 2024. More.",
            "Both work in obesity. Buyer Inc. bought Small Inc. in 2024.",
        ),
        (
            "A sentence that is long enough to stand alone in a cell of a page. More.",
            "A sentence that is long enough to stand alone in a cell of a page.",
        ),
        ("word " * 100, ("word " * 46).strip() + " …"),
    ],
)
def test_gist_ends_with_a_sentence_and_not_with_an_abbreviation(text, short):
    assert gist(text) == short


def test_control_characters_of_a_title_reach_no_workbook(desk):
    found = content("weekly_watchlist")
    dirty = dataclasses.replace(found, news=(dataclasses.replace(found.news[0], title="a\x0bb"),))
    assert "ab" in said(sheets.write_xlsx(dirty), "xlsx")


def test_unlisted_company_has_its_name():
    assert "Private AG" in pages.cell(Who(None, "Private AG"), Kind.WHO, themed=True)
