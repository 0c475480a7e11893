"""Counting that stays cheap on tables of a million rows."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import connections
from django.utils.functional import cached_property

COUNT_LIMIT = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to ten thousand and no further: a page deeper than that is better found by a filter."""

    template_name = "admin/desk/pagination_bounded.html"

    @cached_property
    def count(self) -> int:
        """Return the number of rows, at most COUNT_LIMIT."""
        return min(self.counted, COUNT_LIMIT)

    @cached_property
    def counted(self) -> int:
        """Return the number of rows up to COUNT_LIMIT + 1: one more means that there are more."""
        rows: Any = self.object_list
        return int(rows.order_by()[: COUNT_LIMIT + 1].count())

    @property
    def is_bounded(self) -> bool:
        """True when there are more rows than were counted."""
        return self.counted > COUNT_LIMIT

    @cached_property
    def estimate(self) -> int | None:
        """Return the planner's estimate of all rows of the table, None where the table was never analysed."""
        return estimate(self.object_list)


def estimate(rows: Any) -> int | None:
    """Return the planner's estimate of all rows of the queryset's table, None where it was never analysed."""
    with connections[rows.db].cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [rows.model._meta.db_table])
        found = int(cursor.fetchone()[0])
    return found if found >= 0 else None


def about(rows: Any) -> str:
    """Return how many rows the table has: exact to ten thousand, beyond that as the planner estimates."""
    paginator = BoundedPaginator(rows, 1)
    if not paginator.is_bounded:
        return f"{paginator.counted:,}"
    return f"≈ {paginator.estimate:,}" if paginator.estimate else f"over {COUNT_LIMIT:,}"
