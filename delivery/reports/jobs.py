"""Background jobs of reports: making one, sending its e-mails, and the look at their schedule."""

from __future__ import annotations

from django.db import transaction
from procrastinate import RetryStrategy, exceptions
from procrastinate.contrib.django import app

from biotech_ma.core.job_titles import titled
from delivery.models import Report
from delivery.reports import mail, schedule, services
from delivery.reports.orders import ReportRefused
from signals_app.jobs import UPKEEP_QUEUE, also_due
from signals_app.schedule import also

REPORT_QUEUE = "reports"
# A storage or a mail server that is down: again after 6 and 36 seconds, 4 and 22 minutes, 2 hours.
RETRY = RetryStrategy(max_attempts=5, exponential_wait=6)
also_due(schedule.queue_due_reports)
also(schedule.plan)


@titled("Order the reports that are due")
@app.periodic(cron="* * * * *")
@app.task(queue=UPKEEP_QUEUE, queueing_lock="look at report schedule", lock="look at report schedule")
def look_at_report_schedule(timestamp: int) -> None:
    """Order the reports whose slot has come."""
    schedule.queue_due_reports()


@titled("Make a report")
@app.task(queue=REPORT_QUEUE, retry=RETRY)
def make_report(report: str) -> None:
    """Make and store a report. A refusal is final; whatever else fails is kept as the reason and tried again."""
    try:
        services.make(report)
    except ReportRefused as refusal:
        services.fail(report, str(refusal))
    except Exception as error:
        services.fail(report, _line(error))
        raise


@titled("Mail a report")
@app.task(queue=REPORT_QUEUE, retry=RETRY)
def mail_report(report: str) -> None:
    """Send a report to those whom it has not reached; those whom it could not reach are tried again."""
    found = Report.objects.filter(pk=report).first()
    if found is None:
        return
    try:
        mail.send(found)
    except Exception as error:
        services.fail(report, _line(error))
        raise


def queue_mails(report: Report) -> bool:
    """Queue the report's e-mails in the open transaction; return False where they wait already."""
    lock = f"report mail {report.pk}"
    try:
        with transaction.atomic():
            mail_report.configure(lock=lock, queueing_lock=lock).defer(report=str(report.pk))
    except exceptions.AlreadyEnqueued:
        return False
    return True


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
