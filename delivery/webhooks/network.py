"""The attempts themselves: an event loop in a thread of its own, which does nothing but wait for endpoints."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import queue
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import httpcore2

from biotech_ma.core.http import retry_after_seconds
from biotech_ma.core.outgoing import CallError, Reply, new_pool, post
from delivery.webhooks.leases import Message, Outcome
from delivery.webhooks.schedule import next_delay_seconds
from delivery.webhooks.signing import signed_headers

logger = logging.getLogger(__name__)

GONE = 410
# After the first outcome, those that come within this time are written together with it.
GATHER_SECONDS = 0.02


class Network:
    """Attempts many deliveries at a time and hands out what became of each.

    `send` returns at once; `outcomes` waits. Both belong to one thread. Leaving ends what is still under way.
    """

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._done: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._under_way: dict[asyncio.Task[None], Message] = {}
        self._pool: httpcore2.AsyncConnectionPool | None = None
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def __enter__(self) -> Network:
        # Names that take long to resolve keep no other waiting.
        self._loop.set_default_executor(ThreadPoolExecutor(self._most, thread_name_prefix="names"))
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _close(self) -> None:
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._pool is not None:
            await self._pool.aclose()

    def send(self, messages: Iterable[Message]) -> None:
        """Start an attempt of each."""
        for message in messages:
            self._loop.call_soon_threadsafe(self._start, message)

    def _start(self, message: Message) -> None:
        task = self._loop.create_task(self._attempt(message))
        self._under_way[task] = message
        task.add_done_callback(self._under_way.pop)

    def wake(self) -> None:
        """Let `outcomes` return now; from any thread."""
        self._done.put(None)

    def outcomes(self, timeout_seconds: float, *, most: int) -> list[Outcome]:
        """Return what has become of attempts since the last call; waits for the first, but no longer than that."""
        found: list[Outcome] = []
        wait = timeout_seconds
        while True:
            try:
                outcome = self._done.get(timeout=wait)
            except queue.Empty:
                return found
            if outcome is None:
                return found
            found.append(outcome)
            wait = GATHER_SECONDS
            if len(found) >= most:
                return found

    async def _attempt(self, message: Message) -> None:
        reply: Reply | None = None
        error: str | None
        try:
            reply = await self._post(message)
            error = None if reply.is_success else f"It answered {reply.status}."
        except CallError as failure:
            reply, error = failure.reply, str(failure)
        except Exception as failure:
            # Whatever it is, it must not leave the delivery without an outcome.
            logger.exception("webhook delivery %s", message.id)
            error = f"The attempt fails here ({type(failure).__name__})."
        self._done.put(_outcome(message, reply, error))

    async def _post(self, message: Message) -> Reply:
        if not message.secrets:
            raise CallError("Its secret fits none of BIOTECH_MA_FIELD_KEYS; rotate it, or add the key.")
        if self._pool is None:
            self._pool = new_pool(most_connections=self._most)
        headers = signed_headers(
            message_id=str(message.id), body=message.body, secrets=message.secrets, now=dt.datetime.now(dt.UTC)
        )
        return await post(
            self._pool, message.url, content=message.body, headers=headers, timeout_seconds=message.timeout_seconds
        )


def _outcome(message: Message, reply: Reply | None, error: str | None) -> Outcome:
    status, body, asked = None, None, 0.0
    if reply is not None:
        status, body = reply.status, reply.body.decode("utf-8", "replace")
        asked = retry_after_seconds(reply.headers.get("retry-after", ""), dt.datetime.now(dt.UTC))
    is_gone = error is not None and status == GONE
    again = error is not None and not is_gone
    delay = next_delay_seconds(message.retry_policy, message.attempts + 1, asked) if again else None
    return Outcome(message, error, delay, status, body, is_gone)
