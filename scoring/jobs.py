"""Background jobs of scoring: the history of a version that has come into force."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from procrastinate import JobContext, RetryStrategy, exceptions
from procrastinate.contrib.django import app

from scoring.history import score_days
from scoring.models import MAScore

SCORE_QUEUE = "scores"
RETRIES, RETRY_SECONDS = 3, 600


def days_without(version: str) -> list[dt.date]:
    """Return the days that were scored under any version and not under this one, rising."""
    done = MAScore.objects.filter(score_version=version).values("score_date")
    days = MAScore.objects.exclude(score_date__in=done).order_by("score_date")
    return list(days.values_list("score_date", flat=True).distinct())


@app.task(queue=SCORE_QUEUE, pass_context=True, retry=RetryStrategy(max_attempts=RETRIES, wait=RETRY_SECONDS))
def score_history(context: JobContext, version: str) -> None:
    """Score the days that the version lacks, one transaction each. A worker that is told to stop leaves the rest."""

    def stop_when_told(*_: object) -> None:
        if context.should_abort():
            raise exceptions.JobAborted

    if days := days_without(version):
        score_days(days, version=version, report=stop_when_told)


def queue_history(*, version: str) -> None:
    """Queue the scoring of the days that the version lacks, in the transaction that is open."""
    lock = f"score history {version}"
    try:
        with transaction.atomic():
            score_history.configure(lock=lock, queueing_lock=lock).defer(version=version)
    except exceptions.AlreadyEnqueued:
        return
