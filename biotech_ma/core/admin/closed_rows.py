"""Lists that hide what is closed to the reader, and questions about it by detours."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from biotech_ma.core import closed


class ClosedRows:
    """Hides closed rows of a list whose admin says so; in exports they are left out of every list."""

    # Whether rows that are closed to the reader are not shown either.
    hides_closed = False
    # Own columns that not everybody who sees the list may read: an address that asks for them would read them.
    unasked: frozenset[str] = frozenset()
    model: Any
    opts: Any

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the rows that the reader may see."""
        return self.open_rows(request, super().get_queryset(request))  # type: ignore[misc]

    def open_rows(self, request: HttpRequest, rows: Any) -> Any:
        """Return the rows without those that are closed to the reader, where this list hides them."""
        return closed.narrowed(rows, closed.reader_of(request.user)) if self.hides_closed else rows

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Refuse to ask rows for what not everybody reads, and for other tables unless a filter of the list does."""
        first = lookup.split("__", maxsplit=1)[0]
        if first in self.unasked:
            return False
        if any(related.name == first for related in self.opts.related_objects):
            listed: Any = self.get_list_filter(request)  # type: ignore[attr-defined]
            if lookup not in {item[0] if isinstance(item, list | tuple) else item for item in listed}:
                return False
        return bool(super().lookup_allowed(lookup, value, request))  # type: ignore[misc]

    def note_refused(self, request: HttpRequest, object_id: str) -> None:
        """Note who asked for a row that was not found, if it is closed to him."""
        if not self.hides_closed:
            return
        try:
            rows = self.model._base_manager.filter(pk=self.opts.pk.to_python(object_id))
        except ValidationError:
            return
        closed.refused(rows, closed.reader_of(request.user), str(self.opts.verbose_name))

    def note_opened(self, request: HttpRequest, row: Any, door: str = "") -> None:
        """Note who has opened a row, if it is closed to others."""
        if self.hides_closed and row is not None:
            closed.opened(row, closed.reader_of(request.user), door or str(self.opts.verbose_name))
