"""What scoring shows of companies: columns of the list, and the score, its reasons and likely acquirers on the page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from biotech_ma.core.admin import column, columns, figures
from biotech_ma.core.admin.charts import Chart, Series
from biotech_ma.core.admin.pages import Fact, Section
from biotech_ma.core.admin.tables import table
from companies.admin import CompanyAdmin
from companies.choices import Role
from companies.models import Company
from scoring.admin_explanation import changes_table, components_table, explanation_table
from scoring.admin_match_panel import matches_table, targets_table
from scoring.admin_scores import confidence_badge
from scoring.edits import Behind, not_in_yet, said_after_edit
from scoring.engine.total import METHODOLOGY
from scoring.models import MAScore

HISTORY_DAYS, HISTORY_ROWS = 400, 6


def latest_score(company: Any) -> MAScore | None:
    """Return the company's latest score, asked once for a page."""
    if not hasattr(company, "desk_latest_score"):
        company.desk_latest_score = MAScore.objects.of_company(company).latest().first()
    found: MAScore | None = company.desk_latest_score
    return found


def score_section(request: HttpRequest, company: Company) -> SafeString:
    """Return the score's line over a year with its figures, and its components; of an acquirer the targets that fit."""
    if company.role == Role.ACQUIRER:
        return targets_table(company)
    score = latest_score(company)
    if score is None:
        return table("Score", [], [], empty="Not scored yet. Run the score command; only targets are ranked.")
    since = score.score_date - dt.timedelta(days=HISTORY_DAYS)
    rows = list(
        MAScore.objects.history(company, version=score.score_version)
        .filter(score_date__range=(since, score.score_date))
        .only("score_date", "total_score", "percentile_rank", "confidence")
    )
    context = {
        "chart": _chart(company, rows),
        "history": _history(rows),
        "components": components_table(score),
        "url": f"{reverse('admin:scoring_mascore_changelist')}?company__id__exact={company.pk}&day=all",
        "page": reverse("admin:scoring_mascore_change", args=[score.pk]),
        "methodology": METHODOLOGY,
    }
    return SafeString(render_to_string("admin/scoring/score.html", context))


def _chart(company: Company, rows: list[MAScore]) -> Chart:
    first, last = rows[-1], rows[0]
    return Chart(
        title=f"Score of {company.name} from {first.score_date} to {last.score_date}; the table has the last figures",
        kind="line",
        labels=[row.score_date.isoformat() for row in reversed(rows)],
        series=[Series("Score", [float(row.total_score) for row in reversed(rows)])],
        height=215,
        low=0,
        high=100,
    )


def _history(rows: list[MAScore]) -> dict[str, Any]:
    """Return the last scores, one a month where there are more than fit."""
    shown = rows if len(rows) <= HISTORY_ROWS else _one_a_month(rows)
    cells = [
        [
            columns.link(reverse("admin:scoring_mascore_change", args=[row.pk]), columns.day(row.score_date)),
            columns.number(row.total_score),
            columns.number(row.percentile_rank, 0, hint="Not ranked"),
            confidence_badge(row.confidence),
        ]
        for row in shown[:HISTORY_ROWS]
    ]
    return {"headers": ["Day", "Score", "Percentile", "Confidence"], "rows": cells, "numeric": frozenset({1, 2, 3})}


def _one_a_month(rows: list[MAScore]) -> list[MAScore]:
    newest: dict[tuple[int, int], MAScore] = {}
    for row in rows:
        newest.setdefault((row.score_date.year, row.score_date.month), row)
    return list(newest.values())


def why_section(request: HttpRequest, company: Company) -> SafeString:
    """Return the waterfall of the latest score, and what changed in thirty days; nothing of a company without one."""
    score = latest_score(company) if company.role != Role.ACQUIRER else None
    if score is None:
        return SafeString("")
    return SafeString(explanation_table(score, is_brief=True) + changes_table(score))


def acquirers_section(request: HttpRequest, company: Company) -> SafeString:
    """Return who could buy the company, the best fit first; nothing of an acquirer."""
    return SafeString("") if company.role == Role.ACQUIRER else matches_table(company)


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


def score_facts(company: Company) -> list[Fact]:
    """Return the latest score as key facts of the company."""
    score = latest_score(company)
    behind = not_in_yet(company, score) if company.role == Role.TARGET else Behind()
    if score is None:
        return [Fact("Score", _with(columns.unknown("Not scored yet"), behind.words))]
    ranked = (
        f"percentile {figures.number(score.percentile_rank)}" if score.percentile_rank is not None else "not ranked"
    )
    return [
        Fact(
            "Score",
            _with(columns.bar(score.total_score), behind.words),
            "; ".join(filter(None, [f"{ranked}, as of {score.score_date}; its parts stand under Why", behind.why])),
        ),
        Fact("Change, 30 days", columns.change(score.score_change_30d)),
    ]


def _with(figure: SafeString, words: str) -> SafeString:
    """Return the figure, with what it does not know yet below it."""
    return format_html('{}<span class="desk-line desk-muted">{}</span>', figure, words) if words else figure


CompanyAdmin.extend(
    list_columns=[score_column, percentile_column, change_column],
    rows=lambda companies: companies.with_score_columns().annotate(latest_change_30d=F("latest__score_change_30d")),
    facts=score_facts,
    after_edit=said_after_edit,
    sections=[
        Section("score", "Score", 10, "scoring.view_mascore", score_section, wide=True),
        Section("why", "Why", 60, "scoring.view_mascore", why_section, wide=True),
        Section("acquirers", "Acquirers", 70, "scoring.view_acquirermatch", acquirers_section),
    ],
)
