"""Values that take long to work out, kept in memory for as long as the tables they were read from have not changed.

What core/api/standing.py is for answers this is for anything else: before a value is given again, one small statement
shows that no transaction that wrote to its tables has been committed in between (docs/adr/0024). Never for values that
depend on the time of day.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from biotech_ma.core.change_counts import state_of
from biotech_ma.core.postgres import prepared

MOST_VALUES = 64

_kept: OrderedDict[Hashable, tuple[bytes, Any]] = OrderedDict()
_lock = threading.Lock()


def while_unchanged[T](key: Hashable, tables: frozenset[str], make: Callable[[], T]) -> T:
    """Return the value of that key, made anew where one of the tables has changed since; nobody may alter it.

    Within a transaction it is always made anew. Raises ValueError for a table whose changes nobody counts.
    """
    statement = f"SELECT {state_of(tables)}"
    if not prepared.is_possible():
        return make()
    # Read before the value: what is committed between the two has the next caller make it anew.
    state = prepared.one(statement)[0]
    with _lock:
        held = _kept.get(key)
        if held is not None and held[0] == state:
            _kept.move_to_end(key)
            value: T = held[1]
            return value
    value = make()
    with _lock:
        _kept[key] = state, value
        _kept.move_to_end(key)
        if len(_kept) > MOST_VALUES:
            _kept.popitem(last=False)
    return value


def forget() -> None:
    """Forget every value."""
    with _lock:
        _kept.clear()
