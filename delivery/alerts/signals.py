"""New signals held against the alerts: a fixed number of statements, however many signals and alerts there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, FilteredRelation, Q

from companies.identity import Followed
from delivery.alerts.causes import AS_READ, SIGNAL_COLUMNS, SignalRow, by_signal
from delivery.alerts.triggers import Fired, locked_for_evaluation, write
from delivery.alerts.watching import Watch, holding, of_signal, watches
from signals_app.models import Signal
from signals_app.querysets import SignalQuerySet

# From a signal to the company as which it is read: its own, or the one into which that is merged.
OWN, KEPT = "company", "company__merged_into"

# The first row of each chain of corrections.
_ROOTS_OF = """
WITH RECURSIVE chain AS (
    SELECT id AS last, id, supersedes_id FROM signals WHERE id = ANY(%s)
    UNION ALL
    SELECT chain.last, s.id, s.supersedes_id FROM chain JOIN signals AS s ON s.id = chain.supersedes_id
)
SELECT last, id FROM chain WHERE supersedes_id IS NULL
"""


def evaluate_signals(*, since: dt.datetime, until: dt.datetime) -> int:
    """Hold the signals written in the span against the alerts that were there at its end; return the times one went
    off.

    A signal is news if it became known at most NEWS_DAYS before it was written. One that is known only later waits for
    `evaluate_becoming_known`. Again for the same span is safe: a cause sets an alert off once.
    """
    age = dt.timedelta(days=settings.NEWS_DAYS)
    # The second bound follows from the first and the third; the index of available_at serves it.
    rows = Signal.objects.filter(created_at__range=(since, until), available_at__gte=since - age).filter(
        available_at__gte=F("created_at") - age
    )
    return _evaluate(rows, heard_at=until)


def evaluate_becoming_known(*, now: dt.datetime) -> int:
    """Hold the signals that were written before they were known, and have become known in the last NEWS_DAYS."""
    since = now - dt.timedelta(days=settings.NEWS_DAYS)
    rows = Signal.objects.filter(available_at__gt=since, available_at__lte=now, created_at__lt=F("available_at"))
    return _evaluate(rows, heard_at=now, is_later=True)


def _evaluate(rows: SignalQuerySet, *, heard_at: dt.datetime, is_later: bool = False) -> int:
    with transaction.atomic():
        locked_for_evaluation()
        followed = Followed.load()
        heard = [watch for watch in watches(heard_at=heard_at, followed=followed) if watch.rule.hears_signals]
        if not heard:
            return 0
        hits = _hits(rows, heard, OWN, is_later=is_later)
        if followed.has_duplicates:
            hits = sorted(hits + _hits(rows, heard, KEPT, is_later=is_later), key=lambda hit: hit[0].id)
        roots = roots_of([row.id for row, _ in hits])
        fired = [Fired(heard[place].alert, by_signal(row, roots[row.id])) for row, places in hits for place in places]
        return write(fired)


def _hits(rows: SignalQuerySet, heard: list[Watch], path: str, *, is_later: bool) -> list[tuple[SignalRow, list[int]]]:
    """Return the signals of companies that stand for themselves, or of duplicates, with the places of those to tell."""
    conditions = [of_signal(watch.rule, {"company": f"{path}__", "score": "latest__", "signal": ""}) for watch in heard]
    if is_later:
        # Whoever asked after it had become known is not told.
        pairs = zip(heard, conditions, strict=True)
        conditions = [condition & Q(available_at__gte=watch.alert.created_at) for watch, condition in pairs]
    found = (
        rows.current()
        .of_live_companies()
        .filter(company__merged_into__isnull=path == OWN)
        .annotate(latest=FilteredRelation(f"{path}__scores", condition=Q(**{f"{path}__scores__is_latest": True})))
        .annotate(holds=holding(conditions), **AS_READ)
        .order_by("id")
        .values_list(*SIGNAL_COLUMNS, "holds")
    )
    return [(SignalRow(*values), places) for *values, places in found.iterator(chunk_size=2_000) if places]


def roots_of(ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return for each signal the first row of its chain of corrections, itself where it corrects none. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_ROOTS_OF, [list(ids)])
        return dict(cursor.fetchall())
