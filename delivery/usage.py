"""How often clients call, by UTC day: from the hours that the limit counts."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from delivery.models import ClientUsage

SHOWN_DAYS = 90
KEPT_DAYS = 400


def usage_by_day(client_id: UUID | str, days: int = SHOWN_DAYS) -> list[tuple[dt.date, int]]:
    """Return the calls of each UTC day that had any, of the last `days`, the newest first.

    A call that a worker has leased and not yet spent counts as made, for a second at most.
    """
    since = timezone.now() - dt.timedelta(days=days)
    hours = ClientUsage.objects.filter(client_id=client_id, hour__gte=since).order_by()
    counted = hours.annotate(day=TruncDate("hour", tzinfo=dt.UTC)).values("day").annotate(calls=Sum("requests"))
    return list(counted.order_by("-day").values_list("day", "calls"))


def forget_old_usage() -> int:
    """Delete the hours older than four hundred days; return how many rows went."""
    old = timezone.now() - dt.timedelta(days=KEPT_DAYS)
    return ClientUsage.objects.filter(hour__lt=old).delete()[0]
