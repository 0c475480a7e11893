"""Up to when a run's data go: the newest moment from which anything that it read was public."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Reach:
    """The newest moment so far, None as long as nothing with one was read."""

    until: dt.datetime | None = None


_open: ContextVar[Reach | None] = ContextVar("reach of the run", default=None)


@contextmanager
def measured() -> Iterator[Reach]:
    """Measure how far the data go that are read in the block."""
    token = _open.set(Reach())
    try:
        reach = _open.get()
        yield reach or Reach()
    finally:
        _open.reset(token)


def reached(moment: dt.datetime | None) -> None:
    """Note that data were read which were public from this moment on; one still to come is none of the run's news."""
    reach = _open.get()
    if reach is None or moment is None or moment > dt.datetime.now(dt.UTC):
        return
    reach.until = moment if reach.until is None else max(reach.until, moment)
