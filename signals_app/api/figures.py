"""A company's figures on a day over REST, each with the filings behind it."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.http import HttpResponse
from django.urls import URLPattern, path
from rest_framework.request import Request

from biotech_ma.core.api import query
from biotech_ma.core.api.endpoints import Endpoint
from biotech_ma.core.api.filters import DayFilter, ReadFilterSet, within_calendar
from biotech_ma.core.api.views import json_response, not_found
from companies.api.moved import LeadsToKept
from companies.models import Company
from signals_app.api.answers import FIGURES
from signals_app.day_figures import figures_document
from signals_app.refresh import ledger_day


class FiguresFilterSet(ReadFilterSet):
    """The day of the figures."""

    as_of = DayFilter(method="keep", label="As known by the end of this day; the data's own day when left out.")

    def keep(self, rows: models.QuerySet[Any], name: str, value: object) -> models.QuerySet[Any]:
        """Leave the rows as they are."""
        return rows


class CompanyFiguresViewSet(LeadsToKept):
    """A company's figures on a day: value, period, filings; what is unknown with its reason."""

    scope = "companies"

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        return {"retrieve": Endpoint(filters=FiguresFilterSet, answer=FIGURES)}

    def retrieve(self, request: Request, ref: str) -> HttpResponse:
        """Derive the figures of the live company of this id or ticker."""
        query.allow_only(request.query_params, FiguresFilterSet.known())
        filters = FiguresFilterSet(request.query_params, Company.objects.all())
        query.filter_errors(filters)
        company = Company.objects.by_ref(ref).defer("search_vector").first()
        if company is None:
            raise not_found()
        day = filters.form.cleaned_data.get("as_of")
        document = figures_document(company, within_calendar(day) if day else ledger_day())
        return json_response(json.dumps(document).encode())

    @classmethod
    def address(cls) -> URLPattern:
        """Return the address `companies/{ref}/figures/`."""
        view = cls.as_view({"get": "retrieve"}, basename="company-figures", detail=True)
        return path("companies/<company_ref:ref>/figures/", view, name="company-figures")
