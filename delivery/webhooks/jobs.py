"""Background jobs of the webhooks."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from biotech_ma.core import news
from delivery.models import Webhook
from delivery.webhooks.events import TOPICS
from delivery.webhooks.fan_out import fan_out

WEBHOOK_QUEUE = "webhooks"
# One attempt more after 2, 4, 8 … seconds: what fails is the database, and it comes back.
RETRY = RetryStrategy(max_attempts=10, exponential_wait=2)


@app.task(queue=WEBHOOK_QUEUE, retry=RETRY)
def tell_endpoints(topic: str, since: str, until: str, about: dict[str, str]) -> None:
    """Write the deliveries of the news."""
    span = news.Span(dt.datetime.fromisoformat(since), dt.datetime.fromisoformat(until))
    with transaction.atomic():
        fan_out(topic, span, about)


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
