"""Background jobs of the alerts: evaluation when news is told, and the messages."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy, exceptions
from procrastinate.contrib.django import app

from biotech_ma.core import news
from biotech_ma.core.job_titles import titled
from delivery.alerts.scores import evaluate_scores
from delivery.alerts.sending import send_message, take_up
from delivery.alerts.signals import evaluate_becoming_known, evaluate_signals
from delivery.models import Alert

ALERT_QUEUE, MESSAGE_QUEUE = "alerts", "messages"
# The days of scores are looked at in the order in which they were written: a job that failed holds the later ones up
# until it has succeeded or is given up.
SCORES_LOCK = "alerts: scores"
# What fails is the database, and it comes back: after 2, 4, 8 … seconds.
RETRY = RetryStrategy(max_attempts=10, exponential_wait=2)


@titled("Hold new signals against alerts")
@app.task(queue=ALERT_QUEUE, retry=RETRY)
def look_at_signals(since: str, until: str) -> None:
    """Hold the signals of the span against the alerts."""
    evaluate_signals(since=dt.datetime.fromisoformat(since), until=dt.datetime.fromisoformat(until))


@titled("Hold new scores against alerts")
@app.task(queue=ALERT_QUEUE, retry=RETRY, lock=SCORES_LOCK)
def look_at_scores(score_date: str, score_version: str, until: str) -> None:
    """Hold a day's scores against the alerts."""
    day, heard_at = dt.date.fromisoformat(score_date), dt.datetime.fromisoformat(until)
    evaluate_scores(day=day, version=score_version, heard_at=heard_at)


@titled("Hold signals now known against alerts")
@app.periodic(cron="*/5 * * * *")
@app.task(queue=ALERT_QUEUE, queueing_lock="alerts: becoming known", retry=RETRY)
def look_at_becoming_known(timestamp: int) -> None:
    """Hold the signals that have become known since they were written against the alerts."""
    evaluate_becoming_known(now=timezone.now())


@titled("Take up alert messages")
@app.task(queue=MESSAGE_QUEUE, retry=RETRY)
def take_up_messages() -> None:
    """Give each message that is due a job of its own, in the transaction that takes it up."""
    with transaction.atomic():
        due = take_up()
        if due:
            messages: list[dict[str, Any]] = [{"claim": str(each.claim), "attempts": each.attempts} for each in due]
            send.batch_defer(*messages)


@titled("Look for alert messages due")
@app.periodic(cron="* * * * *")
@app.task(queue=MESSAGE_QUEUE, queueing_lock="alerts: due messages")
def look_for_messages(timestamp: int) -> None:
    """Take up what has become due: digests, ends of quiet periods, further attempts, messages of killed workers."""
    take_up_messages()


@titled("Send an alert message")
@app.task(queue=MESSAGE_QUEUE, pass_context=True)
def send(context: JobContext, claim: str, attempts: int) -> None:
    """Send one message. A failure is on record with the notice, which also knows when to try again.

    So the job itself is begun twice only if its worker died the first time.
    """
    send_message(UUID(claim), attempts, cut_short=context.job.attempts)


def queue_messages() -> None:
    """Have the messages that are due taken up, once the open transaction is there."""
    take_up_messages.defer()


def queue_all() -> None:
    """Have what is due looked at: signals that have become known, and messages."""
    with suppress(exceptions.AlreadyEnqueued), transaction.atomic():
        look_at_becoming_known.configure().defer(timestamp=0)
    queue_messages()


def listen() -> None:
    """Have news of signals and scores lead to a job, in the transaction that wrote them, where anybody watches."""
    news.when_told("signals", _hear_signals)
    news.when_told("scores", _hear_scores)


def _hear_signals(span: news.Span, /, **about: str) -> None:
    if Alert.objects.active().exists():
        look_at_signals.defer(since=span.since.isoformat(), until=span.until.isoformat())


def _hear_scores(span: news.Span, /, **about: str) -> None:
    if Alert.objects.active().exists():
        look_at_scores.defer(
            score_date=about["score_date"], score_version=about["score_version"], until=span.until.isoformat()
        )
