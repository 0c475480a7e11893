"""The facts of the ledger that can matter on a day, read for the pure derivation in one way."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Q

from biotech_ma.core.market_day import end_of
from companies.identity import Identities
from signals_app.figures import HORIZON_DAYS
from signals_app.models import FinancialFact
from signals_app.periods import CURATED_FORM, FIELDS, Fact


def mattering(day: dt.date, concepts: Collection[str], *, said_until: dt.date | None = None) -> Any:
    """Return the rows of these concepts that were public by the end of the day and not too old to matter, in no order.

    `said_until`: what analysts said by the end of that later day counts, too.
    """
    known = Q(available_at__lt=end_of(day))
    if said_until is not None and said_until > day:
        known |= Q(form=CURATED_FORM, available_at__lt=end_of(said_until))
    oldest = day - dt.timedelta(days=HORIZON_DAYS)
    return FinancialFact.objects.order_by().filter(known, concept__in=concepts, period_end__gte=oldest)


def known_facts(
    day: dt.date,
    company_ids: Collection[UUID],
    concepts: Collection[str],
    *,
    same: Identities | None = None,
    said_until: dt.date | None = None,
) -> defaultdict[UUID, list[Fact]]:
    """Return by company its facts that can matter on the day, those of its duplicates with them; one query or two.

    What analysts said after the day, by the end of `said_until`, counts as said in the day's last moments.
    """
    found: defaultdict[UUID, list[Fact]] = defaultdict(list)
    if not company_ids:
        return found
    same = same or Identities.load()
    rows = mattering(day, concepts, said_until=said_until).filter(company_id__in=same.ids_of(company_ids))
    if said_until is not None:
        rows = rows.order_by("available_at", "id")
    for company_id, *values in rows.values_list("company_id", *FIELDS):
        found[same.of(company_id)].append(Fact(*values))
    if said_until is not None:
        for facts in found.values():
            facts[:] = _said_by(day, facts)
    return found


def _said_by(day: dt.date, facts: list[Fact]) -> Iterator[Fact]:
    last = end_of(day) - dt.timedelta(seconds=1)
    for place, fact in enumerate(facts):
        late = fact.available_at > last
        yield replace(fact, available_at=last + dt.timedelta(microseconds=place)) if late else fact
