"""Why background jobs failed, attempt by attempt: the queue itself keeps that they did, and the reason in no row."""

from __future__ import annotations

from django.db import connection, models
from django.db.models.functions import Now

MOST_CHARACTERS = 500
# Written by the worker on its own connection: the attempt's transaction has been rolled back by then.
NOTE = "INSERT INTO job_failures (job_id, reason) VALUES (%(job_id)s, %(reason)s)"
_FORGET = "DELETE FROM job_failures AS f WHERE NOT EXISTS (SELECT FROM procrastinate_jobs AS j WHERE j.id = f.job_id)"


class JobFailure(models.Model):
    """One attempt of a background job that failed."""

    id = models.BigAutoField(primary_key=True)
    job_id = models.BigIntegerField(db_comment="The job, in procrastinate_jobs; gone once it has succeeded.")
    at = models.DateTimeField(db_default=Now(), db_comment="When the attempt ended.")
    reason = models.CharField(max_length=MOST_CHARACTERS, db_comment="Kind of the error and its first line.")

    class Meta:
        app_label = "core"
        db_table = "job_failures"
        db_table_comment = "Why attempts of background jobs failed."
        indexes = [
            # why a job failed, the last time first
            models.Index(fields=["job_id", "-id"], name="job_failures_job_idx"),
        ]

    def __str__(self) -> str:
        return self.reason


def reason_of(error: BaseException) -> str:
    """Return the kind of an error and the first line of what it says."""
    said = str(error).replace("\x00", "").strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}".removesuffix(": ")[:MOST_CHARACTERS]


def forget_failures() -> int:
    """Delete the failures of jobs that are gone; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET)
        return int(cursor.rowcount)
