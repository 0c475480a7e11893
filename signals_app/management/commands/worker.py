"""`manage.py worker`: run the background jobs of every app."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management.base import CommandError, CommandParser
from procrastinate import App
from procrastinate.contrib.django import DjangoApp, app
from procrastinate.contrib.django.django_connector import DjangoConnector

from biotech_ma.core.management.base import DeskCommand
from signals_app.ingest.live import LIVE
from signals_app.jobs import STALLED_SECONDS, bring_back, queue_all_due

# Each source runs once at a time, so ingests alone never fill all places.
CONCURRENCY = len(LIVE) + 4
BEATS_BEFORE_STALLED = 3
# A worker that is stopping sends no heartbeat: shorter than what counts as stalled.
STOP_SECONDS = 20.0


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
    own.tasks = app.tasks
    own.periodic_registry = app.periodic_registry
    return own


async def _work(options: dict[str, Any]) -> bool:
    """Run jobs until there are none or a signal comes; return whether one came."""
    stalled, loop = options["stalled_after"], asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(options["concurrency"] + 2))
    await bring_back(stalled)
    told: list[int] = []
    async with _worker_app().open_async() as own:
        work = asyncio.create_task(
            own.run_worker_async(
                queues=options["queues"],
                wait=not options["once"],
                concurrency=options["concurrency"],
                delete_jobs="successful",
                update_heartbeat_interval=stalled / BEATS_BEFORE_STALLED,
                stalled_worker_timeout=stalled,
                shutdown_graceful_timeout=options["stop_after"],
                additional_context={"stalled_seconds": stalled, "is_stopping": lambda: bool(told)},
                install_signal_handlers=False,
            )
        )

        def stop(number: int) -> None:
            # A second one ends the process at once, as signals do.
            loop.remove_signal_handler(number)
            told.append(number)
            work.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop, number)
        with contextlib.suppress(asyncio.CancelledError):
            await work
    return bool(told)
