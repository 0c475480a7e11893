"""Companies, drug candidates and aliases as analysts scan and edit them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.dataclasses import SearchResult

from biotech_ma.core.admin import ArchiveAdmin, DeskInline, ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.dashboard import Panel, Tile, on_dashboard
from biotech_ma.core.admin.fields import ChoiceListField
from biotech_ma.core.admin.filters import DayRangeFilter, FigureRangeFilter, NullBooleanFilter, array_filter
from biotech_ma.core.admin.sources import source_notes, sourced_form
from companies.choices import Phase, Role, TherapeuticArea
from companies.models import Company, CompanyAlias, DrugCandidate

ROLE_TONES = {Role.TARGET: "green", Role.ACQUIRER: "blue", Role.EXCLUDED: "grey"}
PHASE_TONES = {
    Phase.PHASE_2: "blue",
    Phase.PHASE_2_3: "blue",
    Phase.PHASE_3: "amber",
    Phase.NDA_BLA: "amber",
    Phase.APPROVED: "green",
    Phase.DISCONTINUED: "red",
}
AREAS: dict[str, str] = dict(TherapeuticArea.choices)
MOST_FOUND = 8
COLUMNS_BEFORE = 3
PANEL_ROWS = 10


def phase_badge(candidate: DrugCandidate) -> str:
    """Return the phase with the colour of its distance to market."""
    return columns.badge(candidate.get_phase_display(), PHASE_TONES.get(Phase(candidate.phase), "grey"))


def company_link(company: Company | None) -> str:
    """Return a link to the company's page: the ticker, its name on hover."""
    if company is None:
        return columns.unknown()
    url = reverse("admin:companies_company_change", args=[company.pk])
    return columns.link(url, company.ticker or company.name, title=company.name)


def own_facts(company: Company) -> list[tuple[str, Any, str]]:
    """Return the company's own key figures: label, figure, and where and when it is from."""
    notes = source_notes(company)
    day = f"as of {company.market_cap_as_of}" if company.market_cap_as_of else ""
    burn = company.quarterly_burn_rate_usd
    return [
        ("Market cap", columns.money(company.market_cap_usd), day or notes.get("market_cap_usd", "")),
        ("Liquid funds", columns.money(company.cash_position_usd), notes.get("cash_position_usd", "")),
        ("Burn a quarter", columns.money(burn), notes.get("quarterly_burn_rate_usd", "")),
        ("Runway", columns.runway(company.runway_quarters, burns=None if burn is None else burn > 0), ""),
        ("Debt", columns.money(company.total_debt_usd), notes.get("total_debt_usd", "")),
        ("Enterprise value", columns.money(company.enterprise_value_usd), notes.get("enterprise_value_usd", "")),
    ]


