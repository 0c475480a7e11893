"""The coming dated events over REST."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import models
from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request

from biotech_ma.core import closed
from biotech_ma.core.api import exports, query, reads
from biotech_ma.core.api.cursors import Cursor, Term
from biotech_ma.core.api.endpoints import Endpoint, page_of
from biotech_ma.core.api.filters import DayFilter, ListFilter, ReadFilterSet, within_calendar
from biotech_ma.core.api.negotiation import preferred
from biotech_ma.core.api.resources import Column, Resource
from biotech_ma.core.api.views import JSON, APIViewSet, envelope
from biotech_ma.core.market_day import NEW_YORK
from companies.api.filters import CompanyFilter
from companies.choices import TherapeuticArea
from companies.identity import read_as, read_as_field
from companies.models import DrugCandidate
from signals_app.api.calendar import CALENDAR, calendar_of
from signals_app.catalysts import CatalystKind, parts

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
        Column("company_id", read_as()),
        Column("ticker", read_as_field("ticker")),
        Column("company_name", read_as_field("name")),
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
    company = CompanyFilter("company", together=True, label="Id or ticker.")
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
    file_actions = frozenset({"export", "calendar"})

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        return {
            "list": replace(page_of(CATALYSTS, CatalystFilterSet, ("limit", "cursor", "count")), types=(CALENDAR,)),
            "export": Endpoint("file", CATALYSTS, CatalystFilterSet),
            "calendar": Endpoint("calendar", None, CatalystFilterSet, types=(CALENDAR,)),
        }

    def media_types(self) -> tuple[str, ...]:
        """Return JSON and, for the list, a calendar."""
        return (JSON, CALENDAR) if self.action == "list" else super().media_types()

    def list(self, request: Request) -> HttpResponseBase:
        """List what is coming; with `Accept: text/calendar` as a calendar."""
        if preferred(request.headers.get("Accept"), self.media_types()) == CALENDAR:
            return with_vary(self.calendar(request))
        params = request.query_params
        parts = self.asked(request, {"fields", "limit", "cursor", "count"})
        shape, limit, word = query.shape(params, CATALYSTS), query.limit(params), params.get("cursor")
        cursor = Cursor.decode(word) if word else None
        page = reads.union_page(parts, shape.columns, terms=TERMS, limit=limit, cursor=cursor)
        if query.boolean(params, "count"):
            page = replace(page, count=sum(part.count() for part in parts))
        return with_vary(envelope(request, page))

    def calendar(self, request: Request) -> HttpResponseBase:
        """Give what is coming as an iCalendar file: an all-day event each, under the same UID in every answer."""
        parts, left_out = self.open_to(request, self.asked(request, set()), "catalysts.ics")
        wanted = (*CATALYSTS.fields, Column("updated_at"))
        rows = exports.lines(reads.union(parts, wanted, TERMS), wanted) if parts else iter(())
        address = request.build_absolute_uri("/api/v1/")
        response = exports.streamed(
            request, calendar_of(rows, address), file_name="catalysts.ics", content_type=f"{CALENDAR}; charset=utf-8"
        )
        exports.say_left_out(response, left_out)
        return response

    def export(self, request: Request, form: str) -> HttpResponseBase:
        """Give all that is coming as a file, the soonest first."""
        asked, shape = self.asked(request, {"fields"}), query.shape(request.query_params, CATALYSTS)
        parts, left_out = self.open_to(request, asked, f"exports/{self.scope}.{form}")
        rows = reads.union(parts, shape.columns, TERMS) if parts else DrugCandidate.objects.none()
        response = exports.exported(request, rows, shape.columns, form=form, name=self.scope)
        exports.say_left_out(response, left_out)
        return response

    def open_to(
        self, request: Request, parts: Sequence[models.QuerySet[Any]], door: str
    ) -> tuple[tuple[models.QuerySet[Any], ...], int]:
        """Return what of it may leave with the caller, and how many events may not."""
        reader = closed.caller_of(request.auth)
        left_out = sum(closed.let_out(part, reader, door) for part in parts)
        return tuple(closed.narrowed(part, reader) for part in parts), left_out

    def asked(self, request: Request, further: set[str]) -> Sequence[models.QuerySet[Any]]:
        """Return the querysets that together are what the filters name. Raises Problem (400) for other parameters."""
        params = request.query_params
        query.allow_only(params, CatalystFilterSet.known() | further, repeatable=CatalystFilterSet.repeatable())
        filters = CatalystFilterSet(params, DrugCandidate.objects.all())
        query.filter_errors(filters)
        wanted = filters.form.cleaned_data
        company = filters.filters.get("company")
        return tuple(company.filter(part, wanted["company"]) if company else part for part in asked_for(wanted))


def with_vary(response: HttpResponseBase) -> HttpResponseBase:
    """Return the answer, marked as one of two that the address gives by `Accept`."""
    patch_vary_headers(response, ["Accept"])
    return response
