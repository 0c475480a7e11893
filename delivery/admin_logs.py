"""The logs that make alerts and webhooks trustworthy, to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import action

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.confirm import Question, asked
from biotech_ma.core.admin.filters import DayRangeFilter
from biotech_ma.core.services import Refused
from companies.admin import company_data, company_link
from delivery.choices import DeliveryStatus
from delivery.models import AlertTrigger, WebhookDelivery
from delivery.services import replay_deliveries, replay_delivery
from signals_app.catalogue import CATALOGUE

# Said in other fields, or in every one alike.
LEFT_OUT = ("title", "methodology")
STATUS_TONES = {DeliveryStatus.PENDING: "grey", DeliveryStatus.DELIVERED: "green", DeliveryStatus.FAILED: "red"}


def particulars(details: Mapping[str, Any]) -> SafeString:
    """Return the values of the moment at which an alert went off, in words."""
    shown = {name: value for name, value in details.items() if name not in LEFT_OUT}
    if (kind := shown.get("signal_type")) in CATALOGUE:
        shown["signal_type"] = CATALOGUE[kind].label
    return columns.definitions({name.replace("_", " ").capitalize(): value for name, value in shown.items()})


@admin.register(AlertTrigger)
class AlertTriggerAdmin(ReadOnlyAdmin):
    """Each time that an alert went off, with its cause."""

    hides_closed = True
    list_display: Any = ["when", "alert", "company_cell", "reason"]
    list_select_related: Any = ["alert", "company"]
    list_filter: Any = [
        ("alert", AutocompleteSelectFilter),
        ("company", AutocompleteSelectFilter),
        ("triggered_at", DayRangeFilter),
    ]
    search_fields: Any = ["reason"]
    ordering: Any = ["-triggered_at", "-id"]
    sortable_by: Any = ["when"]
    fields = (("alert", "triggered_at"), "reason", "company", ("signal", "score"), "particulars")
    readonly_fields: Any = ["particulars"]
    empty_hint = "No alert has gone off yet."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the triggers."""
        return super().get_queryset(request).defer("company__search_vector")

    @column("When", order="triggered_at")
    def when(self, trigger: AlertTrigger) -> str:
        """Return when it went off."""
        return columns.ago(trigger.triggered_at)

    @column("Company", data=company_data())
    def company_cell(self, trigger: AlertTrigger) -> str:
        """Return a link to the company."""
        return company_link(trigger.company)

    @column("Particulars")
    def particulars(self, trigger: AlertTrigger) -> str:
        """Return the values of that moment."""
        return particulars(trigger.details)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Each event on its way to an endpoint: attempts, answer, error."""

    hides_closed = True
    list_display: Any = ["made", "webhook", "event_type", "status_cell", "attempts", "answer", "next_try", "error_cell"]
    list_select_related: Any = ["webhook"]
    list_filter: Any = [
        ("webhook", AutocompleteSelectFilter),
        ("status", ChoicesDropdownFilter),
        ("event_type", ChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
    ]
    ordering: Any = ["-id"]
    sortable_by: Any = []
    actions: Any = ["replay_selected"]
    actions_detail: Any = ["replay"]
    fields = (
        ("webhook", "event_type"),
        "event_id",
        ("status", "attempts"),
        ("next_attempt_at", "delivered_at"),
        "response_status",
        "response_body",
        "error",
        "sent_body",
    )
    readonly_fields: Any = ["sent_body"]
    empty_hint = "Nothing has been sent yet. Add a webhook; its events appear here."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the deliveries, in the list without their bodies and without the endpoints' secrets."""
        rows = super().get_queryset(request).defer("webhook__secret", "webhook__previous_secret")
        match = request.resolver_match
        if match and match.url_name == "delivery_webhookdelivery_changelist":
            return rows.defer("body", "response_body", "webhook__secret", "webhook__previous_secret")
        return rows

    def has_replay_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Sending again takes the permission to change webhooks."""
        return bool(request.user.has_perm("delivery.change_webhook"))

    @admin.action(description="Send again", permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Send the chosen deliveries again: of a period, with the filter and all rows chosen."""
        number = replay_deliveries(deliveries=queryset)
        word = "delivery is" if number == 1 else "deliveries are"
        messages.success(request, f"{number:,} {word} due again, under the same ids.")
        if left := queryset.count() - number:
            messages.warning(request, f"{left:,} left out: being sent at this moment, or their webhook is off.")

    @action(description="Send again", permissions=["replay"], url_path="replay", icon="replay")  # type: ignore[untyped-decorator]
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send this delivery again, after asking."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such row.")
        question = Question(
            "Send it again?", "The same bytes under the same id, now and by the whole schedule.", "Send again",
            wants_reason=False,
        )  # fmt: skip
        page = asked(self, request, question, [row])
        if page is not None:
            return page
        try:
            replay_delivery(delivery=row)
            messages.success(request, "It is due again, under the same id.")
        except Refused as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:delivery_webhookdelivery_change", args=[row.pk]))

    @column("Made", data="created_at")
    def made(self, delivery: WebhookDelivery) -> str:
        """Return when the event was written."""
        return columns.ago(delivery.created_at)

    @column("Status", data="status")
    def status_cell(self, delivery: WebhookDelivery) -> str:
        """Return where it stands."""
        return columns.badge(delivery.get_status_display(), STATUS_TONES[DeliveryStatus(delivery.status)])

    @column("Answer", numeric=True, data="response_status")
    def answer(self, delivery: WebhookDelivery) -> str:
        """Return the HTTP status of the last answer."""
        return columns.number(delivery.response_status, 0, hint="No answer")

    @column("Next attempt", data="next_attempt_at")
    def next_try(self, delivery: WebhookDelivery) -> str:
        """Return when it is tried again."""
        return columns.ago(delivery.next_attempt_at, hint="No further attempt")

    @column("Error", data="error")
    def error_cell(self, delivery: WebhookDelivery) -> str:
        """Return the last error, cut at the column's width."""
        return columns.cut(delivery.error) if delivery.error else columns.unknown("None")

    @column("Body")
    def sent_body(self, delivery: WebhookDelivery) -> str:
        """Return the bytes that are signed and sent, as text."""
        return columns.preformatted(bytes(delivery.body).decode("utf-8", "replace"))
