"""The restricted list: who keeps it, the log of that, and how it finds what is about a company."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from biotech_ma.core import closed
from biotech_ma.core.services import Refused, archive
from companies.models import CompanyNote, Restriction, RestrictionLog
from companies.restrictions import paths_to_company, put_on, set_cleared, take_off
from tests.companies.restricted_desk import SECRET, browser_of, logged, page, text, user_of
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db


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
