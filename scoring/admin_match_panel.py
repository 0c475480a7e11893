"""Who fits whom, on the pages of targets and acquirers."""

from __future__ import annotations

from django.urls import reverse
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns
from biotech_ma.core.admin.tables import table
from companies.admin import company_link
from companies.models import Company
from scoring.admin_match_detail import flags
from scoring.admin_matches import range_cell
from scoring.models import AcquirerMatch

MATCH_ROWS = 10
NAME_LENGTH = 22


def matches_table(company: Company) -> SafeString:
    """Return the likely acquirers of a company."""
    rows = AcquirerMatch.objects.for_target(company).newest().with_companies().order_by("match_rank", "id")[:MATCH_ROWS]
    return table(
        "Likely acquirers",
        ["#", "Acquirer", "Fit", "Valuation", "Flags"],
        [
            [
                columns.number(row.match_rank, 0),
                _acquirer(row),
                _fit(row),
                range_cell(row.estimated_valuation_range_usd),
                flags(row),
            ]
            for row in rows
        ],
        url=f"{reverse('admin:scoring_acquirermatch_changelist')}?target_company__id__exact={company.pk}",
        empty="No match yet. Run the match command.",
        numeric=(0, 2, 3),
    )


def targets_table(company: Company) -> SafeString:
    """Return the targets that fit an acquirer best, on the newest day that has any."""
    rows = AcquirerMatch.objects.of_live_targets().filter(acquirer_company=company).with_companies()
    newest = rows.order_by("-match_date").values("match_date")[:1]
    return table(
        "Targets that fit",
        ["Target", "Fit", "Its rank there", "Flags", "Valuation", "As of"],
        [
            [
                company_link(row.target_company),
                _fit(row),
                columns.number(row.match_rank, 0),
                flags(row),
                range_cell(row.estimated_valuation_range_usd),
                columns.day(row.match_date),
            ]
            for row in rows.filter(match_date=newest).order_by("-strategic_fit_score", "id")[:MATCH_ROWS]
        ],
        url=f"{reverse('admin:scoring_acquirermatch_changelist')}?acquirer_company__id__exact={company.pk}",
        empty="No match yet. Run the match command.",
        numeric=(1, 2, 4),
    )


def _fit(match: AcquirerMatch) -> SafeString:
    page = reverse("admin:scoring_acquirermatch_change", args=[match.pk])
    return columns.link(page, columns.bar(match.strategic_fit_score, 10), title=match.synergy_rationale or "")


def _acquirer(match: AcquirerMatch) -> SafeString | str:
    if match.acquirer_company:
        return company_link(match.acquirer_company)
    return columns.hover(match.acquirer_name[:NAME_LENGTH], match.acquirer_name)
