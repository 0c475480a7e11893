"""New scores held against the alerts: a fixed number of statements, however many scores and alerts there are.

An alert about scores goes off when its rule begins to hold of a company and not again until it has ceased to. What
holds is remembered in `alert_states`; a new or changed rule starts from how things stood at the score before.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from companies.identity import Followed
from delivery.alerts.causes import SCORE_COLUMNS, ScoreRow, by_score
from delivery.alerts.triggers import Fired, locked_for_evaluation, write
from delivery.alerts.watching import Watch, holding, of_score, watches
from delivery.models import AlertState
from scoring.models import MAScore
from scoring.querysets import MAScoreQuerySet

ROOTS = {"company": "company__", "score": ""}
# How far back the score before may lie from which a new rule starts.
BEFORE_DAYS = 100

# The ids of an alert and a company as text: there may be hundreds of thousands, and UUIDs compare far more slowly.
type Pair = tuple[str, str]

_ENTER = """
INSERT INTO alert_states (alert_id, company_id, since)
SELECT alert_id, company_id, %s FROM unnest(%s::uuid[], %s::uuid[]) AS x(alert_id, company_id)
ON CONFLICT (alert_id, company_id) DO NOTHING
"""
_LEAVE = """
DELETE FROM alert_states AS s USING unnest(%s::uuid[], %s::uuid[]) AS x(alert_id, company_id)
WHERE s.alert_id = x.alert_id AND s.company_id = x.company_id
"""


def ranked() -> MAScoreQuerySet:
    """Return the scores that alerts look at: of live, ranked targets that nobody has made an offer for."""
    return MAScore.objects.ranked_targets().filter(company__under_offer_since__isnull=True)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the statement found of the day: per alert and company what begins, and what goes on holding."""

    rows: dict[str, ScoreRow]
    on: set[Pair]
    kept: set[Pair]


def evaluate_scores(*, day: dt.date, version: str, heard_at: dt.datetime) -> int:
    """Hold the day's scores against the alerts that were there at `heard_at`; return how many times one went off.

    Looks only at the version in force and at a day that is news: at most NEWS_DAYS before its newest, so that scoring
    the past tells nobody. Again for the same day is safe: a cause sets an alert off once.
    """
    with transaction.atomic():
        locked_for_evaluation()
        if not _is_news(day, version):
            return 0
        heard = [watch for watch in watches(heard_at=heard_at, followed=Followed.load()) if watch.rule.hears_scores]
        if not heard:
            return 0
        _start_over([watch for watch in heard if watch.alert.rule_seen != watch.rule.digest], day, version)
        states = AlertState.objects.filter(alert__in=_ids(heard)).values_list("alert_id", "company_id")
        held = {(str(alert), str(company)) for alert, company in states}
        seen = _look(heard, ranked().filter(score_date=day, score_version=version))
        fired = _fired(heard, seen, held)
        _leave({pair for pair in held if pair[1] in seen.rows} - seen.kept)
        _enter(seen.on - held, day)
        return write(fired)


def _is_news(day: dt.date, version: str) -> bool:
    """Say whether the day is near the newest of the version in force, whose rows alone are anybody's latest."""
    latest = MAScore.objects.filter(is_latest=True).order_by("-score_date").values_list("score_version", "score_date")
    in_force, newest = latest.first() or (None, day)
    return version == in_force and day >= newest - dt.timedelta(days=settings.NEWS_DAYS)


def _ids(heard: list[Watch]) -> list[UUID]:
    return [watch.alert.pk for watch in heard]


def _look(heard: list[Watch], rows: MAScoreQuerySet) -> _Seen:
    begins, goes_on = zip(*(of_score(watch.rule, ROOTS) for watch in heard), strict=True)
    found = rows.annotate(begins=holding(begins), goes_on=holding(goes_on)).order_by("company_id")
    seen = _Seen({}, set(), set())
    keys = [str(watch.alert.pk) for watch in heard]
    for *values, on, kept in found.values_list(*SCORE_COLUMNS, "begins", "goes_on").iterator(chunk_size=2_000):
        row = ScoreRow(*values)
        company = str(row.company_id)
        seen.rows[company] = row
        seen.on.update([(keys[place], company) for place in on])
        seen.kept.update([(keys[place], company) for place in kept])
    return seen


def _fired(heard: list[Watch], seen: _Seen, held: set[Pair]) -> list[Fired]:
    by_id = {str(watch.alert.pk): watch for watch in heard}
    return [
        Fired(by_id[alert].alert, by_score(by_id[alert].rule, seen.rows[company]))
        for alert, company in sorted(seen.on - held)
    ]


def _start_over(changed: list[Watch], day: dt.date, version: str) -> None:
    """Let new and changed rules start from each company's score before that day."""
    if not changed:
        return
    since = day - dt.timedelta(days=BEFORE_DAYS)
    # The newest row of each company within the window, found before any rule is asked of it.
    newest = (
        MAScore.objects.filter(score_version=version, score_date__gte=since, score_date__lt=day)
        .order_by("company_id", "-score_date")
        .distinct("company_id")
    )
    before = ranked().filter(pk__in=newest.values("pk"))
    seen = _look(changed, before)
    AlertState.objects.filter(alert__in=_ids(changed)).delete()
    for watch in changed:
        watch.alert.rule_seen = watch.rule.digest
    _enter(seen.on, day - dt.timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alerts AS a SET rule_seen = x.digest FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, digest text)"
            " WHERE a.id = x.id",
            [json.dumps([{"id": str(watch.alert.pk), "digest": watch.rule.digest} for watch in changed])],
        )


def _enter(pairs: set[Pair], day: dt.date) -> None:
    if pairs:
        alerts, companies = zip(*pairs, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_ENTER, [day, list(alerts), list(companies)])


def _leave(pairs: set[Pair]) -> None:
    if pairs:
        alerts, companies = zip(*pairs, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_LEAVE, [list(alerts), list(companies)])
