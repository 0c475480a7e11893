"""Drug candidates and aliases as analysts scan and edit them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from biotech_ma.core.admin import ArchiveAdmin, ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.bulk_edit import BulkEdit
from biotech_ma.core.admin.filters import DayRangeFilter, NullBooleanFilter
from biotech_ma.core.admin.sources import sourced_form
from companies.admin_cells import AREAS, company_data, company_link, phase_badge
from companies.forms import CandidateForm
from companies.models import CompanyAlias, DrugCandidate


@admin.register(DrugCandidate)
class DrugCandidateAdmin(BulkEdit, ArchiveAdmin):
    """Drugs of the companies, one row a drug and indication."""

    form: Any = CandidateForm

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
    more_columns: tuple[str, ...] = (
        "mechanism_cell", "orphan_designation", "fast_track", "breakthrough_therapy", "years", "potential",
    )  # fmt: skip
    list_edit: ClassVar[dict[str, str]] = {
        "phase_cell": "phase",
        "indication_cell": "indication",
        "area": "therapeutic_area",
        "milestone": "next_milestone",
        "milestone_day": "next_milestone_date",
        "expiry": "patent_expiry",
    }
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
    actions: Any = ["edit_selected", *ArchiveAdmin.actions]
    bulk_fields = ("phase", "therapeutic_area", "orphan_designation", "fast_track", "breakthrough_therapy")
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

    @column("Company", order="company__name", data=company_data())
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

    @column("Mechanism", order="mechanism")
    def mechanism_cell(self, candidate: DrugCandidate) -> str:
        """Return how it works, cut at the column's width."""
        return columns.cut(candidate.mechanism) if candidate.mechanism else columns.unknown("Not stated")

    @column("Protected for", order="patent_years_remaining", numeric=True)
    def years(self, candidate: DrugCandidate) -> str:
        """Return the years of protection that are left."""
        return columns.number(candidate.patent_years_remaining)

    @column("Peak sales", order="market_potential_usd", numeric=True, figure="usd")
    def potential(self, candidate: DrugCandidate) -> str:
        """Return the market potential a year."""
        return columns.money(candidate.market_potential_usd)


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

    @column("Company", order="company__name", data=company_data())
    def company_cell(self, alias: CompanyAlias) -> str:
        """Return a link to the company."""
        return company_link(alias.company)
