"""An analyst merges a duplicate in a real browser and undoes it: side by side, why, read together; no script error.

The score of both halves is the worked example's ACADIA (tests/scoring/test_merged.py): 86.0403, by hand.
"""

from __future__ import annotations

from typing import Any

from companies.models import Company, CompanyMerge
from scoring.models import MAScore
from scoring.services import score_universe
from tests.e2e.test_admin_browser import log_in, page, pytestmark  # noqa: F401 - the browser's fixture and marks
from tests.factories import SignalFactory
from tests.scoring.test_merged import halves  # noqa: F401 - the companies
from tests.scoring.universe import DAY


def totals() -> dict[str | None, str]:
    score_universe(day=DAY)
    rows = MAScore.objects.filter(score_date=DAY).select_related("company")
    return {row.company.ticker: str(row.total_score) for row in rows}


def test_an_analyst_merges_a_duplicate_and_undoes_it(
    page: Any,  # noqa: F811
    live_server: Any,
    halves: tuple[Company, Company],  # noqa: F811
) -> None:
    kept, duplicate = halves
    SignalFactory(company=duplicate, title="Seen under the duplicate", severity="high")
    alone = totals()
    assert sorted(filter(None, alone)) == ["ACAD", "ACDP", "PBYI"]
    log_in(page, live_server)

    page.goto(f"{live_server.url}/admin/companies/company/")
    for company in (kept, duplicate):
        page.locator(f"input[name=_selected_action][value='{company.pk}']").check()
    page.locator("select[name=action]").select_option("merge_selected")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("heading", name="Merge ACDP Bio (ACDP) into ACAD Bio (ACAD)?").wait_for()
    page.get_by_role("button", name="Merge", exact=True).click()
    assert "merge" in page.url  # the browser itself asks for the reason
    page.get_by_label("Reason").fill("One registrant, entered twice")
    page.get_by_role("button", name="Merge", exact=True).click()

    page.get_by_text("ACDP Bio (ACDP) is merged into ACAD Bio (ACAD).").wait_for()
    page.get_by_text("read together with").wait_for()
    page.get_by_role("link", name="Seen under the duplicate").first.wait_for()
    assert totals() == {"ACAD": "86.0403", "PBYI": "63.0643"}

    page.get_by_role("button", name="Undo").click()
    page.get_by_text("stands for itself again").wait_for()
    assert page.get_by_role("heading", name="ACDP Bio").count() > 0
    assert totals() == alone
    assert CompanyMerge.objects.get().undone_at is not None
    assert page.complaints == []


def test_a_duplicate_is_looked_for_from_the_company_s_page(
    page: Any,  # noqa: F811
    live_server: Any,
    halves: tuple[Company, Company],  # noqa: F811
) -> None:
    kept, duplicate = halves
    log_in(page, live_server)
    page.goto(f"{live_server.url}/admin/companies/company/{kept.pk}/view/")
    page.get_by_role("link", name="Merge duplicate…").click()
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("ACDP")
    page.get_by_role("option", name="ACDP Bio (ACDP)").click()
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="Merge ACDP Bio (ACDP) into ACAD Bio (ACAD)?").wait_for()
    page.get_by_role("link", name="Keep the other one").click()
    page.get_by_role("heading", name="Merge ACAD Bio (ACAD) into ACDP Bio (ACDP)?").wait_for()
    page.get_by_label("Reason").fill("The other is the registrant")
    page.get_by_role("button", name="Merge", exact=True).click()
    page.get_by_text("ACAD Bio (ACAD) is merged into ACDP Bio (ACDP).").wait_for()
    assert Company.all_objects.get(pk=kept.pk).merged_into == duplicate
    assert page.complaints == []
