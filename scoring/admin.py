"""Scores and matches, to read: the top list, and each score down to the contributions that add up to it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RadioFilter

from biotech_ma.core.admin import DeskInline, PanelInline, ReadOnlyAdmin, column, columns, figures
from biotech_ma.core.admin.dashboard import Panel, Tile, on_dashboard
from biotech_ma.core.admin.filters import DayRangeFilter, FigureRangeFilter, NullBooleanFilter, array_filter
from biotech_ma.core.admin.tables import table
from companies.admin import CompanyAdmin, company_link
from companies.choices import Role, TherapeuticArea
from companies.models import Company
from scoring.admin_explanation import components_table, explanation_table, gaps_list
from scoring.querysets import RANKED_CONFIDENCE as RANKED
from scoring.models import AcquirerMatch, MAScore, ScoreVersion, ScoreWeight

METHODOLOGY = "transparent ranking, not validated"
TOP_ROWS = 15
MATCH_ROWS = 20
SURE = Decimal("0.8")


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

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what can be asked for."""
        return [("", "Ranked now"), ("latest", "Latest, ranked or not"), ("all", "Every day")]

    def value(self) -> str:
        """Return what is asked for."""
        return super().value() or ""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        if self.value() == "all":
            return queryset
        return queryset.latest() if self.value() == "latest" else queryset.latest().ranked_targets()

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the form of the filter."""
        data = {self.parameter_name: self.value()}
        yield {
            "form": self.form_class(label="By day", name=self.parameter_name, choices=self.lookup_choices, data=data)
        }


def is_ranked(score: MAScore) -> bool:
    """Return whether a leaderboard may show the score: the same rule as MAScoreQuerySet.ranked_targets."""
    company = score.company
    return company.role == Role.TARGET and not company.is_archived and score.confidence >= RANKED


def with_rank(scores: Any) -> Any:
    """Annotate `rank`: one more than the number of ranked scores of that day and version that are higher."""
    higher = (
        MAScore.objects.ranked_targets()
        .filter(
            score_date=OuterRef("score_date"),
            score_version=OuterRef("score_version"),
            total_score__gt=OuterRef("total_score"),
        )
        .order_by()
        .values("score_date")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return scores.annotate(rank=Coalesce(Subquery(higher, output_field=IntegerField()), 0) + 1)


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
        (None, {"fields": [("company", "score_date", "score_version"), ("total_score", "percentile_rank", "confidence")]}),
        ("Change", {"fields": [("score_change_30d", "score_change_90d")]}),
        ("Why", {"fields": ["components", "explanation", "gaps"]}),
    ]
    readonly_fields: Any = ["components", "explanation", "gaps"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the scores; in the list without the long fields, with their rank."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match and match.url_name == "scoring_mascore_changelist":
            rows = rows.defer("key_drivers", "risk_factors", "metadata", "company__search_vector", "company__metadata")
            return with_rank(rows)
        return rows

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search by company."""
        term = search_term.strip()
        found = list(Company.objects.search(term).values_list("pk", flat=True)[:200]) if term else []
        return (queryset.filter(company_id__in=found) if term else queryset), False

    @column("Rank", numeric=True)
    def rank_cell(self, score: Any) -> str:
        """Return the place among the ranked of that day."""
        if not is_ranked(score):
            return columns.unknown("Not ranked: too little data, or not a live target")
        return columns.number(score.rank, 0)

    @column("Company", order="company__name")
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

    @column("Market cap", order="company__market_cap_usd", numeric=True)
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

    @column("What is missing")
    def gaps(self, score: MAScore) -> SafeString:
        """Return the inputs that were missing and the components that nothing feeds yet."""
        return gaps_list(score)


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
    ordering: Any = ["-strategic_fit_score", "id"]
    empty_hint = "Run the match command: it finds acquirers for the targets."
    fieldsets: Any = [
        (None, {"fields": [("target_company", "acquirer_name", "acquirer_company"), ("match_date", "match_rank", "is_top_match")]}),
        (
            "Fit, of ten",
            {
                "fields": [
                    "strategic_fit_score",
                    ("therapeutic_overlap_score", "geographic_fit_score"),
                    ("financial_capacity_score", "historical_ma_score"),
                ]
            },
        ),
        ("Why", {"fields": ["synergy_rationale", "assets", "range", "terms"]}),
    ]
    readonly_fields: Any = ["assets", "range", "terms"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the matches, in the list without the long fields and without archived companies."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match and match.url_name == "scoring_acquirermatch_changelist":
            long = ("synergy_rationale", "key_assets_of_interest", "metadata")
            vectors = ("target_company__search_vector", "acquirer_company__search_vector")
            return rows.of_live_targets().defer(*long, *vectors)
        return rows

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

    @column("Target", order="target_company__name")
    def target(self, match: AcquirerMatch) -> str:
        """Return a link to the target."""
        return company_link(match.target_company)

    @column("Acquirer", order="acquirer_name")
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

    @column("Valuation", numeric=True)
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

    @column("Assets of interest")
    def assets(self, match: AcquirerMatch) -> str:
        """Return the drugs that matter to this acquirer."""
        return columns.bullets(match.key_assets_of_interest)

    @column("Valuation range")
    def range(self, match: AcquirerMatch) -> str:
        """Return low, middle and high, and the methods."""
        return columns.definitions({k: _readable(v) for k, v in match.estimated_valuation_range_usd.items()})

    @column("Terms")
    def terms(self, match: AcquirerMatch) -> str:
        """Return the terms of the fit, what is missing and the flags."""
        return columns.definitions(match.metadata)


def _dollars(value: Any) -> Decimal | None:
    try:
        return None if value is None or isinstance(value, bool) else Decimal(str(value))
    except ArithmeticError:
        return None


def _readable(value: Any) -> Any:
    amount = _dollars(value) if not isinstance(value, list | dict) else None
    return value if amount is None else figures.money(amount)


def range_cell(valuation: dict[str, Any]) -> SafeString:
    """Return the middle of a valuation range with its ends on hover."""
    low, mid, high = (_dollars(valuation.get(part)) for part in ("low", "mid", "high"))
    if mid is None:
        return columns.unknown("No method has inputs")
    return columns.hover(figures.money(mid), f"{figures.money(low)} to {figures.money(high)}")


class WeightInline(DeskInline):
    """The weights of a version, with the reason for each."""

    model = ScoreWeight
    fields = ("component", "weight", "reason")
    tab = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Weights come with a version, not one by one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A published version never changes."""
        return False


@admin.register(ScoreVersion)
class ScoreVersionAdmin(ReadOnlyAdmin):
    """The versions of the weights."""

    list_display: Any = ["version", "status", "published_at", "note"]
    fields = (("version", "status", "published_at"), "note")
    inlines: Any = [WeightInline]
    empty_hint = "The first scoring run writes the weights of version 1."


class LatestScorePanel(PanelInline):
    """The company's latest score, its components and what drives it."""

    model = MAScore
    fk_name = "company"
    verbose_name_plural = "score"

    def panel(self, request: HttpRequest, obj: Any) -> SafeString:
        """Return the latest score with its components and contributions, then who could buy."""
        score = MAScore.objects.of_company(obj).latest().first()
        if score is None:
            return table("Score", [], [], empty="Not scored yet. Run the score command; only targets are ranked.")
        return SafeString(components_table(score) + explanation_table(score) + matches_table(obj))


def matches_table(company: Company) -> SafeString:
    """Return the likely acquirers of a company."""
    rows = AcquirerMatch.objects.for_target(company).newest().with_companies()[:MATCH_ROWS]
    return table(
        "Likely acquirers",
        ["Rank", "Acquirer", "Fit", "Valuation"],
        [
            [
                columns.number(row.match_rank, 0),
                company_link(row.acquirer_company) if row.acquirer_company else row.acquirer_name,
                columns.bar(row.strategic_fit_score, 10),
                range_cell(row.estimated_valuation_range_usd),
            ]
            for row in rows
        ],
        url=f"{reverse('admin:scoring_acquirermatch_changelist')}?target_company__id__exact={company.pk}",
        empty="No match yet. Run the match command.",
        numeric=(0, 2, 3),
    )


@column("Score", order=F("latest_total_score").desc(nulls_last=True), numeric=True)
def score_column(company: Any) -> str:
    """Return the latest score as a bar, its day on hover."""
    return columns.bar(company.latest_total_score, hint="Not scored yet")


@column("Percentile", order="latest_percentile_rank", numeric=True)
def percentile_column(company: Any) -> str:
    """Return the percentile of the latest score."""
    return columns.number(company.latest_percentile_rank, hint="Not ranked", note=f"as of {company.latest_score_date}")


@column("30 d", order="latest_change_30d", numeric=True)
def change_column(company: Any) -> str:
    """Return the change of the score over 30 days."""
    return columns.change(company.latest_change_30d)


def score_facts(company: Company) -> list[tuple[str, Any, str]]:
    """Return the latest score as key facts of the company."""
    score = MAScore.objects.of_company(company).latest().defer("metadata", "key_drivers", "risk_factors").first()
    if score is None:
        return [("Score", columns.unknown("Not scored yet"), "")]
    ranked = f"percentile {figures.number(score.percentile_rank)}" if score.percentile_rank is not None else "not ranked"
    return [
        ("Score", columns.bar(score.total_score), f"{ranked}, as of {score.score_date}"),
        ("Change, 30 days", columns.change(score.score_change_30d), ""),
    ]


CompanyAdmin.extend(
    inlines=[LatestScorePanel],
    list_columns=[score_column, percentile_column, change_column],
    rows=lambda companies: companies.with_score_columns().annotate(latest_change_30d=F("latest__score_change_30d")),
    facts=score_facts,
)


@on_dashboard(order=30, permission="scoring.view_mascore")
def score_tile(request: HttpRequest) -> Tile:
    """Count the ranked targets, and say as of which day."""
    ranked = MAScore.objects.latest().ranked_targets()
    newest = ranked.order_by("-score_date").values_list("score_date", flat=True).first()
    note = f"as of {figures.day(newest)}" if newest else "none scored yet"
    return Tile("Ranked targets", f"{ranked.count():,}", note, reverse("admin:scoring_mascore_changelist"))


@on_dashboard(order=40, permission="scoring.view_mascore")
def top_panel(request: HttpRequest) -> Panel:
    """List the top of the ranking."""
    rows = MAScore.objects.top(TOP_ROWS).defer("company__search_vector", "metadata", "key_drivers", "risk_factors")
    return Panel(
        "Top list",
        ["#", "Company", "Score", "30 d", "Confidence", "Market cap"],
        [
            [
                str(place),
                company_link(row.company),
                columns.link(reverse("admin:scoring_mascore_change", args=[row.pk]), columns.bar(row.total_score)),
                columns.change(row.score_change_30d),
                confidence_badge(row.confidence),
                columns.money(row.company.market_cap_usd),
            ]
            for place, row in enumerate(rows, start=1)
        ],
        note=METHODOLOGY,
        url=reverse("admin:scoring_mascore_changelist"),
        empty="Nothing is ranked yet. Run the score command.",
        numeric=frozenset({0, 2, 3, 4, 5}),
    )
