"""Companies as analysts scan and edit them."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from biotech_ma.core.admin import ArchiveAdmin, DeskInline, column, columns
from biotech_ma.core.admin.bulk_edit import BulkEdit
from biotech_ma.core.admin.column_data import labelled
from biotech_ma.core.admin.fields import ChoiceListField
from biotech_ma.core.admin.filters import FigureRangeFilter, NullBooleanFilter, array_filter, given_filter
from biotech_ma.core.admin.history import in_words
from biotech_ma.core.admin.pages import Section
from biotech_ma.core.admin.sources import source_notes, sourced_form
from biotech_ma.core.services import locked
from companies.admin_cells import AREAS, ROLE_TONES
from companies.admin_closed import marked
from companies.admin_merging import CompanyMerging
from companies.admin_more_columns import MoreCompanyColumns
from companies.admin_page import CompanyPage, origin
from companies.admin_watching import CompanyWatching
from companies.admin_watchlists import TagFilter, WatchlistFilter
from companies.choices import Role, TherapeuticArea
from companies.forms import CandidateForm
from companies.models import Company, CompanyAlias, DrugCandidate
from companies.services import FOLLOWING, curated_notes, follow_edit, is_curated, note_edit, tell_of_edit

COLUMNS_BEFORE = 3


class PipelineInline(DeskInline):
    """The company's own drugs, edited in place."""

    form: Any = CandidateForm
    model = DrugCandidate
    verbose_name_plural = "pipeline"
    fields = (
        "name",
        "phase",
        "indication",
        "therapeutic_area",
        "next_milestone",
        "next_milestone_date",
        "patent_expiry",
    )
    show_change_link = True
    ordering = ("name", "id")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the live candidates."""
        return super().get_queryset(request).filter(deleted_at__isnull=True)


class AliasInline(DeskInline):
    """Other names and tickers that lead to the company."""

    model = CompanyAlias
    verbose_name_plural = "aliases"
    fields = ("kind", "alias", "valid_from", "valid_to", "source")


@admin.register(Company)
class CompanyAdmin(CompanyPage, CompanyMerging, CompanyWatching, MoreCompanyColumns, BulkEdit, ArchiveAdmin):
    """The universe: whom the desk follows. Later apps add columns, sections, key facts and tabs by `extend`."""

    shapes: ClassVar[dict[str, Any]] = {"therapeutic_areas": partial(ChoiceListField, choices=TherapeuticArea.choices)}
    list_display: Any = ["name_cell", "ticker_cell", "role_badge", "cap", "funds", "runway", "areas"]
    list_display_links: Any = None
    list_edit: ClassVar[dict[str, str]] = {
        "role_badge": "role",
        "is_public": "is_public",
        "headquarters": "headquarters_location",
        "tags_cell": "tags",
    }
    list_filter: Any = [
        ("role", ChoicesDropdownFilter),
        array_filter("therapeutic_areas", TherapeuticArea, "area"),
        ("market_cap_usd", FigureRangeFilter),
        ("runway_quarters", FigureRangeFilter),
        ("is_cash_constrained", NullBooleanFilter),
        ("is_public", NullBooleanFilter),
        ("under_offer_since", given_filter("Under offer", "Not under offer")),
        TagFilter,
        WatchlistFilter,
    ]
    actions: Any = ["edit_selected", "watch_selected", "merge_selected", *ArchiveAdmin.actions]
    bulk_fields = ("role", "therapeutic_areas", "tags", "is_public", "history_starts")
    search_fields: Any = ["name"]
    search_help_text = "Name, ticker, CIK or alias"
    ordering: Any = ["name", "id"]
    inlines: Any = [PipelineInline, AliasInline]
    empty_hint = "Load the starter data or a source, or add a company by hand."
    archive_consequence = (
        "It leaves lists, leaderboards, matches and the API together with its drug candidates. "
        "Restoring brings back what was archived with it."
    )
    actions_detail: Any = ["open_page", *ArchiveAdmin.actions_detail]
    readonly_fields: Any = ["under_offer_since", "last_data_refresh", "sources"]
    fieldsets: Any = [
        (
            None,
            {
                "fields": [
                    ("name", "ticker"),
                    ("cik", "role"),
                    ("is_public", "headquarters_location"),
                    "therapeutic_areas",
                    "tags",
                ]
            },
        ),
        (
            "Key figures",
            {
                "fields": [
                    ("market_cap_usd", "market_cap_as_of"),
                    ("cash_position_usd", "quarterly_burn_rate_usd"),
                    ("total_debt_usd", "enterprise_value_usd"),
                    ("runway_quarters", "is_cash_constrained"),
                ]
            },
        ),
        (
            "Background",
            {
                "fields": [
                    ("founded_year", "employee_count"),
                    ("history_starts", "under_offer_since"),
                    "metadata",
                    "last_data_refresh",
                    "sources",
                ],
                "classes": ["collapse"],
            },
        ),
    ]
    annotations: ClassVar[list[Callable[[Any], Any]]] = []
    after_edit: ClassVar[list[Callable[[Company, list[str]], str]]] = []

    @classmethod
    def extend(
        cls,
        *,
        inlines: list[Any] | None = None,
        list_columns: list[Any] | None = None,
        rows: Any = None,
        facts: Any = None,
        sections: list[Section] | None = None,
        after_edit: Callable[[Company, list[str]], str] | None = None,
    ) -> None:
        """Add tabs to the form, list columns, what these need of the queryset, key facts and sections of the page.

        That is how a later app shows itself here. `after_edit` says in words what an edit of these fields leads to.
        """
        cls.inlines = [*(inlines or []), *cls.inlines]
        for cell in list_columns or []:
            setattr(cls, cell.__name__, staticmethod(cell))
        cls.list_display = [
            *cls.list_display[:COLUMNS_BEFORE],
            *(cell.__name__ for cell in list_columns or []),
            *cls.list_display[COLUMNS_BEFORE:],
        ]
        if rows is not None:
            cls.annotations.append(rows)
        if facts is not None:
            cls.key_facts.append(facts)
        if after_edit is not None:
            cls.after_edit.append(after_edit)
        cls.sections.extend(sections or [])

    @action(description="Page", url_path="page", icon="visibility")  # type: ignore[untyped-decorator]
    def open_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go from the form to the page."""
        return HttpResponseRedirect(reverse("admin:companies_company_view", args=[object_id]))

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the companies with what the columns of later apps need, without what no page shows."""
        rows = super().get_queryset(request).defer("search_vector")
        match = request.resolver_match
        if match and match.url_name == "companies_company_changelist":
            for annotate in self.annotations:
                rows = annotate(rows)
            rows = marked(rows, request)
        return rows

    def search_rows(self, request: HttpRequest, queryset: Any, term: str) -> tuple[Any, bool]:
        """Search name, ticker, CIK and aliases; `%` and `_` are letters."""
        return (queryset.search(term) if term.strip() else queryset), False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, with the source and day of each figure in its help text."""
        return sourced_form(super().get_form(request, obj, change, **kwargs), obj)

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:
        """Write the company: what was set is curated, and what that says of its figures goes into the ledger.

        Runway and the like follow at once; the page says so.
        """
        before = locked(obj) if change else Company()
        changed = [name for name in form.changed_data if getattr(before, name) != getattr(obj, name)]
        obj.field_sources = curated_notes(before, changed)
        typed = copy(obj)
        follow_edit(before=before, after=obj)
        super().save_model(request, obj, form, change)
        note_edit(before=before, after=obj)
        tell_of_edit(Company, changed)
        said = [_followed(before, typed, obj) if change else "", *(say(obj, changed) for say in self.after_edit)]
        for words in filter(None, said):
            messages.info(request, words)

    def revertible_fields(self, request: HttpRequest, row: Any) -> frozenset[str]:
        """Return the fields whose changes may be taken back; what was derived follows those that it rests on."""
        derived = {name for name in FOLLOWING if not is_curated(row.field_sources, name)}
        return super().revertible_fields(request, row) - derived

    @column("Company", order="name")
    def name_cell(self, company: Company) -> str:
        """Return the name, cut where it would push the figures off the screen; it leads to the company's page."""
        url = reverse("admin:companies_company_view", args=[company.pk])
        mark = columns.badge("restricted", "red") if getattr(company, "is_restricted", False) else ""
        return format_html('<a class="desk-name" href="{0}" title="{1}">{1}</a> {2}', url, company.name, mark)

    @column("Ticker", order="ticker")
    def ticker_cell(self, company: Company) -> str:
        """Return the ticker."""
        return company.ticker or columns.unknown("Not listed")

    @column("Role", order="role")
    def role_badge(self, company: Company) -> str:
        """Return what the company is to the desk."""
        return columns.badge(company.get_role_display(), ROLE_TONES[Role(company.role)])

    @column("Market cap", order="market_cap_usd", numeric=True, figure="usd")
    def cap(self, company: Company) -> str:
        """Return the market cap; the exact amount and its day on hover."""
        note = f"as of {company.market_cap_as_of}" if company.market_cap_as_of else "day unknown"
        return columns.money(company.market_cap_usd, note=note, hint="No price or float known yet")

    @column("Liquid funds", order="cash_position_usd", numeric=True, figure="usd")
    def funds(self, company: Company) -> str:
        """Return cash and securities; the exact amount and its source on hover."""
        note, _ = origin(company, "cash_position_usd")
        return columns.money(company.cash_position_usd, note=note, hint=note or "Unknown")

    @column("Runway", order="runway_quarters", numeric=True)
    def runway(self, company: Company) -> str:
        """Return the quarters of funds left, coloured by urgency."""
        burn = company.quarterly_burn_rate_usd
        return columns.runway(company.runway_quarters, burns=None if burn is None else burn > 0)

    @column("Areas", data=labelled("therapeutic_areas", AREAS))
    def areas(self, company: Company) -> str:
        """Return the first areas as chips, the rest on hover."""
        return columns.chips(company.therapeutic_areas, AREAS, most=1)

    @column("Sources")
    def sources(self, company: Company) -> str:
        """Return where each figure came from, one line each."""
        notes = source_notes(company)
        if not notes:
            return columns.unknown("No source has delivered a figure yet")
        fields = {field.name: str(field.verbose_name) for field in Company._meta.fields}
        lines = [f"{fields.get(name, name)}: {note}" for name, note in notes.items()]
        return columns.lines(lines)


def _followed(before: Company, typed: Company, after: Company) -> str:
    """Return in words what followed from what was typed; empty where nothing did."""
    moved = [name for name in FOLLOWING if getattr(typed, name) != getattr(after, name)]
    fields: list[Any] = [Company._meta.get_field(name) for name in moved]
    parts = []
    for field in fields:
        old, new = in_words(field, getattr(before, field.name), getattr(after, field.name))
        parts.append(f"{field.verbose_name}: {old} → {new}")
    return f"Derived anew: {'; '.join(parts)}." if parts else ""
