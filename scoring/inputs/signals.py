"""Events of the ledger as far as they can count on a range of days: states, offers, corporate events, filings read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, DateField, F, Max, Min, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Greatest, TruncDate

from biotech_ma.core.market_day import NEW_YORK, end_of, start_of
from companies.identity import Identities, read_as
from scoring.engine.inputs import Evidence
from scoring.insider import ACTIVIST, CLUSTER, EDGAR, OWNERSHIP_READ_WITHIN, WEIGHED, Read
from scoring.states import STATE_TYPES, Event
from signals_app.models import Signal

FORM_4 = "insider_transaction"
SNAPSHOT = "financial_snapshot"
TYPES = tuple(dict.fromkeys((*STATE_TYPES, *WEIGHED)))
# A first prospectus, or the registration of a class on an exchange, by a company without a periodic report before.
FIRST_OFFERINGS = ("424B1", "424B4", "8-A12B")
PERIODIC = ("10-K", "10-Q", "20-F", "40-F", "10-KT")


@dataclass(frozen=True, slots=True)
class Known:
    """An event and when it stood in the ledger unsuperseded: from, until."""

    since: datetime
    until: datetime | None
    event: Event

    def holds(self, cutoff: datetime) -> bool:
        """Return whether it was known just before the cutoff."""
        return self.since < cutoff and (self.until is None or self.until >= cutoff)


def of(company_ids: Collection[UUID] | None) -> Any:
    """Return the signals under these ids (None: under all), each with the moment at which it was superseded."""
    newer = Signal.objects.filter(supersedes=OuterRef("pk")).values("available_at")[:1]
    rows = Signal.objects.order_by().annotate(until=Subquery(newer))
    return rows if company_ids is None else rows.filter(company_id__in=company_ids)


def events(last: date, company_ids: Collection[UUID] | None, same: Identities) -> dict[UUID, list[Known]]:
    """Return by company the events known by the last day, in the order in which they happened."""
    cutoff = end_of(last)
    rows = of(same.ids_or_all(company_ids)).filter(
        signal_type__in=TYPES, available_at__lt=cutoff, event_date__lt=cutoff
    )
    columns = (
        "company_id", "id", "signal_type", "event_date", "available_at", "until", "source", "source_url", "signal_data",
    )  # fmt: skip
    found: dict[UUID, list[Known]] = defaultdict(list)
    rows = rows.order_by("event_date", "available_at", "id").values_list(*columns)
    for company_id, key, kind, event_date, since, until, source, url, data in rows.iterator(chunk_size=5000):
        day = event_date.astimezone(NEW_YORK).date()
        event = Event(str(key), kind, day, data, Evidence(source, url, day, (str(key),)))
        found[same.of(company_id)].append(Known(since, until, event))
    return found


@dataclass(frozen=True, slots=True)
class Readings:
    """The days on which a company's filings (its insiders' forms) came into the ledger, rising."""

    filings: tuple[date, ...] = ()
    ownership: tuple[date, ...] = ()

    def by(self, day: date) -> Read:
        """Return how far they had been read by the day."""
        return Read(
            max((filed for filed in self.filings if filed <= day), default=None),
            max((filed for filed in self.ownership if filed <= day), default=None),
        )


def filings_read(
    days: tuple[date, date], company_ids: Collection[UUID] | None, same: Identities
) -> dict[UUID, Readings]:
    """Return by company the days of its filings in the ledger: the last one by the first day, and all since.

    A registrant's list of filings leaves a signal for each; the figures of a periodic report alone tell nothing of
    other filings.
    """
    first, last = days
    rows = of(same.ids_or_all(company_ids)).filter(
        source=EDGAR, available_at__gte=start_of(first - OWNERSHIP_READ_WITHIN), available_at__lt=end_of(last)
    )
    rows = rows.exclude(signal_type__in=(SNAPSHOT, CLUSTER))
    filed = TruncDate("available_at", tzinfo=NEW_YORK)
    grouped = (
        rows.annotate(is_form_4=Case(When(signal_type=FORM_4, then=Value(True)), default=Value(False)))
        .annotate(filed=filed, turn=Greatest(filed, Value(first, DateField())))
        .values("company_id", "is_form_4", "turn")
        .annotate(newest=Max("filed"))
        .values_list("company_id", "is_form_4", "newest")
    )
    seen: dict[UUID, tuple[list[date], list[date]]] = defaultdict(lambda: ([], []))
    for company_id, is_form_4, newest in grouped.iterator(chunk_size=20_000):
        seen[same.of(company_id)][is_form_4].append(newest)
    return {key: Readings(tuple(sorted(filings)), tuple(sorted(forms))) for key, (filings, forms) in seen.items()}


def went_public(found: dict[UUID, list[Known]], same: Identities) -> dict[UUID, date]:
    """Return the day of the first offering of those that have an activist stake and no periodic report before it."""
    concerned = [key for key, known in found.items() if any(each.event.type == ACTIVIST for each in known)]
    rows = (
        Signal.objects.order_by()
        .annotate(whose=read_as())
        .filter(company_id__in=same.ids_of(concerned), source=EDGAR)
        .filter(Q(signal_data__form__in=(*FIRST_OFFERINGS, *PERIODIC)) | Q(signal_type=SNAPSHOT))
        .values("whose")
        .annotate(
            offered=Min("event_date", filter=Q(signal_data__form__in=FIRST_OFFERINGS)),
            reported=Min("event_date", filter=Q(signal_data__form__in=PERIODIC) | Q(signal_type=SNAPSHOT)),
        )
        .filter(Q(reported__isnull=True) | Q(offered__lte=F("reported")), offered__isnull=False)
    )
    return {row["whose"]: row["offered"].astimezone(NEW_YORK).date() for row in rows}
