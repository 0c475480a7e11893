"""What is closed to whom: apps say which rows are; every door that shows such rows or lets them out asks here.

Core knows no reason why a row is closed. An app registers a keeper from its `ready()`; without one nothing is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Model, Q, QuerySet


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, as logs name it, with the accounts behind it: what one of them may not see, the reader may not.

    `is_cleared` opens everything: True, or a condition that the database judges whenever it is asked.
    """

    name: str
    user_ids: frozenset[int] = frozenset()
    is_cleared: Any = False


NOBODY = Reader("nobody")


class Keeper(Protocol):
    """Knows which rows are closed to whom, and keeps the log of that."""

    def closed(self, model: type[Model], reader: Reader) -> Q | None:
        """Return the condition of the model's rows that are closed to the reader; None where none ever is."""
        ...

    def is_in_force(self) -> bool:
        """Return whether anything is closed to anybody at present."""
        ...

    def let_out(self, rows: QuerySet[Any], reader: Reader, door: str) -> None:
        """Note who takes rows out by this door, and which were kept back."""
        ...

    def opened(self, row: Model, reader: Reader, door: str) -> None:
        """Note that the reader has opened a row, where it is closed to others."""
        ...

    def refused(self, rows: QuerySet[Any], reader: Reader, door: str) -> None:
        """Note that the reader asked for rows that are closed."""
        ...

    def changed_since(self, moment: Any, reader: Reader) -> bool:
        """Return whether something was closed to the reader at this moment or later, and still is."""
        ...


class Clearances(Protocol):
    """Knows for how much a user is cleared, and keeps the log of where that goes."""

    def number_of(self, user_id: int) -> int:
        """Return for how many things that are closed to others the user is cleared at present."""
        ...

    def moved(self, user: Any, *, old: str, new: str, by: Any) -> None:
        """Note that what goes to the user by mail goes to another address from now on."""
        ...


_keepers: list[Keeper] = []
_clearances: list[Clearances] = []


def register_clearances(kept: Clearances) -> None:
    """Have these asked, and told, when a user's address is changed."""
    _clearances.append(kept)


def cleared_for(user_id: int) -> int:
    """Return for how many things that are closed to others the user is cleared at present."""
    return sum(kept.number_of(user_id) for kept in _clearances)


def address_changed(user: Any, *, old: str, new: str, by: Any) -> None:
    """Note that a user's mail goes to another address: an address is cleared for what its users are."""
    for kept in _clearances:
        kept.moved(user, old=old, new=new, by=by)


def register(keeper: Keeper) -> None:
    """Have the keeper asked at every door."""
    _keepers.append(keeper)


def reader_of(user: Any) -> Reader:
    """Return a signed-in user as a reader; one without an account is nobody."""
    return Reader(user.get_username(), frozenset({user.pk})) if user.pk else NOBODY


def caller_of(auth: Any) -> Reader:
    """Return the caller of the API as a reader: whoever admits callers gives them a `reader`."""
    found = getattr(auth, "reader", None)
    return found if isinstance(found, Reader) else NOBODY


def condition(model: type[Model], reader: Reader) -> Q | None:
    """Return the condition of the model's rows that are closed to the reader; None where none ever is."""
    found: Q | None = None
    for keeper in _keepers:
        part = keeper.closed(model, reader)
        if part is not None:
            found = part if found is None else found | part
    return found


def narrowed[R: QuerySet[Any]](rows: R, reader: Reader) -> R:
    """Return the rows without those that are closed to the reader: a condition more, and no query."""
    found = condition(rows.model, reader)
    return rows if found is None else rows.exclude(found)


def let_out(rows: QuerySet[Any], reader: Reader, door: str) -> int:
    """Note that the reader takes these rows out, and return how many of them are closed to it and stay here."""
    if not any(keeper.is_in_force() for keeper in _keepers):
        return 0
    for keeper in _keepers:
        keeper.let_out(rows, reader, door)
    found = condition(rows.model, reader)
    return 0 if found is None else rows.order_by().filter(found).count()


def opened(row: Model, reader: Reader, door: str) -> None:
    """Note that the reader has opened a row."""
    for keeper in _keepers:
        keeper.opened(row, reader, door)


def refused(rows: QuerySet[Any], reader: Reader, door: str) -> None:
    """Note that the reader asked for rows that may be closed to it."""
    for keeper in _keepers:
        keeper.refused(rows, reader, door)


def changed_since(moment: Any, reader: Reader) -> bool:
    """Return whether what was put together at this moment may hold what is closed to the reader now."""
    return any(keeper.changed_since(moment, reader) for keeper in _keepers)
