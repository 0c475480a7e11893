"""Scores and matches over REST: computed, so only read."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.http import HttpResponse, QueryDict
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request

from biotech_ma.core.api import query, reads
from biotech_ma.core.api.endpoints import Endpoint, page_of
from biotech_ma.core.api.errors import Problem
from biotech_ma.core.api.views import ResourceViewSet, json_response, not_found, shaping
from companies.api.children import CompanyChildrenViewSet
from companies.api.moved import LeadsToKept
from companies.models import Company
from scoring.api.answers import EXPLANATION
from scoring.api.filters import AcquirerMatchFilterSet, ScoreFilterSet, TopFilterSet
from scoring.api.reads import ACQUIRER_MATCHES, SCORES
from scoring.changes import changes_of
from scoring.explanation import NotExplained, explanation_of
from scoring.models import AcquirerMatch, MAScore


class ScoreViewSet(LeadsToKept, ResourceViewSet):
    """Scores of live companies, by company, day and version."""

    is_planned = True
    # A duplicate's score is no score of the kept company.
    leads_on = False
    scope = "scores"
    resource = SCORES
    filterset_class = ScoreFilterSet

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        return super().describe() | {
            "top": page_of(SCORES, TopFilterSet, ("limit",)),
            "explanation": Endpoint(answer=EXPLANATION),
        }

    def rows(self) -> models.QuerySet[Any]:
        """Return the scores of live companies."""
        return MAScore.objects.live()

    def duplicate_at(self, ref: str) -> Company | None:
        """Return the merged duplicate whose score this is."""
        return _merged(MAScore.objects.filter(pk=ref), "company")

    @action(detail=False)
    def top(self, request: Request) -> HttpResponse:
        """List the highest-ranked live targets, best first: now, or as of a day."""

        def build(params: QueryDict, ref: str) -> reads.PageStatement | reads.Page:
            query.allow_only(params, TopFilterSet.known() | shaping(SCORES) | {"limit"})
            shape, limit = query.shape(params, SCORES), query.limit(params)
            filters = TopFilterSet(params, MAScore.objects.all())
            query.filter_errors(filters)
            asked = filters.form.cleaned_data
            found = MAScore.objects.top(
                limit,
                asked.get("as_of"),
                area=asked.get("area") or None,
                market_cap_max=asked.get("market_cap_max"),
            )
            return reads.rows(found, shape.columns)

        return self.answer_page(request, SCORES, TopFilterSet, build)

    @action(detail=True)
    def explanation(self, request: Request, ref: str) -> HttpResponse:
        """Take a score apart, down to the source of each number."""
        query.allow_only(request.query_params, ())
        score = self.row(ref).select_related("company").first()
        if score is None:
            raise not_found()
        try:
            found = explanation_of(score)
        except NotExplained as error:
            raise Problem(status.HTTP_404_NOT_FOUND, f"{str(error).capitalize()}.") from None
        since = changes_of(score)
        document = found.to_json() | {"changes_30d": since.to_json() if since else None}
        return json_response(json.dumps(document).encode())


class AcquirerMatchViewSet(LeadsToKept, ResourceViewSet):
    """Matches of live targets and acquirers."""

    is_planned = True
    leads_on = False
    scope = "acquirer-matches"
    resource = ACQUIRER_MATCHES
    filterset_class = AcquirerMatchFilterSet

    def rows(self) -> models.QuerySet[Any]:
        """Return the matches of live companies."""
        return AcquirerMatch.objects.of_live_targets()

    def duplicate_at(self, ref: str) -> Company | None:
        """Return the merged duplicate that is the target of the match."""
        return _merged(AcquirerMatch.objects.filter(pk=ref), "target_company")


def _merged(rows: models.QuerySet[Any], path: str) -> Company | None:
    found = rows.filter(**{f"{path}__merged_into__isnull": False}).select_related(f"{path}__merged_into").first()
    return getattr(found, path) if found is not None else None


class CompanyScoreViewSet(CompanyChildrenViewSet):
    """A company's scores, newest first."""

    is_planned = True
    scope = "scores"
    resource = SCORES
    filterset_class = ScoreFilterSet


class CompanyAcquirerViewSet(CompanyChildrenViewSet):
    """Who might buy a company: its matches, newest day and best rank first."""

    is_planned = True
    scope = "acquirer-matches"
    resource = ACQUIRER_MATCHES
    filterset_class = AcquirerMatchFilterSet
    company_path = "target_company"

    def rows(self) -> models.QuerySet[Any]:
        """Return the matches of live companies."""
        return AcquirerMatch.objects.of_live_targets()
