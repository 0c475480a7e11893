"""An analyst's round in a real browser: find a company, edit, archive, undo; no script error, no CSP violation."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections

from companies.models import Company, CompanyAlias
from signals_app.ingest.merge.reviews import Proposal, merge_reviews
from signals_app.models import ReviewItem
from tests.factories import CompanyFactory, DrugCandidateFactory, MAScoreFactory, SignalFactory

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)
PASSWORD = "a-long-password-1"
WAIT_MS = 15_000

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (looked for chromium, google-chrome)"),
]


@pytest.fixture
def page(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A page of headless Chromium that remembers every complaint of the console."""
    sync_api = pytest.importorskip("playwright.sync_api")
    # Playwright runs its own event loop in this thread; the tests' queries are ordinary synchronous ones all the same.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(WAIT_MS)
        page.complaints = []
        page.on("console", lambda message: message.type == "error" and page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("response", lambda got: got.status >= 400 and page.complaints.append(f"{got.status} {got.url}"))
        yield page
        browser.close()
        # The test's own queries ran beside Playwright's loop, over a connection that nobody else knows.
        connections.close_all()
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(WAIT_MS / 1000)  # it closes its database connection as it ends


def log_in(page: Any, live_server: Any) -> None:
    User.objects.create_superuser("analyst", password=PASSWORD)
    page.goto(f"{live_server.url}/admin/")
    page.get_by_label(re.compile("username", re.IGNORECASE)).fill("analyst")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password").press("Enter")
    page.get_by_role("heading", name="Today").wait_for()


def test_an_analyst_finds_edits_archives_and_restores_a_company(page, live_server):
    company = CompanyFactory(name="Acme Therapeutics", ticker="ACME")
    CompanyFactory(name="Other Bio", ticker="OTHR")
    DrugCandidateFactory(company=company)
    SignalFactory(company=company, severity="high")
    MAScoreFactory(company=company, is_latest=True)
    log_in(page, live_server)

    page.get_by_role("link", name="Companies").first.click()
    page.locator("#searchbar").fill("acme")
    page.locator("#searchbar").press("Enter")
    page.wait_for_url("**q=acme**")
    assert page.get_by_text("Other Bio").count() == 0
    page.get_by_role("link", name="Acme Therapeutics").click()
    page.get_by_role("heading", name="Runway and catalysts").wait_for()
    page.get_by_role("link", name="Edit").first.click()

    for tab in ("Pipeline", "Aliases", "General"):
        page.locator("#tabs-items").get_by_role("link", name=tab).click()
    page.locator("#id_market_cap_usd").fill("1.3bn")
    page.locator("#id_therapeutic_areas").get_by_text("Oncology").click()
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("Say why: the history keeps it").wait_for()
    page.get_by_label(re.compile("Reason")).fill("The exchange's close")
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("was changed successfully").wait_for()
    assert page.locator("#id_market_cap_usd").input_value() == "1,300,000,000"
    company.refresh_from_db()
    assert (company.market_cap_usd, company.therapeutic_areas) == (1_300_000_000, ["oncology"])

    page.get_by_role("link", name="Archive").click()
    page.get_by_label("Reason").fill("a test")
    page.get_by_role("button", name="Archive").click()
    page.get_by_text("is archived with 1 drug candidate").wait_for()
    assert not Company.objects.filter(pk=company.pk).exists()

    page.get_by_role("button", name="Undo").click()
    page.get_by_text("is restored with 1 drug candidate").wait_for()
    assert Company.objects.filter(pk=company.pk).exists()

    page.locator("a[href$='/history/']").click()
    page.get_by_text("“a test”").wait_for()
    assert page.complaints == []


def test_every_list_and_form_runs_without_a_complaint(page, live_server):
    CompanyFactory()
    log_in(page, live_server)
    for path in (
        "companies/company/add/",
        "companies/drugcandidate/add/",
        "signals_app/signal/",
        "signals_app/signal/add/",
        "scoring/mascore/",
        "scoring/acquirermatch/",
        "delivery/report/add/",
        "delivery/alert/add/",
        "delivery/webhook/add/",
        "delivery/client/add/",
        "auth/user/",
    ):
        page.goto(f"{live_server.url}/admin/{path}")
        page.wait_for_load_state("networkidle")
        assert page.complaints == [], path


def test_rows_of_name_and_value_are_added_in_the_browser(page, live_server):
    company = CompanyFactory()
    log_in(page, live_server)
    page.goto(f"{live_server.url}/admin/companies/company/{company.pk}/change/")
    page.get_by_role("heading", name="Background").click()
    page.get_by_role("button", name="Add a row").click()
    keys, values = page.locator("[name=metadata-key]"), page.locator("[name=metadata-value]")
    keys.nth(0).fill("note")
    values.nth(0).fill("first")
    keys.nth(1).fill("year")
    values.nth(1).fill("2026")
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("was changed successfully").wait_for()
    company.refresh_from_db()
    assert company.metadata == {"note": "first", "year": 2026}
    assert page.complaints == []


def propose(company: Company | None, alias: str) -> ReviewItem:
    said = {"kind": "name", "alias": alias}
    pk = company.pk if company else None
    merge_reviews(
        [Proposal("alias", pk, f"Is {alias} a company?", said, f"A register names {alias}", "drugsfda", alias)]
    )
    return ReviewItem.objects.get(source_id=alias)


def test_an_analyst_works_through_the_review_queue(page, live_server):
    acme, other = (
        CompanyFactory(name="Acme Therapeutics", ticker="ACME"),
        CompanyFactory(name="Other Bio", ticker="OTHR"),
    )
    known, unknown, many = (
        propose(acme, "QORVEX LABS"),
        propose(None, "ZANTHE INC"),
        [propose(acme, f"Z{n}QX") for n in "12"],
    )
    log_in(page, live_server)
    page.get_by_role("link", name="Review queue").first.click()

    page.get_by_role("link", name="Is QORVEX LABS a company?").click()
    page.get_by_role("link", name="Reject").click()
    page.get_by_label("Reason").fill("another firm")
    page.get_by_role("button", name="Reject").click()
    page.get_by_text("Rejected: Is QORVEX LABS a company?").wait_for()

    page.get_by_role("link", name="Is ZANTHE INC a company?").click()
    page.get_by_role("link", name="Accept").click()
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("Other")
    page.locator(".select2-results__option", has_text="Other Bio").click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("Accepted: Is ZANTHE INC a company?").wait_for()

    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("accept")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("heading", name="Accept 2 proposals?").last.wait_for()
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("2 accepted.").wait_for()
    page.get_by_text("Nothing waits for a decision.").wait_for()

    assert page.complaints == []
    for item in (known, unknown, *many):
        item.refresh_from_db()
    assert [known.status, known.reason, unknown.status, unknown.company] == [
        "rejected",
        "another firm",
        "accepted",
        other,
    ]
    assert {item.status for item in many} == {"accepted"}
    assert set(CompanyAlias.objects.values_list("alias", "company__ticker")) == {
        ("ZANTHE INC", "OTHR"), ("Z1QX", "ACME"), ("Z2QX", "ACME"),
    }  # fmt: skip
