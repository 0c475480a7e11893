"""News for the apps above: what was written here is told there, in the transaction that wrote it.

Lower apps name a topic and never a listener, so that imports go one way. Inside `services.recorded` the news of a
transaction is gathered and told once, at its end; a listener defers a job there, which is seen only if all is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from django.db import connection


@dataclass(frozen=True, slots=True)
class Span:
    """From the start of the transaction to the moment of telling: every stamp that it has set lies within.

    Rows of others may lie within as well. Whoever reads a span must bear to see a row twice.
    """

    since: dt.datetime
    until: dt.datetime


class Listener(Protocol):
    """Takes note of rows that have just been written, in the transaction that is open."""

    def __call__(self, span: Span, /, **about: str) -> object: ...


type _Item = tuple[str, frozenset[tuple[str, str]]]

_listeners: dict[str, list[Listener]] = {}
_gathered: ContextVar[dict[_Item, None] | None] = ContextVar("gathered news", default=None)


def when_told(topic: str, listener: Listener) -> None:
    """Have the topic's news told to the listener: for the apps above, from their `ready()`."""
    _listeners.setdefault(topic, []).append(listener)


def tell(topic: str, **about: str) -> None:
    """Tell that rows of the topic were written; `about` says which, as text. Call it within the transaction."""
    item = topic, frozenset(about.items())
    gathered = _gathered.get()
    if gathered is None:
        _pass_on([item])
    else:
        gathered[item] = None


@contextmanager
def gathering() -> Iterator[None]:
    """Tell the news of the block at its end, the same news once; none when the block fails. Blocks may nest."""
    if _gathered.get() is not None:
        yield
        return
    gathered: dict[_Item, None] = {}
    token = _gathered.set(gathered)
    try:
        yield
    finally:
        _gathered.reset(token)
    _pass_on(list(gathered))


def _pass_on(items: list[_Item]) -> None:
    heard = [(listener, about) for topic, about in items for listener in _listeners.get(topic, ())]
    # What will be rolled back, such as a dry run, is no news.
    if not heard or connection.needs_rollback:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT transaction_timestamp(), clock_timestamp()")
        span = Span(*cursor.fetchone())
    for listener, about in heard:
        listener(span, **dict(about))
