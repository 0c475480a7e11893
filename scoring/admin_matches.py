"""Who could buy whom, and why, to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns, figures
from biotech_ma.core.admin.column_data import WORDS, through
from biotech_ma.core.admin.filters import DayRangeFilter, FigureRangeFilter, NullBooleanFilter
from companies.admin import company_data, company_link
from companies.identity import read_as_field
from companies.models import Company
from scoring.admin_match_detail import amount, assets_table, caveat, edited_table, flags, terms_table, valuation_table
from scoring.models import AcquirerMatch


@admin.register(AcquirerMatch)
class AcquirerMatchAdmin(ReadOnlyAdmin):
    """Who could buy whom, and why."""

    list_display: Any = [
        "rank_cell",
        "target",
        "acquirer",
        "fit",
        "overlap",
        "geography",
        "capacity",
        "history",
        "valuation",
        "badges",
        "top",
        "day_cell",
    ]
    list_display_links: Any = ["fit"]
    list_select_related: Any = ["target_company", "acquirer_company"]
    list_filter: Any = [
        ("is_top_match", NullBooleanFilter),
        ("target_company", AutocompleteSelectFilter),
        ("acquirer_company", AutocompleteSelectFilter),
        ("strategic_fit_score", FigureRangeFilter),
        ("match_date", DayRangeFilter),
    ]
    search_fields: Any = ["acquirer_name"]
    search_help_text = "Ticker or company, target or acquirer"
    ordering: Any = ["-match_date", "-strategic_fit_score", "id"]
    empty_hint = "No acquirer has been matched with a target yet."
    fieldsets: Any = [
        (
            None,
            {
                "fields": [
                    ("target_company", "acquirer_name", "acquirer_company"),
                    ("match_date", "match_rank", "is_top_match"),
                ]
            },
        ),
        ("Why", {"fields": ["synergy_rationale", "badges", "terms", "assets"]}),
        ("Valuation", {"fields": ["range"]}),
        (
            "Figures of the row, of ten",
            {
                "fields": [
                    "strategic_fit_score",
                    ("therapeutic_overlap_score", "geographic_fit_score"),
                    ("financial_capacity_score", "historical_ma_score"),
                ]
            },
        ),
    ]
    readonly_fields: Any = ["badges", "assets", "range", "terms"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the matches, in the list without the long fields and without archived companies."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match and match.url_name == "scoring_acquirermatch_changelist":
            long = ("synergy_rationale", "key_assets_of_interest")
            vectors = ("target_company__search_vector", "acquirer_company__search_vector")
            return rows.of_live_targets().defer(*long, *vectors)
        return rows.with_companies()

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search by target or acquirer."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = list(Company.objects.search(term).values_list("pk", flat=True)[:200])
        by_name = Q(acquirer_name__icontains=term) | Q(acquirer_company_id__in=found)
        return queryset.filter(Q(target_company_id__in=found) | by_name), False

    @column("Rank", order="match_rank", numeric=True)
    def rank_cell(self, match: AcquirerMatch) -> str:
        """Return the place among the target's acquirers."""
        return columns.number(match.match_rank, 0, hint="Not ranked")

    @column("Target", order="target_company__name", data=company_data("target_company", "Target"))
    def target(self, match: AcquirerMatch) -> str:
        """Return a link to the target."""
        return company_link(match.target_company)

    @column(
        "Acquirer",
        order="acquirer_name",
        data={"Acquirer": "acquirer_name", "Acquirer ticker": read_as_field("ticker", "acquirer_company")},
    )
    def acquirer(self, match: AcquirerMatch) -> str:
        """Return the acquirer, a link where it is kept as a company."""
        return company_link(match.acquirer_company) if match.acquirer_company else match.acquirer_name

    @column("Fit", order="strategic_fit_score", numeric=True)
    def fit(self, match: AcquirerMatch) -> str:
        """Return the fit as a bar."""
        return columns.bar(match.strategic_fit_score, 10)

    @column("Overlap", order="therapeutic_overlap_score", numeric=True)
    def overlap(self, match: AcquirerMatch) -> str:
        """Return the therapeutic overlap."""
        return columns.number(match.therapeutic_overlap_score)

    @column("Geography", order="geographic_fit_score", numeric=True)
    def geography(self, match: AcquirerMatch) -> str:
        """Return the fit of regions."""
        return columns.number(match.geographic_fit_score)

    @column("Capacity", order="financial_capacity_score", numeric=True)
    def capacity(self, match: AcquirerMatch) -> str:
        """Return what the acquirer can pay."""
        return columns.number(match.financial_capacity_score)

    @column("Deal history", order="historical_ma_score", numeric=True)
    def history(self, match: AcquirerMatch) -> str:
        """Return how the acquirer has bought."""
        return columns.number(match.historical_ma_score)

    @column(
        "Valuation", numeric=True, data=through("estimated_valuation_range_usd", lambda kept: amount(kept.get("mid")))
    )
    def valuation(self, match: AcquirerMatch) -> str:
        """Return the middle of the range, its ends on hover."""
        return range_cell(match.estimated_valuation_range_usd)

    @column("Top", order="is_top_match", boolean=True)
    def top(self, match: AcquirerMatch) -> bool:
        """Return whether it is among the best three."""
        return match.is_top_match

    @column("As of", order="match_date")
    def day_cell(self, match: AcquirerMatch) -> str:
        """Return the day of knowledge."""
        return columns.day(match.match_date)

    @column("Flags", data=WORDS)
    def badges(self, match: AcquirerMatch) -> str:
        """Return whether the acquirer can pay, what binds the two, and antitrust questions."""
        return flags(match)

    @column("Assets of interest")
    def assets(self, match: AcquirerMatch) -> str:
        """Return the drugs that matter to this acquirer."""
        return assets_table(match)

    @column("Valuation range")
    def range(self, match: AcquirerMatch) -> str:
        """Return low, middle and high of each method, and their median."""
        return valuation_table(match)

    @column("Terms")
    def terms(self, match: AcquirerMatch) -> str:
        """Return the terms of the fit as bars, with what they rest on."""
        return SafeString(terms_table(match) + edited_table(match))


def range_cell(valuation: dict[str, Any]) -> SafeString:
    """Return the middle of a valuation range with its ends on hover."""
    low, mid, high = (amount(valuation.get(part)) for part in ("low", "mid", "high"))
    if mid is None:
        return columns.unknown("No method has inputs")
    cap, words = amount(valuation.get("market_cap")), f"{figures.money(low)} to {figures.money(high)}"
    if cap is None or mid >= cap:
        return columns.hover(figures.money(mid), words)
    return format_html(
        "{} {}",
        columns.hover(figures.money(mid), words),
        columns.badge("below market", "amber", title=caveat(valuation)),
    )
