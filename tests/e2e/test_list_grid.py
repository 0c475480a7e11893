"""A list with boxes, worked in as in a spreadsheet: paste a block, fill down, take back, save."""

from __future__ import annotations

import datetime as dt
from typing import Any

from companies.models import DrugCandidate
from tests.e2e.test_admin_browser import log_in, page, pytestmark  # noqa: F401 - the browser's fixture and marks
from tests.factories import CompanyFactory, DrugCandidateFactory

# Phase, indication, area, next milestone, due, patent expiry: as Excel puts it on the clipboard.
BLOCK = (
    "Phase 2\tObesity\tOncology\tReadout\t31 Mar 2031\t2040-01-31\tbeyond\r\n"
    'phase_3\t"Two\twords"\tCARDIOVASCULAR\tN/A\t01/02/2031\t\r\n'
    "Phase 9\tAsthma\tOncology\t\t2031-05-01\t#REF!\r\n"
)


def paste(page: Any, text: str) -> None:  # noqa: F811
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+v")


def shown(page: Any, name: str) -> list[str]:  # noqa: F811
    return [each.input_value() for each in page.locator(f"[name$='-{name}']").all()]


def set_widths(page: Any) -> None:  # noqa: F811
    """Widen a column by the keyboard, see that it stays so, and give it its own width again."""
    page.get_by_role("separator", name="Width of Drug").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    wide = page.get_by_role("separator", name="Width of Phase")
    before = int(wide.get_attribute("aria-valuenow"))
    with page.expect_response("**/columns/widths/") as kept:
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("ArrowLeft")
    assert kept.value.status == 204
    assert int(wide.get_attribute("aria-valuenow")) == before + 32
    page.reload()
    assert int(wide.get_attribute("aria-valuenow")) == before + 32
    with page.expect_response("**/columns/widths/"):
        page.get_by_role("button", name="Reset widths").click()
    # headings stay in sight however far the list is scrolled
    assert page.locator("#result_list thead th").nth(1).evaluate("each => getComputedStyle(each).position") == "sticky"


def check_rows(page: Any, address: str) -> None:  # noqa: F811
    """See what the checked companies come to: caps of 300 m and 1.2 bn, and one that is not known."""
    page.goto(address)
    for name in ("300 m", "1.2 bn", "—"):
        page.locator("tr.data-row", has=page.locator("td.field-cap", has_text=name)).locator(".action-select").check()
    told = page.locator("[data-checked]")
    told.filter(has_text="3 checked · Market cap: sum $1.5 bn, median $750 m (2 known)").wait_for()
    page.locator("#action-toggle").check()
    page.locator("#action-toggle").uncheck()
    page.wait_for_function("document.querySelector('[data-checked]').textContent === ''")


def test_a_block_is_pasted_filled_down_taken_back_and_saved(page, live_server):  # noqa: F811
    acme, *_ = [
        CompanyFactory(market_cap_usd=cap, cash_position_usd=None) for cap in (None, 300_000_000, 1_200_000_000)
    ]
    for name in ("AB-1", "AB-2", "AB-3"):
        DrugCandidateFactory(
            company=acme, name=name, phase="phase_1", indication="Cough", therapeutic_area="oncology",
            next_milestone="IND", next_milestone_date=None, patent_expiry=None,
        )  # fmt: skip
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    log_in(page, live_server)
    page.goto(f"{live_server.url}/admin/companies/drugcandidate/?_edit=1")
    block = page.locator("[data-block-told]")
    page.locator("[name=form-0-phase]").focus()
    paste(page, BLOCK)
    block.filter(has_text="15 cells pasted, 1 left out: the list has no more columns").wait_for()
    assert "3 cells not taken" in block.inner_text()
    assert shown(page, "phase") == ["phase_2", "phase_3", "phase_1"]
    assert shown(page, "indication") == ["Obesity", "Two words", "Asthma"]
    assert shown(page, "next_milestone") == ["Readout", "", ""]
    assert shown(page, "next_milestone_date") == ["2031-03-31", "", "2031-05-01"]
    wrong = page.locator("[name=form-1-next_milestone_date]")
    why = page.locator(f"[id='{wrong.get_attribute('aria-describedby')}']").inner_text()
    assert "may be 2031-01-02 or 2031-02-01" in why
    assert "'Phase 9' is none of" in page.locator("#result_list").inner_text()

    page.locator("[name=form-0-phase]").press("Control+z")
    block.filter(has_text="The paste is taken back.").wait_for()
    page.locator("[data-save-told]").filter(has_text="Nothing is changed yet").wait_for()
    assert page.locator(".desk-cell-error").count() == 0

    page.locator("[name=form-0-phase]").select_option("phase_2")
    for _ in range(2):
        page.locator("[name=form-0-phase]").press("Shift+ArrowDown")
    block.filter(has_text="3 rows by 1 column chosen").wait_for()
    page.keyboard.press("Control+d")
    block.filter(has_text="2 cells filled").wait_for()
    assert shown(page, "phase") == ["phase_2"] * 3
    page.get_by_role("button", name="Undo fill").click()
    assert shown(page, "phase") == ["phase_2", "phase_1", "phase_1"]

    # typed after: the browser's own undo goes first, and the arrow at a text's edge moves on
    page.locator("[name=form-0-indication]").press("ArrowDown")
    page.keyboard.press("Control+d")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.name") == "form-1-phase"
    page.keyboard.press("Control+d")
    assert shown(page, "phase") == ["phase_2", "phase_2", "phase_1"]
    page.locator("[name=form-0-next_milestone_date]").focus()
    paste(page, "Q3 2031\n45 days\n")
    block.filter(has_text="1 cell pasted").wait_for()
    page.get_by_label("Reason").fill("the sponsor's slide")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("2 drug candidates were changed successfully").wait_for()
    rows = DrugCandidate.objects.order_by("name").values_list("phase", "next_milestone_date", "next_milestone")
    assert list(rows) == [
        ("phase_2", dt.date(2031, 9, 30), "IND"), ("phase_2", None, "IND"), ("phase_1", None, "IND"),
    ]  # fmt: skip

    page.goto(f"{live_server.url}/admin/companies/drugcandidate/?_edit=1")
    set_widths(page)
    page.get_by_role("button", name="Keys").click()
    page.get_by_text("Paste a block of cells").wait_for()
    check_rows(page, f"{live_server.url}/admin/companies/company/")
    assert page.complaints == []
