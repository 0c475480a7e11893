"""Background jobs of scoring: the day that has ended, and the history of a version that has come into force."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.db import transaction
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy, exceptions
from procrastinate.contrib.django import app

from biotech_ma.core import news
from biotech_ma.core.job_titles import titled
from companies.services import EDITS
from scoring import schedule
from scoring.computing import ScoringError, compute_day
from scoring.edits import lock_of, most_filings_are_old, moves_scores
from scoring.history import score_days
from scoring.matching.services import match_day
from scoring.models import MAScore
from scoring.services import market_today, score_universe
from signals_app.jobs import UPKEEP_QUEUE, also_due
from signals_app.schedule import also

logger = logging.getLogger(__name__)

SCORE_QUEUE = "scores"
RETRIES, RETRY_SECONDS = 3, 600
RETRY = RetryStrategy(max_attempts=RETRIES, wait=RETRY_SECONDS)


@titled("Match and score a day")
@app.task(queue=SCORE_QUEUE, retry=RETRY)
def match_and_score(day: str) -> None:
    """Match, then score a day. One whose figures are mostly stale is left out: no stale score becomes the latest."""
    on = dt.date.fromisoformat(day)
    try:
        if compute_day(day=on).is_stale:
            logger.warning("%s is not scored: most figures are too old for it", on)
            return
        _match(on)
        score_universe(day=on)
    except ScoringError as error:
        logger.warning("%s is not scored: %s", on, error)


def _match(day: dt.date) -> None:
    """Match the day; where there is nobody to match with, scores go without."""
    try:
        match_day(day=day)
    except ScoringError as error:
        logger.warning("%s is not matched: %s", day, error)


def queue_due_scoring() -> dt.date | None:
    """Queue the day whose slot has come, and return it."""
    with transaction.atomic():
        day = schedule.due_day(timezone.now())
        if day is not None:
            _defer_once(match_and_score, lock_of(day), day=day.isoformat())
    return day


@titled("Queue the day to score")
@app.periodic(cron="* * * * *")
@app.task(queue=UPKEEP_QUEUE, queueing_lock="look at score schedule", lock="look at score schedule")
def look_at_score_schedule(timestamp: int) -> None:
    """Queue the day that has ended, once its slot has come."""
    queue_due_scoring()


def listen() -> None:
    """Have edits of what scores are made of lead to scores: for this app's `ready()`."""
    news.when_told(EDITS, _hear_edits)


def _hear_edits(span: news.Span, /, **about: str) -> None:
    """Queue today, which the edit is of, in the transaction that made it.

    Not where scoring is switched off, nor for a day that the worker would leave out as stale.
    """
    if schedule.entry() is not None and moves_scores(about["fields"].split()) and not most_filings_are_old():
        day = market_today()
        _defer_once(match_and_score, lock_of(day), day=day.isoformat())


also_due(queue_due_scoring)
also(schedule.plan)


def days_without(version: str) -> list[dt.date]:
    """Return the days that were scored under any version and not under this one, rising."""
    done = MAScore.objects.filter(score_version=version).values("score_date")
    days = MAScore.objects.exclude(score_date__in=done).order_by("score_date")
    return list(days.values_list("score_date", flat=True).distinct())


@titled("Score the history of a version")
@app.task(queue=SCORE_QUEUE, pass_context=True, retry=RETRY)
def score_history(context: JobContext, version: str) -> None:
    """Score the days that the version lacks, one transaction each. A worker that is told to stop leaves the rest."""

    def stop_when_told(*_: object) -> None:
        if context.should_abort():
            raise exceptions.JobAborted

    if days := days_without(version):
        score_days(days, version=version, report=stop_when_told)


def queue_history(*, version: str) -> None:
    """Queue the scoring of the days that the version lacks, in the transaction that is open."""
    _defer_once(score_history, f"score history {version}", version=version)


def _defer_once(task: Any, lock: str, **arguments: str) -> None:
    """Queue the job unless the same one waits already."""
    try:
        with transaction.atomic():
            task.configure(lock=lock, queueing_lock=lock).defer(**arguments)
    except exceptions.AlreadyEnqueued:
        logger.info("%s waits already", lock)
