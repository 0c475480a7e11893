"""Sends what is due until nothing is: claims, hands to the network, writes down what became of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import tenacity
from django.db import InterfaceError, OperationalError, connection
from psycopg_pool import PoolTimeout

from delivery.webhooks.leases import Message, Outcome, claim, give_back, record, withhold
from delivery.webhooks.network import Network

logger = logging.getLogger(__name__)

# Attempts at a time in one process. They are tasks that wait, not threads.
MOST_IN_FLIGHT = 256
# While slow endpoints are waited for, others' new events are looked for this often.
LOOK_SECONDS = 1.0
# A database that restarts is waited for so long before the job fails; leases outlive neither.
DATABASE_SECONDS = 60.0
AWAY = (OperationalError, InterfaceError, PoolTimeout)


class _Turn:
    """One sender a process: a second call asks the one at work for another look, and returns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = self._is_asked = False
        self._network: Network | None = None

    def take(self) -> bool:
        with self._lock:
            if self._is_taken:
                self._is_asked = True
                if self._network is not None:
                    self._network.wake()
                return False
            self._is_taken = True
            return True

    def use(self, network: Network | None) -> None:
        with self._lock:
            self._network = network

    def may_end(self) -> bool:
        """Give the turn back, unless another look was asked for meanwhile."""
        with self._lock:
            if self._is_asked:
                self._is_asked = False
                return False
            self._is_taken = False
            return True

    def end(self) -> None:
        with self._lock:
            self._is_taken = self._is_asked = False
            self._network = None


_turn = _Turn()


def send_due(*, is_stopping: Callable[[], bool] = lambda: False, must_end: Callable[[], bool] = lambda: False) -> int:
    """Attempt every delivery that is due, and return how many attempts there were.

    `is_stopping` ends the claiming, and what is under way ends by itself within 15 seconds; `must_end` gives even that
    back. In a process that sends already, the other one looks again, and this returns 0.
    """
    if not _turn.take():
        return 0
    try:
        attempts = 0
        while True:
            attempts += _send(is_stopping, must_end)
            if is_stopping() or must_end() or _turn.may_end():
                return attempts
    finally:
        _turn.end()


def _send(is_stopping: Callable[[], bool], must_end: Callable[[], bool]) -> int:
    _persistently(withhold)
    messages = _persistently(lambda: claim(MOST_IN_FLIGHT))
    if not messages:
        return 0
    attempts, in_flight = 0, dict[tuple[object, object], Message]()
    with Network(most=MOST_IN_FLIGHT) as network:
        _turn.use(network)
        try:
            while messages or in_flight:
                network.send(messages)
                attempts += len(messages)
                in_flight |= {_key(message): message for message in messages}
                outcomes = network.outcomes(LOOK_SECONDS, most=len(in_flight))
                _persistently(lambda found=outcomes: _recorded(found))  # type: ignore[misc]
                for outcome in outcomes:
                    in_flight.pop(_key(outcome.message), None)
                if must_end():
                    give_back(list(in_flight.values()))
                    break
                room = MOST_IN_FLIGHT - len(in_flight)
                messages = [] if is_stopping() or not room else _persistently(lambda room=room: claim(room))  # type: ignore[misc]
        finally:
            _turn.use(None)
    return attempts


def _key(message: Message) -> tuple[object, object]:
    return message.id, message.lease


def _recorded(outcomes: list[Outcome]) -> None:
    if outcomes:
        record(outcomes)


def _persistently[T](work: Callable[[], T]) -> T:
    """Return what the work returns, done again on a new connection while the database is away."""
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(AWAY),
        wait=tenacity.wait_random(0.2, 0.6),
        stop=tenacity.stop_after_delay(DATABASE_SECONDS),
        before_sleep=_new_connection,
        reraise=True,
    )
    return retrying(work)


def _new_connection(state: tenacity.RetryCallState) -> None:
    logger.warning("the database is away; the sender waits for it")
    connection.close()
