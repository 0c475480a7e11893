"""Companies put on the user's own watchlists, from the list and from their page."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from companies.models import Company, Watchlist
from tests.companies.test_curation import browser_of
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
LIST = "admin:companies_company_changelist"


@pytest.fixture
def anna() -> Browser:
    return browser_of("anna")


@pytest.fixture
def companies() -> list[Company]:
    return [CompanyFactory(name=name) for name in ("Acme", "Beta", "Gamma")]


def own(name: str, *companies: Company, owner: str = "anna", **values: Any) -> Watchlist:
    made = Watchlist.objects.create(owner=User.objects.get(username=owner), name=name, **values)
    made.companies.add(*companies)
    return made


def ticked(companies: list[Company], **values: str) -> dict[str, Any]:
    return {"action": "watch_selected", "_selected_action": [str(row.pk) for row in companies], **values}


def on(watchlist: Watchlist) -> list[str]:
    return sorted(watchlist.companies.values_list("name", flat=True))


def page(company: Company, name: str) -> str:
    return reverse(f"admin:companies_company_{name}", args=[company.pk])


def test_ticked_companies_go_on_and_off_lists_and_on_a_new_one(anna, companies):
    some, whole, left = own("Some", companies[0]), own("Whole", *companies), own("Left", companies[1])
    asked = anna.post(reverse(LIST), ticked(companies)).content.decode()
    assert "Watchlists of 3 companies" in asked
    assert "as it is: 1 of 3 on it" in asked
    sent = {"watch_apply": "yes", str(some.pk): "on", str(whole.pk): "off", str(left.pk): "", "name": "Short of cash"}
    answer = anna.post(reverse(LIST), ticked(companies, **sent), follow=True).content.decode()
    for words in ("“Some”: 2 put on", "“Whole”: 3 taken off", "“Short of cash” is new: 3 put on"):
        assert words in answer
    assert [on(some), on(whole), on(left)] == [["Acme", "Beta", "Gamma"], [], ["Beta"]]
    new = Watchlist.objects.get(name="Short of cash")
    assert (new.owner.username, new.is_shared, on(new)) == ("anna", False, ["Acme", "Beta", "Gamma"])


def test_archived_rows_are_put_on_no_list(anna, companies):
    companies[0].deleted_at = timezone.now()
    companies[0].save()
    mine = own("Mine")
    anna.post(reverse(LIST) + "?archived=all", ticked(companies, watch_apply="yes", **{str(mine.pk): "on"}))
    # the list itself does not show archived companies, on it or not
    rows = Watchlist.companies.through.objects.filter(watchlist=mine)
    assert set(rows.values_list("company__name", flat=True)) == {"Beta", "Gamma"}
    assert anna.get(page(companies[0], "watch")).status_code == 404
    assert "Watch" not in {button[0] for button in anna.get(page(companies[0], "view")).context["page"].buttons}


@pytest.mark.parametrize(
    ("name", "words"),
    [("Mine", "You have a watchlist of this name already"), ("x" * 101, "at most 100"), ("a\x00b", "Null characters")],
)
def test_a_name_that_cannot_be_is_refused_beside_its_field_and_nothing_is_changed(anna, companies, name, words):
    mine = own("Mine")
    sent = {"watch_apply": "yes", str(mine.pk): "on", "name": name}
    assert words in anna.post(reverse(LIST), ticked(companies, **sent)).content.decode()
    assert on(mine) == []
    assert Watchlist.objects.count() == 1


def test_a_companys_page_says_which_lists_it_is_on_and_changes_them(anna, companies):
    browser_of("ben")
    acme = companies[0]
    mine, shared = own("Mine"), own("Bids", acme, owner="ben", is_shared=True)
    own("Secret", acme, owner="ben")
    shown = anna.get(page(acme, "view")).content.decode()
    assert "watchlist “Bids”" in shown
    assert "Secret" not in shown
    asked = anna.get(page(acme, "watch")).content.decode()
    assert "Mine" in asked
    assert "Bids" not in asked  # another's to change
    assert anna.post(page(acme, "watch"), {"watch_apply": "yes", str(mine.pk): "on"}).url == page(acme, "view")
    assert f"?watchlist={mine.pk}" in anna.get(page(acme, "view")).content.decode()
    anna.post(page(acme, "watch"), {"watch_apply": "yes", str(mine.pk): "off", str(shared.pk): "off"})
    assert (on(mine), on(shared)) == ([], ["Acme"])


def test_who_may_have_no_lists_is_offered_none(companies):
    viewer = browser_of("vera", "viewer")
    assert "watch_selected" not in viewer.get(reverse(LIST)).content.decode()
    assert viewer.get(page(companies[0], "watch")).status_code == 403
    assert "Watch" not in {button[0] for button in viewer.get(page(companies[0], "view")).context["page"].buttons}
    assert viewer.get(page(companies[0], "watch").replace(str(companies[0].pk), "nonsense")).status_code == 404
