"""`manage.py worker`: run the background jobs of every app."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import signal
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import Any

from django.core.management.base import CommandError, CommandParser
from procrastinate import App
from procrastinate.contrib.django import DjangoApp, app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import JobAborted
from procrastinate.tasks import Task

from biotech_ma.core.actors import acting
from biotech_ma.core.job_failures import NOTE, reason_of
from biotech_ma.core.management.base import DeskCommand
from signals_app.ingest.live import LIVE
from signals_app.jobs import STALLED_SECONDS, bring_back, queue_all_due

# Each source runs once at a time, so ingests alone never fill all places.
CONCURRENCY = len(LIVE) + 4
BEATS_BEFORE_STALLED = 3
# A worker that is stopping sends no heartbeat: shorter than what counts as stalled.
STOP_SECONDS = 20.0
# Between two looks at whether all is done. Both must find it so, for a job may be on its way from one to the next.
LOOK_SECONDS = 0.2

# What could be begun at this moment: the conditions of procrastinate's own fetching.
_WAITING = """
SELECT EXISTS (
    SELECT FROM procrastinate_jobs AS job
    WHERE job.status = 'todo' AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
      AND (%(queues)s::text[] IS NULL OR job.queue_name = ANY(%(queues)s::text[]))
      AND NOT EXISTS (
          SELECT FROM procrastinate_jobs AS other
          WHERE other.lock = job.lock AND (
              other.status = 'doing'
              OR (other.status = 'todo' AND (other.priority, -other.id) > (job.priority, -job.id))
          )
      )
) AS waiting
"""


class Command(DeskCommand):
    """Runs queued jobs and what is due until SIGTERM or Ctrl-C, which let running jobs end or stop safely."""

    help = "Run background jobs: ingest by schedule, and whatever the apps queue. SIGTERM ends it in good order."
    examples = (
        "worker            until SIGTERM or Ctrl-C",
        "worker --once     run what is due and queued, then end",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="run what is due and queued, then end")
        parser.add_argument(
            "--concurrency", type=int, default=CONCURRENCY, metavar="N", help=f"jobs at a time (default {CONCURRENCY})"
        )
        parser.add_argument(
            "--queue", dest="queues", action="append", metavar="NAME", help="only this queue; may be repeated"
        )
        parser.add_argument(
            "--stalled-after",
            type=float,
            default=STALLED_SECONDS,
            metavar="SECONDS",
            help=f"take jobs from workers that have been silent so long (default {STALLED_SECONDS:g})",
        )
        parser.add_argument(
            "--stop-after",
            type=float,
            default=STOP_SECONDS,
            metavar="SECONDS",
            help=f"on SIGTERM, tell jobs to stop that have not ended by then (default {STOP_SECONDS:g})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["concurrency"] < 1 or options["stalled_after"] <= 0 or options["stop_after"] < 0:
            raise CommandError("--concurrency and --stalled-after are above 0, --stop-after is not below.")
        if options["once"]:
            queue_all_due()
        was_told = asyncio.run(_work(options))
        if not options["once"] and not was_told:
            # The database went away, most likely: whoever watches over this process starts it again.
            raise CommandError("the worker has stopped by itself; its log says why")


def _worker_app() -> App:
    """Return the app on connections fit for a worker. The tasks' own app stays on Django's.

    So a job that a task defers belongs to the task's transaction, and is not seen before that is.
    """
    if not isinstance(app.connector, DjangoConnector):
        raise CommandError("the jobs are not on Django's connection")
    own = DjangoApp(
        connector=app.connector.get_worker_connector(),
        worker_defaults=app.worker_defaults,
        periodic_defaults=app.periodic_defaults,
    )
    own.tasks = {name: _named(task) for name, task in app.tasks.items()}
    own.periodic_registry = app.periodic_registry
    return own


class _Running:
    """Counts the jobs that run in this worker, and notes why one failed."""

    def __init__(self) -> None:
        self.number = 0

    async def __call__(self, call_next: Callable[[], Awaitable[Any]], context: Any, worker: Any) -> Any:
        self.number += 1
        try:
            return await call_next()
        except JobAborted:
            raise
        except Exception as error:
            await _note(context, error)
            raise
        finally:
            self.number -= 1


async def _note(context: Any, error: Exception) -> None:
    """Keep why the attempt failed. Where the database is what failed, the log alone has it."""
    with contextlib.suppress(Exception):
        await context.app.connector.execute_query_async(NOTE, job_id=context.job.id, reason=reason_of(error))


async def _until_done(own: App, running: _Running, queues: list[str] | None) -> None:
    """Return once nothing runs here and nothing is due, what the last jobs queued included."""
    quiet = 0
    while quiet < 2:  # noqa: PLR2004 - two looks
        await asyncio.sleep(LOOK_SECONDS)
        row = await own.connector.execute_query_one_async(_WAITING, queues=queues)
        quiet = 0 if running.number or row["waiting"] else quiet + 1


def _named(task: Task[Any, Any, Any]) -> Task[Any, Any, Any]:
    """Return the task so that the history of what it changes names it. Asynchronous ones see to the queue alone."""
    if inspect.iscoroutinefunction(task.func):
        return task
    named = copy(task)
    named.func = acting(job=task.name.rpartition(".")[2])(task.func)
    return named


async def _work(options: dict[str, Any]) -> bool:
    """Run jobs until a signal comes, or with `once` until nothing is due; return whether a signal came."""
    stalled, loop = options["stalled_after"], asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(options["concurrency"] + 2))
    await bring_back(stalled)
    told: list[int] = []
    running = _Running()
    async with _worker_app().open_async() as own:
        work = asyncio.create_task(
            own.run_worker_async(
                queues=options["queues"],
                concurrency=options["concurrency"],
                delete_jobs="successful",
                update_heartbeat_interval=stalled / BEATS_BEFORE_STALLED,
                stalled_worker_timeout=stalled,
                shutdown_graceful_timeout=options["stop_after"],
                additional_context={"stalled_seconds": stalled, "is_stopping": lambda: bool(told)},
                install_signal_handlers=False,
                worker_middleware=[running],
            )
        )

        def stop(number: int) -> None:
            # A second one ends the process at once, as signals do.
            loop.remove_signal_handler(number)
            told.append(number)
            work.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop, number)
        # Not procrastinate's `wait=False`: that stops when it finds no job, while some still run and may queue more.
        watch = asyncio.create_task(_until_done(own, running, options["queues"])) if options["once"] else None
        if watch is not None:
            await asyncio.wait([work, watch], return_when=asyncio.FIRST_COMPLETED)
            watch.cancel()
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        if watch is not None and watch.done() and not watch.cancelled():
            watch.result()
    return bool(told)
