"""The first page: what is new, and panels, that each app contributes from its own admin module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from biotech_ma.core.admin.charts import Chart
from biotech_ma.core.admin.visits import SPANS, since_of


@dataclass(frozen=True)
class Tile:
    """What is new of one kind, at the top of the page: how many, of which sorts, and the way to them.

    `parts` are cells (badges, links) one beside the other; `note` says what a quiet time means.
    """

    title: str
    value: str
    note: str = ""
    url: str = ""
    parts: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Panel:
    """One table of the page. `empty` says what to do when there are no rows.

    `chart` stands beside the table, `body` (a calendar) before it; `wide` takes the page's whole width.
    """

    title: str
    headers: list[str] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    note: str = ""
    url: str = ""
    empty: str = "Nothing yet."
    numeric: frozenset[int] = frozenset()
    wide: bool = False
    chart: Chart | None = None
    body: SafeString | None = None


@dataclass(frozen=True)
class _Entry:
    order: int
    permission: str
    make: Callable[[HttpRequest], Tile | Panel | None]


_entries: list[_Entry] = []


def on_dashboard[F: Callable[[HttpRequest], Any]](*, order: int, permission: str) -> Callable[[F], F]:
    """Put the tile or panel that the function returns on the first page, for users with the permission; None is none.

    What is new is asked since `visits.since_of(request)`.
    """

    def remember(function: F) -> F:
        _entries.append(_Entry(order, permission, function))
        return function

    return remember


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the first page: the tiles, then the panels, in order, as the user may see them."""
    allowed = [entry for entry in sorted(_entries, key=lambda entry: entry.order) if _may_see(request, entry)]
    context["title"] = "Today"
    if not allowed:
        return context
    since = since_of(request)
    made = [entry.make(request) for entry in allowed]
    context |= {
        "since": since,
        "since_at": timezone.localtime(since.at),
        "spans": [(key, name) for key, (name, _) in SPANS.items()],
        "tiles": [item for item in made if isinstance(item, Tile)],
        "panels": [item for item in made if isinstance(item, Panel)],
    }
    return context


def _may_see(request: HttpRequest, entry: _Entry) -> bool:
    return bool(request.user.has_perm(entry.permission))
