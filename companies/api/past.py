"""Companies as of a past day over REST: rows from the history of the table, figures from the ledger."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from biotech_ma.core.api import query, reads
from biotech_ma.core.api.errors import FieldError, Problem, invalid
from biotech_ma.core.api.filters import BooleanFilter, ListFilter, ReadFilterSet, TextFilter, day_or_instant
from biotech_ma.core.api.reads import Page
from biotech_ma.core.api.resources import Column, Money, Resource
from companies.api.filters import CompanyFilterSet
from companies.api.reads import COMPANIES
from companies.choices import Role, TherapeuticArea
from companies.past import FIRST_DAY, figures_on, recorded_on
from companies.querysets import id_or_ticker

AS_OF = "as_of"
# Of the row itself and not of its history.
_NOT_KEPT = {"last_data_refresh", "created_at", "updated_at"}
_VERSION = Column("version", "pgh_id")
# Derived for the rows of a page, so nothing can be asked of them.
DERIVED = (
    "market_cap_usd", "market_cap_as_of", "cash_position_usd", "quarterly_burn_rate_usd", "total_debt_usd",
    "runway_quarters", "enterprise_value_usd", "is_cash_constrained", "field_sources",
)  # fmt: skip


def past_companies() -> Resource:
    """Return the resource over the history table: the fields of a company that can be told of a past day."""
    sources = {"id": "pgh_obj_id", "under_offer_since": "offer_since"}
    kept = [column for column in COMPANIES.fields if not column.on_request and column.name not in _NOT_KEPT]
    return Resource(
        name="PastCompany",
        model=apps.get_model("companies", "CompanyEvent"),
        fields=tuple(
            replace(column, source=sources[column.name], help_text=_help(column)) if column.name in sources else column
            for column in kept
        ),
        ordering=("name",),
        orderable={"ticker": "ticker", "founded_year": "founded_year", "employee_count": "employee_count"},
    )


def _help(column: Column) -> str:
    return "Id of the company." if column.name == "id" else column.help_text


PAST_COMPANIES = past_companies()


class PastCompanyFilterSet(ReadFilterSet):
    """Companies of a past day by words, role, area and listing."""

    search = TextFilter(method="find", label="Part of the name, or the beginning of the ticker.")
    role = ListFilter("role", choices=Role, label="target, acquirer or excluded.")
    therapeutic_area = ListFilter(method="in_area", choices=TherapeuticArea, label="Active in any of these areas.")
    is_public = BooleanFilter("is_public", label="Whether its shares were listed.")

    def find(self, rows: models.QuerySet[Any], name: str, value: str) -> models.QuerySet[Any]:
        """Return what has the words in its name, or the ticker that begins so."""
        return rows.filter(Q(name__icontains=value) | Q(ticker__startswith=value.strip().upper()))

    def in_area(self, rows: models.QuerySet[Any], name: str, value: list[str]) -> models.QuerySet[Any]:
        """Return the companies of any of the areas."""
        condition = Q(pk__in=[])
        for area in value:
            condition |= Q(therapeutic_areas__contains=[area])
        return rows.filter(condition)


def day_of(params: Any) -> dt.date:
    """Return the day that `?as_of=` names. Raises Problem (400) unless it is a day from 1900 to today in New York."""
    today = timezone.localdate(timezone=ZoneInfo(settings.MARKET_TIME_ZONE))
    try:
        day = day_or_instant(params[AS_OF])
    except ValidationError:
        day = None
    if day is None or isinstance(day, dt.datetime) or not FIRST_DAY <= day <= today:
        raise invalid(AS_OF, f"A day from {FIRST_DAY} to today ({today}): YYYY-MM-DD.")
    return day


def page_of_the_past(params: Any, day: dt.date) -> Page:
    """Return the page of the companies as of the day that the parameters ask for. Raises Problem (400) for wrong ones.

    Figures are derived for the rows of the page, so that no filter and no ordering by them is taken.
    """
    known = PastCompanyFilterSet.known() | query.PAGING | {"fields", AS_OF}
    _refuse_present(params, known)
    query.allow_only(params, known, repeatable=PastCompanyFilterSet.repeatable())
    shape, paging = query.shape(params, PAST_COMPANIES), query.paging(params, PAST_COMPANIES)
    filters = PastCompanyFilterSet(params, recorded_on(day))
    query.filter_errors(filters)
    page = reads.run(
        reads.page(
            filters.qs,
            (*shape.columns, _VERSION),
            terms=paging.terms,
            limit=paging.limit,
            cursor=paging.cursor,
            count=paging.count,
        )
    )
    return replace(page, rows=_with_figures(page.rows, shape.columns, day))


def _refuse_present(params: Any, known: set[str] | frozenset[str]) -> None:
    """Raise Problem (400) that names what can be asked of today alone."""
    today_only = [name for name in params if name in CompanyFilterSet.known() | {"include"} and name not in known]
    if today_only:
        errors = [FieldError(name, "not_with_as_of", f"Not together with `{AS_OF}`.") for name in today_only]
        raise Problem(400, f"Not together with `{AS_OF}`: {', '.join(today_only)}.", errors)


def company_of_the_past(params: Any, ref: str, day: dt.date) -> bytes | None:
    """Return the company of this id, or of the ticker that it had on the day (else: has now); None when there is none.

    Raises Problem (400) for wrong parameters.
    """
    _refuse_present(params, {"fields", AS_OF})
    query.allow_only(params, {"fields", AS_OF})
    shape = query.shape(params, PAST_COMPANIES)
    rows = reads.run(reads.rows(_of(ref, day), (*shape.columns, _VERSION))).rows
    found = json.loads(_with_figures(rows, shape.columns, day))
    return json.dumps(found[0], separators=(",", ":")).encode() if found else None


def _of(ref: str, day: dt.date) -> models.QuerySet[Any]:
    rows, key = recorded_on(day), id_or_ticker(ref)
    if not isinstance(key, str):
        return rows.filter(pgh_obj_id=key)
    then = rows.filter(ticker=key)
    if then.exists():
        return then.order_by("pgh_obj_id")[:1]
    company = COMPANIES.model._default_manager.filter(ticker=key).values("pk")[:1]
    return rows.filter(pgh_obj_id=models.Subquery(company))


def _with_figures(body: bytes, wanted: Sequence[Column], day: dt.date) -> bytes:
    """Return the rows with the figures of the day in the place of the recorded ones, and without their versions."""
    rows: list[dict[str, Any]] = json.loads(body)
    keys = [row.pop(_VERSION.name) for row in rows]
    if not any(column.name in DERIVED for column in wanted):
        return json.dumps(rows, separators=(",", ":")).encode()
    events: Any = PAST_COMPANIES.model._default_manager.filter(pk__in=keys)
    versions = {version.pgh_id: version for version in events}
    figures = figures_on(day=day, versions=list(versions.values()))
    for key, row in zip(keys, rows, strict=True):
        found = figures.get(versions[key].pgh_obj_id, {})
        row.update({name: _served(name, value) for name, value in found.items() if name in row})
    return json.dumps(rows, separators=(",", ":")).encode()


def _served(name: str, value: Any) -> Any:
    """Return a figure as JSON has it: money as text with cents, ratios as numbers."""
    if isinstance(value, Decimal):
        is_money = isinstance(COMPANIES.by_name[name].source, Money)
        return str(value.quantize(Decimal("0.01"))) if is_money else float(value)
    return value.isoformat() if isinstance(value, dt.date) else value
