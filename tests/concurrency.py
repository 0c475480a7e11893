"""Several actions at the same moment, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

WAIT_SECONDS = 20


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Start the actions at once and return, in their order, what each returned or raised.

    Needs committed rows: `django_db(transaction=True)`.
    """
    gate = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(WAIT_SECONDS)
            return action()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))
