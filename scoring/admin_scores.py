"""The top list and the scores behind it, to read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RadioFilter

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.column_choice import DeskChangeList
from biotech_ma.core.admin.filters import DayRangeFilter, FigureRangeFilter, array_filter
from companies.admin import company_data, company_link
from companies.choices import TherapeuticArea
from companies.models import Company
from scoring.admin_explanation import changes_table, components_table, explanation_table, gaps_list
from scoring.models import MAScore
from scoring.querysets import RANKED_CONFIDENCE as RANKED

SURE = Decimal("0.8")
# What half a million scores are sorted by in a moment; those of one company, by anything.
OF_EVERY_DAY = ["total", "day_cell", "company_cell"]
COMPANY_FILTER = "company__id__exact"


def confidence_badge(value: Decimal) -> str:
    """Return the confidence with the colour of its class: sure, ranked, too little data."""
    tone = "green" if value >= SURE else "grey" if value >= RANKED else "amber"
    title = f"{value}: weighted share of the inputs that were there" + ("" if value >= RANKED else "; not ranked")
    return columns.badge(f"{value * 100:.0f} %", tone, title=title)


class DayFilter(RadioFilter):  # type: ignore[misc]
    """The top list of now, unless every day is asked for."""

    title = "day"
    parameter_name = "day"
    all_option = None
    EVERY = "all"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what can be asked for."""
        return [("", "Ranked now"), ("latest", "Latest, ranked or not"), (self.EVERY, "Every day")]

    def value(self) -> str:
        """Return what is asked for."""
        return super().value() or ""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        if self.value() == self.EVERY:
            return queryset
        return queryset.latest() if self.value() == "latest" else queryset.ranked_now()

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the form of the filter."""
        data = {self.parameter_name: self.value()}
        yield {
            "form": self.form_class(label="By day", name=self.parameter_name, choices=self.lookup_choices, data=data)
        }


class ScoreList(DeskChangeList):
    """The list of scores, sorted by nothing that it cannot be sorted by: by another column of all days, too."""

    def get_ordering_field(self, field_name: str) -> Any:
        """Return what the column sorts by, None where it sorts nothing here."""
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None


@admin.register(MAScore)
class MAScoreAdmin(ReadOnlyAdmin):
    """The top list, and the history behind it."""

    list_display: Any = [
        "rank_cell",
        "company_cell",
        "total",
        "percentile",
        "change_30",
        "change_90",
        "pipeline",
        "patent",
        "financial",
        "insider",
        "strategic_fit",
        "regulatory",
        "confidence_cell",
        "cap",
        "day_cell",
    ]
    list_display_links: Any = ["total"]
    list_select_related: Any = ["company"]
    list_filter: Any = [
        DayFilter,
        array_filter("company__therapeutic_areas", TherapeuticArea, "area"),
        ("company", AutocompleteSelectFilter),
        ("total_score", FigureRangeFilter),
        ("company__market_cap_usd", FigureRangeFilter),
        ("score_date", DayRangeFilter),
    ]
    search_fields: Any = ["company__name"]
    search_help_text = "Ticker or company"
    ordering: Any = ["-total_score", "id"]
    list_before_template = "admin/desk/methodology.html"
    empty_hint = "Run the score command: it ranks the targets as of a day."
    fieldsets: Any = [
        (
            None,
            {"fields": [("company", "score_date", "score_version"), ("total_score", "percentile_rank", "confidence")]},
        ),
        ("Change", {"fields": [("score_change_30d", "score_change_90d")]}),
        ("Why", {"fields": ["components", "explanation", "changes", "gaps"]}),
    ]
    readonly_fields: Any = ["components", "explanation", "changes", "gaps"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the scores; in the list without the long fields."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match and match.url_name == "scoring_mascore_changelist":
            return rows.defer("key_drivers", "risk_factors", "metadata", "company__search_vector", "company__metadata")
        return rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the class of the list."""
        return ScoreList

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Return the columns that sort the list; of every day's scores those whose order an index has."""
        every_day = request.GET.get(DayFilter.parameter_name) == DayFilter.EVERY
        if every_day and COMPANY_FILTER not in request.GET:
            return OF_EVERY_DAY
        return super().get_sortable_by(request)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list, each score of the page with its rank: counted for the page at once."""
        found = super().get_changelist_instance(request)
        found.result_list = self.completed(list(found.result_list))
        return found

    def completed(self, rows: list[Any]) -> list[Any]:
        """Return the scores with their ranks, in one query."""
        ranks = MAScore.objects.all().ranks([score.pk for score in rows])
        for score in rows:
            score.rank = ranks.get(score.pk)
        return rows

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search by company."""
        term = search_term.strip()
        found = list(Company.objects.search(term).values_list("pk", flat=True)[:200]) if term else []
        return (queryset.filter(company_id__in=found) if term else queryset), False

    @column("Rank", numeric=True, data=lambda score: score.rank)
    def rank_cell(self, score: Any) -> str:
        """Return the place among the ranked of that day."""
        return columns.number(score.rank, 0, hint="Not ranked: too little data, under offer, or not a live target")

    @column("Company", order="company__name", data=company_data())
    def company_cell(self, score: MAScore) -> str:
        """Return a link to the company."""
        return company_link(score.company)

    @column("Score", order="total_score", numeric=True)
    def total(self, score: MAScore) -> str:
        """Return the total as a bar; it leads to the explanation."""
        return columns.bar(score.total_score)

    @column("Percentile", order="percentile_rank", numeric=True)
    def percentile(self, score: MAScore) -> str:
        """Return the percentile."""
        return columns.number(score.percentile_rank, hint="Not ranked")

    @column("30 d", order="score_change_30d", numeric=True)
    def change_30(self, score: MAScore) -> str:
        """Return the change over 30 days."""
        return columns.change(score.score_change_30d)

    @column("90 d", order="score_change_90d", numeric=True)
    def change_90(self, score: MAScore) -> str:
        """Return the change over 90 days."""
        return columns.change(score.score_change_90d)

    @column("Pipeline", order="pipeline_score", numeric=True)
    def pipeline(self, score: MAScore) -> str:
        """Return the component."""
        return columns.number(score.pipeline_score, 0, hint="No source feeds it yet")

    @column("Patent", order="patent_score", numeric=True)
    def patent(self, score: MAScore) -> str:
        """Return the component."""
        return columns.number(score.patent_score, 0, hint="No source feeds it yet")

    @column("Financial", order="financial_score", numeric=True)
    def financial(self, score: MAScore) -> str:
        """Return the component."""
        return columns.number(score.financial_score, 0, hint="No source feeds it yet")

    @column("Insider", order="insider_score", numeric=True)
    def insider(self, score: MAScore) -> str:
        """Return the component."""
        return columns.number(score.insider_score, 0, hint="No source feeds it yet")

    @column("Fit", order="strategic_fit_score", numeric=True)
    def strategic_fit(self, score: MAScore) -> str:
        """Return the component."""
        return columns.number(score.strategic_fit_score, 0, hint="No source feeds it yet")

    @column("Regulatory", order="regulatory_score", numeric=True)
    def regulatory(self, score: MAScore) -> str:
        """Return the component."""
        return columns.number(score.regulatory_score, 0, hint="No source feeds it yet")

    @column("Confidence", order="confidence", numeric=True)
    def confidence_cell(self, score: MAScore) -> str:
        """Return the confidence."""
        return confidence_badge(score.confidence)

    @column("Market cap", order="company__market_cap_usd", numeric=True, figure="usd")
    def cap(self, score: MAScore) -> str:
        """Return the company's present market cap."""
        return columns.money(score.company.market_cap_usd)

    @column("As of", order="score_date")
    def day_cell(self, score: MAScore) -> str:
        """Return the day of knowledge."""
        return columns.day(score.score_date)

    @column("Components")
    def components(self, score: MAScore) -> SafeString:
        """Return the components as bars."""
        return components_table(score)

    @column("Contributions")
    def explanation(self, score: MAScore) -> SafeString:
        """Return the contributions: baseline plus all of them is the total, exactly."""
        return explanation_table(score)

    @column("What changed")
    def changes(self, score: MAScore) -> SafeString:
        """Return what moved the score in thirty days, and why."""
        return changes_table(score)

    @column("What is missing")
    def gaps(self, score: MAScore) -> SafeString:
        """Return the inputs that were missing and the components that nothing feeds yet."""
        return gaps_list(score)
