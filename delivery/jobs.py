"""Background jobs of delivery."""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore
from procrastinate import JobContext
from procrastinate.contrib.django import app

from biotech_ma.core.job_titles import titled
from biotech_ma.core.sign_ins import forget_sign_ins
from delivery.alerts.jobs import (
    look_at_becoming_known,
    look_at_scores,
    look_at_signals,
    look_for_messages,
    send,
    take_up_messages,
)
from delivery.reports import jobs as report_jobs
from delivery.retention import forget_old_alerts, forget_old_deliveries
from delivery.usage import forget_old_usage
from delivery.webhooks.jobs import mail_notice, send_deliveries, tell_endpoints
from signals_app.jobs import UPKEEP_QUEUE

# Jobs are found in the modules of this name only.
__all__ = [
    "forget_logs", "forget_usage", "look_at_becoming_known", "look_at_scores", "look_at_signals", "look_for_messages",
    "mail_notice", "report_jobs", "send", "send_deliveries", "take_up_messages", "tell_endpoints",
]  # fmt: skip


@titled("Forget old counts of calls")
@app.periodic(cron="40 7 * * *")
@app.task(queue=UPKEEP_QUEUE, queueing_lock="forget old usage")
def forget_usage(timestamp: int) -> None:
    """Delete the hours of calls older than four hundred days."""
    forget_old_usage()


@titled("Forget old deliveries and alerts")
@app.periodic(cron="50 7 * * *")
@app.task(queue=UPKEEP_QUEUE, queueing_lock="forget old logs", pass_context=True)
def forget_logs(context: JobContext, timestamp: int) -> None:
    """Delete what was delivered, and went off, longer ago than the settings keep it; and sessions that are over."""
    is_stopping = context.additional_context.get("is_stopping", lambda: False)
    forget_old_deliveries(is_stopping=is_stopping)
    forget_old_alerts(is_stopping=is_stopping)
    SessionStore.clear_expired()
    forget_sign_ins()