class PipelineInline(DeskInline):
    """The company's own drugs, edited in place."""

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
class CompanyAdmin(ArchiveAdmin):
    """The universe: whom the desk follows. Later apps add their columns and tabs by `extend`."""

    shapes: ClassVar[dict[str, Any]] = {"therapeutic_areas": partial(ChoiceListField, choices=TherapeuticArea.choices)}
    list_display: Any = ["name_cell", "ticker_cell", "role_badge", "cap", "funds", "runway", "areas"]
    list_display_links: Any = ["name_cell"]
    list_filter: Any = [
        ("role", ChoicesDropdownFilter),
        array_filter("therapeutic_areas", TherapeuticArea, "area"),
        ("market_cap_usd", FigureRangeFilter),
        ("runway_quarters", FigureRangeFilter),
        ("is_cash_constrained", NullBooleanFilter),
        ("is_public", NullBooleanFilter),
    ]
    search_fields: Any = ["name"]
    search_help_text = "Name, ticker or alias"
    ordering: Any = ["name", "id"]
    inlines: Any = [PipelineInline, AliasInline]
    empty_hint = "Load the starter data or a source, or add a company by hand."
    archive_consequence = (
        "It leaves lists, leaderboards, matches and the API together with its drug candidates. "
        "Restoring brings back what was archived with it."
    )
    readonly_fields: Any = ["last_data_refresh", "sources"]
    fieldsets: Any = [
        (None, {"fields": [("name", "ticker"), ("cik", "role"), ("is_public", "headquarters_location"), "therapeutic_areas"]}),
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
                "fields": [("founded_year", "employee_count"), "history_starts", "metadata", "last_data_refresh", "sources"],
                "classes": ["collapse"],
            },
        ),
    ]
    annotations: ClassVar[list[Callable[[Any], Any]]] = []

    key_facts: ClassVar[list[Callable[[Company], list[tuple[str, Any, str]]]]] = []
    change_form_outer_before_template = "admin/desk/facts.html"

    @classmethod
    def extend(
        cls,
        *,
        inlines: list[Any] | None = None,
        list_columns: list[Any] | None = None,
        rows: Any = None,
        facts: Any = None,
    ) -> None:
        """Add tabs, list columns, what these need of the queryset, and key facts: how a later app shows itself here."""
        cls.inlines = [*(inlines or []), *cls.inlines]
        cls.list_display = [*cls.list_display[:COLUMNS_BEFORE], *(list_columns or []), *cls.list_display[COLUMNS_BEFORE:]]
        if rows is not None:
            cls.annotations.append(rows)
        if facts is not None:
            cls.key_facts.append(facts)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the company under its key facts."""
        company = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        facts = [] if company is None else [*own_facts(company), *(fact for of in self.key_facts for fact in of(company))]
        return super().changeform_view(request, object_id, form_url, {"facts": facts, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the companies with what the columns of later apps need, without what no page shows."""
        rows = super().get_queryset(request).defer("search_vector")
        match = request.resolver_match
        if match and match.url_name == "companies_company_changelist":
            for annotate in self.annotations:
                rows = annotate(rows)
        return rows

    def search_rows(self, request: HttpRequest, queryset: Any, term: str) -> tuple[Any, bool]:
        """Search name, ticker and aliases; `%` and `_` are letters."""
        return (queryset.search(term) if term.strip() else queryset), False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, with the source and day of each figure in its help text."""
        return sourced_form(super().get_form(request, obj, change, **kwargs), obj)

    @column("Company", order="name")
    def name_cell(self, company: Company) -> str:
        """Return the name, cut where it would push the figures off the screen."""
        return format_html('<span class="desk-name" title="{0}">{0}</span>', company.name)

    @column("Ticker", order="ticker")
    def ticker_cell(self, company: Company) -> str:
        """Return the ticker."""
        return company.ticker or columns.unknown("Not listed")

    @column("Role", order="role")
    def role_badge(self, company: Company) -> str:
        """Return what the company is to the desk."""
        return columns.badge(company.get_role_display(), ROLE_TONES[Role(company.role)])

    @column("Market cap", order="market_cap_usd", numeric=True)
    def cap(self, company: Company) -> str:
        """Return the market cap; the exact amount and its day on hover."""
        note = f"as of {company.market_cap_as_of}" if company.market_cap_as_of else "day unknown"
        return columns.money(company.market_cap_usd, note=note, hint="No price or float known yet")

    @column("Liquid funds", order="cash_position_usd", numeric=True)
    def funds(self, company: Company) -> str:
        """Return cash and securities; the exact amount and its source on hover."""
        note = source_notes(company).get("cash_position_usd", "")
        return columns.money(company.cash_position_usd, note=note, hint="Unknown or incomplete in the latest filing")

    @column("Runway", order="runway_quarters", numeric=True)
    def runway(self, company: Company) -> str:
        """Return the quarters of funds left, coloured by urgency."""
        burn = company.quarterly_burn_rate_usd
        return columns.runway(company.runway_quarters, burns=None if burn is None else burn > 0)

    @column("Areas")
    def areas(self, company: Company) -> str:
        """Return the first areas as chips, the rest on hover."""
        return columns.chips(company.therapeutic_areas, AREAS, most=1)

    @column("Sources")
    def sources(self, company: Company) -> str:
        """Return where each figure came from, one line each."""
        notes = source_notes(company)
        if not notes:
            return columns.unknown("No source has delivered a figure yet")
        lines = [f"{Company._meta.get_field(name).verbose_name}: {note}" for name, note in notes.items()]
        return columns.lines(lines)


@admin.register(DrugCandidate)
class DrugCandidateAdmin(ArchiveAdmin):
    """Drugs of the companies, one row a drug and indication."""

    list_display: Any = [
        "name_cell",
        "company_cell",
        "phase_cell",
        "indication_cell",
        "area",
        "milestone",
        "milestone_day",
        "expiry",
    ]
    list_display_links: Any = ["name_cell"]
    list_select_related: Any = ["company"]
    list_filter: Any = [
        ("phase", ChoicesDropdownFilter),
        ("therapeutic_area", ChoicesDropdownFilter),
        ("company", AutocompleteSelectFilter),
        ("next_milestone_date", DayRangeFilter),
        ("patent_expiry", DayRangeFilter),
        ("orphan_designation", NullBooleanFilter),
        ("breakthrough_therapy", NullBooleanFilter),
        ("fast_track", NullBooleanFilter),
    ]
    search_fields: Any = ["name", "indication", "mechanism", "company__ticker"]
    search_help_text = "Drug, indication, mechanism or ticker"
    autocomplete_fields: Any = ["company"]
    ordering: Any = ["name", "id"]
    empty_hint = "Add the drugs of a company on its page, under Pipeline."
    readonly_fields: Any = ["patent_years_remaining"]
    fieldsets: Any = [
        (None, {"fields": [("name", "company"), ("phase", "therapeutic_area"), "indication", "mechanism"]}),
        ("What comes next", {"fields": [("next_milestone", "next_milestone_date")]}),
        (
            "Protection and designations",
            {
                "fields": [
                    ("patent_expiry", "patent_years_remaining"),
                    ("orphan_designation", "fast_track", "breakthrough_therapy"),
                ]
            },
        ),
        (
            "Judgement",
            {"fields": [("phase_score", "competitive_landscape_score"), "market_potential_usd", "additional_data"]},
        ),
    ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, with the source and day of each field in its help text."""
        return sourced_form(super().get_form(request, obj, change, **kwargs), obj)

    @column("Drug", order="name")
    def name_cell(self, candidate: DrugCandidate) -> str:
        """Return the name."""
        return format_html('<span class="desk-name" title="{0}">{0}</span>', candidate.name)

    @column("Company", order="company__name")
    def company_cell(self, candidate: DrugCandidate) -> str:
        """Return a link to the owner."""
        return company_link(candidate.company)

    @column("Phase", order="phase")
    def phase_cell(self, candidate: DrugCandidate) -> str:
        """Return the phase."""
        return phase_badge(candidate)

    @column("Indication", order="indication")
    def indication_cell(self, candidate: DrugCandidate) -> str:
        """Return the disease, cut at the column's width."""
        if not candidate.indication:
            return columns.unknown("Not stated")
        return format_html('<span class="desk-wide-text" title="{0}">{0}</span>', candidate.indication)

    @column("Area", order="therapeutic_area")
    def area(self, candidate: DrugCandidate) -> str:
        """Return the area."""
        area = candidate.therapeutic_area
        return columns.chips([area], AREAS) if area else columns.unknown("Not classified")

    @column("Next milestone", order="next_milestone")
    def milestone(self, candidate: DrugCandidate) -> str:
        """Return what comes next."""
        return candidate.next_milestone or columns.unknown("None known")

    @column("Due", order="next_milestone_date")
    def milestone_day(self, candidate: DrugCandidate) -> str:
        """Return when it is due."""
        return columns.day(candidate.next_milestone_date)

    @column("Patent expiry", order="patent_expiry")
    def expiry(self, candidate: DrugCandidate) -> str:
        """Return the last protected day."""
        return columns.day(candidate.patent_expiry)


