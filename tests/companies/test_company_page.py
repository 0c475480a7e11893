"""A company's page: every figure says where it is from, every section stands or says what to do."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company, CompanyNote
from companies.origins import filing, pages
from signals_app.admin_company import _said
from tests.factories import (
    AcquirerMatchFactory,
    CompanyFactory,
    DrugCandidateFactory,
    MAScoreFactory,
    SignalFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate(timezone=NEW_YORK)
ACCESSION = "0001193125-26-092567"


@pytest.fixture
def browser() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("analyst", password="x"))
    return browser


def page(company: Company) -> str:
    return reverse("admin:companies_company_view", args=[company.pk])


def shown(browser: Browser, company: Company) -> str:
    answer = browser.get(page(company))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_filing_has_its_page_and_an_identifier_its_filings():
    url = f"https://www.sec.gov/Archives/edgar/data/1422143/000119312526092567/{ACCESSION}-index.htm"
    assert filing("0001422143", ACCESSION) == url
    assert filing(None, ACCESSION) is None
    assert pages(f"0000950170-25-071560 {ACCESSION}", "0001422143")[0] == (f"Filing {ACCESSION}", url)
    assert [words for words, _ in pages("0001193125-99-000001 0001193125-02-000001", "1")] == [
        "Filing 0001193125-02-000001",
        "Filing 0001193125-99-000001",
    ]
    assert pages("nct:NCT05153434", None) == [("NCT05153434", "https://clinicaltrials.gov/study/NCT05153434")]
    assert pages("companies.csv", "1") == []


def test_a_figure_leads_to_its_filing_and_an_unknown_one_says_why(browser):
    company = CompanyFactory(
        cik="0001422143", cash_position_usd=Decimal("319000000"), quarterly_burn_rate_usd=Decimal("152000000"),
        field_sources={
            "cash_position_usd": {"source": "edgar", "id": ACCESSION, "as_of": "2025-12-31"},
            "total_debt_usd": {"source": "edgar", "note": "not_reported"},
        },
    )  # fmt: skip
    facts = {fact.label: fact for fact in browser.get(page(company)).context["facts"]}
    assert "$319 m" in facts["Liquid funds"].figure
    assert facts["Liquid funds"].note == f"edgar · {ACCESSION} · as of 2025-12-31"
    assert facts["Liquid funds"].links == (
        (f"Filing {ACCESSION}", f"https://www.sec.gov/Archives/edgar/data/1422143/000119312526092567/{ACCESSION}-index.htm"),
    )  # fmt: skip
    assert facts["Debt"].note == "unknown: no filing reports it"
    text = shown(browser, company)
    # reached by the keyboard, described for a screen reader, the filing a link within it
    found = re.search(
        r'<dd class="desk-traced" tabindex="0" aria-describedby="(trace-\d+)">\s*<span[^>]*>\$319 m', text
    )
    assert f'id="{found[1]}"' in text


def full(**company: Any) -> Company:
    made = CompanyFactory(
        name="Acme Therapeutics", ticker="ACME", therapeutic_areas=["oncology"], runway_quarters=Decimal(40),
        quarterly_burn_rate_usd=Decimal(10), cash_position_usd=Decimal(400),
        field_sources={"cash_position_usd": {"source": "edgar", "as_of": TODAY.isoformat()}}, **company,
    )  # fmt: skip
    ahead = TODAY + dt.timedelta(days=60)
    DrugCandidateFactory(
        company=made, name="AC-1", phase="phase_3", next_milestone="Readout", next_milestone_date=ahead
    )
    now = timezone.now()
    SignalFactory(company=made, title="A grave matter", severity="critical", event_date=now, available_at=now)
    SignalFactory(
        company=made, signal_type="financial_snapshot", title="10-K to December", source_url="https://example.org/10k"
    )
    for month, total in ((5, "40"), (6, "44.5")):
        MAScoreFactory(
            company=made, score_date=dt.date(2025, month, 28), total_score=Decimal(total), is_latest=month == 6
        )
    AcquirerMatchFactory(target_company=made, acquirer_name="Big Buyer", match_rank=1)
    return made


def test_the_page_answers_on_one_screen(browser):
    company = full()
    buyer = CompanyFactory(ticker="BUYR", role="acquirer")
    SignalFactory(
        company=buyer, signal_type="takeover_acquirer", title="Buyer to acquire Likewise",
        signal_data={"areas": ["oncology"], "target": "Likewise Inc", "value_usd": "1312345678", "stage": "phase_3"},
    )  # fmt: skip
    text = shown(browser, company)
    for part in (
        "A grave matter", "desk-dot-critical", "10-K to December", "https://example.org/10k", "AC-1 · Readout", "44.5",
        "Big Buyer", "Likewise Inc", "$1.3 bn", "Phase 3", "New note",
    ):  # fmt: skip
        assert part in text, part
    # 5 of 7 stages
    assert 'style="width: 71.4%"' in text
    assert '"data": [40.0, 44.5]' in text.replace("&quot;", '"')
    assert "118 months after the next catalyst" in text  # ten years of money less two months


def test_an_empty_page_says_what_to_do(browser):
    text = shown(browser, CompanyFactory(therapeutic_areas=[]))
    for words in (
        "Not scored yet. Run the score command", "How long the money lasts is not known", "Add its pipeline",
        "Load a source, or add one by hand", "Run the match command", "Tick them on the form", "Load EDGAR",
        "No note yet",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize(
    ("burn", "end", "words"),
    [
        (Decimal(-5), None, "It earns cash"),
        (Decimal(5), None, "not known"),
        (Decimal(5), dt.date(2026, 1, 1), "which is past"),
        (Decimal(5), dt.date(2026, 9, 1), "lasts to 2026-09-01."),
    ],
)
def test_the_sentence_on_the_runway(burn, end, words):
    company = CompanyFactory.build(quarterly_burn_rate_usd=burn)
    assert words in _said(company, dt.date(2026, 3, 1), end, [])


def test_an_acquirer_has_the_targets_that_fit(browser):
    buyer = CompanyFactory(ticker="BUYR", role="acquirer")
    AcquirerMatchFactory(target_company=CompanyFactory(ticker="GOAL"), acquirer_company=buyer)
    text = shown(browser, buyer)
    assert "Targets that fit" in text
    assert "GOAL" in text
    # What an acquirer cannot have takes no room: neither on the page nor in its menu.
    assert "Likely acquirers" not in text
    assert 'href="#why"' not in text


def test_a_note_is_written_with_its_author_and_a_blank_one_refused(browser):
    company = full()
    address = reverse("admin:companies_company_note", args=[company.pk])
    assert browser.post(address, {"text": "Met the CFO\n<b>quiet</b>"}).url == f"{page(company)}#notes"
    note = CompanyNote.objects.get()
    assert (note.author.username, note.company) == ("analyst", company)
    text = shown(browser, company)
    assert "Met the CFO" in text
    assert "<b>quiet</b>" not in text
    refused = browser.post(address, {"text": "  "})
    assert refused.status_code == 200
    assert "This field is required" in refused.content.decode()
    assert CompanyNote.objects.count() == 1
    assert browser.get(address).status_code == 302


def test_sections_follow_permissions_and_notes_take_the_right_to_add():
    user = User.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_company", "view_companynote"]))
    browser = Browser()
    browser.force_login(user)
    company = full()
    CompanyNote.objects.create(company=company, text="Seen")
    text = shown(browser, company)
    assert "Seen" in text
    for hidden in ("A grave matter", "Big Buyer", "AC-1", "Add the note", ">Edit<", ">Archive<"):
        assert hidden not in text, hidden
    assert browser.post(reverse("admin:companies_company_note", args=[company.pk]), {"text": "x"}).status_code == 403


def test_an_archived_company_is_shown_as_such_and_takes_no_note(browser):
    company = full(deleted_at=timezone.now())
    text = shown(browser, company)
    assert ">archived<" in text
    assert "Restore" in text
    assert "Add the note" not in text
    assert browser.post(reverse("admin:companies_company_note", args=[company.pk]), {"text": "x"}).status_code == 403


@pytest.mark.parametrize("key", ["nonsense", "01890000-0000-7000-8000-000000000000"])
def test_an_unknown_company_is_not_found(browser, key):
    assert browser.get(f"/admin/companies/company/{key}/view/").status_code == 404
    assert browser.post(f"/admin/companies/company/{key}/note/", {"text": "x"}).status_code == 404


def test_rows_of_any_shape_are_shown(browser):
    company = full()
    Company.objects.filter(pk=company.pk).update(field_sources={"cash_position_usd": "hand", "runway_quarters": [1]})
    SignalFactory(
        signal_type="takeover_acquirer",
        signal_data={"areas": ["oncology"], "value_usd": "NaN", "target": ["x"], "stage": 7},
    )
    assert "desk-unknown" in shown(browser, company)


def test_the_list_and_links_lead_to_the_page(browser):
    company = full()
    assert f'href="{page(company)}"' in browser.get(reverse("admin:companies_company_changelist")).content.decode()
    assert page(company) in browser.get(reverse("admin:scoring_mascore_changelist")).content.decode()
    form = browser.get(reverse("admin:companies_company_change", args=[company.pk])).content.decode()
    assert f"/{company.pk}/page/" in form
    assert browser.get(reverse("admin:companies_company_open_page", args=[company.pk])).url == page(company)


def test_figures_that_are_too_old_say_how_old(browser):
    end = TODAY - dt.timedelta(days=400)
    note = {"source": "edgar", "note": "stale", "as_of": end.isoformat()}
    company = CompanyFactory(field_sources={"cash_position_usd": note, "runway_quarters": note})
    text = shown(browser, company)
    assert "latest balance sheet 400 days old" in text
    assert f"its latest period, to {end}, is 400 days old, and figures count for 200 days" in text


def test_who_may_only_look_reads_money_with_its_sign_and_separators(db):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_company"))
    browser = Browser()
    browser.force_login(viewer)
    company = CompanyFactory(market_cap_usd=Decimal("1300000000.00"), cash_position_usd=Decimal("7.50"))
    text = browser.get(reverse("admin:companies_company_change", args=[company.pk])).content.decode()
    assert "$1,300,000,000<" in text
    assert "$7.50<" in text
    assert "1300000000" not in text
