"""Background jobs: fetching the sources when their time has come, and bringing back the jobs of killed workers.

The schedule is looked at every minute, in New York's time and with what was missed: procrastinate's own periodic tasks
know UTC alone and forget a slot after ten minutes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy, exceptions
from procrastinate.contrib.django import app
from procrastinate.jobs import Job, Status

from biotech_ma.core.job_failures import forget_failures
from biotech_ma.core.job_titles import titled
from signals_app.imports import jobs as import_jobs
from signals_app.ingest.base import IngestError, Request
from signals_app.ingest.perform import perform
from signals_app.schedule import ENABLED, SLOT, blocked, entries, mark, marks_of

# Jobs are found in the modules of this name only.
__all__ = ["import_jobs"]

logger = logging.getLogger(__name__)

INGEST_QUEUE, UPKEEP_QUEUE = "ingest", "upkeep"
STALLED_SECONDS = 30.0
# A job that takes its worker down every time must not do so for ever.
MOST_ATTEMPTS = 5
RETRIES, RETRY_SECONDS = 3, 600
KEPT_HOURS = 30 * 24


@titled("Fetch a source")
@app.task(queue=INGEST_QUEUE, pass_context=True, retry=RetryStrategy(max_attempts=RETRIES, wait=RETRY_SECONDS))
def ingest(context: JobContext, source: str) -> None:
    """Fetch a source and read what came. Ends early, to be taken up again, when its worker is told to stop."""

    def progress(step: str) -> None:
        if context.should_abort():
            raise exceptions.JobAborted

    if perform(source, Request(paths=()), progress).is_cut_short:
        # What came is in and on record; raised, so that the rest is fetched at the next attempt.
        raise IngestError(f"{source} went down on the way")


def queue_ingest(source: str) -> bool:
    """Queue a run of the source and return whether it was: one waits and one runs at a time."""
    lock = f"ingest:{source}"
    try:
        with transaction.atomic():
            ingest.configure(lock=lock, queueing_lock=lock).defer(source=source)
    except exceptions.AlreadyEnqueued:
        return False
    return True


def queue_due() -> list[str]:
    """Queue each source whose slot has come since the last look, and return them.

    The first look at a source only notes it: its first run is at its next slot.
    """
    now, queued = timezone.now(), []
    planned = [entry for entry in entries() if not blocked(entry.source)]
    marks = marks_of([entry.source for entry in planned])
    for entry in planned:
        slot, last = entry.latest(now), marks.get((entry.source, SLOT))
        if last is not None and slot <= last:
            continue
        with transaction.atomic():
            if last is None:
                mark(entry.source, ENABLED, now)
            elif queue_ingest(entry.source):
                queued.append(entry.source)
            mark(entry.source, SLOT, slot)
    return queued


_also: list[Callable[[], object]] = []


def also_due(queue: Callable[[], object]) -> None:
    """Have this queue what is due, too, before a worker that runs once begins: for the apps above, from `ready()`."""
    _also.append(queue)


def queue_all_due() -> None:
    """Queue what is due by the schedule, and what the apps above have."""
    queue_due()
    for queue in _also:
        queue()


@titled("Queue the sources that are due")
@app.periodic(cron="* * * * *")
@app.task(queue=UPKEEP_QUEUE, queueing_lock="look at schedule", lock="look at schedule")
def look_at_schedule(timestamp: int) -> None:
    """Queue what is due."""
    queue_due()


async def bring_back(stalled_seconds: float = STALLED_SECONDS) -> int:
    """Give the jobs of workers without a heartbeat to others; return how many.

    Their work is safe to repeat: a run is one transaction, or several of which each is complete.
    """
    brought_back = 0
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled_seconds):
        try:
            if job.attempts < MOST_ATTEMPTS:
                await app.job_manager.retry_job(job)
                brought_back += 1
            else:
                await _give_up(job)
        except exceptions.ConnectorException:
            # Ended meanwhile, or the next run of the same source waits already and does this one's work, too.
            await _give_up(job)
    return brought_back


async def _give_up(job: Job) -> None:
    logger.warning("job %s (%s) is given up after %s attempts", job.id, job.lock or job.task_name, job.attempts)
    try:
        await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
    except exceptions.ConnectorException:
        logger.info("job %s has ended meanwhile", job.id)


@titled("Bring back jobs of killed workers")
@app.periodic(cron="* * * * * */10")
@app.task(queue=UPKEEP_QUEUE, queueing_lock="bring back", pass_context=True)
async def bring_back_stalled(context: JobContext, timestamp: int) -> None:
    """Bring back the jobs of killed workers."""
    extra: dict[str, Any] = dict(context.additional_context)
    await bring_back(float(extra.get("stalled_seconds", STALLED_SECONDS)))


@titled("Forget old jobs")
@app.periodic(cron="30 7 * * *")
@app.task(queue=UPKEEP_QUEUE, queueing_lock="forget old jobs")
async def forget_old(timestamp: int) -> None:
    """Delete the jobs that ended a month ago; the runs' own log stays."""
    await app.job_manager.delete_old_jobs(
        nb_hours=KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )
    await sync_to_async(forget_failures)()
