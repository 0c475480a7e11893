"""Change in the list: boxes in the cells, every row with the guards of its own form."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import partial
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company, DrugCandidate
from delivery.models import Alert
from delivery.services import create_webhook, issue_client
from tests.concurrency import together
from tests.factories import CompanyFactory, DrugCandidateFactory

pytestmark = pytest.mark.django_db
ALERTS, WEBHOOKS = "/admin/delivery/alert/?_edit=1", "/admin/delivery/webhook/?_edit=1"
DRUGS, COMPANIES = "/admin/companies/drugcandidate/?_edit=1", "/admin/companies/company/?_edit=1"
BOXES = ("phase", "indication", "therapeutic_area", "next_milestone", "next_milestone_date", "patent_expiry")


def signed_in(name: str, *permissions: str) -> Browser:
    user = User.objects.create_user(name, is_staff=True, is_superuser=not permissions)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def anna() -> Browser:
    return signed_in("anna")


@pytest.fixture
def ben() -> Browser:
    return signed_in("ben")


def hidden(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found, name
    return unescape(found[1])


def sent(page: Any, **changes: Any) -> dict[str, Any]:
    """Return what the browser would send of the page, with these boxes filled in anew (`form-0-phase`)."""
    formset = page.context["cl"].formset
    data: dict[str, Any] = {"_save": "", "desk-seen": hidden(page, "desk-seen"), "change_reason": ""}
    for name in ("TOTAL_FORMS", "INITIAL_FORMS"):
        data[f"form-{name}"] = str(len(formset.forms))
    for form in formset.forms:
        for name in form.fields:
            value = form[name].value()
            if isinstance(value, list):
                value = "\n".join(value)
            if value not in (None, False):
                data[form.add_prefix(name)] = str(value.pk if hasattr(value, "pk") else value)
    return {**data, **{name.replace("__", "-"): value for name, value in changes.items()}}


def box(page: Any, row: Any, name: str) -> str:
    [form] = [each for each in page.context["cl"].formset.forms if each.instance.pk == row.pk]
    return form.add_prefix(name)


def drug(name: str = "AB-1", **values: Any) -> DrugCandidate:
    return DrugCandidateFactory(name=name, phase="phase_1", indication="Obesity", **values)


def reasons(row: Any) -> list[Any]:
    events = row.history.order_by("-pgh_id").select_related("pgh_context")
    return [event.pgh_context and event.pgh_context.metadata.get("reason") for event in events]


def test_cells_become_named_boxes_and_are_saved_as_curated_with_reason_and_name(anna):
    first, second = drug("AB-1"), drug("AB-2")
    assert "_edit=1" in anna.get("/admin/companies/drugcandidate/").content.decode()
    page = anna.get(DRUGS)
    text = page.content.decode()
    assert 'aria-label="Phase: AB-1, Obesity"' in text
    assert 'name="change_reason"' in text
    data = sent(page, change_reason="readout of May")
    data |= {box(page, first, "phase"): "phase_2", box(page, first, "next_milestone_date"): "2031-05-02"}
    answer = anna.post(DRUGS, data)
    assert (answer.status_code, answer["Location"]) == (302, DRUGS)
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.phase, first.next_milestone_date) == ("phase_2", dt.date(2031, 5, 2))
    assert first.field_sources["phase"] == {
        "source": "curated",
        "as_of": timezone.localdate(timezone=NEW_YORK).isoformat(),
    }
    assert (second.phase, second.field_sources) == ("phase_1", {})
    assert reasons(first)[0] == "readout of May"
    assert first.history.order_by("-pgh_id").first().pgh_context.metadata["user"] == User.objects.get().pk
    assert second.history.count() == 1
    shown = anna.get(f"/admin/companies/drugcandidate/{first.pk}/history/").content.decode()
    assert "anna" in shown
    assert "readout of May" in shown


def test_a_figure_that_moves_scores_is_not_changed_without_a_reason_and_no_row_is(anna):
    first, second = drug("AB-1"), drug("AB-2")
    page = anna.get(DRUGS)
    data = sent(page) | {box(page, first, "phase"): "phase_2", box(page, second, "next_milestone"): "IND"}
    answer = anna.post(DRUGS, data)
    assert answer.status_code == 200
    assert "Say why" in answer.content.decode()
    assert f'name="{box(page, second, "next_milestone")}" value="IND"' in answer.content.decode()
    # beside Save: how much is changed, and each box knows what stands, so that it can be taken back
    text = answer.content.decode()
    bar = text[text.index('class="desk-save"') :]
    assert "2 cells in 2 rows changed" in bar
    assert 'form="changelist-form" type="text" name="change_reason"' in bar
    assert 'title="Needed for phase, indication' in bar
    assert 'data-stands="[&quot;phase_1&quot;]"' in text
    assert set(DrugCandidate.objects.values_list("phase", "next_milestone")) == {("phase_1", None)}
    # what scores do not rest on needs none
    data |= {box(page, first, "phase"): "phase_1"}
    assert anna.post(DRUGS, data).status_code == 302
    second.refresh_from_db()
    assert second.next_milestone == "IND"


def test_the_second_of_two_sees_both_versions_and_chooses(anna, ben):
    first, second = drug("AB-1"), drug("AB-2")
    seen_by_ben = ben.get(DRUGS)
    page = anna.get(DRUGS)
    name, other = box(page, first, "next_milestone"), box(page, second, "next_milestone")
    assert anna.post(DRUGS, sent(page) | {name: "Phase 2 readout"}).status_code == 302
    answer = ben.post(DRUGS, sent(seen_by_ben) | {name: "IND", other: "Approval"})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Two versions of these rows" in text
    [conflict] = answer.context["conflicts"]
    assert (conflict.label, conflict.mine, conflict.theirs, conflict.chosen) == (
        "AB-1, Obesity: Next milestone, last changed by anna", "IND", "Phase 2 readout", "mine",
    )  # fmt: skip
    assert not DrugCandidate.objects.filter(next_milestone="Approval").exists()
    again = sent(seen_by_ben) | {name: "IND", other: "Approval", conflict.name: "theirs"}
    assert ben.post(DRUGS, again | {"desk-seen": hidden(answer, "desk-seen")}).status_code == 302
    assert set(DrugCandidate.objects.values_list("name", "next_milestone")) == {
        ("AB-1", "Phase 2 readout"), ("AB-2", "Approval"),
    }  # fmt: skip


def test_a_cell_that_was_not_touched_stays_as_somebody_else_has_set_it(anna, ben):
    first, second = drug("AB-1"), drug("AB-2")
    page = ben.get(DRUGS)
    DrugCandidate.objects.filter(pk=first.pk).update(
        phase="phase_3", patent_expiry="2040-01-01", next_milestone="Theirs"
    )
    assert ben.post(DRUGS, sent(page) | {box(page, second, "next_milestone"): "Mine"}).status_code == 302
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.phase, first.patent_expiry, first.next_milestone) == ("phase_3", dt.date(2040, 1, 1), "Theirs")
    assert (second.next_milestone, first.field_sources) == ("Mine", {})


def test_rows_in_another_order_by_now_keep_their_own_boxes(anna):
    rows = [drug(f"AB-{number}") for number in range(3)]
    page = anna.get(DRUGS)
    data = sent(page) | {box(page, rows[0], "phase"): "phase_2"}
    DrugCandidate.objects.filter(pk=rows[0].pk).update(name="ZZ-0")
    answer = anna.post(DRUGS, data)  # refused for want of a reason
    pairs = zip(answer.context["cl"].result_list, answer.context["cl"].formset.forms, strict=True)
    assert all(row.pk == form.instance.pk for row, form in pairs)
    assert anna.post(DRUGS, data | {"change_reason": "x"}).status_code == 302
    assert dict(DrugCandidate.objects.values_list("name", "phase")) == {
        "ZZ-0": "phase_2", "AB-1": "phase_1", "AB-2": "phase_1",
    }  # fmt: skip


def test_a_company_keeps_its_ledger_and_tags_come_a_line_each(anna):
    company = CompanyFactory(name="Acme", role="target", headquarters_location="Boston")
    anna.post("/admin/companies/company/columns/", {"order": ["name_cell", "role_badge", "headquarters", "tags_cell"],
              "shown": ["role_badge", "headquarters", "tags_cell"]})  # fmt: skip
    page = anna.get(COMPANIES)
    assert set(page.context["cl"].formset.forms[0].fields) == {"role", "headquarters_location", "tags", "id"}
    data = sent(page, change_reason="it buys now") | {
        box(page, company, "role"): "acquirer", box(page, company, "tags"): "cardio\r\nwatch\n",
    }  # fmt: skip
    assert anna.post(COMPANIES, data).status_code == 302
    company.refresh_from_db()
    assert (company.role, company.tags, company.headquarters_location) == ("acquirer", ["cardio", "watch"], "Boston")
    assert set(company.field_sources) >= {"role", "tags"}
    assert "headquarters_location" not in company.field_sources
    assert reasons(company)[0] == "it buys now"


def test_an_archived_row_has_no_boxes(anna):
    kept, gone = drug("AB-1"), drug("AB-2")
    DrugCandidate.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    address = f"{DRUGS}&archived=all"
    page = anna.get(address)
    fields = {form.instance.name: set(form.fields) for form in page.context["cl"].formset.forms}
    assert fields == {"AB-1": {*BOXES, "id"}, "AB-2": {"id"}}
    forged = sent(page, change_reason="x") | {box(page, gone, "phase"): "phase_3"}
    anna.post(address, forged)
    assert set(DrugCandidate.all_objects.values_list("phase", flat=True)) == {"phase_1"}
    assert kept.pk


def test_whoever_only_reads_has_no_boxes_and_saves_nothing(anna):
    row = drug()
    data = sent(anna.get(DRUGS), change_reason="x")
    data["form-0-phase"] = "phase_3"
    viewer = signed_in("vera", "view_drugcandidate")
    page = viewer.get(DRUGS)
    assert page.status_code == 200
    assert 'name="form-0-phase"' not in page.content.decode()
    assert "Change in the list" not in page.content.decode()
    assert viewer.post(DRUGS, data).status_code == 403
    row.refresh_from_db()
    assert row.phase == "phase_1"


def test_a_list_that_has_no_boxes_ignores_the_wish(anna):
    assert anna.get("/admin/signals_app/signal/?_edit=1").status_code == 200
    assert anna.post("/admin/signals_app/signal/?_edit=1", {"_save": ""}).status_code == 403


@pytest.mark.parametrize("key", ["", "x", "0198c0de-0000-7000-8000-000000000000"])
def test_a_row_that_is_not_there_ends_in_a_message(anna, key):
    drug()
    data = sent(anna.get(DRUGS)) | {"form-0-id": key}
    answer = anna.post(DRUGS, data, follow=True)
    assert answer.status_code == 200
    assert "is not in this list any more" in answer.content.decode()


@pytest.mark.parametrize(
    "forged",
    [
        {"form-TOTAL_FORMS": "x"},
        {"form-TOTAL_FORMS": "999999", "form-INITIAL_FORMS": "999999"},
        {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0"},
        {"form-0-phase": "phase_9"},
        {"form-0-next_milestone_date": "2031-02-30"},
        {"form-0-next_milestone": "a\x00b"},
        {"desk-seen": "[" * 10_000},
    ],
)
def test_nonsense_is_refused_without_a_change(anna, forged):
    row = drug()
    data = sent(anna.get(DRUGS), change_reason="x") | {"form-0-next_milestone": "IND", **forged}
    assert anna.post(DRUGS, data).status_code in {200, 302, 400}
    row.refresh_from_db()
    assert row.phase == "phase_1"
    assert row.next_milestone in ({None, "IND"} if "desk-seen" in forged else {None})
    assert DrugCandidate.objects.count() == 1


def test_more_rows_than_a_page_has_are_refused_before_a_form_is_made(anna):
    row = drug()
    data = sent(anna.get(DRUGS), change_reason="x") | {box(anna.get(DRUGS), row, "next_milestone"): "IND"}
    answer = anna.post(DRUGS, data | {"form-TOTAL_FORMS": "999999", "form-INITIAL_FORMS": "999999"})
    assert "Please submit at most 50 forms." in answer.content.decode()
    assert len(answer.context["cl"].formset.forms) == 50


def test_a_wrong_cell_is_named_and_the_others_are_kept_as_typed(anna):
    first, second = drug("AB-1"), drug("AB-2")
    page = anna.get(DRUGS)
    data = sent(page) | {box(page, first, "patent_expiry"): "31.12.2040", box(page, second, "next_milestone"): "Typed"}
    answer = anna.post(DRUGS, data)
    assert "Enter a valid date." in answer.content.decode()
    assert 'value="Typed"' in answer.content.decode()
    assert not DrugCandidate.objects.filter(next_milestone="Typed").exists()


def test_what_the_database_refuses_comes_back_as_words(anna, monkeypatch):
    row = drug()
    page = anna.get(DRUGS)
    saves = DrugCandidate.save

    def refuse(self: DrugCandidate, *args: Any, **kwargs: Any) -> None:
        saves(self, *args, **kwargs)
        raise IntegrityError("another was first")

    monkeypatch.setattr(DrugCandidate, "save", refuse)
    answer = anna.post(DRUGS, sent(page) | {box(page, row, "next_milestone"): "IND"})
    assert answer.status_code == 200
    assert "Another change came first" in answer.content.decode()
    row.refresh_from_db()
    assert row.next_milestone is None


def test_a_list_sent_twice_is_saved_once():
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(User.objects.create_superuser("anna"))
    row = drug()
    page = browser.get(DRUGS)
    data = sent(page) | {box(page, row, "next_milestone"): "IND"}
    data["csrfmiddlewaretoken"] = hidden(page, "csrfmiddlewaretoken")
    assert browser.post(DRUGS, data).status_code == 302
    DrugCandidate.objects.filter(pk=row.pk).update(next_milestone="Later")
    assert browser.post(DRUGS, data).status_code == 302
    row.refresh_from_db()
    assert row.next_milestone == "Later"
    assert "sent twice and done once" in browser.get(DRUGS).content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_the_second_is_told():
    row = drug()
    browsers = [signed_in(name) for name in ("anna", "ben")]
    pages = [browser.get(DRUGS) for browser in browsers]
    forms = [sent(page) | {box(page, row, "next_milestone"): name} for page, name in zip(pages, "AB", strict=True)]
    calls = [partial(browser.post, DRUGS, form) for browser, form in zip(browsers, forms, strict=True)]
    answers = together(*calls)
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    first = "AB"[[answer.status_code for answer in answers].index(302)]
    row.refresh_from_db()
    assert row.next_milestone == first


def test_boxes_cost_no_query_a_row(anna):
    def counts(address: str) -> tuple[int, int]:
        anna.get(address)
        with CaptureQueriesContext(connection) as read:
            page = anna.get(address)
        wrong = next(name for name in page.context["cl"].formset.forms[0].fields if name in {"phase", "role"})
        with CaptureQueriesContext(connection) as shown_again:
            assert anna.post(address, sent(page) | {f"form-0-{wrong}": "?"}).status_code == 200
        return len(read), len(shown_again)

    drug("AB-1"), drug("AB-2")
    few = counts(DRUGS), counts(COMPANIES)
    for number in range(10):
        drug(f"CD-{number}")
    assert (counts(DRUGS), counts(COMPANIES)) == few


def alert(name: str, **values: Any) -> Alert:
    kept = {"alert_type": "score_threshold", "threshold_value": 70, "notification_channels": ["inbox"], **values}
    return Alert.objects.create(name=name, **kept)


def test_alerts_are_changed_in_the_list_by_the_rules_of_their_form(anna):
    first, second = alert("A"), alert("B")
    # as one that was made before a rule: it stands as it is and hinders nobody
    Alert.objects.filter(pk=second.pk).update(threshold_value=None)
    page = anna.get(ALERTS)
    assert set(page.context["cl"].formset.forms[0].fields) == {
        "name", "threshold_value", "notification_channels", "is_active", "id",
    }  # fmt: skip
    assert 'aria-label="Notification channels: A"' in page.content.decode()
    channels, limit = box(page, first, "notification_channels"), box(page, first, "threshold_value")
    data = sent(page, change_reason="too many") | {
        channels: ["inbox"],
        box(page, second, "notification_channels"): ["inbox"],
    }
    answer = anna.post(ALERTS, data | {channels: ["inbox", "slack"]})
    assert answer.status_code == 200
    assert "Slack address: Slack needs the address of its incoming webhook." in answer.content.decode()
    assert "A score lies between 0 and 100." in anna.post(ALERTS, data | {limit: "170"}).content.decode()
    off = {name: value for name, value in data.items() if name != box(page, first, "is_active")}
    assert anna.post(ALERTS, off | {limit: "82.5", box(page, first, "name"): "A again"}).status_code == 302
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.name, first.threshold_value, first.is_active) == ("A again", Decimal("82.5"), False)
    assert (second.threshold_value, second.is_active) == (None, True)
    assert reasons(first)[0] == "too many"


def test_webhooks_are_changed_in_the_list_and_their_secrets_stay_out_of_it(anna):
    [hook, _] = create_webhook(name="Desk", url="https://example.org/hook?key=s3cret", event_types=["signal.created"])
    page = anna.get(WEBHOOKS)
    assert set(page.context["cl"].formset.forms[0].fields) == {"name", "event_types", "is_active", "id"}
    assert "s3cret" not in page.content.decode()
    events = box(page, hook, "event_types")
    data = sent(page) | {events: ["score.updated", "nonsense"]}
    assert anna.post(WEBHOOKS, data).status_code == 200
    data = {name: value for name, value in data.items() if name != box(page, hook, "is_active")}
    assert anna.post(WEBHOOKS, data | {events: ["score.updated"]}).status_code == 302
    hook.refresh_from_db()
    assert (hook.is_active, hook.event_types, hook.url) == (
        False, ["score.updated"], "https://example.org/hook?key=s3cret",
    )  # fmt: skip
    assert hook.secret
    assert signed_in("lea", "view_webhook").post(WEBHOOKS, data).status_code == 403


def test_alerts_with_boxes_cost_no_query_a_row(anna):
    def counts() -> list[int]:
        found = []
        for row in range(2):
            with CaptureQueriesContext(connection) as queries:
                page = anna.get(ALERTS)
                answer = anna.post(ALERTS, sent(page) | {f"form-{row}-threshold_value": "500"})
            assert answer.status_code == 200
            found.append(len(queries))
        return found

    client, _ = issue_client(client_name="Feed")
    alert("A", client=client), alert("B", slack_webhook_url="https://hooks.example.org/x")
    counts()
    few = counts()
    for number in range(8):
        alert(f"C{number}", client=client, slack_webhook_url="https://hooks.example.org/x")
    assert counts() == few


def test_a_page_of_boxes_is_never_the_whole_list(anna):
    for number in range(51):
        drug(f"AB-{number:02}")
    page = anna.get(f"{DRUGS}&all=")
    assert len(page.context["cl"].formset.forms) == 50
    assert "Show all" not in page.content.decode()
    # every box of a full page fits what a form may hold
    data = sent(page) | {box(page, DrugCandidate.objects.get(name="AB-00"), "next_milestone"): "IND"}
    assert anna.post(DRUGS, data).status_code == 302
    assert DrugCandidate.objects.get(next_milestone="IND").name == "AB-00"


def test_saved_filters_and_exports_leave_the_boxes_out(anna):
    drug()
    page = anna.get(f"{DRUGS}&phase__exact=phase_1")
    assert page.context["present_filter"] == "phase__exact=phase_1"
    answer = anna.get("/admin/companies/drugcandidate/export/?_edit=1&export=csv")
    assert len(b"".join(answer.streaming_content).splitlines()) == 2
    assert Company.objects.count() == 1
