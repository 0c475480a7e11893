"""Companies as they were recorded by the end of a past day (docs/adr/0022)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Case, F, Value, When

# No filing and no price of ours is older.
FIRST_DAY = dt.date(1900, 1, 1)


class FiguresOfADay(Protocol):
    """Derives what was known of the companies' figures by the end of a day, from their recorded versions.

    Returns by company the figures by field: `Decimal`, `date`, `bool` or None, and `field_sources` with their notes.
    """

    def __call__(self, *, day: dt.date, versions: Sequence[Any]) -> dict[UUID, dict[str, Any]]: ...


_deriving: list[FiguresOfADay] = []


def derive_figures_with(derive: FiguresOfADay) -> None:
    """Have the figures of a past day derived by the keeper of the ledger: for the apps above, from `ready()`."""
    _deriving[:] = [derive]


def figures_on(*, day: dt.date, versions: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """Return what was known of these companies' figures by the end of the day; nothing where no ledger is kept."""
    return _deriving[0](day=day, versions=versions) if _deriving and versions else {}


def recorded_on(day: dt.date) -> models.QuerySet[Any]:
    """Return the recorded version of each company that was live at the end of the day in New York, duplicates left out.

    That is the last version by then, or the first one recorded where that came later: what was never recorded
    of the day is taken from the earliest that was. An offer counts from its own day on.
    """
    event = apps.get_model("companies", "CompanyEvent")
    cutoff = end_of(day)
    by_then = models.Q(pgh_created_at__lt=cutoff)
    chosen = (
        event._default_manager.annotate(
            place=Case(When(by_then, then=Value(0)), default=Value(1)),
            nearness=Case(When(by_then, then=-F("pgh_id")), default=F("pgh_id"), output_field=models.IntegerField()),
        )
        .order_by("pgh_obj_id", "place", "nearness")
        .distinct("pgh_obj_id")
        .values("pgh_id")
    )
    rows = event._default_manager.filter(pgh_id__in=chosen, deleted_at__isnull=True).exclude(pgh_label="delete")
    # A merge says who a company is, on every day (docs/adr/0034).
    duplicates = apps.get_model("companies", "Company")._base_manager.filter(merged_into__isnull=False)
    rows = rows.exclude(pgh_obj_id__in=duplicates.values("pk"))
    began = Case(When(under_offer_since__lte=day, then=F("under_offer_since")), default=Value(None))
    dated: models.QuerySet[Any] = rows.annotate(offer_since=began)
    return dated


def end_of(day: dt.date) -> dt.datetime:
    """Return the first instant after the market's day."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, tzinfo=ZoneInfo(settings.MARKET_TIME_ZONE))