@admin.register(CompanyAlias)
class CompanyAliasAdmin(ReadOnlyAdmin):
    """Names and tickers that lead to a company; edited on the company's page."""

    list_display: Any = ["alias", "kind", "company_cell", "valid_from", "valid_to", "source"]
    list_select_related: Any = ["company"]
    list_filter: Any = [("kind", ChoicesDropdownFilter), ("company", AutocompleteSelectFilter)]
    search_fields: Any = ["alias"]
    ordering: Any = ["alias", "id"]
    fields = ("company", "kind", "alias", "valid_from", "valid_to", "source")
    empty_hint = "Add aliases on a company's page, under Aliases."

    @column("Company", order="company__name")
    def company_cell(self, alias: CompanyAlias) -> str:
        """Return a link to the company."""
        return company_link(alias.company)


def found(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return companies and drugs for the command palette, a handful each, as the user may see them."""
    results = []
    if request.user.has_perm("companies.view_company"):
        for company in Company.objects.search(term)[:MOST_FOUND]:
            url = reverse("admin:companies_company_change", args=[company.pk])
            results.append(SearchResult(str(company), f"Company · {company.get_role_display()}", url, "biotech"))
    if request.user.has_perm("companies.view_drugcandidate"):
        drugs = DrugCandidate.objects.with_company().filter(name__icontains=term.replace("\x00", ""))
        for drug in drugs.order_by("name", "id")[:MOST_FOUND]:
            url = reverse("admin:companies_drugcandidate_change", args=[drug.pk])
            results.append(SearchResult(str(drug), f"{drug.get_phase_display()} · {drug.company}", url, "pill"))
    return results


@on_dashboard(order=10, permission="companies.view_company")
def company_tile(request: HttpRequest) -> Tile:
    """Count the live companies by role."""
    roles = Company.objects.statistics().by_role
    note = f"{roles['target']:,} targets, {roles['acquirer']:,} acquirers"
    return Tile("Companies", f"{sum(roles.values()):,}", note, reverse("admin:companies_company_changelist"))


@on_dashboard(order=60, permission="companies.view_company")
def cash_panel(request: HttpRequest) -> Panel:
    """List the targets with the least runway."""
    rows = Company.objects.targets().cash_constrained().defer("search_vector")[:PANEL_ROWS]
    return Panel(
        "Short of cash",
        ["Company", "Liquid funds", "Burn a quarter", "Runway", "Market cap"],
        [
            [
                company_link(company),
                columns.money(company.cash_position_usd),
                columns.money(company.quarterly_burn_rate_usd),
                columns.runway(company.runway_quarters),
                columns.money(company.market_cap_usd),
            ]
            for company in rows
        ],
        note="targets with under four quarters of runway",
        url=reverse("admin:companies_company_changelist") + "?is_cash_constrained__exact=1&o=6",
        empty="No target is known to have less than four quarters of runway.",
        numeric=frozenset({1, 2, 3, 4}),
    )


@on_dashboard(order=70, permission="companies.view_drugcandidate")
def milestone_panel(request: HttpRequest) -> Panel:
    """List what is due next."""
    today = timezone.localdate()
    ahead = today + dt.timedelta(days=365)
    rows = DrugCandidate.objects.of_live_companies().upcoming(today, ahead).with_company()[:PANEL_ROWS]
    return Panel(
        "Coming milestones",
        ["Due", "Company", "Drug", "What"],
        [
            [columns.day(row.next_milestone_date), company_link(row.company), str(row), row.next_milestone or "—"]
            for row in rows
        ],
        url=reverse("admin:companies_drugcandidate_changelist") + "?o=7",
        empty="No milestone with a day ahead is known. Add one on a drug candidate's page.",
    )
