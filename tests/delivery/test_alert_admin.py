"""Alerts in the admin: conditions without JSON, a trial, each user's own inbox, the delivery log."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from delivery.admin_condition import typed_of
from delivery.models import Alert, AlertNotice, InboxItem
from delivery.services import record_alert_trigger
from tests.factories import MAScoreFactory

pytestmark = pytest.mark.django_db
ADD = "admin:delivery_alert_add"


def log_in(name: str) -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser(name, email=f"{name}@example.org", password="x"))
    return browser


@pytest.fixture
def analyst() -> Browser:
    return log_in("analyst")


def c(field: str, operator: str, value: Any) -> dict[str, Any]:
    """Return a comparison."""
    return {"field": field, "operator": operator, "value": value}


def form(*rows: tuple[str, str, str], mode: str = "all", **values: Any) -> dict[str, Any]:
    panel = {"triggers-TOTAL_FORMS": "0", "triggers-INITIAL_FORMS": "0"}
    fields, operators, texts = zip(*rows, strict=True) if rows else ((), (), ())
    condition = {"condition-mode": mode, "condition-json": ""}
    condition |= {"condition-field": fields, "condition-operator": operators, "condition-value": texts}
    return {
        "name": "Watch",
        "alert_type": "custom",
        "is_active": "on",
        "digest": "at_once",
        **panel,
        **condition,
        **values,
    }


def saved(browser: Browser, data: dict[str, Any]) -> Alert:
    response = browser.post(reverse(ADD), data)
    assert response.status_code == 302, response.context["adminform"].form.errors
    return Alert.objects.get()


def errors(browser: Browser, data: dict[str, Any]) -> str:
    response = browser.post(reverse(ADD), data)
    assert response.status_code == 200
    assert not Alert.objects.exists()
    return str(response.context["adminform"].form.errors)


BLANK = ("", "gte", "")


@pytest.mark.parametrize(
    ("rows", "mode", "condition"),
    [
        ([("score.total_score", "gte", "70"), BLANK], "all", c("score.total_score", "gte", 70)),
        (
            [("company.market_cap_usd", "lt", "2.5bn"), ("signal.severity", "gte", "high")],
            "all",
            {"and": [c("company.market_cap_usd", "lt", 2_500_000_000),
                     c("signal.severity", "gte", "high")]},
        ),
        (
            [("company.ticker", "in", "ACAD, APLS"), ("company.is_public", "eq", "no"),
             ("score.percentile_rank", "known", "")],
            "any",
            {"or": [c("company.ticker", "in", ["ACAD", "APLS"]),
                    c("company.is_public", "eq", False),
                    c("score.percentile_rank", "known", True)]},
        ),
        ([("score.score_change_30d", "lte", "−4.5")], "any", c("score.score_change_30d", "lte", -4.5)),
    ],
)  # fmt: skip
def test_rows_become_a_condition_and_come_back_as_rows(analyst, rows, mode, condition):
    alert = saved(analyst, form(*rows, mode=mode))
    assert alert.condition == condition
    shown = typed_of(alert.condition)
    assert shown.mode == (mode if len(rows) > 1 and BLANK not in rows else "all")
    again = form(*[(row.field, row.operator, row.value) for row in shown.rows], mode=shown.mode)
    change = reverse("admin:delivery_alert_change", args=[alert.pk])
    assert analyst.post(change, again).status_code == 302
    alert.refresh_from_db()
    assert alert.condition == condition


def test_a_nested_condition_is_json_and_stays_it(analyst):
    text = '{"not": {"or": [{"field": "score.total_score", "operator": "lt", "value": 50}]}}'
    alert = saved(analyst, form(mode="json", **{"condition-json": text}))
    assert list(alert.condition) == ["not"]
    page = analyst.get(reverse("admin:delivery_alert_change", args=[alert.pk])).content.decode()
    assert "&quot;not&quot;" in page
    assert typed_of(alert.condition).mode == "json"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (form(("score.total_score", "gte", "high")), "Row 1: score.total_score is a number and cannot be compared"),
        (form(("score.total_score", "gte", "1"), ("company.name", "gt", "a")), "Row 2: Unknown operator"),
        (form(("score.total_score", "gte", "")), "Row 1: give a value."),
        (form(("", "gte", "7")), "Row 1: choose a field."),
        (form(("score.nonsense", "gte", "7")), "Row 1: Unknown field"),
        (form(mode="json", **{"condition-json": "{"}), "Enter a valid JSON."),
        (form(mode="json", **{"condition-json": '{"field": "x"}'}), "&quot;operator&quot; is missing"),
        (form(), "A custom alert needs a condition"),
        (form(alert_type="score_threshold"), "Give the score"),
        (form(alert_type="new_signal", notification_channels=["slack"]), "Slack needs the address"),
        (form(alert_type="new_signal", slack_webhook_url="http://localhost/x"), "not on the public one"),
    ],
)
def test_a_wrong_alert_is_refused_beside_its_field_and_what_was_typed_stays(analyst, data, words):
    assert words in errors(analyst, data).replace("&#x27;", "'")
    page = analyst.post(reverse(ADD), data).content.decode()
    for value in data["condition-value"]:
        assert f'value="{value}"' in page


def test_a_slack_address_is_never_shown_kept_when_left_empty_and_removed_by_word(analyst):
    url = "https://hooks.example.org/T0/secret"
    data = form(alert_type="new_signal", slack_webhook_url=url)
    alert = saved(analyst, data)
    change = reverse("admin:delivery_alert_change", args=[alert.pk])
    assert url not in analyst.get(change).content.decode()
    for typed, kept in (("", url), ("remove", None)):
        assert analyst.post(change, {**data, "slack_webhook_url": typed}).status_code == 302
        alert.refresh_from_db()
        assert alert.slack_webhook_url == kept


def test_the_trial_page_lists_what_would_have_been_told(analyst):
    MAScoreFactory(company__ticker="AAA", total_score=75, is_latest=True)
    alert = Alert.objects.create(name="Watch", alert_type="score_threshold", threshold_value=70)
    address = reverse("admin:delivery_alert_test_alert", args=[alert.pk])
    page = analyst.get(address).content.decode()
    assert "It would have gone off 1 time" in page
    assert "AAA: score 75.0 reached the threshold of 70.0 on 2025-06-30" in page
    assert "transparent ranking, not validated" in page
    Alert.objects.update(alert_type="custom", condition=c("gone", "eq", 1))
    assert "The stored condition cannot be read" in analyst.get(address).content.decode()


def test_an_inbox_is_its_users_own_counted_in_the_sidebar_until_read(analyst):
    other = log_in("other")
    alert = Alert.objects.create(name="Watch", alert_type="new_signal", notification_channels=["inbox"])
    for cause in ("1", "2", "3"):
        record_alert_trigger(alert=alert, cause=cause, reason=f"because {cause}")
    inbox = reverse("admin:delivery_inboxitem_changelist")

    def unread(browser: Browser) -> int:
        return browser.get(inbox + "?reading=unread").context["cl"].result_count

    mine = InboxItem.objects.filter(user__username="analyst").order_by("id")
    assert (unread(analyst), unread(other)) == (3, 3)
    entry = reverse("admin:delivery_inboxitem_change", args=[mine[0].pk])
    assert "because 1" in analyst.get(entry).content.decode()
    assert (unread(analyst), unread(other)) == (2, 3)
    assert other.get(entry, follow=True).redirect_chain
    analyst.post(inbox, {"action": "mark_read", "_selected_action": [str(mine[1].pk)]})
    assert unread(analyst) == 1
    analyst.post(inbox, {"action": "mark_unread", "_selected_action": [str(mine[0].pk), str(mine[1].pk)]})
    assert unread(analyst) == 3
    analyst.get(reverse("admin:delivery_inboxitem_mark_all_read"))
    assert (unread(analyst), unread(other)) == (0, 3)


def test_a_message_that_has_failed_is_sent_again_on_request(analyst):
    alert = Alert.objects.create(
        name="Watch", alert_type="new_signal", notification_channels=["email"], recipients=["a@example.org"]
    )
    record_alert_trigger(alert=alert, cause="1", reason="because")
    AlertNotice.objects.update(status="failed", next_attempt_at=None, error="no such user", attempts=7)
    key = str(AlertNotice.objects.get().pk)
    listed = reverse("admin:delivery_alertnotice_changelist")
    assert "no such user" in analyst.get(listed).content.decode()
    analyst.post(listed, {"action": "send_selected_again", "_selected_action": [key]})
    notice = AlertNotice.objects.get()
    assert (notice.status, notice.attempts, notice.next_attempt_at is None) == ("pending", 0, False)


def test_one_field_of_many_alerts_is_edited_without_those_that_refuse_or_are_unticked(analyst):
    kept = {"threshold_value": 50, "notification_channels": ["inbox"]}
    rows = [
        Alert.objects.create(name="Over", alert_type="score_threshold", **kept),
        Alert.objects.create(name="Sharp", alert_type="score_change", **kept),
        Alert.objects.create(name="Other", alert_type="score_threshold", **kept),
    ]
    address = reverse("admin:delivery_alert_changelist")
    chosen = {
        "action": "edit_selected", "_selected_action": [str(row.pk) for row in rows], "bulk_field": "threshold_value",
        "bulk_value-threshold_value": "0",
    }  # fmt: skip
    preview = analyst.post(address, chosen)
    text = preview.content.decode()
    assert [bool(line.error) for line in preview.context["lines"]] == [False, False, True]
    assert "1 row refuses it and stays as it is" in text
    assert "2 of 3 would change" in text
    # the one that refuses has no box; the reader unticks another
    assert text.count('type="checkbox" name="_selected_action"') == 2
    assert f'value="{rows[1].pk}" checked' not in text
    assert text.count('type="hidden" name="_selected_action"') == 3  # for another value
    nothing = {"action": "edit_selected", "index": "0", "bulk_field": "threshold_value", "bulk_apply": "yes"}
    assert "Items must be selected" in analyst.post(address, nothing, follow=True).content.decode()
    apply = {**chosen, "bulk_apply": "yes", "bulk_seen": preview.context["seen"], "reason": "quieter"}
    for nonsense in ("", "[]", "{", "[" * 9000, "{}"):
        answer = analyst.post(address, {**apply, "_selected_action": [str(rows[0].pk)], "bulk_seen": nonsense})
        assert "changed these rows meanwhile" in answer.content.decode()
    assert analyst.post(address, {**apply, "_selected_action": [str(rows[0].pk)]}).status_code == 302
    assert list(Alert.objects.order_by("name").values_list("name", "threshold_value")) == [
        ("Other", 50), ("Over", 0), ("Sharp", 50),
    ]  # fmt: skip
    assert rows[0].history.order_by("-pgh_id").first().pgh_context.metadata["reason"] == "quieter"
    # somebody else was first with a row that is still ticked
    Alert.objects.filter(name="Other").update(threshold_value=60)
    answer = analyst.post(address, {**apply, "_selected_action": [str(rows[2].pk)]})
    assert "changed these rows meanwhile" in answer.content.decode()
