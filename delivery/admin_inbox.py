"""Each user's own inbox of alerts, and the delivery log of the messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RadioFilter
from unfold.decorators import action

from biotech_ma.core import closed
from biotech_ma.core.admin import ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.column_data import WORDS
from companies.admin import company_data, company_link
from delivery.admin_logs import particulars
from delivery.alerts.sending import send_again
from delivery.choices import NoticeStatus
from delivery.models import AlertNotice, InboxItem

VIEWS = ("delivery.view_alerttrigger", "delivery.view_webhook")
MOST_AT_ONCE = 500
STATUS_TONES = {NoticeStatus.PENDING: "grey", NoticeStatus.SENT: "green", NoticeStatus.FAILED: "red"}


def unread_count(request: HttpRequest) -> int | None:
    """Return how many entries of the user's inbox are unread, None for none: the badge in the sidebar."""
    if not _has_inbox(request):
        return None
    kept: int | None = getattr(request, "desk_unread", None)
    if kept is None:
        rows = InboxItem.objects.filter(user_id=request.user.pk or 0, read_at__isnull=True)
        kept = closed.narrowed(rows, closed.reader_of(request.user)).count()
        request.desk_unread = kept  # type: ignore[attr-defined]
    return kept or None


def _has_inbox(request: HttpRequest) -> bool:
    return any(map(request.user.has_perm, VIEWS))


class ReadFilter(RadioFilter):  # type: ignore[misc]
    """Unread, read, or both."""

    title = "reading"
    parameter_name = "reading"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what can be asked for."""
        return [("", "All"), ("unread", "Unread"), ("read", "Read")]

    def value(self) -> str:
        """Return what is asked for."""
        return super().value() or ""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        if self.value() not in ("unread", "read"):
            return queryset
        return queryset.filter(read_at__isnull=self.value() == "unread")

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the form of the filter."""
        yield {
            "form": self.form_class(
                label="By reading",
                name=self.parameter_name,
                choices=self.lookup_choices,
                data={self.parameter_name: self.value()},
            )
        }


