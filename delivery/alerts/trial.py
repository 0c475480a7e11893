"""What an alert would have told over the last days: the same conditions asked of the history, in a few statements.

The company's own fields are today's; its score is the one of that day. Backfilled signals count by the moment from
which the public could know them, for they are the history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Case, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from biotech_ma.core.closed import NOBODY, Reader, narrowed
from biotech_ma.core.market_day import NEW_YORK, end_of, start_of
from companies.identity import Followed
from companies.watchlists import companies_on
from delivery.alerts.causes import (
    AS_READ,
    METHODOLOGY,
    SCORE_COLUMNS,
    SIGNAL_COLUMNS,
    Cause,
    ScoreRow,
    SignalRow,
    by_score,
    by_signal,
)
from delivery.alerts.conditions import comparisons
from delivery.alerts.rules import Rule, rule_of
from delivery.alerts.scores import BEFORE_DAYS, ROOTS, ranked
from delivery.alerts.signals import KEPT, OWN
from delivery.alerts.watching import of_score, of_signal
from delivery.models import Alert, Client
from scoring.models import MAScore
from scoring.querysets import version_in_force
from signals_app.models import Signal

DAYS = 90
MOST_SHOWN = 500

# Whether the rule holds flips with the rows that say so for certain; between the two ends of the hysteresis it stays
# as the last certain row before had it. One number holds day and verdict, so that the greatest is the last.
_BEGINS = """
WITH seen ({columns}, begins, goes_on) AS ({rows}), judged AS (
    SELECT seen.*, max(CASE WHEN begins THEN day * 2 + 1 WHEN NOT goes_on THEN day * 2 END)
        OVER (PARTITION BY company_id ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM (SELECT seen.*, score_date - DATE '2000-01-01' AS day FROM seen) AS seen
)
SELECT {columns}, count(*) OVER () FROM judged
WHERE begins AND coalesce(before, 0) %% 2 = 0 AND score_date >= %s ORDER BY score_date DESC, id LIMIT {most}
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """What would have set the alert off from `since` to `until`: `count` times in all, the newest in `causes`."""

    since: dt.date
    until: dt.date
    count: int
    causes: tuple[Cause, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as the API gives it."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "count": self.count,
            "methodology": METHODOLOGY,
            "triggers": [
                {
                    "at": cause.at.isoformat(),
                    "company_id": str(cause.company_id),
                    "ticker": cause.ticker,
                    "signal_id": str(cause.signal_id) if cause.signal_id else None,
                    "score_id": str(cause.score_id) if cause.score_id else None,
                    "cause": cause.key,
                    "reason": cause.reason,
                    "details": cause.details,
                }
                for cause in self.causes
            ],
        }


class PrivateWatchlistError(Exception):
    """The alert watches a list that is not the reader's to read."""


def trial_of(alert: Alert, *, days: int = DAYS, today: dt.date | None = None, reader: Reader = NOBODY) -> Trial:
    """Return what the alert would have told in the days up to the newest of the data that it looks at.

    Companies that are closed to the reader are left out. A fixed number of statements.
    Raises ConditionError for a stored condition that is none, PrivateWatchlistError for who would read with it what is
    on another one's private watchlist.
    """
    watched = alert.watchlist
    if (
        watched is not None
        and not watched.is_shared
        and reader is not NOBODY
        and watched.owner_id not in reader.user_ids
    ):
        raise PrivateWatchlistError(f"It watches {watched.public_name}: who owns that can test it.")
    clients = list(Client.objects.active().exclude(watchlist_tickers=[]))
    followed = Followed.load()
    rule = rule_of(alert, clients, companies_on([alert.watchlist_id] if alert.watchlist_id else []), followed)
    today = today or timezone.localdate(timezone=NEW_YORK)
    until = min(today, _newest(rule) or today)
    since = until - dt.timedelta(days=days)
    found: list[Cause] = []
    count = 0
    if rule.hears_scores:
        number, causes = _scores(rule, since, until, reader)
        count, found = count + number, found + causes
    if rule.hears_signals:
        for path in (OWN, KEPT) if followed.has_duplicates else (OWN,):
            number, causes = _signals(rule, since, until, reader, path)
            count, found = count + number, found + causes
    found.sort(key=_day, reverse=True)
    return Trial(since, until, count, tuple(found[:MOST_SHOWN]))


def _day(cause: Cause) -> dt.date:
    return cause.at.astimezone(NEW_YORK).date() if isinstance(cause.at, dt.datetime) else cause.at


def _newest(rule: Rule) -> dt.date | None:
    """Return the newest day of the data that the rule looks at, None without any."""
    days = []
    if rule.hears_scores:
        days.append(MAScore.objects.latest().aggregate(day=Max("score_date"))["day"])
    if rule.hears_signals:
        known = Signal.objects.current().order_by("-available_at").values_list("available_at", flat=True).first()
        days.append(known.astimezone(NEW_YORK).date() if known else None)
    return max((day for day in days if day), default=None)


def _scores(rule: Rule, since: dt.date, until: dt.date, reader: Reader) -> tuple[int, list[Cause]]:
    begins, goes_on = of_score(rule, ROOTS)
    rows = (
        narrowed(ranked(), reader)
        .filter(
            score_version=version_in_force(),
            score_date__gte=since - dt.timedelta(days=BEFORE_DAYS),
            score_date__lte=until,
        )
        .annotate(begins=_verdict(begins), goes_on=_verdict(goes_on))
        .order_by()
        .values(*SCORE_COLUMNS, "begins", "goes_on")
    )
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return 0, []
    # Only names of columns and a number are put into the statement; values go as parameters.
    names = ", ".join(f'"{name}"' for name in SCORE_COLUMNS)
    statement = _BEGINS.format(rows=sql, columns=names, most=MOST_SHOWN)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, since])
        found = cursor.fetchall()
    return (found[0][-1] if found else 0), [by_score(rule, ScoreRow(*values)) for *values, _ in found]


def _verdict(condition: Q) -> Any:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _signals(rule: Rule, since: dt.date, until: dt.date, reader: Reader, path: str) -> tuple[int, list[Cause]]:
    condition = of_signal(rule, {"company": f"{path}__", "score": "then_", "signal": ""})
    # The first row of a chain of corrections stands for it: it is what had been told.
    rows = Signal.objects.of_live_companies().filter(
        supersedes__isnull=True, available_at__gte=start_of(since), available_at__lt=end_of(until),
        company__merged_into__isnull=path == OWN,
    )  # fmt: skip
    rows = rows.annotate(known_on=TruncDate("available_at", tzinfo=NEW_YORK))
    for name in dict.fromkeys(_score_columns(rule)):
        rows = rows.annotate(**{f"then_{name}": Subquery(_score_then(path).values(name)[:1])})
    rows = narrowed(rows.filter(condition), reader)
    found = list(rows.annotate(**AS_READ).order_by("-available_at", "-id").values_list(*SIGNAL_COLUMNS)[:MOST_SHOWN])
    count = rows.count()
    return count, [by_signal(SignalRow(*values), values[0]) for values in found]


def _score_then(path: str) -> Any:
    return MAScore.objects.filter(
        company=OuterRef(path),
        score_version=version_in_force(),
        score_date__lte=OuterRef("known_on"),
    ).order_by("-score_date")


def _score_columns(rule: Rule) -> Iterator[str]:
    if rule.threshold is not None:
        yield "total_score"
    yield from (each.field.column for each in comparisons(rule.node) if each.field.owner == "score")
