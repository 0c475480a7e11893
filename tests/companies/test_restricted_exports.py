"""What leaves the admin about a company on the restricted list: exports, the alert history, inboxes and trials."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.storage import storages
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core.admin import exports
from biotech_ma.core.jobs import make_list_export
from biotech_ma.core.list_exports import ListExport
from companies.restrictions import put_on, take_off
from delivery.models import AlertNotice, AlertTrigger, InboxItem
from delivery.services import create_webhook
from tests.companies.restricted_desk import logged, page, text
from tests.factories import AcquirerMatchFactory, DrugCandidateFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db


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
