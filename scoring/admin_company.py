"""What scoring shows on companies."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import HttpRequest
from django.utils.safestring import SafeString

from biotech_ma.core.admin import PanelInline, column, columns, figures
from biotech_ma.core.admin.tables import table
from companies.admin import CompanyAdmin
from companies.choices import Role
from companies.models import Company
from scoring.admin_explanation import changes_table, components_table, explanation_table
from scoring.admin_match_panel import matches_table, targets_table
from scoring.models import MAScore


class LatestScorePanel(PanelInline):
    """The company's latest score, its components and what drives it."""

    model = MAScore
    fk_name = "company"
    verbose_name_plural = "score"

    def panel(self, request: HttpRequest, obj: Any) -> SafeString:
        """Return the latest score with its components and contributions, then who could buy."""
        if obj.role == Role.ACQUIRER:
            return targets_table(obj)
        score = MAScore.objects.of_company(obj).latest().first()
        if score is None:
            unscored = table("Score", [], [], empty="Not scored yet. Run the score command; only targets are ranked.")
            return SafeString(unscored + matches_table(obj))
        return SafeString(
            components_table(score) + explanation_table(score) + changes_table(score) + matches_table(obj)
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
    ranked = (
        f"percentile {figures.number(score.percentile_rank)}" if score.percentile_rank is not None else "not ranked"
    )
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
