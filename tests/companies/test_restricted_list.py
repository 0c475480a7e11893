"""The restricted list: who keeps it, what it closes to whom in the admin, and the log of that."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import Group, User
from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core import closed
from biotech_ma.core.admin import exports
from biotech_ma.core.jobs import make_list_export
from biotech_ma.core.list_exports import ListExport
from biotech_ma.core.services import Refused, archive
from companies.models import CompanyNote, Restriction, RestrictionLog
from companies.restrictions import paths_to_company, put_on, set_cleared, take_off
from delivery.models import AlertNotice, AlertTrigger, InboxItem
from delivery.services import create_webhook
from tests.companies.restricted_desk import SECRET, browser_of, logged, page, text, user_of
from tests.factories import AcquirerMatchFactory, CompanyFactory, DrugCandidateFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db

# --- the list itself


def test_a_company_is_on_the_list_once_and_may_come_back(desk):
    with pytest.raises(Refused, match="on the restricted list already"):
        put_on(company=desk.held, reason="again")
    with pytest.raises(IntegrityError), transaction.atomic():
        Restriction.objects.create(company=desk.held, reason="again")
    assert take_off(restriction=desk.restriction, reason="Announced", by=desk.users.lea).changed
    assert not take_off(restriction=desk.restriction, reason="Announced").changed
    put_on(company=desk.held, reason="A second mandate")
    assert Restriction.objects.filter(company=desk.held).count() == 2
    assert Restriction.objects.live().count() == 1


def test_what_cannot_be_is_refused(desk):
    archive(row=desk.other)
    with pytest.raises(Refused, match="is archived"):
        put_on(company=desk.other, reason="x")
    with pytest.raises(Refused, match="Say why"):
        take_off(restriction=desk.restriction, reason=" ")
    take_off(restriction=desk.restriction, reason="over")
    with pytest.raises(Refused, match="off the list"):
        set_cleared(restriction=desk.restriction, users=[desk.users.bob])
    with pytest.raises(IntegrityError), transaction.atomic():
        Restriction.objects.create(company=CompanyFactory(), reason=" ")


def test_the_log_tells_who_did_what_and_takes_no_change(desk):
    set_cleared(restriction=desk.restriction, users=[desk.users.bob], by=desk.users.lea)
    take_off(restriction=desk.restriction, reason="Announced", by=desk.users.lea)
    assert logged() == [
        ("put_on", "lea", "", None),
        ("cleared", "ann", "by lea", None),
        ("cleared", "bob", "by lea", None),
        ("uncleared", "ann", "by lea", None),
        ("taken_off", "lea", "", None),
    ]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        RestrictionLog.objects.update(who="somebody else")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        RestrictionLog.objects.all().delete()


def test_leads_keep_the_list_in_the_admin_and_are_not_cleared_by_that(desk):
    add = page("companies.restriction", "add")
    values = {"company": str(desk.other.pk), "reason": "Sell side", "cleared_users": [str(desk.users.ann.pk)]}
    assert desk.bob.get(add).status_code == 403
    assert desk.lea.post(add, values).status_code == 302
    made = Restriction.objects.live().get(company=desk.other)
    assert (made.put_on_by, list(made.cleared.all())) == (desk.users.lea, [desk.users.ann])
    again = desk.lea.post(add, values)
    assert "on the restricted list already" in text(again)
    change = page("companies.restriction", "change", made.pk)
    assert "Sell side" not in text(desk.lea.get(change))
    assert "Sell side" not in text(desk.lea.get(page("companies.restriction", "history", made.pk)))
    # she ticks herself, and the log says so
    both = {"cleared_users": [str(desk.users.ann.pk), str(desk.users.lea.pk)]}
    assert desk.lea.post(change, both).status_code == 302
    assert ("cleared", "lea", "by lea", None) in logged("cleared")
    assert "Sell side" in text(desk.lea.get(change))
    assert desk.lea.get(page("companies.restriction", "changelist") + "export/?export=csv").status_code == 403
    assert desk.lea.post(page("companies.restriction", "delete", made.pk), {"post": "yes"}).status_code == 403


def test_taking_off_asks_why_and_opens_everything_at_once(desk):
    address = page("companies.restriction", "take_off_list", desk.restriction.pk)
    assert desk.lea.post(address, {"confirmed": "yes", "reason": ""}).status_code == 200
    assert SECRET not in text(desk.bob.get(page("companies.companynote", "changelist")))
    assert desk.lea.post(address, {"confirmed": "yes", "reason": "Announced"}).status_code == 302
    assert SECRET in text(desk.bob.get(page("companies.companynote", "changelist")))
    past = desk.lea.get(page("companies.restriction", "change", desk.restriction.pk))
    assert "Announced" in text(past)
    assert 'name="_save"' not in text(past)
    assert desk.lea.post(address, {"confirmed": "yes", "reason": "x"}).status_code == 403


def test_the_company_s_page_leads_those_who_keep_the_list_onto_it_and_off_it_and_back(desk):
    view = page("companies.company", "view", desk.other.pk)
    add = f"{page('companies.restriction', 'add')}?company={desk.other.pk}"
    assert "Restrict…" not in text(desk.bob.get(view))
    assert f'href="{add}"' in text(desk.lea.get(view))
    form = desk.lea.get(add).context["adminform"].form
    assert str(form["company"].value()) == str(desk.other.pk)
    sent = {"company": desk.other.pk, "reason": "Mandate", "cleared_users": [desk.users.ann.pk], "_save": "Save"}
    answer = desk.lea.post(add, sent)
    assert answer["Location"] == view
    off = page("companies.restriction", "take_off_list", Restriction.objects.get(company=desk.other).pk)
    shown = text(desk.lea.get(view))
    assert "Restrict…" not in shown
    assert f'href="{off}?from_page=yes"' in shown
    assert off not in text(desk.ann.get(view)), "who is cleared keeps the list no more than before"
    answer = desk.lea.post(f"{off}?from_page=yes", {"confirmed": "yes", "reason": "Announced"})
    assert answer["Location"] == view
    assert "Restrict…" in text(desk.lea.get(view))


def test_the_log_is_read_by_those_who_keep_the_list_and_written_by_nobody(desk):
    assert desk.bob.get(page("companies.restrictionlog", "changelist")).status_code == 403
    assert "Put on the list" in text(desk.lea.get(page("companies.restrictionlog", "changelist")))
    assert desk.lea.get(page("companies.restrictionlog", "add")).status_code == 403
    entry = RestrictionLog.objects.first()
    assert desk.lea.post(page("companies.restrictionlog", "change", entry.pk), {"who": "x"}).status_code == 403
    taken = desk.lea.get(page("companies.restrictionlog", "changelist") + "export/?export=csv")
    assert "put_on" in text(taken)


# --- notes


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


# --- exports


def about(company: Any) -> None:
    signal = SignalFactory(company=company)
    DrugCandidateFactory(company=company)
    MAScoreFactory(company=company, is_latest=True)
    AcquirerMatchFactory(target_company=company)
    AlertTrigger.objects.create(
        alert=_alert(), company=company, signal=signal, cause=str(company.pk), reason=f"{company.ticker}: news"
    )


def _alert() -> Any:
    from delivery.models import Alert

    return Alert.objects.get_or_create(name="Watch", defaults={"alert_type": "new_signal"})[0]


TAKEN = {
    "companies.company": "Companies", "companies.drugcandidate": "Drug candidates", "signals_app.signal": "Signals",
    "scoring.mascore": "Top list", "scoring.acquirermatch": "Acquirer matches",
}  # fmt: skip


def taken(browser: Browser, model: str) -> Any:
    days = {"day": "all"} if model == "scoring.mascore" else {}
    return browser.get(page(model, "changelist") + "export/", {"export": "csv", **days})


@pytest.mark.parametrize("model", TAKEN)
def test_exports_leave_the_company_out_for_all_who_are_not_cleared(desk, model):
    for company in (desk.held, desk.other):
        about(company)
    key = str(desk.held.pk)
    whole = taken(desk.ann, model)
    assert "X-Restricted-Rows-Omitted" not in whole
    assert key in text(whole)
    part = taken(desk.bob, model)
    assert part["X-Restricted-Rows-Omitted"] == "1"
    body = text(part)
    assert key not in body
    assert str(desk.other.pk) in body
    rows = list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))
    assert len(rows) == 1
    assert logged("exported", "left_out") == [
        ("exported", "ann", f"export of {TAKEN[model]} as CSV", 1),
        ("left_out", "bob", f"export of {TAKEN[model]} as CSV", 1),
    ]
    mine = ListExport.objects.get(owner=desk.users.bob)
    assert (mine.row_count, mine.rows_left_out) == (1, 1)


@pytest.mark.parametrize("model", ["companies.companynote", "delivery.alerttrigger"])
def test_lists_that_hide_it_say_no_number_which_would_answer_searches(desk, model):
    for company in (desk.held, desk.other):
        about(company)
    assert str(desk.held.pk) in text(taken(desk.ann, model))
    word = {"companies.companynote": "Falcon", "delivery.alerttrigger": "AAA"}[model]
    answers = {}
    for term in (word, "nonsense"):
        answer = desk.bob.get(page(model, "changelist") + "export/", {"export": "csv", "q": term})
        answers[term] = (set(answer.headers), text(answer))
    assert answers[word] == answers["nonsense"]
    assert "X-Restricted-Rows-Omitted" not in answers[word][0]
    assert not ListExport.objects.exclude(rows_left_out=0).exists()
    # nor does the log tell it to a lead who searches
    assert logged("left_out") == []


def test_a_match_is_left_out_when_its_acquirer_is_on_the_list(desk):
    AcquirerMatchFactory(target_company=desk.other, acquirer_company=desk.held)
    part = taken(desk.bob, "scoring.acquirermatch")
    assert part["X-Restricted-Rows-Omitted"] == "1"
    assert text(part).count("\n") == 1


def test_a_workbook_leaves_it_out_too(desk):
    answer = desk.bob.get(page("companies.company", "changelist") + "export/", {"export": "xlsx"})
    assert answer["X-Restricted-Rows-Omitted"] == "1"
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert "AAA" not in [cell.value for row in sheet.iter_rows() for cell in row]


def test_a_file_of_a_worker_is_made_without_it_and_not_given_once_it_is_older_than_the_list(desk, monkeypatch):
    monkeypatch.setattr(exports, "MOST_AT_ONCE", 0)
    taken(desk.bob, "companies.company")
    record = ListExport.objects.get(owner=desk.users.bob)
    make_list_export(str(record.pk))
    record.refresh_from_db()
    assert (record.state, record.row_count, record.rows_left_out) == ("ready", 1, 1)
    address = reverse("admin:core_listexport_file", args=[record.pk])
    assert b"AAA" not in b"".join(desk.bob.get(address).streaming_content)
    put_on(company=desk.other, reason="Another one")
    answer = desk.bob.get(address, follow=True)
    assert "closed to you after this file was made" in text(answer)
    storages["default"].delete(record.path)


def test_a_saved_filter_shared_by_the_cleared_exports_no_more(desk):
    query = {"q": "AAA", "name": "Falcon", "is_shared": "on", "query": "q=AAA"}
    desk.ann.post(page("companies.company", "saved"), query)
    part = desk.bob.get(page("companies.company", "changelist") + "export/", {"export": "csv", "q": "AAA"})
    assert text(part).count("\n") == 1
    assert part["X-Restricted-Rows-Omitted"] == "1"


def test_without_a_list_exports_carry_no_trace_of_it(desk):
    take_off(restriction=desk.restriction, reason="over")
    answer = taken(desk.bob, "companies.company")
    assert "AAA" in text(answer)
    assert "X-Restricted-Rows-Omitted" not in answer
    assert logged("exported", "left_out") == []


# --- alerts in the admin


def test_alert_history_inbox_and_messages_are_closed(desk):
    about(desk.held)
    trigger = AlertTrigger.objects.get()
    notice = AlertNotice.objects.create(trigger=trigger, channel="email", recipient="x@example.org")
    for user in (desk.users.ann, desk.users.bob):
        InboxItem.objects.create(user=user, trigger=trigger)
    item = InboxItem.objects.get(user=desk.users.bob)
    for browser, sees in ((desk.ann, True), (desk.bob, False)):
        assert ("AAA: news" in text(browser.get(page("delivery.alerttrigger", "changelist")))) is sees
        assert (
            "AAA: news" in text(browser.get(page("delivery.alerttrigger", "change", trigger.pk), follow=True))
        ) is sees
        assert ("AAA: news" in text(browser.get(page("delivery.inboxitem", "changelist")))) is sees
        assert (
            "AAA: news" in text(browser.get(page("delivery.alertnotice", "change", notice.pk), follow=True))
        ) is sees
        assert ("AAA: news" in text(browser.get(page("delivery.alert", "change", trigger.alert_id)))) is sees
        assert ("AAA: news" in text(browser.get(reverse("admin:index")))) is sees
    assert "AAA: news" not in text(desk.bob.get(page("delivery.inboxitem", "change", item.pk), follow=True))
    # what is about no company stays
    webhook, _ = create_webhook(name="Hook", url="https://example.org/hook")
    InboxItem.objects.create(user=desk.users.bob, webhook=webhook, reason="It answered 410 Gone")
    assert "410 Gone" in text(desk.bob.get(page("delivery.inboxitem", "changelist")))
    InboxItem.objects.filter(webhook=webhook).delete()
    assert "1 unread in your inbox" not in text(desk.bob.get(reverse("admin:index")))
    desk.bob.get(page("delivery.inboxitem", "mark_all_read"))
    item.refresh_from_db()
    assert item.read_at is None


def test_the_trial_of_an_alert_leaves_it_out(desk):
    for company in (desk.held, desk.other):
        SignalFactory(company=company, severity="high")
    address = page("delivery.alert", "test_alert", _alert().pk)
    assert "AAA" in text(desk.ann.get(address))
    shown = text(desk.bob.get(address))
    assert "AAA" not in shown
    assert "BBB" in shown


# --- the narrowing itself


def test_every_table_that_leads_to_a_company_is_found():
    from django.apps import apps

    found = {
        model._meta.label: paths_to_company(model)
        for app in ("companies", "signals_app", "scoring", "delivery")
        for model in apps.get_app_config(app).get_models()
        if "Event" not in model.__name__
    }
    assert found["companies.Company"] == ("pk",)
    assert found["scoring.AcquirerMatch"] == ("target_company_id", "acquirer_company_id")
    assert found["signals_app.Deal"] == ("company_id",)
    assert found["delivery.AlertNotice"] == ("trigger__company_id",)
    assert found["delivery.InboxItem"] == ("trigger__company_id",)
    assert found["delivery.Client"] == found["companies.RestrictionLog"] == ()


def test_narrowing_asks_nothing_by_itself(desk, django_assert_num_queries):
    reader = closed.reader_of(desk.users.bob)
    with django_assert_num_queries(0):
        rows = closed.narrowed(CompanyNote.objects.all(), reader)
    with django_assert_num_queries(1):
        assert [note.text for note in rows] == ["Nothing special"]


def test_a_hard_delete_of_the_company_takes_its_log_along(desk):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM companies WHERE id = %s", [desk.held.pk])
    assert not RestrictionLog.objects.exists()


# --- the address of who is cleared


def test_another_address_of_who_is_cleared_takes_a_reason_and_stands_in_history_and_log(desk):
    boss = user_of("boss", "administrator")
    address = page("auth.user", "change", desk.users.ann.pk)
    shown = text(browser_of(boss).get(address))
    assert "The user is cleared for 1 company on the restricted list" in shown
    assert "Alpha" not in shown
    assert "is cleared for" not in text(browser_of(boss).get(page("auth.user", "change", desk.users.bob.pk)))
    sent = {
        "username": "ann", "email": "ann@elsewhere.example", "is_active": "on", "is_staff": "on",
        "groups": [Group.objects.get(name="analyst").pk], "date_joined_0": "2026-01-02", "date_joined_1": "10:00:00",
        "change_reason": " ",
    }  # fmt: skip
    refused = text(browser_of(boss).post(address, sent))
    assert "Say why, beside Save" in refused
    assert 'form="user_form" type="text" name="change_reason"' in refused
    desk.users.ann.refresh_from_db()
    assert desk.users.ann.email == "ann@desk.example"
    assert browser_of(boss).post(address, {**sent, "change_reason": "married"}).status_code == 302
    desk.users.ann.refresh_from_db()
    assert desk.users.ann.email == "ann@elsewhere.example"
    entry = RestrictionLog.objects.order_by("-pk").first()
    assert (entry.restriction, entry.act, entry.who) == (desk.restriction, "cleared", "ann")
    assert entry.door == "mail goes from ann@desk.example to ann@elsewhere.example, by boss"
    history = text(browser_of(boss).get(page("auth.user", "history", desk.users.ann.pk)))
    assert "married" in history
    assert "ann@elsewhere.example" in history
    # what leaves the address alone needs none, and is no business of the log
    before = RestrictionLog.objects.count()
    assert browser_of(boss).post(address, {**sent, "first_name": "Ann"}).status_code == 302
    assert RestrictionLog.objects.count() == before
