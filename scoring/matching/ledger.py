"""What the ledger says of deals, cliffs, ties and offers by the end of a day: the signals, by company."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db.models import Q

from biotech_ma.core.market_day import NEW_YORK, end_of
from companies.identity import Identities
from scoring.engine.inputs import Evidence
from scoring.states import Event
from signals_app.models import Signal
from signals_app.offers import OFFER

DEAL, EXPIRY = "takeover_acquirer", "patent_expiry"
BOUND, UNBOUND = "partnership", "partnership_ended"
STAKES = ("activist_stake", "passive_stake")
TIE_TYPES = (BOUND, UNBOUND, *STAKES)
COLUMNS = ("company_id", "id", "signal_type", "event_date", "source", "source_url", "signal_data")
MOST_DOLLARS = Decimal(10) ** 15


def events_of(
    day: date, *, targets: Collection[UUID], acquirers: Collection[UUID], same: Identities
) -> Mapping[UUID, Sequence[Event]]:
    """Return what was known by the end of the day, in the order in which it happened, in one query.

    Of acquirers their deals and losses of exclusivity; of targets their partners and holders; of
    every company the takeover of it that names an acquirer.
    """
    wanted = (
        Q(company_id__in=same.ids_of(acquirers), signal_type__in=(DEAL, EXPIRY))
        | Q(company_id__in=same.ids_of(targets), signal_type__in=TIE_TYPES)
        | Q(signal_type=OFFER, signal_data__has_key="acquirer")
    )
    rows = Signal.objects.known_by_day(day).filter(wanted, event_date__lt=end_of(day))
    found: dict[UUID, list[Event]] = defaultdict(list)
    ordered = rows.order_by("event_date", "available_at", "id").values_list(*COLUMNS)
    for company_id, key, kind, event_date, source, url, data in ordered.iterator(chunk_size=5000):
        known = event_date.astimezone(NEW_YORK).date()
        found[same.of(company_id)].append(Event(str(key), kind, known, data, Evidence(source, url, known, (str(key),))))
    return found


def text(data: Mapping[str, Any], name: str) -> str:
    """Return a text of a signal's data, empty where it is none."""
    found = data.get(name)
    return found.strip() if isinstance(found, str) else ""


def number(data: Mapping[str, Any], name: str) -> Decimal | None:
    """Return a number of a signal's data, written as a number or as text; None for anything else."""
    found = data.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        value = Decimal(str(found).strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < MOST_DOLLARS else None
