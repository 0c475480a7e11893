"""Bulk edit with a preview, saved filters, tags and watchlists."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core.saved_filters import SavedFilter, normal
from biotech_ma.core.services import archive
from companies.models import Company, Watchlist
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
LIST = "admin:companies_company_changelist"
SAVED = "admin:companies_company_saved"


def browser_of(name: str, role: str = "analyst") -> Browser:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def anna() -> Browser:
    return browser_of("anna")


def bulk(rows: list[Company], **values: Any) -> dict[str, Any]:
    return {"action": "edit_selected", "_selected_action": [str(row.pk) for row in rows], **values}


def hidden(answer: Any, name: str) -> str:
    return str(answer.context[name])


def test_a_bulk_edit_is_previewed_and_applied_with_a_reason(anna):
    rows = [CompanyFactory(name="A", role="target"), CompanyFactory(name="B", role="excluded")]
    assert "Edit one field of 2 companies" in anna.post(reverse(LIST), bulk(rows)).content.decode()
    chosen = bulk(rows, bulk_field="role", **{"bulk_value-role": "excluded"})
    preview = anna.post(reverse(LIST), chosen)
    assert [(line.row.name, line.old, line.new, line.differs) for line in preview.context["lines"]] == [
        ("A", "Target", "Excluded", True),
        ("B", "Excluded", "Excluded", False),
    ]
    assert "1 of 2 would change" in preview.content.decode()
    assert set(Company.objects.values_list("role", flat=True)) == {"target", "excluded"}

    apply = {**chosen, "bulk_apply": "yes", "bulk_seen": hidden(preview, "seen")}
    assert "This field is required" in anna.post(reverse(LIST), {**apply, "reason": ""}).content.decode()
    assert anna.post(reverse(LIST), {**apply, "reason": "Royalty holders"}).status_code == 302
    assert set(Company.objects.values_list("role", flat=True)) == {"excluded"}
    event = rows[0].history.order_by("-pgh_id").select_related("pgh_context").first()
    assert event.pgh_context.metadata["reason"] == "Royalty holders"
    rows[0].refresh_from_db()
    assert rows[0].field_sources["role"]["source"] == "curated"
    assert rows[1].history.count() == 1


def test_a_bulk_edit_of_rows_that_moved_is_shown_again(anna):
    rows = [CompanyFactory(role="target")]
    chosen = bulk(rows, bulk_field="role", **{"bulk_value-role": "excluded"})
    preview = anna.post(reverse(LIST), chosen)
    Company.objects.update(role="acquirer")
    sent = {**chosen, "bulk_apply": "yes", "bulk_seen": hidden(preview, "seen"), "reason": "x"}
    answer = anna.post(reverse(LIST), sent)
    assert "changed these rows meanwhile" in answer.content.decode()
    assert Company.objects.get().role == "acquirer"


@pytest.mark.parametrize(("field", "value"), [("role", "hero"), ("cik", "1"), ("", ""), ("therapeutic_areas", "warp")])
def test_a_bulk_edit_of_nonsense_changes_nothing(anna, field, value):
    rows = [CompanyFactory(role="target")]
    sent = bulk(rows, bulk_field=field, bulk_apply="yes", reason="x", **{f"bulk_value-{field}": value})
    assert anna.post(reverse(LIST), sent).status_code == 200
    assert Company.objects.get().role == "target"


def test_a_viewer_edits_nothing_in_bulk():
    rows = [CompanyFactory(role="target")]
    viewer = browser_of("vera", "viewer")
    chosen = bulk(rows, bulk_field="role", bulk_apply="yes", reason="x", **{"bulk_value-role": "excluded"})
    viewer.post(reverse(LIST), chosen)
    assert Company.objects.get().role == "target"


def test_tags_are_typed_filtered_and_kept_in_history(anna):
    tagged, other = CompanyFactory(name="Tagged"), CompanyFactory(name="Other")
    chosen = bulk([tagged], bulk_field="tags", **{"bulk_value-tags": "GLP-1\nfamily owned\nGLP-1"})
    preview = anna.post(reverse(LIST), chosen)
    anna.post(reverse(LIST), {**chosen, "bulk_apply": "yes", "bulk_seen": hidden(preview, "seen")})
    tagged.refresh_from_db()
    assert tagged.tags == ["GLP-1", "family owned"]
    found = anna.get(reverse(LIST) + "?tag=GLP-1").context["cl"].result_list
    assert [row.name for row in found] == ["Tagged"]
    assert len(anna.get(reverse(LIST) + "?tag=nothing").context["cl"].result_list) == 0
    assert tagged.history.order_by("-pgh_id").first().tags == ["GLP-1", "family owned"]
    assert other.tags == []


def test_a_filter_is_saved_chosen_and_forgotten(anna):
    CompanyFactory(name="Big", role="acquirer")
    sent = {"name": "Acquirers", "query": "role__exact=acquirer&p=3&_popup=1", "is_shared": ""}
    answer = anna.post(reverse(SAVED), sent)
    assert answer["Location"].endswith("?role__exact=acquirer")
    page = anna.get(answer["Location"])
    assert 'aria-current="true">Acquirers' in page.content.decode()
    assert SavedFilter.objects.get().params() == [("role__exact", "acquirer")]
    ben = browser_of("ben")
    assert "Acquirers</a>" not in ben.get(reverse(LIST)).content.decode()
    anna.post(reverse(SAVED), {**sent, "is_shared": "on"})
    assert SavedFilter.objects.count() == 1
    assert "shared by anna" in ben.get(reverse(LIST)).content.decode()
    ben.post(reverse(SAVED), {"forget": "Acquirers"})
    assert SavedFilter.objects.count() == 1
    anna.post(reverse(SAVED), {"forget": "Acquirers"})
    assert SavedFilter.objects.count() == 0


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"name": "x"},
        {"name": "x", "query": "p=2"},
        {"name": "\x00", "query": "q=a"},
        {"name": "x" * 101, "query": "q=a"},
    ],
)
def test_a_filter_without_a_name_or_a_filter_is_not_saved(anna, sent):
    assert "Give the filter a name" in anna.post(reverse(SAVED), sent, follow=True).content.decode()
    assert SavedFilter.objects.count() == 0
    assert normal("p=2&q=a") == "q=a"


def test_a_watchlist_narrows_companies_down_for_those_who_see_it(anna):
    watched, other = CompanyFactory(name="Watched"), CompanyFactory(name="Other")
    add = reverse("admin:companies_watchlist_add")
    bare = {f"standing_orders-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    bare |= {f"alerts-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    assert anna.post(add, {"name": "Mine", "companies": [str(watched.pk)], **bare}).status_code == 302
    mine = Watchlist.objects.get()
    assert mine.owner.username == "anna"
    narrowed = reverse(LIST) + f"?watchlist={mine.pk}"
    assert [row.name for row in anna.get(narrowed).context["cl"].result_list] == ["Watched"]
    ben = browser_of("ben")
    unseen = ben.get(narrowed, follow=True)
    assert list(unseen.context["cl"].result_list) == []
    assert "the watchlist of this filter is archived, gone, or not yours to see" in unseen.content.decode()
    assert "Watched" not in b"".join(ben.get(f"{reverse(LIST)}export/?watchlist={mine.pk}&export=csv")).decode()
    change = reverse("admin:companies_watchlist_change", args=[mine.pk])
    assert ben.get(change, follow=True).status_code in {200, 404}
    anna.post(change, {"name": "Mine", "is_shared": "on", "companies": [str(watched.pk), str(other.pk)], **bare})
    assert len(ben.get(narrowed, follow=True).context["cl"].result_list) == 2
    assert ben.post(change, {"name": "Taken", "companies": []}).status_code == 403
    mine.refresh_from_db()
    assert mine.name == "Mine"
    archive(row=mine)
    for address in (narrowed, f"{reverse(LIST)}?watchlist=x"):
        gone = anna.get(address)
        assert list(gone.context["cl"].result_list) == []
        assert gone.content.decode().count("the watchlist of this filter is archived, gone, or not yours to see") == 1


def test_a_filter_by_whether_something_is_known_says_what_either_means(anna):
    CompanyFactory(name="Bought", under_offer_since=dt.date(2026, 5, 1))
    CompanyFactory(name="Free")
    page = anna.get(reverse(LIST)).content.decode()
    assert "Not empty" not in page
    for words, value, name in (("Under offer", "0", "Bought"), ("Not under offer", "1", "Free")):
        assert words in page
        chosen = anna.get(reverse(LIST), {"under_offer_since__isempty": value})
        assert [row.name for row in chosen.context["cl"].result_list] == [name]
