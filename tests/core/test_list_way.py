"""From a row back to its list as it was filtered, and on to the row before or after it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from django.urls import reverse

from companies.models import DrugCandidate
from tests.factories import CompanyFactory, DrugCandidateFactory

pytestmark = pytest.mark.django_db
LIST, COMPANIES = "/admin/companies/drugcandidate/", "/admin/companies/company/"
FILTERED = "phase__exact=phase_1&o=-1"


@pytest.fixture
def anna() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("anna"))
    return browser


@pytest.fixture
def drugs() -> dict[str, DrugCandidate]:
    phases = {"A": "phase_1", "B": "phase_3", "C": "phase_1", "D": "phase_1"}
    return {name: DrugCandidateFactory(name=name, phase=phase) for name, phase in phases.items()}


def change(row: DrugCandidate) -> str:
    return reverse("admin:companies_drugcandidate_change", args=[row.pk])


def step(row: DrugCandidate, to: str, query: str = FILTERED, **more: str) -> str:
    address = reverse("admin:companies_drugcandidate_step", args=[row.pk])
    return f"{address}?{urlencode({'to': to, '_changelist_filters': query, **more})}"


def test_the_row_leads_back_to_the_list_as_it_was_filtered_and_through_it(anna, drugs):
    came = f"http://testserver{LIST}?{FILTERED}&p=2"
    text = anna.get(change(drugs["C"]), headers={"referer": came}).content.decode()
    assert f'href="{LIST}?{FILTERED.replace("&", "&amp;")}">Back to the list' in text
    # the list is sorted from D down to A, and B is not in it
    page = anna.get(change(drugs["D"]), {"_changelist_filters": FILTERED})
    seen = []
    for _ in range(2):
        page = anna.get(page.context["list_way"].next, follow=True)
        seen.append(page.context["original"].name)
    assert seen == ["C", "A"]
    assert anna.get(page.context["list_way"].previous, follow=True).context["original"].name == "C"
    end = anna.get(page.context["list_way"].next, follow=True)
    assert end.context["original"].name == "A"
    assert "That is the last row of the list" in end.content.decode()
    first = anna.get(step(drugs["D"], "previous"), follow=True)
    assert "That is the first row of the list" in first.content.decode()


def test_who_comes_from_elsewhere_is_led_nowhere(anna, drugs):
    for referer in (
        "",
        "http://testserver/admin/",
        f"https://evil.example{LIST}",
        "http://testserver/admin/companies/",
    ):
        page = anna.get(change(drugs["A"]), headers={"referer": referer} if referer else {})
        assert page.context["list_way"] is None
        assert "Back to the list" not in page.content.decode()


def test_a_company_is_read_on_through_the_list_on_its_page(anna):
    rows = [CompanyFactory(name=name, role="target") for name in ("Acme", "Beta")]
    CompanyFactory(name="Alma", role="acquirer")
    came = f"http://testserver{COMPANIES}?role__exact=target"
    page = anna.get(reverse("admin:companies_company_view", args=[rows[0].pk]), headers={"referer": came})
    answer = anna.get(page.context["list_way"].next)
    assert answer["Location"].startswith(reverse("admin:companies_company_view", args=[rows[1].pk]))


@pytest.mark.parametrize(
    ("to", "query", "more", "status"),
    [
        ("", "", {}, 404),
        ("sideways", "", {}, 404),
        ("next", "", {"page": "delete"}, 404),
        ("next", "", {"page": "view"}, 404),
        ("next", "company__password=x", {}, 302),
        ("next", "id__exact=nonsense", {}, 302),
        ("next", "q=%00", {}, 302),
        ("next", "o=99.-x", {}, 302),
    ],
)  # fmt: skip
def test_nonsense_leads_nowhere_else(anna, drugs, to, query, more, status):
    answer = anna.get(step(drugs["A"], to, query, **more))
    assert answer.status_code == status
    if status == 302:
        assert answer["Location"].split("?")[0] in {change(drugs["A"]), change(drugs["B"])}


def test_who_may_not_see_the_list_is_not_led_through_it(drugs):
    user = User.objects.create_user("carl", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_company"))
    browser = Browser()
    browser.force_login(user)
    assert browser.get(step(drugs["A"], "next")).status_code == 403
    address = reverse("admin:companies_drugcandidate_step", args=["nonsense"])
    superuser = Browser()
    superuser.force_login(User.objects.create_superuser("boss"))
    assert superuser.get(f"{address}?to=next").status_code == 302
