"""The ledger as analysts read it: nothing is edited; a correction is a new row made from the old one."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesCheckboxFilter,
    MultipleChoicesDropdownFilter,
)
from unfold.decorators import action

from biotech_ma.core.admin import DeskAdmin, column, columns, figures
from biotech_ma.core.admin.filters import MarketDayRangeFilter
from biotech_ma.core.admin.versioned import MOST_OF_A_REASON, REASON
from biotech_ma.core.market_day import NEW_YORK
from companies.admin import company_data, company_link
from companies.admin_filters import SameCompanyFilter
from companies.identity import Identities
from companies.models import Company
from signals_app import (  # noqa: F401 - they add to other pages
    admin_calendar,
    admin_company,
    admin_deal_panels,
    admin_freshness,
    admin_today,
)
from signals_app.admin_cells import severity_badge, signal_link
from signals_app.admin_deals import DealAdmin
from signals_app.admin_facts import FinancialFactAdmin
from signals_app.admin_forms import LedgerFilter, SignalForm, SourceFilter
from signals_app.admin_imports import SheetImportAdmin
from signals_app.admin_jobs import JobAdmin
from signals_app.admin_review import ReviewItemAdmin
from signals_app.admin_runs import IngestRunAdmin
from signals_app.admin_versions import newest_of, signal_versions
from signals_app.models import Signal
from signals_app.services import CORRECTABLE, correct_signal, record_signal
from signals_app.title_words import titled

__all__ = [
    "DealAdmin",
    "FinancialFactAdmin",
    "IngestRunAdmin",
    "JobAdmin",
    "ReviewItemAdmin",
    "SheetImportAdmin",
    "SignalAdmin",
]

TITLE_DAYS = 365


def _supersedes_field(**options: Any) -> forms.Field:
    return forms.ModelChoiceField(queryset=Signal.objects.all(), widget=forms.HiddenInput, required=False)


@admin.register(Signal)
class SignalAdmin(DeskAdmin):
    """The ledger of events: rows are added and superseded, never changed."""

    form = SignalForm
    shapes: ClassVar[dict[str, Any]] = {"supersedes": _supersedes_field}
    list_display: Any = ["event_day", "severity_cell", "type_cell", "company_cell", "title_cell", "impact", "source"]
    list_display_links: Any = None
    list_select_related: Any = ["company__merged_into"]
    list_filter: Any = [
        ("severity", ChoicesCheckboxFilter),
        ("signal_type", MultipleChoicesDropdownFilter),
        ("company", SameCompanyFilter),
        ("event_date", MarketDayRangeFilter),
        SourceFilter,
        LedgerFilter,
    ]
    search_fields: Any = ["title"]
    search_help_text = "Ticker or company; else words in titles of the past year, or what they begin with"
    autocomplete_fields: Any = ["company"]
    ordering: Any = ["-event_date", "-id"]
    sortable_by: Any = ["event_day"]
    actions: Any = None
    actions_detail: Any = ["correct"]
    empty_hint = "Load a source with the ingest command, or add what you know by hand."
    fields: Any = [
        ("company", "signal_type"),
        "event_date",
        "available_at",
        ("severity", "ma_impact_score", "confidence"),
        "title",
        "description",
        ("source", "source_id"),
        "source_url",
        "signal_data",
        "supersedes",
    ]
    readonly_fields: Any = ["versions"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The ledger is append-only: `correct` makes a new row."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields; a row that stands in the ledger has its versions below."""
        return self.fields if obj is None else [*self.fields, "versions"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the ledger, without the long fields in the list."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match and match.url_name == "signals_app_signal_changelist":
            return rows.defer("description", "signal_data", "company__search_vector")
        return rows

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search by company; where none is meant, by words in the titles of the past year."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = list(Company.objects.search(term).values_list("pk", flat=True)[:200])
        if found:
            return queryset.filter(company_id__in=Identities.load().ids_of(found)), False
        since = timezone.now() - dt.timedelta(days=TITLE_DAYS)
        return queryset.filter(titled(term), event_date__gte=since), False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start a correction from the row that it corrects."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        old = self._corrected(request)
        if old is None:
            initial.pop("supersedes", None)
            return initial
        kept = {name: getattr(old, name) for name in CORRECTABLE if name not in {"source", "source_id"}}
        return {**kept, "source": "analyst", "supersedes": old.pk}

    def _corrected(self, request: HttpRequest) -> Signal | None:
        key = request.GET.get("supersedes", "")
        field = forms.ModelChoiceField(queryset=Signal.objects.all(), required=False)
        try:
            found: Signal | None = field.clean(key)
        except forms.ValidationError:
            return None
        return found

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Show the form; say which row it corrects, if it does. What was superseded already leads to what stands."""
        old = self._corrected(request) if "supersedes" in request.GET else None
        if old and request.method == "GET" and (newest := newest_of(old)):
            return self._to_newest(request, newest)
        title = f"Correct “{old.title}”" if old else "Add a signal"
        if old and request.method == "GET":
            messages.info(
                request,
                "The old row stays in the ledger and is hidden once this one is available. Change what was wrong.",
            )
        return super().add_view(request, form_url, {"title": title, **(extra_context or {})})  # type: ignore[no-any-return]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show the form; a correction asks why."""
        shown = super().render_change_form(request, context, *args, **kwargs)
        if "supersedes" in request.GET:
            shown.context_data["asks_reason"] = True
        return shown

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Keep the reason of a correction in the row's log."""
        reason = request.POST.get(REASON, "").strip()[:MOST_OF_A_REASON]
        return super().log_addition(request, obj, f"Corrected: {reason}" if obj.supersedes_id and reason else message)

    def save_model(self, request: HttpRequest, obj: Signal, form: Any, change: bool) -> None:
        """Append the row: as a correction if it names what it supersedes."""
        data = form.cleaned_data
        available_at = data.get("chosen_available_at")
        values = {name: data[name] for name in CORRECTABLE if name in data}
        old = data.get("supersedes")
        if old is not None:
            reason = request.POST.get(REASON, "").strip()[:MOST_OF_A_REASON]
            saved = correct_signal(signal=old, changes=values, available_at=available_at, reason=reason)
        else:
            saved = record_signal(available_at=available_at, **values)
        obj.pk, obj._state.adding = saved.pk, False

    @action(description="Correct", permissions=["add"], url_path="correct", icon="edit_note")  # type: ignore[untyped-decorator]
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open the form for a row that supersedes this one."""
        return HttpResponseRedirect(f"{reverse('admin:signals_app_signal_add')}?supersedes={object_id}")

    def _to_newest(self, request: HttpRequest, newest: Signal) -> HttpResponse:
        messages.warning(request, "That row has been superseded. Here is the one that stands: correct this one.")
        return HttpResponseRedirect(reverse("admin:signals_app_signal_change", args=[newest.pk]))

    @column("Versions")
    def versions(self, signal: Signal) -> SafeString:
        """Return what the row superseded and what superseded it."""
        return signal_versions(signal)

    @column("Event", order="event_date", data={"Event date": TruncDate("event_date", tzinfo=NEW_YORK)})
    def event_day(self, signal: Signal) -> str:
        """Return the day, which leads to the page; the instant on hover."""
        url = reverse("admin:signals_app_signal_change", args=[signal.pk])
        return columns.link(url, figures.market_day(signal.event_date), title=figures.moment(signal.event_date))

    @column("Severity", data="severity")
    def severity_cell(self, signal: Signal) -> str:
        """Return the severity."""
        return severity_badge(signal)

    @column("Type", data="signal_type")
    def type_cell(self, signal: Signal) -> str:
        """Return the type."""
        return str(signal.get_signal_type_display())

    @column("Company", data=company_data())
    def company_cell(self, signal: Signal) -> str:
        """Return a link to the company."""
        return company_link(signal.company)

    @column("Title", data={"Title": "title", "Source address": "source_url"})
    def title_cell(self, signal: Signal) -> str:
        """Return the title and the way to its source."""
        return signal_link(signal)

    @column("Impact", numeric=True, data="ma_impact_score")
    def impact(self, signal: Signal) -> str:
        """Return the impact, −10 to +10."""
        return columns.change(signal.ma_impact_score) if signal.ma_impact_score else columns.unknown("None")
