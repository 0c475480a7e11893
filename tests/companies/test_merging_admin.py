"""Merging in the admin: two ticked rows or a company's page, both side by side, a reason, Undo; who may."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse

from companies.merging import merge
from companies.models import Company, CompanyMerge
from delivery.roles import ANALYST, LEAD, VIEWER
from tests.factories import CompanyFactory, DrugCandidateFactory, SignalFactory

pytestmark = pytest.mark.django_db

LIST = "admin:companies_company_changelist"


def signed_in(role: str) -> Browser:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def analyst() -> Browser:
    return signed_in(ANALYST)


@pytest.fixture
def kept() -> Company:
    return CompanyFactory(name="Acme Therapeutics", ticker="ACME", founded_year=None)


@pytest.fixture
def duplicate() -> Company:
    return CompanyFactory(name="Acme Bio", ticker="ACMB", founded_year=1999, cik=None)


def page_of(kept: Company, duplicate: Company | None = None) -> str:
    url = reverse("admin:companies_company_merge", args=[kept.pk])
    return f"{url}?duplicate={duplicate.pk}" if duplicate else url


def sent(browser: Browser, kept: Company, duplicate: Company, **more: object):
    """Send the page's form as it was shown, with these values."""
    shown = browser.get(page_of(kept, duplicate))
    values = {
        "duplicate": duplicate.pk,
        "merge_seen": shown.context["seen"],
        "merge_apply": "yes",
        "reason": "One",
        **more,
    }
    return browser.post(page_of(kept, duplicate), {**values, **more}, follow=True)


def test_two_ticked_companies_are_shown_side_by_side_the_better_known_kept(analyst, kept, duplicate):
    answer = analyst.post(
        reverse(LIST), {"action": "merge_selected", "_selected_action": [duplicate.pk, kept.pk]}, follow=True
    )
    assert answer.redirect_chain[-1][0] == page_of(kept, duplicate)
    text = answer.content.decode()
    assert "Merge Acme Bio (ACMB) into Acme Therapeutics (ACME)?" in text
    assert 'aria-label="Take over: Founded year" checked' in text
    assert "Take over: Ticker" not in text


@pytest.mark.parametrize("number", [1, 3])
def test_one_or_three_ticked_companies_are_no_pair(analyst, number):
    rows = CompanyFactory.create_batch(number)
    answer = analyst.post(
        reverse(LIST), {"action": "merge_selected", "_selected_action": [row.pk for row in rows]}, follow=True
    )
    assert "Tick the two live companies that are one." in answer.content.decode()


def test_preview_counts_what_will_be_read_together(analyst, kept, duplicate):
    SignalFactory.create_batch(2, company=kept)
    SignalFactory.create_batch(3, company=duplicate)
    DrugCandidateFactory(company=kept, name="AC-1")
    DrugCandidateFactory(company=duplicate, name="ac-1")
    preview = analyst.get(page_of(kept, duplicate)).context["preview"]
    found = {amount.label: (amount.kept, amount.duplicate) for amount in preview.amounts}
    assert found == {
        "Signals": (2, 3), "Reported figures": (0, 0), "Notes": (0, 0), "Drug candidates": (1, 1),
        "Other names": (0, 0), "Scores": (0, 0),
    }  # fmt: skip
    assert "1 that it has itself (ac-1) are archived" in next(
        amount.fate for amount in preview.amounts if amount.label == "Drug candidates"
    )


def test_merge_is_done_with_its_reason_and_can_be_undone_from_the_message(analyst, kept, duplicate):
    answer = sent(analyst, kept, duplicate, fill=["founded_year"])
    made = CompanyMerge.objects.get()
    assert (made.reason, made.by.get_username()) == ("One", ANALYST)
    assert Company.objects.get(pk=kept.pk).founded_year == 1999
    undo = reverse("admin:companies_companymerge_undo", args=[made.pk])
    text = answer.content.decode()
    assert "Acme Bio (ACMB) is merged into Acme Therapeutics (ACME)." in text
    assert f'action="{undo}"' in text
    assert "read together with" in text
    answer = analyst.post(undo, {"confirmed": "yes"}, follow=True)
    assert "stands for itself again" in answer.content.decode()
    assert Company.objects.get(pk=kept.pk).founded_year is None
    assert Company.objects.get(pk=duplicate.pk).merged_into is None


