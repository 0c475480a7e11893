"""The fits of a target's best acquirers on a day, from the matches made for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import DecimalField, F, Q, Window
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, RowNumber

from scoring.engine.acquirers import ENOUGH_COVERAGE
from scoring.engine.inputs import Evidence, Fit
from scoring.models import AcquirerMatch

BEST = 3
FRESH_FOR = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Match:
    """How well an acquirer fits, from 0 to 10, on the day of the match."""

    id: UUID
    day: date
    acquirer: str
    score: Decimal


def matches(days: tuple[date, date], company_ids: Collection[UUID] | None) -> dict[UUID, list[Match]]:
    """Return by target the three best matches of each day that can count on a day of the range: the best by rank.

    Acquirers that cannot pay rank behind the others, whatever their fit. A match of which less than half the weight is
    known does not count: a tie alone, without a programme to compare, is no fit.
    """
    rows = AcquirerMatch.objects.order_by().filter(match_date__range=(days[0] - FRESH_FOR, days[1]))
    known = Cast(KT("metadata__coverage"), DecimalField(max_digits=5, decimal_places=4))
    rows = rows.annotate(known=known).filter(Q(known__gte=ENOUGH_COVERAGE) | Q(known__isnull=True))
    if company_ids is not None:
        rows = rows.filter(target_company__in=company_ids)
    place = Window(
        RowNumber(),
        partition_by=["target_company", "match_date"],
        order_by=[F("match_rank").asc(nulls_last=True), F("strategic_fit_score").desc(), F("acquirer_name").asc()],
    )
    columns = "target_company_id", "id", "match_date", "acquirer_name", "strategic_fit_score"
    found: dict[UUID, list[Match]] = defaultdict(list)
    for company_id, *values in (
        rows.annotate(place=place).filter(place__lte=BEST).order_by("place").values_list(*columns)
    ):
        found[company_id].append(Match(*values))
    return found


def fit(found: Sequence[Match], day: date) -> Fit | None:
    """Return the mean of the best matches of the newest day by then; None where that is older than 31 days."""
    fresh = [match for match in found if day - FRESH_FOR <= match.day <= day]
    if not fresh:
        return None
    newest = max(match.day for match in fresh)
    best = [match for match in fresh if match.day == newest]
    words = ", ".join(f"{match.acquirer} {match.score:.1f}" for match in best)
    ids = tuple(str(match.id) for match in best)
    evidence = Evidence(f"match of {newest}", None, newest, match_ids=ids)
    return Fit(sum((match.score for match in best), Decimal(0)) / len(best), f"{words} of 10", evidence)
