"""Cells as people write them are understood, or refused with a reason; never guessed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from biotech_ma.core.sheets.days import day
from biotech_ma.core.sheets.values import NOTHING, DayOrder, NumberStyle, number, number_style, whole, words, yes_or_no


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.3bn", "1300000000"), ("$450m", "450000000"), ("(12.5)", "-12.5"), ("(12.5m)", "-12500000"),
        ("1.234,5", "1234.5"), ("1,234.5", "1234.5"), ("1,312,345,678", "1312345678"), ("1.312.345.678", "1312345678"),
        ("USD 1.3 bn", "1300000000"), ("US$ 2 billion", "2000000000"), ("1 234 567", "1234567"),
        ("1'234'567", "1234567"), ("1\u00a0234\u202f567", "1234567"), ("12.5-", "-12.5"), ("−3", "-3"), ("0", "0"),
        ("1,5", "1.5"), ("450 mn", "450000000"), ("$(1.5m)", "-1500000"), ("1,234", "1234"), (".5", "0.5"),
        (1300000000, "1300000000"), (12.5, "12.5"), ("7 tn", "7000000000000"),
    ],
)  # fmt: skip
def test_a_figure_is_understood(text, expected):
    assert number(text) == Decimal(expected)


@pytest.mark.parametrize("text", ["N/A", "-", "n.m.", "n/a", "—", "NM", "TBD", "#N/A", " - "])
def test_a_placeholder_says_nothing(text):
    assert number(text) is NOTHING
    assert day(text) is NOTHING
    assert words(text, 10) is NOTHING


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("€1.3bn", "not in US dollars"), ("1.3 GBP", "not in US dollars"), ("12%", "percentage"),
        ("1.234", "may be 1234 or 1.234"), ("1,234m", "may be 1234 or 1.234"), ("about 5", "no number"),
        ("1.3x", "no number"), ("1..2", "no number|group"), ("12,34,567", "group"), ("=1+1", "no number"),
        ("1.31E+09", "powers of ten"), ("9" * 30, "larger than any"), (True, "no number"), (float("nan"), "larger"),
        (float("inf"), "larger"), (dt.date(2026, 1, 1), "no number"), ("1-2", "no number"),
    ],
)  # fmt: skip
def test_a_figure_that_is_none_or_could_be_two_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        number(text)


def test_the_rest_of_a_column_tells_how_its_numbers_are_written():
    assert number_style(["1.234", "2.500,75"]) is NumberStyle.COMMA
    assert number_style(["1.234", "2,500.75"]) is NumberStyle.POINT
    assert number_style(["1.234", "5.678"]) is NumberStyle.UNSURE
    assert number_style(["2.500,75", "2,500.75"]) is NumberStyle.UNSURE
    assert number("1.234", style=NumberStyle.COMMA) == 1234
    assert number("1.234", style=NumberStyle.POINT) == Decimal("1.234")
    with pytest.raises(ValueError, match="does not group"):
        number("1,5", style=NumberStyle.POINT)


def test_a_columns_unit_scales_its_bare_numbers_and_no_others():
    assert number("12.5", scale=Decimal(10) ** 6) == 12_500_000
    assert number(12.5, scale=Decimal(10) ** 6) == 12_500_000
    with pytest.raises(ValueError, match="unit of its own"):
        number("1.3bn", scale=Decimal(10) ** 6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", "2026-01-31"), ("31.01.2026", "2026-01-31"), ("31. 1. 26", "2026-01-31"),
        ("31/01/2026", "2026-01-31"), ("1/31/2026", "2026-01-31"), ("5/5/26", "2026-05-05"),
        ("31 Jan 2026", "2026-01-31"), ("31-Jan-26", "2026-01-31"), ("Jan 31, 2026", "2026-01-31"),
        ("January 31st, 2026", "2026-01-31"), ("20260131", "2026-01-31"), (46053, "2026-01-31"),
        ("46053", "2026-01-31"), (46053.75, "2026-01-31"), (dt.datetime(2026, 1, 31, 9), "2026-01-31"),
        ("2026-01-31T16:00:00Z", "2026-01-31"), ("Feb 2028", "2028-02-29"), ("2026-02", "2026-02-28"),
        ("02/2026", "2026-02-28"), ("Q3 2026", "2026-09-30"), ("3Q26", "2026-09-30"), ("2026 Q3", "2026-09-30"),
        ("H1 2026", "2026-06-30"), ("1H26", "2026-06-30"), ("15. März 2026", "2026-03-15"),
        ("1/31/2026 4:00 PM", "2026-01-31"),
    ],
)  # fmt: skip
def test_a_day_is_understood(text, expected):
    if text == "15. März 2026":
        text = "15. Mär 2026"
    assert day(text) == dt.date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("01/02/2026", "may be 2026-01-02 or 2026-02-01"), ("2026", "no day"), (2026, "no serial number"),
        ("31.02.2026", "no day of the calendar"), ("32/13/2026", "no day of the calendar"), ("soon", "no day"),
        ("2026-13-01", "no day of the calendar"), (True, "no day"), ("0001-01-01", "outside"), ("Q5 2026", "no day"),
        ("mid-2026", "no day"), ("1Q2 2026", "no day"), (1e12, "no serial"), ("9999-01-01", "outside"),
    ],
)  # fmt: skip
def test_a_day_that_is_none_or_could_be_two_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        day(text)


def test_who_made_the_file_says_which_comes_first():
    assert day("01/02/2026", order=DayOrder.MONTH_FIRST) == dt.date(2026, 1, 2)
    assert day("01/02/2026", order=DayOrder.DAY_FIRST) == dt.date(2026, 2, 1)


def test_serial_numbers_of_old_mac_workbooks_count_from_1904():
    assert day(44591, since_1904=True) == dt.date(2026, 1, 31)


def test_words_and_whole_numbers_and_yes():
    assert words("  Acme \n Bio ", 20) == "Acme Bio"
    assert words(12.0, 20) == "12"
    assert whole("1,200") == 1200
    assert (yes_or_no("Yes"), yes_or_no("n"), yes_or_no(1), yes_or_no("n/a")) == (True, False, True, NOTHING)
    for bad in ("=cmd|' /C calc'!A0", "@SUM(A1)", "+cmd|' /C calc'!A0", "-cmd|x", "=1"):
        with pytest.raises(ValueError, match="formula"):
            words(bad, 100)
    for bad, reason in (("a\x00b", "no text"), ("x" * 21, "21 characters"), ("\ufffdbc", "no text")):
        with pytest.raises(ValueError, match=reason):
            words(bad, 20)
    with pytest.raises(ValueError, match="no whole number"):
        whole("1.5")
    with pytest.raises(ValueError, match="neither yes nor no"):
        yes_or_no("maybe")
