"""Alerts: built without JSON, tried on the last 90 days, with what holds now and what they told."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from biotech_ma.core import closed
from biotech_ma.core.admin import ArchiveAdmin, column, columns
from biotech_ma.core.admin.base import PanelInline
from biotech_ma.core.admin.bulk_edit import BulkEdit
from biotech_ma.core.admin.column_data import labelled
from biotech_ma.core.admin.fields import ChoiceListField
from biotech_ma.core.admin.filters import NullBooleanFilter
from biotech_ma.core.admin.tables import table
from companies.admin import company_link
from delivery.admin_alert_form import AlertForm, condition, slack_address
from delivery.admin_fields import RECIPIENTS, TICKERS, say_where_they_lead
from delivery.admin_from_filter import filter_of, list_of, started
from delivery.admin_watchlists import WatchlistField
from delivery.alerts.causes import METHODOLOGY
from delivery.alerts.conditions import ConditionError
from delivery.alerts.trial import DAYS, PrivateWatchlistError, Trial, trial_of
from delivery.choices import Channel
from delivery.models import Alert, AlertState, AlertTrigger
from signals_app.catalogue import SignalType

TAB_ROWS = 50


class HistoryPanel(PanelInline):
    """When the alert went off, and for whom its rule holds at present."""

    model = AlertTrigger
    fk_name = "alert"
    verbose_name_plural = "went off"

    def panel(self, request: HttpRequest, obj: Any) -> SafeString:
        """Return the last times, then the companies for which it holds now."""
        reader = closed.reader_of(request.user)
        triggers = closed.narrowed(AlertTrigger.objects.filter(alert=obj), reader)
        triggers = triggers.select_related("company").defer("company__search_vector")
        told = [
            [columns.ago(each.triggered_at), company_link(each.company), each.reason] for each in triggers[:TAB_ROWS]
        ]
        states = closed.narrowed(AlertState.objects.filter(alert=obj), reader)
        states = states.select_related("company").defer("company__search_vector")
        held = [[company_link(each.company), columns.day(each.since)] for each in states.order_by("-since")[:TAB_ROWS]]
        history = reverse("admin:delivery_alerttrigger_changelist") + f"?alert__id__exact={obj.pk}"
        first = table(
            "When it went off", ["When", "Company", "Why"], told, url=history, empty="It has not gone off yet."
        )
        second = table(
            "Holds now",
            ["Company", "Since"],
            held,
            note="These set it off again only after the rule has ceased to hold for them.",
            empty="Its rule holds for no company, or it is not about scores.",
        )
        return first + second


def _watched(alert: Alert) -> Any:
    """Return what an alert watches, as a file has it: tickers, what its watchlist is called, or all."""
    return alert.watchlist.public_name if alert.watchlist else alert.company_tickers or "all"


@admin.register(Alert)
class AlertAdmin(BulkEdit, ArchiveAdmin):
    """Standing questions: tell these people when this happens."""

    form = AlertForm
    shapes: ClassVar[dict[str, Any]] = {
        "condition": condition,
        "company_tickers": TICKERS,
        "recipients": RECIPIENTS,
        "signal_types": partial(ChoiceListField, choices=SignalType.choices),
        "notification_channels": partial(ChoiceListField, choices=Channel.choices),
        "slack_webhook_url": slack_address,
    }
    list_select_related: Any = ["watchlist__owner", "client"]
    list_display: Any = ["name", "alert_type", "threshold", "scope", "channels", "is_active", "last", "count"]
    more_columns: tuple[str, ...] = ("hysteresis", "gathered")
    list_edit: ClassVar[dict[str, str]] = {
        "name": "name",
        "threshold": "threshold_value",
        "channels": "notification_channels",
        "is_active": "is_active",
        "hysteresis": "hysteresis_points",
        "gathered": "digest",
    }
    list_filter: Any = [("alert_type", ChoicesDropdownFilter), ("is_active", NullBooleanFilter)]
    search_fields: Any = ["name"]
    ordering: Any = ["name", "id"]
    autocomplete_fields: Any = ["client"]
    actions: Any = ["edit_selected", *ArchiveAdmin.actions]
    bulk_fields = ("is_active", "threshold_value", "notification_channels", "digest")
    actions_detail: Any = ["test_alert", *ArchiveAdmin.actions_detail]
    empty_hint = "Add one: a score over a threshold, a sharp change, a kind of signal."
    readonly_fields: Any = ["last_triggered", "trigger_count"]
    inlines: Any = [HistoryPanel]
    fieldsets: Any = [
        (
            None,
            {
                "fields": [
                    ("name", "is_active"),
                    ("alert_type", "threshold_value"),
                    ("direction", "hysteresis_points"),
                    "condition",
                ]
            },
        ),
        ("Of what", {"fields": ["company_tickers", "watchlist", "signal_types", "client"]}),
        ("Whom to tell", {"fields": ["notification_channels", "recipients", "slack_webhook_url"]}),
        ("When to tell", {"fields": [("digest", "digest_at"), ("quiet_from", "quiet_until")]}),
        ("Record", {"fields": [("last_triggered", "trigger_count"), "metadata"], "classes": ["collapse"]}),
    ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Open an empty form, or one that asks what a saved filter asks; what no alert can ask is told by name."""
        saved = filter_of(request) if request.method == "GET" and self.has_add_permission(request) else None
        if saved is not None:
            draft = started(saved, request)
            if draft is None:
                return HttpResponseRedirect(list_of(saved))
            request.desk_draft = draft  # type: ignore[attr-defined]
        return super().add_view(request, form_url, extra_context)  # type: ignore[no-any-return]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start with what a filter asks, where the form comes from one."""
        return {**super().get_changeform_initial_data(request), **getattr(request, "desk_draft", {})}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the parts of the form; who only reads it reads of a private watchlist whose it is."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        return [
            (title, {**part, "fields": ["watched" if name == "watchlist" else name for name in part["fields"]]})
            for title, part in self.fieldsets
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, with the watchlists that the user sees."""
        form = super().get_form(request, obj, change, **kwargs)
        say_where_they_lead(form, "company_tickers", obj)
        field: Any = form.base_fields.get("watchlist")
        if field is not None:
            form.base_fields["watchlist"] = WatchlistField(
                user=request.user, chosen=obj.watchlist_id if obj else None, required=False, label=field.label,
                help_text=field.help_text, widget=UnfoldAdminSelectWidget(), empty_label="None",
            )  # fmt: skip
        return form

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the alerts, in the list without their Slack addresses unless their rows are judged there."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and match.url_name == "delivery_alert_changelist"
        is_read = is_list and request.method == "GET" and not self.is_editing(request)
        return rows.defer("slack_webhook_url") if is_read else rows

    @action(description="Test", permissions=["view"], url_path="test", icon="science")  # type: ignore[untyped-decorator]
    def test_alert(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the alert would have told over the last 90 days."""
        alert = self.get_object(request, object_id)
        if alert is None:
            raise Http404("There is no such row.")
        try:
            found = trial_of(alert, reader=closed.reader_of(request.user))
            note, shown = _note(found), _trial_table(found)
        except ConditionError as error:
            note, shown = f"The stored condition cannot be read. {error}", SafeString("")
        except PrivateWatchlistError as error:
            note, shown = str(error), SafeString("")
        context = {
            **self.admin_site.each_context(request),
            "title": f"What {alert} would have told",
            "opts": self.opts,
            "alert": alert,
            "note": note,
            "table": shown,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/delivery/trial.html", context)

    @column("Threshold", order="threshold_value", numeric=True)
    def threshold(self, alert: Alert) -> str:
        """Return the threshold."""
        return columns.number(alert.threshold_value, hint="None")

    @column("Hysteresis", order="hysteresis_points", numeric=True)
    def hysteresis(self, alert: Alert) -> str:
        """Return how far the figure must go back before it goes off again."""
        return columns.number(alert.hysteresis_points, hint="2 points, at most half of a change")

    @column("Told", order="digest", data=lambda alert: alert.get_digest_display())
    def gathered(self, alert: Alert) -> str:
        """Return whether its messages are sent at once or gathered."""
        return str(alert.get_digest_display())

    @column("Companies", data=_watched)
    def scope(self, alert: Alert) -> str:
        """Return the companies that it watches."""
        if alert.watchlist_id:
            return self.watched(alert)
        return columns.chips(alert.company_tickers) if alert.company_tickers else "all"

    @column("Watchlist")
    def watched(self, alert: Alert) -> str:
        """Return what everybody may read of its watchlist, and whether that is archived."""
        if alert.watchlist is None:
            return columns.unknown("None chosen")
        if alert.watchlist.is_archived:
            return columns.badge("archived watchlist", "amber", title="It watches nothing until the list is restored")
        return alert.watchlist.public_name

    @column("Channels", data=labelled("notification_channels", dict(Channel.choices)))
    def channels(self, alert: Alert) -> str:
        """Return where it goes."""
        return columns.chips(alert.notification_channels, dict(Channel.choices))

    @column("Last", order="last_triggered")
    def last(self, alert: Alert) -> str:
        """Return when it last went off."""
        return columns.ago(alert.last_triggered)

    @column("Times", order="trigger_count", numeric=True)
    def count(self, alert: Alert) -> str:
        """Return how often it went off."""
        return columns.number(alert.trigger_count, 0)


def _note(found: Trial) -> str:
    return (
        f"The {DAYS} days to {found.until}, the newest day of the data that it looks at. The company's own figures are "
        f"today's, its score that of the day. Nobody is told. Scores are a {METHODOLOGY}."
    )


def _trial_table(found: Trial) -> SafeString:
    rows = [
        [columns.day(cause.at), cause.ticker or columns.unknown("Not listed"), cause.reason] for cause in found.causes
    ]
    shown = f", the newest {len(rows):,} of them here" if len(rows) < found.count else ""
    return table(
        f"It would have gone off {found.count:,} {'time' if found.count == 1 else 'times'}",
        ["Day", "Company", "Why"],
        rows,
        note=f"From {found.since} to {found.until}{shown}.",
        empty="Nothing would have set it off. Lower the threshold, or ask less of the condition.",
    )
