"""The form on which a proposal is accepted: whom it concerns, and what of it the analyst knows better."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.dateparse import parse_datetime
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from biotech_ma.core.admin.forms import ReasonForm
from biotech_ma.core.market_day import NEW_YORK, start_of
from companies.models import Company
from signals_app.catalogue import SignalType
from signals_app.review_models import ReviewItem, ReviewKind

LONGEST_TITLE = 500


class AcceptForm(ReasonForm):
    """The company, the reason, and for an event its type, day and title, filled in as the source proposes them."""

    company = forms.ModelChoiceField(queryset=Company.objects.all(), help_text="Whom it concerns.")
    signal_type = forms.ChoiceField(
        label="Type", choices=SignalType.choices, widget=UnfoldAdminSelectWidget, help_text="What it is."
    )
    event_day = forms.DateField(
        label="Event day",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text="When it happened, in New York. When it was known stays as the source says.",
    )
    title = forms.CharField(max_length=LONGEST_TITLE, widget=UnfoldAdminTextInputWidget, help_text="One line.")
    field_order = ("company", "signal_type", "event_day", "title", "reason")

    def __init__(self, data: Any, *, item: ReviewItem, site: AdminSite) -> None:
        said = item.proposed
        moment = parse_datetime(str(said.get("event_date") or ""))
        self.day = moment.astimezone(NEW_YORK).date() if moment and moment.tzinfo else None
        initial = {
            "company": item.company.survivor.pk if item.company else None,
            "signal_type": said.get("signal_type"), "event_day": self.day,
            "title": said.get("title") or item.title,
        }  # fmt: skip
        super().__init__(data, initial=initial)
        relation = ReviewItem._meta.get_field("company")
        self.fields["company"].widget = widget = AutocompleteSelect(relation, site)
        widget.choices = self.fields["company"].choices  # type: ignore[attr-defined]
        self.fields["reason"].widget = UnfoldAdminTextInputWidget()
        if item.kind != ReviewKind.SIGNAL:
            for name in ("signal_type", "event_day", "title"):
                del self.fields[name]
        if item.kind in (ReviewKind.VALUE, ReviewKind.SPLIT) and item.company_id:
            # The value is of that company's row.
            self.fields["company"].disabled = True

    def changes(self) -> dict[str, Any]:
        """Return what the analyst changed of the proposed event."""
        found: dict[str, Any] = {
            name: self.cleaned_data[name] for name in ("signal_type", "title") if name in self.changed_data
        }
        if "event_day" in self.changed_data:
            found["event_date"] = start_of(self.cleaned_data["event_day"]).isoformat()
        return found
