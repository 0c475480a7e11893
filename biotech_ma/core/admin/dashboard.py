"""The first page: panels that each app contributes from its own admin module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True)
class Tile:
    """One figure at the top of the page, with the list that it counts."""

    title: str
    value: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class Panel:
    """One table of the page. `empty` says what to do when there are no rows."""

    title: str
    headers: list[str] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    note: str = ""
    url: str = ""
    empty: str = "Nothing yet."
    numeric: frozenset[int] = frozenset()
    wide: bool = False


@dataclass(frozen=True)
class _Entry:
    order: int
    permission: str
    make: Callable[[HttpRequest], Tile | Panel]


_entries: list[_Entry] = []


def on_dashboard[F: Callable[[HttpRequest], Any]](*, order: int, permission: str) -> Callable[[F], F]:
    """Put the tile or panel that the function returns on the first page, for users with the permission."""

    def remember(function: F) -> F:
        _entries.append(_Entry(order, permission, function))
        return function

    return remember


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the first page: the tiles, then the panels, in order, as the user may see them."""
    made = [
        entry.make(request)
        for entry in sorted(_entries, key=lambda entry: entry.order)
        if request.user.has_perm(entry.permission)
    ]
    context["title"] = "Today"
    context["tiles"] = [item for item in made if isinstance(item, Tile)]
    context["panels"] = [item for item in made if isinstance(item, Panel)]
    return context
