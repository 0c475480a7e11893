"""The coming dated events over REST."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from biotech_ma.core.api import query, reads
from biotech_ma.core.api.cursors import Cursor, Term
from biotech_ma.core.api.endpoints import Endpoint, page_of
from biotech_ma.core.api.filters import DayFilter, ListFilter, ReadFilterSet, within_calendar
from biotech_ma.core.api.resources import Column, Resource
from biotech_ma.core.api.views import APIViewSet, envelope
from companies.api.filters import CompanyFilter
from companies.choices import TherapeuticArea
from companies.models import DrugCandidate
from signals_app.catalysts import CatalystKind, parts
from signals_app.market_day import NEW_YORK

WINDOW = dt.timedelta(days=365)

CATALYSTS = Resource(
    name="Catalyst",
    model=DrugCandidate,
    fields=(
        Column("date", "day", help_text="The day, in New York where a time is known."),
        Column(
            "kind", "kind", help_text="milestone, pdufa_date, advisory_committee, primary_completion, patent_expiry."
        ),
        Column("title", "what", help_text="What is coming."),
        Column("company_id"),
        Column("ticker", "company__ticker"),
        Column("company_name", "company__name"),
        Column("drug", "drug", help_text="The candidate, null for a signal."),
        Column("therapeutic_area", "area", help_text="The candidate's area, null for a signal."),
        Column("resource", "origin", help_text="drug-candidates or signals: where the row comes from."),
        Column("id", help_text="Id of that row."),
    ),
    ordering=("date", "kind", "id"),
)
TERMS = (Term("date", "day"), Term("kind", "kind"), Term("id", "id"))


class CatalystFilterSet(ReadFilterSet):
    """Coming events by day, company, kind and area."""

    since = DayFilter(method="keep", label="From this day on; today when left out.")
    until = DayFilter(method="keep", label="To this day; a year after `since` when left out.")
    kind = ListFilter(method="keep", choices=CatalystKind, label="Any of these kinds.")
    company = CompanyFilter("company", label="Id or ticker.")
    therapeutic_area = ListFilter(method="keep", choices=TherapeuticArea, label="Of candidates in any of these areas.")

    def keep(self, rows: models.QuerySet[Any], name: str, value: object) -> models.QuerySet[Any]:
        """Leave the rows as they are: `asked_for` asks."""
        return rows


def asked_for(asked: dict[str, Any]) -> list[models.QuerySet[Any]]:
    """Return the querysets that together are the coming events asked for."""
    since = within_calendar(asked.get("since") or timezone.localdate(timezone=NEW_YORK))
    until = within_calendar(asked.get("until") or min(since, dt.date.max - WINDOW) + WINDOW)
    kinds, areas = asked.get("kind") or CatalystKind.values, asked.get("therapeutic_area")
    return parts(since, until, kinds=kinds, areas=areas or ())


class CatalystViewSet(APIViewSet):
    """Coming dated events, the soonest first."""

    scope = "catalysts"

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        return {"list": page_of(CATALYSTS, CatalystFilterSet, ("limit", "cursor"))}

    def list(self, request: Request) -> HttpResponse:
        """List what is coming."""
        params = request.query_params
        known = CatalystFilterSet.known() | {"fields", "limit", "cursor"}
        query.allow_only(params, known, repeatable=CatalystFilterSet.repeatable())
        shape, limit = query.shape(params, CATALYSTS), query.limit(params)
        word = params.get("cursor")
        cursor = Cursor.decode(word) if word else None
        filters = CatalystFilterSet(params, DrugCandidate.objects.all())
        query.filter_errors(filters)
        asked = filters.form.cleaned_data
        company = filters.filters.get("company")
        rows = [company.filter(part, asked["company"]) if company else part for part in asked_for(asked)]
        return envelope(request, reads.union_page(rows, shape.columns, terms=TERMS, limit=limit, cursor=cursor))
