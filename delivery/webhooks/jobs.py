"""Background jobs of the webhooks: news become deliveries, deliveries are sent."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from procrastinate import JobContext, RetryStrategy, exceptions
from procrastinate.contrib.django import app

from biotech_ma.core import news
from biotech_ma.core.job_titles import titled
from delivery.models import Webhook
from delivery.webhooks.events import TOPICS
from delivery.webhooks.fan_out import fan_out
from delivery.webhooks.notices import send_notice
from delivery.webhooks.sender import send_due

WEBHOOK_QUEUE = "webhooks"
# One attempt more after 2, 4, 8 … seconds: what fails is the database, and it comes back.
RETRY = RetryStrategy(max_attempts=10, exponential_wait=2)


@titled("Write webhook deliveries")
@app.task(queue=WEBHOOK_QUEUE, retry=RETRY)
def tell_endpoints(topic: str, since: str, until: str, about: dict[str, str]) -> None:
    """Write the deliveries of the news, and have them sent."""
    span = news.Span(dt.datetime.fromisoformat(since), dt.datetime.fromisoformat(until))
    with transaction.atomic():
        if fan_out(topic, span, about):
            queue_sending()


# New events have a job queued at once. This is for those that are due again, and those of killed workers.
@titled("Send webhooks due")
@app.periodic(cron="* * * * * */5")
@app.task(queue=WEBHOOK_QUEUE, queueing_lock="send webhooks", pass_context=True)
def send_deliveries(context: JobContext, timestamp: int = 0) -> None:
    """Send what is due."""
    is_stopping = context.additional_context.get("is_stopping", lambda: False)
    send_due(is_stopping=is_stopping, must_end=context.should_abort)


@titled("Mail that a webhook was switched off")
@app.task(queue=WEBHOOK_QUEUE, retry=RetryStrategy(max_attempts=6, exponential_wait=6))
def mail_notice(webhook: str, reason: str, recipient: str, notice: str) -> None:
    """Write to one person that a webhook was switched off; again after 6 and 36 seconds, 4 and 22 minutes, 2 hours."""
    send_notice(webhook_id=UUID(webhook), reason=reason, recipient=recipient, notice=notice)


def queue_sending() -> None:
    """Have a worker look for what is due, once the open transaction is kept."""
    try:
        with transaction.atomic():
            send_deliveries.defer()
    except exceptions.AlreadyEnqueued:
        # One waits already. Should it start before this is committed, the next one is five seconds away.
        return


def listen() -> None:
    """Have the news of every topic lead to a job, in the transaction that wrote it."""
    for topic in TOPICS:
        news.when_told(topic, _listener(topic))


def _listener(topic: str) -> news.Listener:
    def defer(span: news.Span, /, **about: str) -> None:
        # Where nobody wants to be told, there is nothing to do; whoever is added later is told of later news.
        if Webhook.objects.active().exists():
            tell_endpoints.defer(topic=topic, since=span.since.isoformat(), until=span.until.isoformat(), about=about)

    return defer
