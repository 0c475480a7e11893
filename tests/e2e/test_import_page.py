"""An analyst imports a broker's spreadsheet in a real browser: columns, what would change, why; no script error."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from companies.models import Company
from tests.e2e.test_admin_browser import log_in, page, pytestmark  # noqa: F401 - the browser's fixture and marks
from tests.factories import CompanyFactory

SHEET = (
    "Broker X, comps;;;\r\n"
    "Company;BBG Ticker;Mkt Cap ($m);Quux\r\n"
    "Acme Therapeutics Inc;ACME US Equity;1.250,5;2.001\r\n"
    "Zürich Bio AG;ZBIO;310,0;n.m.\r\n"
    "Odd Bio;ODDB;about 5;1999\r\n"
)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    made = tmp_path / "broker.csv"
    made.write_bytes(SHEET.encode("cp1252"))
    return made


def test_an_analyst_imports_a_brokers_spreadsheet(page: Any, live_server: Any, sheet: Path) -> None:  # noqa: F811
    CompanyFactory(name="Acme Therapeutics", ticker="ACME", market_cap_usd=None)
    log_in(page, live_server)
    page.goto(f"{live_server.url}/admin/companies/company/")
    page.get_by_role("link", name="Import", exact=True).click()
    page.locator("input[type=file]").set_input_files(str(sheet))
    page.get_by_role("button", name="Look at its columns").click()

    assert page.get_by_label("Column C fills").input_value() == "market_cap_usd"
    assert page.get_by_label("Unit of column C").input_value() == "millions"
    page.get_by_label("Column D fills").select_option("founded_year")
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_text("'about 5' is no number").wait_for()
    page.get_by_text("Some rows have faults, so none goes in").wait_for()
    assert page.get_by_role("button", name="Write").count() == 0

    page.get_by_role("link", name="Columns", exact=True).click()
    page.get_by_label("Let good rows in although others have faults").check()
    page.get_by_label("Column D fills").select_option("")
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_text("1,250,500,000").wait_for()
    page.get_by_label("Reason").fill("Broker X of May")
    page.get_by_role("button", name="Write 2 rows").click()
    page.get_by_text("Applied", exact=True).wait_for()

    assert Company.objects.get(ticker="ACME").market_cap_usd == Decimal("1250500000")
    assert Company.objects.get(ticker="ZBIO").name == "Zürich Bio AG"
    assert not Company.objects.filter(ticker="ODDB").exists()
    assert page.complaints == []
