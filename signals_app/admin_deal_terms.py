"""The terms of a deal as a form: read as analysts write them, kept as the ledger does."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from biotech_ma.core.admin import figures
from biotech_ma.core.closed import narrowed, reader_of
from biotech_ma.core.market_day import NEW_YORK
from companies.choices import Phase
from companies.models import Company
from signals_app.deal_terms import (
    ANTITRUST,
    ENDED,
    MILESTONE_STATES,
    RUMOURED,
    STATUSES,
    STRUCTURES,
    TERMS,
    Milestone,
    as_number,
)

MOST_MILESTONES, MOST_NAMED = 20, 5
UNKNOWN = ("", "Not known")
BASES = {"equity": "Equity", "enterprise value": "Enterprise value"}
HUNDRED = Decimal(100)


class Dollars(forms.CharField):
    """Dollars as analysts write them, as a plain number; empty is unknown."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "1.3bn, $450m or 1,312,345,678.")
        super().__init__(required=False, max_length=40, **options)

    def clean(self, value: Any) -> str:
        """Return the number as text."""
        text = super().clean(value)
        try:
            amount = figures.parse_money(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(f"{str(error).capitalize()}.") from None
        if amount is not None and amount < 0:
            raise forms.ValidationError("No amount of a deal is negative.")
        return "" if amount is None else f"{amount.normalize():f}"


class WebAddress(forms.URLField):
    """An address of the web, and of nothing else."""

    default_validators = [URLValidator(["http", "https"])]


class Share(forms.CharField):
    """A premium: 85% or, as a share, 0.85."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=20, **options)

    def clean(self, value: Any) -> str:
        """Return the share as text."""
        text = super().clean(value).strip()
        is_percent = text.endswith("%")
        try:
            found = Decimal(text.removesuffix("%").strip()) if text else None
        except InvalidOperation:
            found = Decimal("NaN")
        if found is None:
            return ""
        share = found / HUNDRED if is_percent else found
        if not share.is_finite() or not -1 <= share <= HUNDRED:
            raise forms.ValidationError("Write a premium as 85% or 0.85: from -100% to 10000%.")
        return f"{share:f}"


def _amount(label: str, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=14, decimal_places=6, help_text=help_text
    )


class _Dressed(forms.Form):
    """Fields in the look of the admin."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.widget = UnfoldAdminSelectWidget(choices=field.choices)
            elif isinstance(field, forms.DateField):
                field.widget = UnfoldAdminDateWidget()
            else:
                field.widget = UnfoldAdminTextInputWidget()


class TermsForm(_Dressed):
    """The terms of a deal. What is emptied is unknown again."""

    status = forms.ChoiceField(choices=[(status, status.capitalize()) for status in STATUSES])
    ended_on = forms.DateField(
        label="Closed or terminated on", required=False, help_text="Empty for a terminated one: today."
    )
    price_per_share = _amount("Price a share, USD")
    cash_per_share = _amount("Of it in cash, USD")
    exchange_ratio = _amount("Exchange ratio", "Shares of the acquirer for one of the target.")
    value_usd = Dollars(label="Value, USD")
    value_basis = forms.ChoiceField(label="Value of", required=False)
    premium_last_close = Share(label="Premium over the last close", help_text="85% or 0.85. Before the announcement.")
    premium_30_day = Share(label="Premium over 30 days", help_text="Over the average price of the 30 days before.")
    structure = forms.ChoiceField(required=False)
    contingent = forms.CharField(
        label="Contingent payments, in words",
        required=False,
        max_length=500,
        help_text="What the milestones below do not say.",
    )
    expected_close = forms.DateField(required=False)
    outside_date = forms.DateField(required=False, help_text="The day from which either side may walk away.")
    antitrust = forms.ChoiceField(required=False, choices=[UNKNOWN, *ANTITRUST.items()])
    termination_fee_usd = Dollars(label="Termination fee, USD", help_text="The target's: $120m.")
    reverse_termination_fee_usd = Dollars(label="Reverse termination fee, USD", help_text="The acquirer's.")
    stage = forms.ChoiceField(label="Stage of the lead", required=False, choices=[UNKNOWN, *Phase.choices])
    announced = forms.DateField(required=False, help_text="The market's day. Of a rumour: the day it was heard.")
    source_url = WebAddress(label="Where it says so", required=False, max_length=1000, assume_scheme="https")
    reason = forms.CharField(max_length=500, help_text="Kept with the row.")

    def __init__(self, *args: Any, **options: Any) -> None:
        held = options.get("initial") or {}
        choices = {"structure": dict.fromkeys(STRUCTURES), "value_basis": dict.fromkeys(BASES)}
        for name, known in choices.items():
            if held.get(name):
                known.setdefault(held[name])
        super().__init__(*args, **options)
        for name, known in choices.items():
            field: Any = self.fields[name]
            field.choices = [UNKNOWN, *((each, BASES.get(each, each[:1].upper() + each[1:])) for each in known)]

    def clean(self) -> dict[str, Any]:
        """Refuse terms that contradict each other."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        announced, ended = data.get("announced"), data.get("ended_on")
        today = timezone.localdate(timezone=NEW_YORK)
        if announced and announced > today:
            self.add_error("announced", "That day is still to come.")
        for name in ("expected_close", "outside_date", "ended_on"):
            if announced and data.get(name) and data[name] < announced:
                self.add_error(name, "That is before the deal was announced.")
        if ended and ended > today:
            self.add_error("ended_on", "That day is still to come: it is what is expected.")
        if ended and data.get("status") not in ENDED:
            self.add_error("status", "A deal that ended on a day is completed or terminated.")
        value = as_number(data.get("value_usd") or None)
        for name in ("termination_fee_usd", "reverse_termination_fee_usd"):
            fee = as_number(data.get(name) or None)
            if value is not None and fee is not None and fee > value:
                self.add_error(name, "No fee is above the value of the deal.")
        self._mix(data.get("price_per_share"), data.get("cash_per_share"), data.get("exchange_ratio"))
        return data

    def _mix(self, price: Decimal | None, cash: Decimal | None, ratio: Decimal | None) -> None:
        if price is None or cash is None:
            return
        if cash > price:
            self.add_error("cash_per_share", "More in cash than the price a share.")
        elif cash == price and ratio:
            self.add_error("exchange_ratio", "The price is all in cash: nothing is left for shares.")

    def terms(self) -> dict[str, str]:
        """Return the terms as the ledger keeps them."""
        data = self.cleaned_data
        return {name: "" if data[name] is None else _text(data[name]) for name in TERMS}


class NewDealForm(TermsForm):
    """A deal that no source has."""

    target = forms.CharField(max_length=255, help_text="Type a ticker, a SEC CIK, a name or a former one, and choose.")
    acquirer = forms.CharField(
        required=False,
        max_length=255,
        help_text="Chosen or typed: whoever is not in the list is a name. Empty where nobody is named.",
    )

    announced = forms.DateField(help_text="The market's day. Of a rumour: the day it was heard.")

    field_order = ("target", "acquirer", "announced", "status")

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        for name, fills in (("target", "ref"), ("acquirer", "name")):
            attrs = {"data-lookup": reverse("admin:signals_app_deal_parties"), "data-lookup-fills": fills}
            self.fields[name].widget.attrs |= attrs

    def clean(self) -> dict[str, Any]:
        """Find the target; an announced deal names who buys."""
        data = super().clean()
        if data.get("status") != RUMOURED and "acquirer" not in self.errors and not data.get("acquirer", "").strip():
            self.add_error("acquirer", "An announced deal names who buys. Of a rumour it may stay empty.")
        return data

    def clean_target(self) -> Company:
        """Return the live company that the text names."""
        text = self.cleaned_data["target"].strip()
        found: Company | None = Company.objects.by_ref(text).first()
        if found is None and text.isdecimal():
            found = Company.objects.filter(cik=text.zfill(10)).first()
        if found is not None:
            return found
        named = list(narrowed(Company.objects.search(text), reader_of(self.user))[:MOST_NAMED])
        if len(named) == 1:
            return named[0]
        if named:
            names = ", ".join(map(str, named))
            raise forms.ValidationError(f"Which of them? {names}: write its ticker or CIK.")
        raise forms.ValidationError("No live company has this ticker, CIK or name. Add the company first.")


class MilestoneForm(_Dressed):
    """One contingent payment; without an event there is none."""

    event = forms.CharField(label="Paid on", required=False, max_length=300)
    until = forms.DateField(label="By", required=False)
    per_share_usd = _amount("A share, USD")
    total_usd = Dollars(label="Or in all, USD", help_text="")
    state = forms.ChoiceField(choices=list(MILESTONE_STATES.items()), required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a day or a payment of nothing."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("event") and any(data.get(name) for name in ("until", "per_share_usd", "total_usd")):
            self.add_error("event", "Say what it is paid on.")
        return data


MilestoneFormSet = forms.formset_factory(MilestoneForm, extra=2, max_num=MOST_MILESTONES, absolute_max=MOST_MILESTONES)


def milestones_in(formset: Any) -> list[Milestone]:
    """Return the contingent payments that were sent, those without an event left out."""
    return [
        Milestone(
            event=data["event"].strip(),
            until=data.get("until"),
            per_share_usd=data.get("per_share_usd"),
            total_usd=Decimal(data["total_usd"]) if data.get("total_usd") else None,
            state=data.get("state") or "open",
        )
        for data in formset.cleaned_data
        if data.get("event")
    ]


def _text(value: Any) -> str:
    return (
        value.isoformat() if isinstance(value, dt.date) else f"{value:f}" if isinstance(value, Decimal) else str(value)
    )
