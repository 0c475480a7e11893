"""The deal desk: what is pending with its terms and spread, and what was paid before, with premium quartiles."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.db.models.functions import TruncDate
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.contrib.filters.admin import DropdownFilter
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns, figures
from biotech_ma.core.admin.filters import DayRangeFilter
from biotech_ma.core.services import Refused
from companies.choices import Phase, TherapeuticArea
from companies.identity import read_as_field
from signals_app.deals import ANTITRUST, PENDING, STATUSES, TERMS, Deal, edit_terms, premiums_of, spread_of, targets_of
from signals_app.market_day import NEW_YORK
from signals_app.offers import OFFER

BILLION = Decimal(10) ** 9
SIZES = {
    "small": ("Under $0.5 bn", None, BILLION / 2),
    "middle": ("$0.5 bn to $2 bn", BILLION / 2, 2 * BILLION),
    "large": ("$2 bn to $10 bn", 2 * BILLION, 10 * BILLION),
    "giant": ("$10 bn and more", 10 * BILLION, None),
}
# What the address says of no status in particular.
ALL = "all"
ASKED = frozenset({"q", "status", "area", "stage", "size"})
TONES = {PENDING: "amber", "completed": "green", "terminated": "red"}
PHASES: dict[str, str] = dict(Phase.choices)
PERCENT = 100


def percent(share: Decimal | None, *, hint: str) -> str:
    """Return a share as per cent with a sign."""
    if share is None:
        return columns.unknown(hint)
    return columns.hover(f"{figures.change(share * PERCENT)} %", f"{share:f}")


def opens(request: HttpRequest) -> bool:
    """Return whether the list is asked for without a search or a filter, on whatever page and in whatever order."""
    return not any(name in ASKED or name.startswith("event_date") for name in request.GET)


class StatusFilter(DropdownFilter):  # type: ignore[misc]
    """Pending, completed, terminated; the list opens on what is pending, a search or another filter asks all."""

    title, parameter_name = "status", "status"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.opens = opens(request)

    def value(self) -> str | None:
        """Return the status that was asked for, on opening the list that of pending deals."""
        chosen: str | None = super().value()
        return PENDING if chosen is None and self.opens else chosen

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states."""
        return [(status, status.capitalize()) for status in STATUSES]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list; a deal that says nothing is pending."""
        if self.value() not in STATUSES:
            return queryset
        wanted = Q(signal_data__status=self.value())
        if self.value() == PENDING:
            return queryset.filter(wanted | ~Q(signal_data__has_key="status"), is_ended=False)
        return queryset.filter(wanted | Q(is_ended=True) if self.value() == "terminated" else wanted)


class AreaFilter(DropdownFilter):  # type: ignore[misc]
    """The area of the target."""

    title, parameter_name = "area", "area"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the areas."""
        return list(TherapeuticArea.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list by the deal's areas, or by the target's own."""
        area = self.value()
        if area not in TherapeuticArea.values:
            return queryset
        own = Q(signal_type=OFFER, company__therapeutic_areas__contains=[area])
        return queryset.filter(Q(signal_data__contains={"areas": [area]}) | own)


class StageFilter(DropdownFilter):  # type: ignore[misc]
    """The stage of the lead when the deal was announced."""

    title, parameter_name = "stage", "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the stages."""
        return list(Phase.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        return queryset.filter(signal_data__stage=self.value()) if self.value() in PHASES else queryset


class SizeFilter(DropdownFilter):  # type: ignore[misc]
    """The value of the deal."""

    title, parameter_name = "size", "size"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the sizes."""
        return [(key, words) for key, (words, *_) in SIZES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list; a deal whose value nobody knows is of no size."""
        if self.value() not in SIZES:
            return queryset
        _, low, high = SIZES[str(self.value())]
        queryset = queryset.filter(value__gte=low) if low is not None else queryset
        return queryset.filter(value__lt=high) if high is not None else queryset


class TermsForm(forms.Form):
    """The terms of a deal. What is emptied is unknown again."""

    status = forms.ChoiceField(choices=[(status, status.capitalize()) for status in STATUSES])
    price_per_share = forms.DecimalField(label="Price a share, USD", required=False, min_value=0, max_digits=12)
    value_usd = forms.CharField(label="Value, USD", required=False, help_text="1.3bn, $450m or 1,312,345,678.")
    premium_last_close = forms.DecimalField(
        label="Premium over the last close",
        required=False,
        min_value=-1,
        max_value=100,
        help_text="As a share: 0.85 is 85 %.",
    )
    structure = forms.CharField(required=False, max_length=200, help_text="Tender offer, merger, all cash, stock.")
    contingent = forms.CharField(
        label="Contingent payments", required=False, max_length=500, help_text="CVRs: amount, event, until when."
    )
    expected_close = forms.DateField(required=False)
    outside_date = forms.DateField(required=False, help_text="The day from which either side may walk away.")
    antitrust = forms.ChoiceField(required=False, choices=[("", "Not known"), *ANTITRUST.items()])
    stage = forms.ChoiceField(label="Stage of the lead", required=False, choices=[("", "Not known"), *Phase.choices])
    reason = forms.CharField(max_length=500, help_text="Kept with the correction.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.widget = UnfoldAdminSelectWidget(choices=field.choices)
            elif isinstance(field, forms.DateField):
                field.widget = UnfoldAdminDateWidget()
            else:
                field.widget = UnfoldAdminTextInputWidget()

    def clean_value_usd(self) -> str:
        """Read dollars as analysts write them."""
        text = self.cleaned_data["value_usd"]
        try:
            return f"{figures.parse_money(text):f}" if text else ""
        except ValueError as error:
            raise forms.ValidationError(f"{str(error).capitalize()}.") from None

    def terms(self) -> dict[str, str]:
        """Return the terms as the ledger keeps them."""
        data = self.cleaned_data
        return {name: "" if data[name] is None else _text(data[name]) for name in TERMS}


def _text(value: Any) -> str:
    return (
        value.isoformat() if isinstance(value, dt.date) else f"{value:f}" if isinstance(value, Decimal) else str(value)
    )


@admin.register(Deal)
class DealAdmin(ReadOnlyAdmin):
    """Deals: pending ones first asked for, precedents by area, stage, size and year."""

    list_display: Any = [
        "announced", "target_cell", "acquirer_cell", "status_cell", "value_cell", "premium_cell", "spread_cell",
        "yearly_cell", "close", "outside", "antitrust_cell", "contingent_cell", "structure_cell", "stage_cell",
    ]  # fmt: skip
    list_display_links: Any = None
    list_select_related: Any = ["company__merged_into"]
    list_filter: Any = [StatusFilter, AreaFilter, StageFilter, SizeFilter, ("event_date", DayRangeFilter)]
    search_fields: Any = ["title"]
    search_help_text = "Words of the announcement: target or acquirer"
    ordering: Any = ["-event_date", "-id"]
    list_before_template: Any = "admin/deals/premiums.html"
    everything = f"?status={ALL}"
    empty_hint = "Load deals with the ingest command, or add a takeover to the ledger by hand."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the deals as they are known now."""
        ordering = self.get_ordering(request)
        rows = Deal.deals.followed().defer("description", "company__search_vector", "company__metadata")
        return rows.order_by(*ordering)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list, with the quartiles and the tabs above it."""
        changes = super().get_changelist_instance(request)
        changes.result_list = self.completed(list(changes.result_list))
        changes.premiums = premiums_of(changes.queryset)
        changes.tabs = self._tabs(request)
        # It opens on what is pending: none of that is not none at all.
        changes.has_active_filters = changes.has_active_filters or opens(request)
        return changes

    def completed(self, rows: list[Any]) -> list[Any]:
        """Return the deals with their spreads, the targets fetched in one query."""
        today = dt.datetime.now(tz=NEW_YORK).date()
        targets = targets_of(rows)
        for row in rows:
            row.found_target = targets.get(row.pk)
            row.spread = spread_of(row, row.value, row.found_target, today)
        return rows

    def _tabs(self, request: HttpRequest) -> list[tuple[str, str, bool]]:
        """Return the states as tabs, each with what else is asked: its name, its address, whether it is shown."""
        asked = request.GET.copy()
        chosen = PENDING if opens(request) else asked.get("status", "")
        asked.pop("p", None)
        tabs = []
        for status in (*STATUSES, ALL):
            asked["status"] = status
            is_chosen = chosen == status or (status == ALL and chosen not in STATUSES)
            tabs.append((status.capitalize(), f"?{asked.urlencode()}", is_chosen))
        return tabs

    def get_urls(self) -> list[Any]:
        """Add the page of a deal's terms."""
        terms = path("<uuid:key>/terms/", self.admin_site.admin_view(self.terms), name="signals_app_deal_terms")
        return [terms, *super().get_urls()]

    def whole(self, rows: Any) -> tuple[list[str], Any]:
        """Return the deals as a table, with the terms in columns of their own."""
        named = ["event_date", "whose_name", "whose_ticker", "signal_type", "title", "value", "premium"]
        named += [f"signal_data__{name}" for name in ("target", "acquirer", *TERMS) if name not in {"value_usd"}]
        heads = [name.replace("signal_data__", "").replace("whose_", "company_") for name in named]
        whose = {"whose_name": read_as_field("name"), "whose_ticker": read_as_field("ticker")}
        return heads, rows.annotate(**whose).values_list(*named)

    def terms(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Show a deal's terms; what is changed is a correction that supersedes the row."""
        deal = Deal.deals.followed().select_related("company__merged_into").filter(pk=key).first()
        if deal is None or not self.has_view_permission(request):
            raise Http404("There is no such deal, or a later row has superseded it.")
        may_change = request.user.has_perm("signals_app.add_signal")
        initial = {name: deal.term(name) for name in TERMS} | {"status": deal.status}
        form = TermsForm(request.POST if request.method == "POST" else None, initial=initial)
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            if form.is_valid():
                try:
                    saved = edit_terms(deal=deal, terms=form.terms(), reason=form.cleaned_data["reason"])
                except Refused as refusal:
                    form.add_error(None, str(refusal))
                else:
                    messages.success(request, "The terms are corrected; the former row stays in the ledger.")
                    return HttpResponseRedirect(reverse("admin:signals_app_deal_terms", args=[saved.pk]))
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": deal.title,
            "opts": self.opts,
            "deal": deal,
            "form": form,
            "may_change": may_change,
        }
        return TemplateResponse(request, "admin/deals/terms.html", context)

    @column("Announced", order="event_date", data=TruncDate("event_date", tzinfo=NEW_YORK))
    def announced(self, deal: Deal) -> str:
        """Return the market's day."""
        return columns.market_day(deal.event_date)

    @column("Target", data=lambda deal: deal.target)
    def target_cell(self, deal: Deal) -> str:
        """Return the target, which leads to the deal's terms."""
        return columns.link(reverse("admin:signals_app_deal_terms", args=[deal.pk]), deal.target[:40], title=deal.title)

    @column("Acquirer", data=lambda deal: deal.acquirer)
    def acquirer_cell(self, deal: Deal) -> str:
        """Return who buys."""
        return columns.cut(deal.acquirer) if deal.acquirer else columns.unknown("Not named")

    @column("Status", data=lambda deal: deal.status)
    def status_cell(self, deal: Deal) -> str:
        """Return how it stands."""
        return columns.badge(deal.status, TONES.get(deal.status, "grey"))

    @column("Value", order="value", numeric=True)
    def value_cell(self, deal: Any) -> str:
        """Return the value and what it is of."""
        return columns.money(deal.value, note=deal.term("value_basis"), hint="Not disclosed")

    @column("Premium", order="premium", numeric=True)
    def premium_cell(self, deal: Any) -> str:
        """Return the premium over the last close."""
        return percent(deal.premium, hint="Nobody has told it")

    @column("Spread", numeric=True, data=lambda deal: deal.spread and deal.spread.gross)
    def spread_cell(self, deal: Any) -> str:
        """Return what is left between market and offer."""
        hint = "Needs an equity value and a market cap since the announcement"
        return percent(deal.spread.gross if deal.spread else None, hint=hint)

    @column("A year", numeric=True, data=lambda deal: deal.spread and deal.spread.annualised)
    def yearly_cell(self, deal: Any) -> str:
        """Return the spread for a year, simple interest to the expected close."""
        hint = "Needs a spread and an expected close ahead"
        return percent(deal.spread.annualised if deal.spread else None, hint=hint)

    @column("Expected close", data=lambda deal: deal.day("expected_close"))
    def close(self, deal: Deal) -> str:
        """Return when it is to close."""
        return columns.day(deal.day("expected_close"))

    @column("Outside date", data=lambda deal: deal.day("outside_date"))
    def outside(self, deal: Deal) -> str:
        """Return from when either side may walk away."""
        return columns.day(deal.day("outside_date"))

    @column("Antitrust", data=lambda deal: ANTITRUST.get(deal.term("antitrust")))
    def antitrust_cell(self, deal: Deal) -> str:
        """Return how the authorities stand."""
        return ANTITRUST.get(deal.term("antitrust")) or columns.unknown("Not known")

    @column("Contingent", data=lambda deal: deal.term("contingent"))
    def contingent_cell(self, deal: Deal) -> str:
        """Return what is paid later, if something happens."""
        return columns.cut(deal.term("contingent")) if deal.term("contingent") else columns.unknown("None known")

    @column("Structure", data=lambda deal: deal.term("structure"))
    def structure_cell(self, deal: Deal) -> str:
        """Return how it is done."""
        return columns.cut(deal.term("structure")) if deal.term("structure") else columns.unknown("Not stated")

    @column("Stage", data=lambda deal: PHASES.get(deal.term("stage")))
    def stage_cell(self, deal: Deal) -> str:
        """Return how far the target's lead had come."""
        return PHASES.get(deal.term("stage")) or columns.unknown("Not stated")
