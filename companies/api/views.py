"""Companies and drug candidates over REST."""

from __future__ import annotations

import json
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.http import HttpResponse, HttpResponseBase
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request

from biotech_ma.core.api import query, reads
from biotech_ma.core.api.conditions import etag, refuse_stale
from biotech_ma.core.api.endpoints import Endpoint, Parameter, page_of
from biotech_ma.core.api.errors import Problem
from biotech_ma.core.api.views import envelope, json_response, not_found, required
from biotech_ma.core.api.writes import EditMixin, note_reason, refusals
from companies import merging
from companies.api.answers import STATISTICS
from companies.api.children import COMPANY_REF, CompanyChildrenViewSet
from companies.api.filters import (
    CashConstrainedFilterSet,
    CompanyFilterSet,
    DrugCandidateFilterSet,
    HistoryFilterSet,
)
from companies.api.history import COMPANY_HISTORY
from companies.api.moved import LeadsToKept
from companies.api.past import AS_OF, company_of_the_past, day_of, page_of_the_past
from companies.api.reads import COMPANIES, DRUG_CANDIDATES
from companies.api.serializers import CompanySerializer, DrugCandidateSerializer, MergeSerializer
from companies.models import Company, CompanyMerge, DrugCandidate
from companies.querysets import FLAGGED_QUARTERS


class CompanyViewSet(LeadsToKept, EditMixin):
    """Companies by id or ticker."""

    scope = "companies"
    resource = COMPANIES
    filterset_class = CompanyFilterSet
    serializer_class = CompanySerializer
    lookup_value_regex = COMPANY_REF
    is_planned = True

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        found = super().describe()
        past = (Parameter(AS_OF, "The companies as they were recorded by the end of this day, New York.", "day"),)
        return found | {
            "list": replace(found["list"], further=past),
            "retrieve": replace(found["retrieve"], further=past),
            "merge": Endpoint("row", self.resource, shaped=False, takes=MergeSerializer),
            "unmerge": Endpoint("row", self.resource, shaped=False),
            "cash_constrained": page_of(self.resource, CashConstrainedFilterSet),
            "statistics": Endpoint(filters=CompanyFilterSet, answer=STATISTICS),
        }

    def row(self, ref: str) -> models.QuerySet[Any]:
        """Return the queryset of the live company of this id or ticker, in any case."""
        return Company.objects.by_ref(ref)

    def archived_row(self, ref: str) -> models.Model:
        """Return the company of this id, or the one archived last under this ticker; 404 when there is none."""
        found = Company.all_objects.by_ref(ref).order_by("-deleted_at").archived().first()
        found = found or Company.objects.by_ref(ref).first()
        if found is None:
            raise not_found()
        return found

    def ordering_for(self, params: Any) -> tuple[str, ...]:
        """Return the ordering when none is asked for: the best match first in a search, else by name."""
        if self.action == "cash_constrained":
            return ("runway_quarters",)
        return (
            ("search_rank", "name")
            if "search" in params and self.action in ("list", "export")
            else self.resource.ordering
        )

    def list(self, request: Request) -> HttpResponse:
        """List the companies; with `as_of` as they were recorded on a past day, with the figures known by then."""
        if AS_OF not in request.query_params:
            return super().list(request)
        return envelope(request, page_of_the_past(request.query_params, day_of(request.query_params)))

    def retrieve(self, request: Request, ref: str) -> HttpResponseBase:
        """Give one company; with `as_of` as it was recorded on a past day, with the figures known by then."""
        if AS_OF not in request.query_params:
            return super().retrieve(request, ref)
        body = company_of_the_past(request.query_params, ref, day_of(request.query_params))
        return self.answer_body(request, body)

    @action(detail=True, methods=["post"])
    def merge(self, request: Request, ref: str) -> HttpResponse:
        """Merge a duplicate into this company: what the ledger has under it is read as this one's from then on."""
        query.allow_only(request.query_params, ())
        reason = note_reason(request)
        asked = MergeSerializer(data=required(request.data), context={})
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        kept = self.row(ref).first()
        if kept is None:
            raise not_found()
        if wanted := request.headers.get("If-Match"):
            refuse_stale(wanted, etag(reads.one(self.row(ref), tuple(self.resource.select())) or b""))
        with refusals():
            merging.merge(
                kept=kept,
                duplicate=values["duplicate"],
                fill=values.get("fill", ()),
                reason=values.get("reason") or reason,
            )
        return self.answer_one(request, self.row(str(kept.pk)), tuple(self.resource.select()))

    @action(detail=True, methods=["post"])
    def unmerge(self, request: Request, ref: str) -> HttpResponse:
        """Undo the merge of this duplicate: it stands for itself again. Its id, or its ticker, names it."""
        query.allow_only(request.query_params, ())
        reason, duplicate = note_reason(request), self.archived_row(ref)
        made = CompanyMerge.objects.filter(duplicate=duplicate.pk, undone_at__isnull=True).first()
        if made is None:
            raise Problem(status.HTTP_409_CONFLICT, f"{duplicate} is merged into no company.")
        with refusals():
            merging.undo_merge(merge=made, reason=reason)
        return self.answer_one(request, self.row(str(duplicate.pk)), tuple(self.resource.select()))

    @action(detail=False, url_path="cash-constrained")
    def cash_constrained(self, request: Request) -> HttpResponse:
        """List the companies with little runway, the shortest first."""
        text = request.query_params.get("max_runway_quarters")
        most: Decimal | int = FLAGGED_QUARTERS
        if text is not None:
            filters = CashConstrainedFilterSet(request.query_params, Company.objects.all())
            query.filter_errors(filters)
            most = filters.form.cleaned_data["max_runway_quarters"]
        return self.answer_list(
            request, self.resource, CashConstrainedFilterSet, lambda _: Company.objects.cash_constrained(most)
        )

    @action(detail=False)
    def statistics(self, request: Request) -> HttpResponse:
        """Count and sum the companies that the filters name."""
        params = request.query_params
        query.allow_only(params, CompanyFilterSet.known(), repeatable=CompanyFilterSet.repeatable())
        filters = CompanyFilterSet(params, self.rows(), request=request)
        query.filter_errors(filters)
        found = filters.qs.statistics()
        values = {field.name: getattr(found, field.name) for field in dataclass_fields(found)}
        return json_response(json.dumps(values, default=str).encode())


class DrugCandidateViewSet(EditMixin):
    """Drug candidates of live companies."""

    scope: ClassVar[str] = "drug-candidates"
    resource = DRUG_CANDIDATES
    filterset_class = DrugCandidateFilterSet
    serializer_class = DrugCandidateSerializer
    is_planned = True

    def rows(self) -> models.QuerySet[Any]:
        """Return the live candidates of live companies."""
        return DrugCandidate.objects.of_live_companies()


class PipelineViewSet(CompanyChildrenViewSet):
    """A company's live drug candidates."""

    is_planned = True
    scope = "drug-candidates"
    resource = DRUG_CANDIDATES
    filterset_class = DrugCandidateFilterSet


class CompanyHistoryViewSet(CompanyChildrenViewSet):
    """What changed in a company's row, when and by whom, the newest change first."""

    scope = "companies"
    resource = COMPANY_HISTORY
    filterset_class = HistoryFilterSet
    company_path = "pgh_obj"
