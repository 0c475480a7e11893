"""Tables as people lay them out: titles, units, sums, footnotes; each row told, none taken for what it is not."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest

from biotech_ma.core.services import Refused
from companies.models import Company
from signals_app.imports.columns import Layout
from signals_app.imports.plan import Options
from signals_app.imports.services import apply_import, map_columns, take_file
from tests.factories import CompanyFactory
from tests.imports.test_imports import checked, faults, owner, rows  # noqa: F401 - the analyst's fixture

pytestmark = pytest.mark.django_db
HEAD = ["Company", "Ticker", "Mkt Cap", "Cash"]
ACME, BETA = ["Acme Bio", "ACME", 1250.5, 200], ["Beta Pharma", "BETA", 310, 55.25]


def book(*lines: list[object], merged: tuple[str, ...] = ()) -> bytes:
    made = openpyxl.Workbook()
    made.active.title = "Cover"
    made.active.append(["Broker X", "Confidential"])
    sheet = made.create_sheet("Comps")
    for line in lines:
        sheet.append(line)
    for area in merged:
        sheet.merge_cells(area)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def imported(content: bytes, owner, **options):  # noqa: F811
    taken = take_file(kind="companies", name="comps.xlsx", content=content, owner=owner)
    map_columns(taken, layout=Layout.from_json(taken.layout), options=Options(**options))
    return taken


@pytest.mark.parametrize(
    "above",
    [
        ([["Comps"], [], ["US$ in millions, except per share data"], HEAD]),
        ([["Company", "Ticker", "Mkt Cap ($m)", "Cash (USD mm)"]]),
        ([HEAD, [None, None, "US$m", "($ mm)"]]),
        ([["", "", "Financials", None], ["Company", "Ticker", "Mkt Cap, $ millions", "Cash in $m"]]),
        ([[f"Disclaimer {number}"] for number in range(40)] + [["Company", "Ticker", "Mkt Cap ($m)", "Cash ($m)"]]),
    ],
)
def test_units_are_found_in_the_heading_below_it_or_above_the_table_and_sums_are_left_out(owner, above):  # noqa: F811
    below = [
        ["Total", None, 1560.5, 255.25],
        ["Median", None, 780.25, None],
        [],
        ["Source: company filings, 31 Jan 2026"],
    ]
    taken = imported(book(*above, ACME, BETA, *below), owner)
    assert [fate for _, fate in rows(taken)] == ["create", "create", "aside", "aside", "aside"]
    assert "taken for a sum" in taken.rows.filter(fate="aside").first().notes[0]
    assert "taken for a footnote" in taken.rows.last().notes[0]
    apply_import(taken, reason="comps")
    assert {c.ticker: (c.market_cap_usd, c.cash_position_usd) for c in Company.objects.all()} == {
        "ACME": (Decimal(1_250_500_000), Decimal(200_000_000)), "BETA": (Decimal(310_000_000), Decimal(55_250_000)),
    }  # fmt: skip


def test_headings_within_the_table_are_no_companies(owner):  # noqa: F811
    lines = [
        ["Company", "Ticker", "Cash ($m)"],
        ["Large cap"],
        ["Acme", "ACME", 5],
        ["Company", "Ticker", "Cash ($m)"],
        ["Small cap"],
    ]
    taken = imported(book(*lines, ["Beta", "BETA", 5], merged=("A2:C2",)), owner)
    assert [fate for _, fate in rows(taken)] == ["aside", "create", "aside", "refused", "create"]
    assert faults(taken) == [
        ("A5", "stands alone in its row: a heading within the table? Give its CIK or ticker, or delete the row")
    ]


def test_dollars_are_not_taken_for_millions_nor_euros_for_dollars(owner):  # noqa: F811
    taken = imported(book(HEAD, ACME), owner)
    assert [cell for cell, _ in faults(taken)] == ["C2", "D2"]
    assert "'1250.5' would be 1,250.50 dollars: choose the unit of the column" in faults(taken)[0][1]
    # What the desk has already is no doubt, nor what has a unit of its own.
    CompanyFactory(ticker="ACME", name="Acme Bio", cash_position_usd=Decimal(5000))
    assert rows(checked("ticker,cash,debt\nACME,5000,5k\n", owner)) == [("Acme Bio (ACME)", "change")]
    # Nor where the same columns were dollars the last time.
    checked("ticker,cap ($m)\nACME,5\n", owner)
    with pytest.raises(Refused, match="not in US dollars"):
        checked("ticker,cap (€m)\nACME,5\n", owner)
    for first in (["All figures in EUR millions"], ["x"]):
        head = ["Company", "Ticker", "Mkt Cap" if first != ["x"] else "Mkt Cap (€m)"]
        with pytest.raises(Refused, match=r"Column C, Market cap, USD, is not in US dollars"):
            imported(book(first, head, ["Acme", "ACME", 5]), owner)


@pytest.mark.parametrize(
    ("cell", "ticker"),
    [
        ("XNAS:QABC", "QABC"), ("QABC UW Equity", "QABC"), ("QABC-US", "QABC"), ("QABC:US", "QABC"),
        ("QABC.OQ", "QABC"), ("BRK.B", "BRK.B"), ("NAN", "NAN"), ("TRUE", "TRUE"), ("1-Mar", None), ("Mär-01", None),
        ("ROG SW Equity", None), ("GMAB.CO", None), ("ETR:BAYN", None), ("1.0", None),
    ],
)  # fmt: skip
def test_tickers_as_vendors_and_spreadsheet_programs_write_them(owner, cell, ticker):  # noqa: F811
    taken = checked(f"ticker,name\n{cell},Odd Bio\n", owner)
    if ticker is None:
        assert [where for where, _ in faults(taken)] == ["A2"]
        return
    apply_import(taken, reason="x")
    assert Company.objects.get().ticker == ticker


@pytest.mark.parametrize("cell", ["320193.0", "CIK 320193", '="0000320193"', '"320,193"'])
def test_a_cik_is_a_cik_however_it_was_kept(owner, cell):  # noqa: F811
    apply_import(checked(f"cik,name\n{cell},Odd Bio\n", owner), reason="x")
    assert Company.objects.get().cik == "0000320193"


def test_a_name_that_became_a_day_and_an_error_of_a_formula_are_refused(owner):  # noqa: F811
    taken = checked("ticker,name,hq\nAAA,1-Mar,x\nBBB,Beta,#REF!\nCCC,Gamma,#N/A N/A\n", owner)
    assert [cell for cell, _ in faults(taken)] == ["B2", "C3"]
    assert taken.rows.last().notes == ["C4: '#N/A N/A' says nothing"]


def test_burn_of_the_wrong_sign_is_refused_unless_the_desk_has_it_negative_already(owner):  # noqa: F811
    CompanyFactory(ticker="BBB", name="Beta", quarterly_burn_rate_usd=Decimal(-5_000_000))
    taken = checked("ticker,name,qtrly cash burn ($m)\nAAA,Alpha,(152.0)\nBBB,,-6\n", owner)
    assert [cell for cell, _ in faults(taken)] == ["C2"]
    assert "burn counts what is spent" in faults(taken)[0][1]


def test_headings_of_other_countries_are_guessed_and_a_burn_of_a_year_is_not(owner):  # noqa: F811
    heads = "Unternehmen;Kürzel;Börsenwert (Mio. USD);Liquide Mittel;Gegründet;LTM burn;Cash & equivalents\n"
    taken = take_file(kind="companies", name="a.csv", content=(heads + "A;B;1;2;2001;3;4\n").encode(), owner=owner)
    assert [(column["target"], column["scale"]) for column in taken.layout["columns"]] == [
        ("name", "1"), ("ticker", "1"), ("market_cap_usd", "millions"), ("", "1"), ("founded_year", "1"), ("", "1"),
        ("cash_position_usd", "1"),
    ]  # fmt: skip


def test_a_row_with_nothing_to_import_is_listed_as_left_out(owner):  # noqa: F811
    taken = checked("ticker,name,remark\nAAA,Alpha,x\n,,only a remark\n,,\n", owner)
    assert [fate for _, fate in rows(taken)] == ["create", "aside"]


def test_other_columns_prove_how_decimals_are_written(owner):  # noqa: F811
    apply_import(checked("ticker;name;cap ($m);cash ($m)\nAAA;Alpha;1,234;5,5\n", owner), reason="x")
    assert Company.objects.get().market_cap_usd == Decimal(1_234_000)
    taken = checked("ticker;name;cap ($m)\nAAA;Alpha;1,234\n", owner)
    assert "may be 1234 or 1.234" in faults(taken)[0][1]


def test_a_remark_under_no_heading_does_no_harm(owner):  # noqa: F811
    assert rows(imported(book(["Company", "Ticker"], ["Acme", "ACME", None, "a remark"]), owner)) == [
        ("Acme (ACME)", "create")
    ]
    assert rows(checked("company,ticker,\nAcme,ACME,a remark\n", owner)) == [("Acme (ACME)", "create")]


def test_days_of_workbooks_and_signs_that_no_database_keeps_are_shown_beside_the_columns(owner):  # noqa: F811
    content = book(["Company", "Price date_x0000__xD800_", "Mkt Cap ($m)"], ["Acme", dt.datetime(2026, 1, 31), 5])
    taken = take_file(kind="companies", name="a.xlsx", content=content, owner=owner)
    assert taken.sample[0] == ["Acme", "2026-01-31", "5"]
    assert [column["target"] for column in taken.layout["columns"]] == ["name", "market_cap_as_of", "market_cap_usd"]
