"""The queue of background jobs: what waits, runs, failed and is tried again; to read, to retry and to cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Max, OuterRef, Q, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from procrastinate.exceptions import ConnectorException
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RadioFilter

from biotech_ma.core.admin import PanelInline, ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.column_data import through
from biotech_ma.core.admin.tables import table
from biotech_ma.core.job_failures import JobFailure
from biotech_ma.core.job_titles import tasks_titled, title_of

TONES = {"todo": "grey", "doing": "blue", "succeeded": "green", "failed": "red", "cancelled": "amber"}
WORDS = {"todo": "waiting", "doing": "running"}
EVENT_WORDS = {"deferred": "queued", "deferred_for_retry": "failed, to be tried again"}
MOST_EVENTS = 100


class TroubleFilter(RadioFilter):  # type: ignore[misc]
    """Jobs that failed, for good or for now."""

    title = "trouble"
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what can be asked for."""
        return [("failed", "Failed for good"), ("retried", "Being retried")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        narrowed = {"failed": Q(status="failed"), "retried": Q(status__in=("todo", "doing"), attempts__gt=0)}
        return queryset.filter(narrowed.get(self.value() or "", Q()))


class EventsPanel(PanelInline):
    """What happened to the job."""

    model = ProcrastinateEvent
    verbose_name_plural = "What happened"

    def panel(self, request: HttpRequest, obj: Any) -> SafeString:
        """Return the job's events and why its attempts failed, the newest first."""
        events = ProcrastinateEvent.objects.filter(job=obj).order_by("-at", "-id")[:MOST_EVENTS]
        rows = [[columns.ago(event.at), EVENT_WORDS.get(event.type, event.type.replace("_", " "))] for event in events]
        failures = JobFailure.objects.filter(job_id=obj.pk).order_by("-id")[:MOST_EVENTS]
        failed = [[columns.ago(each.at), each.reason] for each in failures]
        empty = "No attempt has failed with a reason on record."
        return table("", ["When", "What"], rows) + table("Why attempts failed", ["When", "Why"], failed, empty=empty)


# The package registers a plain page of its own, under a name that says nothing to an analyst.
ProcrastinateJob._meta.verbose_name = "background job"
ProcrastinateJob._meta.verbose_name_plural = "background jobs"
ProcrastinateJob._meta.app_config.verbose_name = "Administration"
admin.site.unregister(ProcrastinateJob)


@admin.register(ProcrastinateJob)
class JobAdmin(ReadOnlyAdmin):
    """Each job of the queue. Those that succeeded are gone; the others are kept for thirty days."""

    list_display: Any = ["id", "task", "status_cell", "queue_name", "tries", "why", "due", "last_event", "given"]
    list_display_links: Any = ["task"]
    list_filter: Any = [TroubleFilter, ("status", ChoicesDropdownFilter), "queue_name"]
    search_fields: Any = ["task_name"]
    search_help_text = "What the task is called"
    ordering: Any = ["-id"]
    fields = (
        ("task", "status_cell"),
        "does",
        ("queue_name", "tries"),
        "why",
        ("due", "last_event"),
        ("lock", "queueing_lock"),
        "arguments",
    )
    readonly_fields: Any = ["task", "does", "status_cell", "tries", "why", "due", "last_event", "arguments"]
    inlines: Any = [EventsPanel]
    actions: Any = ["retry_selected", "cancel_selected"]
    empty_hint = "Nothing waits and nothing has failed. The worker (manage.py worker) does what is queued."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the jobs, each with its last event and why it failed last."""
        events = ProcrastinateEvent.objects.filter(job=OuterRef("pk")).order_by().values("job")
        failures = JobFailure.objects.filter(job_id=OuterRef("pk")).order_by("-id").values("reason")
        rows = super().get_queryset(request).annotate(last_reason=Subquery(failures[:1]))
        return rows.annotate(last_at=Subquery(events.annotate(at_=Max("at")).values("at_")))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search by what the desk calls the tasks, and by the program's names for them."""
        term = search_term.strip()
        named = Q(task_name__in=tasks_titled(term)) | Q(task_name__icontains=term)
        return (queryset.filter(named) if term else queryset), False

    def has_run_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Retrying and cancelling take the permission to change jobs."""
        return bool(request.user.has_perm("procrastinate.change_procrastinatejob"))

    @admin.action(description="Try again now", permissions=["run"])
    def retry_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Queue failed jobs anew."""
        none = "Only failed jobs are queued again, and only where the same one does not wait already."
        self._each(request, queryset.filter(status="failed"), _retry, "queued again", none)

    @admin.action(description="Cancel", permissions=["run"])
    def cancel_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Cancel jobs that have not begun."""
        self._each(
            request, queryset.filter(status="todo"), _cancel, "cancelled", "Only jobs that wait can be cancelled."
        )

    def _each(
        self, request: HttpRequest, jobs: Any, do: Callable[[ProcrastinateJob], bool], done: str, none: str
    ) -> None:
        number = sum(do(job) for job in jobs)
        if number:
            messages.success(request, f"{number} {'job is' if number == 1 else 'jobs are'} {done}.")
        else:
            messages.warning(request, none)

    @column("Task", order="task_name", data=through("task_name", title_of))
    def task(self, job: ProcrastinateJob) -> SafeString:
        """Return what the desk calls the task; the program's name for it on hover."""
        return columns.hover(title_of(job.task_name), job.task_name)

    @column("What it does")
    def does(self, job: ProcrastinateJob) -> str:
        """Return the promise of the task: the first line of what it says of itself."""
        known = app.tasks.get(job.task_name)
        return (known.func.__doc__ or "").partition("\n")[0] if known else "Its code is gone: cancel it."

    @column("Status", order="status")
    def status_cell(self, job: ProcrastinateJob) -> SafeString:
        """Return where it stands, and that it failed before where it did."""
        if job.status == "todo" and job.attempts:
            return columns.badge("to be tried again", "amber", title="Failed, or its worker was killed")
        return columns.badge(WORDS.get(job.status, job.status), TONES.get(job.status, "grey"))

    @column("Attempts", order="attempts", numeric=True)
    def tries(self, job: ProcrastinateJob) -> SafeString:
        """Return how often it was tried, and how often it is at most."""
        known = app.tasks.get(job.task_name)
        again = getattr(known.retry_strategy, "max_attempts", 0) if known else None
        most = f" of {again + 1}" if again is not None else ""
        return columns.hover(f"{job.attempts}{most}", "Attempts that have ended, of those that are made at most")

    @column("Why it failed", data="last_reason")
    def why(self, job: ProcrastinateJob) -> SafeString:
        """Return the reason of the last attempt that failed."""
        reason = getattr(job, "last_reason", None)
        return columns.cut(reason) if reason else columns.unknown("It has not failed, or its worker was killed")

    @column("Due", order="scheduled_at")
    def due(self, job: ProcrastinateJob) -> SafeString:
        """Return when it runs, for a job that waits for its time."""
        return columns.ago(job.scheduled_at, hint="At once")

    @column("Last event", data="last_at")
    def last_event(self, job: ProcrastinateJob) -> SafeString:
        """Return when something last happened to it."""
        return columns.ago(getattr(job, "last_at", None))

    @column("Of what", data="args")
    def given(self, job: ProcrastinateJob) -> SafeString:
        """Return its arguments, cut at the column's width."""
        return columns.cut(", ".join(f"{name}: {value}" for name, value in job.args.items()) or "—")

    @column("Of what")
    def arguments(self, job: ProcrastinateJob) -> SafeString:
        """Return its arguments."""
        return columns.definitions(job.args, empty="Nothing")


def _retry(job: ProcrastinateJob) -> bool:
    try:
        with transaction.atomic():
            app.job_manager.retry_job_by_id(job.pk, timezone.now(), job.priority, job.queue_name, job.lock)
    except ConnectorException:
        # Queued a second time meanwhile, or retried by somebody else.
        return False
    return True


def _cancel(job: ProcrastinateJob) -> bool:
    return bool(app.job_manager.cancel_job_by_id(job.pk, abort=False))
