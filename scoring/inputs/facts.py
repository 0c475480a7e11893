"""Figures of the ledger as far as they can count on a range of days: research spending and market caps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import Case, F, IntegerField, Q, TextField, Value, When
from django.db.models.functions import Coalesce, Collate

from biotech_ma.core.market_day import end_of
from companies.identity import Identities
from signals_app.concepts import MARKET_CAP, PUBLIC_FLOAT, RESEARCH
from signals_app.figures import HORIZON_DAYS, MARKET_CAP_STALE_AFTER_DAYS
from signals_app.models import FinancialFact
from signals_app.periods import CURATED_FORM, FIELDS, LOWEST_SOURCE, USD, Fact

# Runway, funds and debt are shown, filtered and alerted on, and do not score: docs/scoring.md says why.
SCORED_CONCEPTS = (RESEARCH,)


def facts(days: tuple[date, date], company_ids: Collection[UUID] | None, same: Identities) -> dict[UUID, list[Fact]]:
    """Return by company every fact that can count on a day of the range (both ends included).

    Of what was known by the first day only the rows in force; `signals_app.figures` takes each day's pick of the rest.
    """
    found: dict[UUID, list[Fact]] = defaultdict(list)
    ids = same.ids_or_all(company_ids)
    for company_id, *values in chain(_flows(days, ids), _market_caps(days, ids)):
        fact = Fact(*values)
        # The database's number type has a "not a number"; it is no figure.
        if fact.value.is_finite():
            found[same.of(company_id)].append(fact)
    return found


def within_horizon(found: Iterable[Fact], day: date) -> list[Fact]:
    """Return what a reading of the day alone would have: why a figure is unknown must not tell of the range."""
    oldest = day - timedelta(days=HORIZON_DAYS)
    return [fact for fact in found if fact.period_end >= oldest]


def _flows(days: tuple[date, date], company_ids: Collection[UUID] | None) -> Iterator[tuple[Any, ...]]:
    first, last = days
    period = "company_id", "concept", "period_start", "period_end", "unit"
    rows = _of(company_ids).filter(concept__in=SCORED_CONCEPTS, period_end__gte=first - timedelta(days=HORIZON_DAYS))
    yield from _first(rows.known_by_day(first), ordering=period, distinct=period)
    if last > first:
        yield from _all(rows.filter(available_at__gte=end_of(first), available_at__lt=end_of(last)))


def _market_caps(days: tuple[date, date], company_ids: Collection[UUID] | None) -> Iterator[tuple[Any, ...]]:
    """Return the newest market cap and public float of each company known on the first day, and the later ones."""
    first, last = days
    oldest = first - timedelta(days=MARKET_CAP_STALE_AFTER_DAYS)
    rows = _of(company_ids).filter(
        Q(value__gt=0) | Q(form=CURATED_FORM),  # as signals_app.figures has it
        concept__in=(MARKET_CAP, PUBLIC_FLOAT),
        unit=USD,
        period_start=None,
        period_end__gte=oldest,
    )
    known = rows.known_by_day(first).filter(period_end__lte=first)
    yield from _first(known, ordering=("company_id", "concept", "-period_end"), distinct=("company_id", "concept"))
    if last > first:
        became = Q(available_at__gte=end_of(first)) | Q(period_end__gt=first)
        yield from _all(rows.filter(became, available_at__lt=end_of(last), period_end__lte=last))


def _of(company_ids: Collection[UUID] | None) -> Any:
    rows = FinancialFact.objects.order_by()
    return rows if company_ids is None else rows.filter(company_id__in=company_ids)


def _all(rows: Any) -> Iterator[tuple[Any, ...]]:
    yield from rows.values_list("company_id", *FIELDS).iterator(chunk_size=20_000)


def _first(rows: Any, *, ordering: Sequence[str], distinct: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    # The same order as signals_app.periods.precedence, so that one row a period has to leave the database.
    rank = Case(
        When(form=CURATED_FORM, then=Value(2)),
        When(source=LOWEST_SOURCE, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    accession = Collate(Coalesce(F("accession"), Value(""), output_field=TextField()), "C")
    yield from _all(
        rows.order_by(*ordering, rank.desc(), "-available_at", accession.desc(), "-value").distinct(*distinct)
    )
