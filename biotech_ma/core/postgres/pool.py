"""The pool's check before use, which replaces every connection once one is found broken."""

from __future__ import annotations

import threading
import time
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg_pool import ConnectionPool

# Connections fail together, when the server restarts; one renewal serves all threads that notice.
RENEWAL_SECONDS = 1.0

_renewed: WeakKeyDictionary[ConnectionPool[Any], float] = WeakKeyDictionary()
_lock = threading.Lock()


def check(connection: psycopg.Connection[Any]) -> None:
    """Raise unless the connection answers; a broken one renews the whole pool, for the next attempt to succeed.

    Left alone, the pool tries its connections one by one and waits twice as long after each: of twenty broken ones it
    would try six within its 30 seconds, and give up.
    """
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        pool = getattr(connection, "_pool", None)
        if pool is not None and _is_due(pool):
            pool.drain()
        raise


def _is_due(pool: ConnectionPool[Any]) -> bool:
    now = time.monotonic()
    with _lock:
        due = now - _renewed.get(pool, -RENEWAL_SECONDS) >= RENEWAL_SECONDS
        if due:
            _renewed[pool] = now
    return due