def test_merge_without_a_reason_is_refused_and_keeps_what_was_ticked(analyst, kept, duplicate):
    answer = sent(analyst, kept, duplicate, reason=" ", fill=[])
    assert "This field is required." in answer.content.decode()
    assert "checked" not in answer.content.decode()
    assert not CompanyMerge.objects.exists()


def test_who_has_seen_older_values_sees_the_new_ones_first(analyst, kept, duplicate):
    old = analyst.get(page_of(kept, duplicate)).context["seen"]
    Company.objects.filter(pk=duplicate.pk).update(founded_year=2001)
    answer = sent(analyst, kept, duplicate, merge_seen=old, fill=["founded_year"])
    assert "Somebody else has changed one of the two meanwhile" in answer.content.decode()
    assert not CompanyMerge.objects.exists()


@pytest.mark.parametrize("given", ["", "not-a-company", "00000000-0000-7000-8000-000000000000"])
def test_page_asks_for_the_duplicate_until_it_is_a_live_company(analyst, kept, given):
    answer = analyst.get(f"{page_of(kept)}?duplicate={given}")
    assert answer.status_code == 200
    assert "Which company is a duplicate of Acme Therapeutics (ACME)?" in answer.content.decode()


def test_a_company_is_no_duplicate_of_itself(analyst, kept):
    assert "A company cannot be merged with itself." in analyst.get(page_of(kept, kept)).content.decode()


def test_page_of_a_duplicate_leads_to_the_kept_company_and_offers_to_undo(analyst, kept, duplicate):
    made = merge(kept=kept, duplicate=duplicate)
    text = analyst.get(reverse("admin:companies_company_view", args=[duplicate.pk])).content.decode()
    assert "merged into Acme Therapeutics (ACME)" in text
    assert reverse("admin:companies_companymerge_undo", args=[made.pk]) in text
    assert reverse("admin:companies_company_restore_row", args=[duplicate.pk]) not in text


def test_page_of_a_duplicate_says_who_merged_it_and_has_nothing_else_to_fill_in(analyst, kept, duplicate):
    merge(kept=kept, duplicate=duplicate, by=User.objects.get(username=ANALYST), reason="One registrant")
    page = analyst.get(reverse("admin:companies_company_view", args=[duplicate.pk]))
    text = page.content.decode()
    assert [section.name for section, _ in page.context["sections"]] == ["read-as"]
    assert reverse("admin:companies_company_view", args=[kept.pk]) in text
    assert f"by {ANALYST}: One registrant" in text
    assert "Add its pipeline" not in text


def test_refused_undo_says_why(analyst, kept, duplicate):
    made = merge(kept=kept, duplicate=duplicate)
    CompanyFactory(name="Thief", ticker="ACMB")
    url = reverse("admin:companies_companymerge_undo", args=[made.pk])
    answer = analyst.post(url, {"confirmed": "yes"}, follow=True)
    assert "the live company Thief has its ticker ACMB now" in answer.content.decode()


def test_lists_show_the_duplicate_s_rows_as_the_kept_company_s(analyst, kept, duplicate):
    SignalFactory(company=duplicate, title="A trial of the duplicate")
    merge(kept=kept, duplicate=duplicate)
    for asked in (f"company__id__exact={kept.pk}", "q=ACME", ""):
        text = analyst.get(f"{reverse('admin:signals_app_signal_changelist')}?{asked}").content.decode()
        assert "A trial of the duplicate" in text, asked
        assert reverse("admin:companies_company_view", args=[kept.pk]) in text
    text = analyst.get(reverse("admin:companies_company_view", args=[kept.pk])).content.decode()
    assert "A trial of the duplicate" in text


def test_list_of_merges_tells_which_stand(analyst, kept, duplicate):
    merge(kept=kept, duplicate=duplicate, reason="One registrant")
    text = analyst.get(reverse("admin:companies_companymerge_changelist")).content.decode()
    assert "One registrant" in text
    assert "stands" in text


@pytest.mark.parametrize(("role", "status"), [(VIEWER, 403), (ANALYST, 200), (LEAD, 200)])
def test_analysts_and_leads_merge_and_viewers_do_not(kept, duplicate, role, status):
    browser = signed_in(role)
    assert browser.get(page_of(kept, duplicate)).status_code == status
    made = merge(kept=kept, duplicate=duplicate)
    url = reverse("admin:companies_companymerge_undo", args=[made.pk])
    assert browser.get(url).status_code == status
    page = browser.get(reverse("admin:companies_company_view", args=[duplicate.pk])).content.decode()
    assert ("Undo the merge" in page) == (status == 200)
