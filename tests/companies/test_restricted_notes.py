"""Notes of a company on the restricted list: read, searched and written by the cleared alone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from companies.models import CompanyNote
from tests.companies.restricted_desk import SECRET, browser_of, logged, page, text

pytestmark = pytest.mark.django_db


def test_notes_of_the_company_are_there_for_the_cleared_alone(desk):
    for browser, sees in ((desk.ann, True), (desk.bob, False), (desk.lea, False)):
        assert (SECRET in text(browser.get(page("companies.companynote", "changelist")))) is sees
        assert (SECRET in text(browser.get(page("companies.company", "view", desk.held.pk)))) is sees
        shown = browser.get(page("companies.companynote", "change", desk.note.pk), follow=True)
        assert (SECRET in text(shown)) is sees
        past = browser.get(page("companies.companynote", "history", desk.note.pk) + "?day=2999-01-01", follow=True)
        assert (SECRET in text(past)) is sees
    assert "Nothing special" in text(desk.bob.get(page("companies.companynote", "changelist")))


def test_a_superuser_is_not_cleared_by_being_one(desk):
    boss = browser_of(User.objects.create_superuser("boss"))
    assert SECRET not in text(boss.get(page("companies.companynote", "changelist")))
    assert SECRET not in text(boss.get(page("companies.company", "view", desk.held.pk)))


def test_who_opened_and_who_was_refused_is_on_record(desk):
    desk.ann.get(page("companies.company", "view", desk.held.pk))
    desk.ann.get(page("companies.companynote", "change", desk.note.pk))
    desk.ann.get(page("companies.companynote", "history", desk.note.pk))
    desk.bob.get(page("companies.company", "view", desk.held.pk))
    desk.bob.get(page("companies.companynote", "change", desk.note.pk))
    desk.bob.get(page("companies.companynote", "history", desk.note.pk))
    assert logged("opened", "refused") == [
        ("opened", "ann", "notes on the company's page", None),
        ("opened", "ann", "note", None),
        ("opened", "ann", "history of the note", None),
        ("refused", "bob", "note", None),
        ("refused", "bob", "note", None),
    ]


def test_nothing_is_logged_of_other_companies(desk):
    note = CompanyNote.objects.get(company=desk.other)
    desk.bob.get(page("companies.companynote", "change", note.pk))
    desk.bob.get(page("companies.company", "view", desk.other.pk))
    desk.bob.get(page("companies.companynote", "change", "01890000-0000-7000-8000-000000000000"))
    assert logged("opened", "refused") == []


def test_the_page_says_that_it_is_closed_and_to_the_cleared_why(desk):
    closed_page = text(desk.bob.get(page("companies.company", "view", desk.held.pk)))
    assert closed_page.count("on the restricted list: its notes, exports, alerts and reports are closed to you") == 3
    assert "Mandate of the target" not in closed_page
    assert "New note" not in closed_page
    opened = text(desk.ann.get(page("companies.company", "view", desk.held.pk)))
    assert "Mandate of the target" in opened
    assert "Cleared: ann" in opened


def test_the_badge_is_for_the_cleared_and_those_who_keep_the_list(desk):
    for browser, sees in ((desk.ann, True), (desk.bob, False), (desk.lea, True)):
        listed = text(browser.get(page("companies.company", "changelist")))
        assert (">restricted<" in listed) is sees
        assert listed.count(">restricted<") == int(sees)


@pytest.mark.parametrize("name", ["bob", "lea"])
def test_a_note_is_refused_without_clearance_and_says_why(desk, name):
    browser = getattr(desk, name)
    answer = browser.post(page("companies.company", "note", desk.held.pk), {"text": "I heard"}, follow=True)
    assert "on the restricted list" in text(answer)
    answer = browser.post(page("companies.companynote", "add"), {"company": str(desk.held.pk), "text": "I heard"})
    assert "on the restricted list" in text(answer)
    # nor can one be moved there, and a closed one cannot be moved out
    own = CompanyNote.objects.create(company=desk.other, text="Mine")
    answer = browser.post(page("companies.companynote", "change", own.pk), {"company": str(desk.held.pk), "text": "x"})
    assert "on the restricted list" in text(answer)
    browser.post(page("companies.companynote", "change", desk.note.pk), {"company": str(desk.other.pk), "text": "x"})
    browser.post(page("companies.companynote", "archive_row", desk.note.pk), {"confirmed": "yes"})
    desk.note.refresh_from_db()
    assert (desk.note.company, desk.note.text, desk.note.deleted_at) == (desk.held, SECRET, None)
    assert CompanyNote.objects.filter(company=desk.held).count() == 1
    assert [entry[:3] for entry in logged("refused")][:2] == [("refused", name, "new note")] * 2


def test_the_cleared_write_notes_as_ever(desk):
    assert desk.ann.post(page("companies.company", "note", desk.held.pk), {"text": "More"}).status_code == 302
    answer = desk.ann.post(page("companies.companynote", "add"), {"company": str(desk.held.pk), "text": "And more"})
    assert answer.status_code == 302
    assert CompanyNote.objects.filter(company=desk.held).count() == 3


def test_detours_to_a_closed_note_lead_nowhere(desk):
    stamp, before = str(desk.note.pk), desk.note.history.first().pgh_id
    ways = [
        page("companies.companynote", "changelist") + "?q=Falcon",
        page("companies.companynote", "changelist") + f"?company__id__exact={desk.held.pk}",
        page("companies.companynote", "changelist") + "?archived=all",
        page("companies.companynote", "changelist") + "export/?export=csv",
        page("companies.companynote", "archive_row", stamp),
        page("companies.companynote", "restore_row", stamp),
        page("companies.companynote", "revert", stamp, before),
        page("companies.companynote", "delete", stamp),
        page("companies.company", "history", desk.held.pk),
        page("companies.company", "change", desk.held.pk),
        reverse("admin:search") + "?s=Falcon",
        reverse("admin:autocomplete") + "?app_label=companies&model_name=companynote&field_name=company&term=Falcon",
        reverse("admin:index"),
        f"/api/v1/companies/{desk.held.pk}/notes/",
    ]
    for way in ways:
        assert "board meets" not in text(desk.bob.get(way, follow=True)), way


def test_lists_do_not_answer_whether_there_are_notes_or_restrictions(desk):
    for query in ("notes__isnull=0", f"notes={desk.note.pk}", "notes__text__contains=Falcon", "restrictions__isnull=0"):
        answer = desk.bob.get(page("companies.company", "changelist") + f"?{query}", follow=True)
        assert answer.status_code == 400, query


def test_bulk_actions_do_not_reach_closed_notes(desk):
    answer = desk.bob.post(
        page("companies.companynote", "changelist"),
        {"action": "archive_selected", "_selected_action": [str(desk.note.pk)], "confirmed": "yes"}, follow=True,
    )  # fmt: skip
    assert SECRET not in text(answer)
    desk.note.refresh_from_db()
    assert desk.note.deleted_at is None
