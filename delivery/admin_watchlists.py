"""What delivery adds to a watchlist's page: the reports made of it on schedule, and the alerts that look at it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from biotech_ma.core.admin import DeskInline, PanelInline, columns
from biotech_ma.core.admin.forms import DeskForm
from biotech_ma.core.admin.tables import table
from companies.admin_watchlists import WatchlistAdmin
from companies.models import Watchlist
from delivery.admin_fields import RECIPIENTS
from delivery.models import Alert, StandingOrder
from delivery.reports.orders import ReportRefused, check_format


class StandingOrderForm(DeskForm):
    """A report of each slot; a format that cannot be written here is refused."""

    def clean_format(self) -> str:
        """Return the format."""
        chosen: str = self.cleaned_data["format"]
        try:
            check_format(chosen)
        except ReportRefused as refusal:
            raise ValidationError(str(refusal)) from refusal
        return chosen


class StandingOrderInline(DeskInline):
    """Which reports are made of the list on schedule, and to whom they go."""

    form: Any = StandingOrderForm
    model = StandingOrder
    verbose_name = "report on schedule"
    verbose_name_plural = "reports on schedule"
    fields = ("report_type", "format", "recipients", "is_active")
    shapes: ClassVar[dict[str, Any]] = {"recipients": RECIPIENTS}


class WatchingAlerts(PanelInline):
    """Which alerts look at the list."""

    model = Alert
    verbose_name_plural = "alerts"

    def panel(self, request: HttpRequest, obj: Any) -> SafeString:
        """Return the alerts that look at the list."""
        rows = [
            [
                columns.link(reverse("admin:delivery_alert_change", args=[alert.pk]), alert.name),
                alert.get_alert_type_display(),
                columns.badge("on", "green") if alert.is_active else columns.badge("off", "grey"),
                columns.ago(alert.last_triggered),
            ]
            for alert in Alert.objects.filter(watchlist=obj).defer("slack_webhook_url").order_by("name", "id")
        ]
        may_add = request.user.has_perm("delivery.add_alert")
        return table(
            "Alerts that look at it",
            ["Alert", "Type", "State", "Last"],
            rows,
            add_url=f"{reverse('admin:delivery_alert_add')}?watchlist={obj.pk}" if may_add else "",
            empty="None yet. An alert tells of each signal and each sharp change of a score on the list.",
        )


class WatchlistField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A watchlist of the desk that the user sees, or the one that is chosen already."""

    def __init__(self, *args: Any, user: Any = None, chosen: Any = None, **options: Any) -> None:
        rows = Watchlist.objects.seen_by(user)
        if chosen is not None:
            rows = rows | Watchlist.all_objects.filter(pk=chosen)
        super().__init__(*args, **{**options, "queryset": rows.select_related("owner").order_by("name", "id")})
        self.user = user

    def label_from_instance(self, obj: Any) -> str:
        """Return the name where the user may read it, and what is special about the list."""
        if obj.owner_id == self.user.pk:
            name = obj.name if obj.is_shared else f"{obj.name} (private)"
        else:
            name = obj.name if obj.is_shared else obj.public_name
        return f"{name} (archived: nothing is watched)" if obj.is_archived else name


WatchlistAdmin.inlines = [*WatchlistAdmin.inlines, StandingOrderInline, WatchingAlerts]
