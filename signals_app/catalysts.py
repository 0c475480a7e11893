"""Coming dated events: milestones and patent expiries of candidates, and what signals announce."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, TruncDate

from biotech_ma.core.market_day import NEW_YORK
from companies.choices import TherapeuticArea
from companies.identity import read_as, read_as_field
from companies.models import DrugCandidate
from signals_app.models import Signal

MILESTONE, EXPIRY = "milestone", "patent_expiry"
ANNOUNCED = ("pdufa_date", "advisory_committee", "primary_completion", "patent_expiry")


class CatalystKind(models.TextChoices):
    """What is coming."""

    MILESTONE = MILESTONE, "Next milestone of a candidate"
    PDUFA_DATE = "pdufa_date", "PDUFA date"
    ADVISORY_COMMITTEE = "advisory_committee", "Advisory committee"
    PRIMARY_COMPLETION = "primary_completion", "Primary completion"
    PATENT_EXPIRY = EXPIRY, "Patent or exclusivity expires"


# What moves a price most, first.
IMPORTANCE = {
    kind: place
    for place, kind in enumerate(("pdufa_date", "advisory_committee", MILESTONE, "primary_completion", EXPIRY))
}


@dataclass(frozen=True, slots=True)
class Catalyst:
    """One coming event. `origin` and `key` name the row that it stands in: drug-candidates or signals."""

    day: dt.date
    kind: str
    what: str
    company_id: UUID
    ticker: str | None
    company_name: str
    drug: str | None
    origin: str
    key: UUID


def parts(
    since: dt.date,
    until: dt.date,
    *,
    kinds: Iterable[str] = CatalystKind.values,
    areas: Iterable[TherapeuticArea | str] = (),
) -> list[models.QuerySet[Any]]:
    """Return the querysets that together are the events of the period, both days included, of live companies.

    Each has `day`, `kind`, `what`, `drug`, `area` and `origin` beside the columns of its own row. An area leaves
    signals out, which have none.
    """
    found = []
    if MILESTONE in kinds:
        title = Cast(F("next_milestone"), models.TextField())
        found.append(_candidates("next_milestone_date", MILESTONE, title, since, until))
    if EXPIRY in kinds:
        found.append(_candidates("patent_expiry", EXPIRY, _text("Patent or exclusivity expires"), since, until))
    if areas:
        return [part.filter(therapeutic_area__in=areas) for part in found]
    signals = Signal.objects.of_live_companies().current().between(since, until)
    announced = signals.filter(signal_type__in=[kind for kind in ANNOUNCED if kind in kinds]).annotate(
        day=TruncDate("event_date", tzinfo=NEW_YORK),
        kind=Cast(F("signal_type"), models.TextField()),
        what=Cast(F("title"), models.TextField()),
        drug=_text(None),
        area=_text(None),
        origin=_text("signals"),
    )
    return [*found, announced]


def coming(
    since: dt.date,
    until: dt.date,
    *,
    companies: Iterable[UUID] | None = None,
    kinds: Iterable[str] = CatalystKind.values,
) -> list[Catalyst]:
    """Return the events of the period in one query, by day, what moves a price most first; of these companies only."""
    found = parts(since, until, kinds=kinds)
    if companies is not None:
        wanted = list(companies)
        theirs = Q(company_id__in=wanted) | Q(company__merged_into_id__in=wanted)
        found = [part.filter(theirs) for part in found]
    who = {"who": read_as(), "who_ticker": read_as_field("ticker"), "who_name": read_as_field("name")}
    names = ("day", "kind", "what", *who, "drug", "origin", "pk")
    first, *others = (part.order_by().annotate(**who).values_list(*names) for part in found)
    rows = (Catalyst(row[0], row[1], row[2] or "", *row[3:]) for row in first.union(*others, all=True).order_by("day"))
    return sorted(rows, key=lambda row: (row.day, IMPORTANCE[row.kind], row.company_name, str(row.key)))


def _text(value: str | None) -> Cast:
    return Cast(Value(value), models.TextField())


def _candidates(path: str, kind: str, what: Any, since: dt.date, until: dt.date) -> models.QuerySet[Any]:
    rows = DrugCandidate.objects.of_live_companies().filter(**{f"{path}__range": (since, until)})
    return rows.annotate(
        day=F(path),
        kind=_text(kind),
        what=what,
        drug=Cast(F("name"), models.TextField()),
        area=Cast(F("therapeutic_area"), models.TextField()),
        origin=_text("drug-candidates"),
    )
