"""What a client wants to hear of, and from which scores on, as fields: no JSON to type."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from biotech_ma.core.admin.fields import ChoiceListField, KeyValueField
from biotech_ma.core.admin.object_form import ObjectField, ObjectForm
from delivery import preferences
from delivery.alerts.rules import OF_CLIENTS, refusals_of_thresholds
from delivery.choices import AlertType, Digest, ReportFormat, ScheduledReport

OTHER = "other"


def _time(label: str, help_text: str) -> forms.TimeField:
    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": "07:00", "inputmode": "numeric", "class": "desk-short"})
    return forms.TimeField(
        required=False, label=label, help_text=help_text, widget=widget, input_formats=["%H:%M"],
        error_messages={"invalid": "write the time as 07:00, of 24 hours."},
    )  # fmt: skip


def _points(label: str, help_text: str) -> forms.DecimalField:
    widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "class": "desk-short"})
    return forms.DecimalField(
        required=False, label=label, help_text=help_text, widget=widget, max_digits=7, decimal_places=4
    )


class PreferencesForm(ObjectForm):
    """Which reports and alerts are mailed to the client, in which format and when."""

    reports = ChoiceListField(
        choices=ScheduledReport.choices, required=False, label="Reports by e-mail",
        help_text="Of its watchlist, on the desk's schedule, to its address.",
    )  # fmt: skip
    format = forms.ChoiceField(
        choices=[("", "HTML (the usual one)"), *(each for each in ReportFormat.choices if each[0] != "html")],
        required=False, label="Format of the reports", widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    alerts = ChoiceListField(
        choices=AlertType.choices, required=False, label="Alerts by e-mail",
        help_text="Of its alerts that name no recipients. All ticked: of every type, also of types to come.",
    )  # fmt: skip
    digest = forms.ChoiceField(
        choices=[("", "As the alert says"), *Digest.choices], required=False, label="When alerts are mailed",
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    digest_at = _time("Daily at", "Time of the daily message in New York. Empty: as the alert says, else 07:00.")
    quiet_from = _time("Quiet from", "From this time in New York its e-mail waits. Empty: as the alert says.")
    quiet_until = _time("Quiet until", "End of the quiet period in New York; before its beginning: on the next day.")

    @classmethod
    def to_initial(cls, stored: dict[str, Any]) -> dict[str, Any]:
        """Return the stored preferences; without a list of alerts all are wanted."""
        return {"alerts": list(AlertType.values), **stored}

    def to_object(self) -> dict[str, Any]:
        """Return the preferences: what is as usual is left out."""
        found = super().to_object()
        found.pop(preferences.ALERTS, None)
        wanted = self.cleaned_data[preferences.ALERTS]
        if set(wanted) != set(AlertType.values):
            found[preferences.ALERTS] = wanted
        return {name: f"{each:%H:%M}" if isinstance(each, dt.time) else each for name, each in found.items()}

    def clean(self) -> dict[str, Any]:
        """Return the values. What alerts and reports would not read is refused in their words."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and (words := preferences.refusal_of(self.to_object())):
            self.add_error(None, words)
        return values


class ThresholdsForm(ObjectForm):
    """From which scores and changes on the client's own alerts go off, and which scores its reports list."""

    score_threshold = _points("Score threshold", "The score from which its threshold alerts go off.")
    score_change = _points("Score change", "Points in 30 days; negative: falls only. Reports name moves of this size.")
    watchlist_change = _points("Watchlist change", "Points in 30 days for the companies on its watchlist.")
    min_score = _points("Least score in reports", "Reports list no company below.")
    other = KeyValueField(required=False, label="Other", help_text="Names that neither alerts nor reports read.")

    @classmethod
    def to_initial(cls, stored: dict[str, Any]) -> dict[str, Any]:
        """Return the thresholds, and what else is kept beside them."""
        known = {name: value for name, value in stored.items() if name in _OWN}
        return {**known, OTHER: {name: value for name, value in stored.items() if name not in _OWN}}

    def to_object(self) -> dict[str, Any]:
        """Return the thresholds as JSON numbers, and what else is kept."""
        given = {name: _plain(self.cleaned_data[name]) for name in _OWN if self.cleaned_data[name] is not None}
        return {**self.cleaned_data[OTHER], **given}

    def clean(self) -> dict[str, Any]:
        """Return the values. What alerts and reports would not take is refused in their words."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return values
        if twice := [name for name in values[OTHER] if name in _OWN]:
            self.add_error(OTHER, f"{twice[0]} has a field of its own.")
        elif words := refusals_of_thresholds(self.to_object()):
            self.add_error(None, words)
        return values


_OWN = (*(kind.value for kind in OF_CLIENTS), "min_score")
PREFERENCES = partial(ObjectField, PreferencesForm)
THRESHOLDS = partial(ObjectField, ThresholdsForm)


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)