@admin.register(InboxItem)
class InboxItemAdmin(ReadOnlyAdmin):
    """What the user's alerts told, and webhooks that were switched off: unread until it is opened or ticked off."""

    hides_closed = True
    list_display: Any = ["state", "when", "source_cell", "company_cell", "why"]
    list_display_links: Any = ["when"]
    list_filter: Any = [ReadFilter]
    ordering: Any = ["-id"]
    sortable_by: Any = []
    search_fields: Any = ["trigger__reason", "reason"]
    fields = (("source_cell", "when"), "why", "company_cell", "particulars", "read_at")
    readonly_fields: Any = ["source_cell", "when", "why", "company_cell", "particulars"]
    actions: Any = ["mark_read", "mark_unread"]
    actions_list: Any = ["mark_all_read"]
    empty_hint = "When an alert with the channel “Admin inbox” goes off, it appears here."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the user's own entries."""
        rows = super().get_queryset(request).filter(user_id=request.user.pk or 0)
        return rows.select_related("trigger__alert", "trigger__company", "webhook").defer(
            "trigger__company__search_vector", "trigger__alert__slack_webhook_url", "webhook__secret",
            "webhook__previous_secret",
        )  # fmt: skip

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever may see the alert history or webhooks has an inbox."""
        return _has_inbox(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the alert history or webhooks has an inbox."""
        return _has_inbox(request)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an entry; from then on it is read."""
        row = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        if row is not None and self.has_view_permission(request):
            InboxItem.objects.filter(pk=row.pk, read_at__isnull=True).update(read_at=Now())
        return super().changeform_view(request, object_id, form_url, extra_context)

    @admin.action(description="Mark as read", permissions=["view"])
    def mark_read(self, request: HttpRequest, queryset: Any) -> None:
        """Mark the ticked entries as read."""
        self._mark(request, queryset, is_read=True)

    @admin.action(description="Mark as unread", permissions=["view"])
    def mark_unread(self, request: HttpRequest, queryset: Any) -> None:
        """Mark the ticked entries as unread."""
        self._mark(request, queryset, is_read=False)

    def _mark(self, request: HttpRequest, queryset: Any, *, is_read: bool) -> None:
        keys = list(queryset.filter(read_at__isnull=is_read).values_list("pk", flat=True))
        rows = InboxItem.objects.filter(pk__in=keys, user_id=request.user.pk or 0)
        number = rows.update(read_at=Now() if is_read else None)
        messages.success(request, f"{number:,} marked as {'read' if is_read else 'unread'}.")

    @action(description="Mark all as read", permissions=["view"], url_path="read-all", icon="done_all")  # type: ignore[untyped-decorator]
    def mark_all_read(self, request: HttpRequest) -> HttpResponse:
        """Mark every entry of the inbox as read."""
        unread = InboxItem.objects.filter(user_id=request.user.pk or 0, read_at__isnull=True)
        rows = closed.narrowed(unread, closed.reader_of(request.user))
        messages.success(request, f"{rows.update(read_at=Now()):,} marked as read.")
        return HttpResponseRedirect(reverse("admin:delivery_inboxitem_changelist"))

    @column("State", data=WORDS)
    def state(self, item: InboxItem) -> str:
        """Return whether it is read."""
        return columns.badge("read", "grey") if item.read_at else columns.badge("unread", "blue")

    @column("When", data=lambda item: item.trigger.triggered_at if item.trigger else item.created_at)
    def when(self, item: InboxItem) -> str:
        """Return when it happened."""
        return columns.ago(item.trigger.triggered_at if item.trigger else item.created_at)

    @column("From", data=WORDS)
    def source_cell(self, item: InboxItem) -> str:
        """Return a link to the alert or the webhook."""
        if item.trigger:
            alert = item.trigger.alert
            return columns.link(reverse("admin:delivery_alert_change", args=[alert.pk]), alert.name)
        name = item.webhook.name if item.webhook else ""
        return columns.link(reverse("admin:delivery_webhook_change", args=[item.webhook_id]), f"Webhook {name}")

    @column("Company", data=company_data("trigger__company"))
    def company_cell(self, item: InboxItem) -> str:
        """Return a link to the company."""
        return company_link(item.trigger.company if item.trigger else None)

    @column("Why", data=WORDS)
    def why(self, item: InboxItem) -> str:
        """Return the reason."""
        return columns.cut(item.trigger.reason if item.trigger else f"Switched off by itself. {item.reason}")

    @column("Particulars")
    def particulars(self, item: InboxItem) -> str:
        """Return the values of that moment."""
        return particulars(item.trigger.details if item.trigger else {})


@admin.register(AlertNotice)
class AlertNoticeAdmin(ReadOnlyAdmin):
    """Each alert's message by e-mail or Slack: attempts, outcome, reason."""

    hides_closed = True
    list_display: Any = [
        "made",
        "alert_cell",
        "channel",
        "recipient_cell",
        "status_cell",
        "attempts",
        "due",
        "error_cell",
    ]
    list_filter: Any = [("status", ChoicesDropdownFilter), ("channel", ChoicesDropdownFilter)]
    search_fields: Any = ["recipient"]
    ordering: Any = ["-id"]
    sortable_by: Any = []
    fields = (
        "trigger",
        ("channel", "recipient"),
        ("status", "attempts"),
        ("next_attempt_at", "sent_at"),
        "error",
    )
    actions: Any = ["send_selected_again"]
    empty_hint = "No message has been sent yet. Alerts with the channels E-mail and Slack write them."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the messages with their alerts."""
        return super().get_queryset(request).select_related("trigger__alert").defer("trigger__alert__slack_webhook_url")

    def has_retry_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change alerts may send their messages again."""
        return bool(request.user.has_perm("delivery.change_alert"))

    @admin.action(description="Send again", permissions=["retry"])
    def send_selected_again(self, request: HttpRequest, queryset: Any) -> None:
        """Make the ticked messages that have failed due now."""
        keys = list(queryset.filter(status=NoticeStatus.FAILED).values_list("pk", flat=True)[:MOST_AT_ONCE])
        number = send_again(keys)
        messages.success(request, f"{number:,} failed messages are due now.")

    @column("Made", data="created_at")
    def made(self, notice: AlertNotice) -> str:
        """Return when the alert went off."""
        return columns.ago(notice.created_at)

    @column("Alert", data="trigger__alert")
    def alert_cell(self, notice: AlertNotice) -> str:
        """Return a link to the alert."""
        alert = notice.trigger.alert
        return columns.link(reverse("admin:delivery_alert_change", args=[alert.pk]), alert.name)

    @column("Recipient", data="recipient")
    def recipient_cell(self, notice: AlertNotice) -> str:
        """Return to whom it goes."""
        return notice.recipient or "the alert's Slack address"

    @column("Status", data="status")
    def status_cell(self, notice: AlertNotice) -> str:
        """Return where it stands."""
        return columns.badge(notice.get_status_display(), STATUS_TONES[NoticeStatus(notice.status)])

    @column("Due", data="next_attempt_at")
    def due(self, notice: AlertNotice) -> str:
        """Return when it is tried next."""
        return columns.ago(notice.next_attempt_at, hint="No further attempt")

    @column("Error", data="error")
    def error_cell(self, notice: AlertNotice) -> str:
        """Return the last error, cut at the column's width."""
        return columns.cut(notice.error) if notice.error else columns.unknown("None")
