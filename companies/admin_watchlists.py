"""The desk's own order among companies: tags and watchlists."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Count
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, TextFilter

from biotech_ma.core.admin import ArchiveAdmin, column, columns
from companies.models import Watchlist
from companies.watchlists import uses_of

MOST_LISTED = 200
UNSEEN = (
    "No companies are shown: the watchlist of this filter is archived, gone, or not yours to see. "
    "Choose another under Filters, or restore it."
)


class TagFilter(TextFilter):  # type: ignore[misc]
    """The companies that the desk has given a tag, written as it stands there."""

    title = "tag"
    parameter_name = "tag"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        return queryset.filter(tags__contains=[self.value().strip()]) if self.value() else queryset


class WatchlistFilter(DropdownFilter):  # type: ignore[misc]
    """The companies of one watchlist: the user's own and the shared ones can be chosen."""

    title = "watchlist"
    parameter_name = "watchlist"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the lists that the user sees."""
        rows = Watchlist.objects.seen_by(request.user).order_by("name", "id")
        return [(str(row.pk), row.name) for row in rows[:MOST_LISTED]]

    def has_output(self) -> bool:
        """Return whether the filter counts: also for who has no list to choose and names one in the address."""
        return bool(super().has_output() or self.value())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list; of a watchlist that the user does not see, or that is archived, nothing is shown."""
        if not self.value():
            return queryset
        if not self._is_seen(request):
            if not hasattr(request, "desk_unseen_watchlist"):
                request.desk_unseen_watchlist = True  # type: ignore[attr-defined]
                messages.warning(request, UNSEEN)
            return queryset.none()
        through = Watchlist.companies.through.objects.filter(watchlist_id=self.value())
        return queryset.filter(pk__in=through.values("company_id"))

    def _is_seen(self, request: HttpRequest) -> bool:
        if self.value() in {key for key, _ in self.lookup_choices}:
            return True
        try:
            return bool(Watchlist.objects.seen_by(request.user).filter(pk=UUID(str(self.value()))).exists())
        except ValueError:
            return False


@admin.register(Watchlist)
class WatchlistAdmin(ArchiveAdmin):
    """Named lists of companies: to filter by, and for alerts and reports, which later apps add here."""

    list_display: Any = ["name", "whose", "is_shared", "count"]
    search_fields: Any = ["name"]
    ordering: Any = ["name", "id"]
    fields: Any = [("name", "is_shared"), "companies"]
    autocomplete_fields: Any = ["companies"]
    actions: Any = None
    empty_hint = "Add one, and filter the list of companies by what you watch."
    archive_consequence = "It leaves the lists and the filter of companies. It can be restored at any time."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the user's own lists and the shared ones."""
        rows = super().get_queryset(request).seen_by(request.user)
        return rows.select_related("owner").annotate(number=Count("companies"))

    def consequence_of(self, request: HttpRequest, row: Any) -> str:
        """Name what uses the list, and what becomes of that."""
        used = uses_of(row)
        if not used:
            return f"{self.archive_consequence} No alert and no report uses it."
        told = f"These use it, and watch nothing until it is restored: {'; '.join(used)}."
        return f"{self.archive_consequence} {told}"

    def has_archive_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A list is its owner's to archive and to restore."""
        row = self.get_object(request, obj) if isinstance(obj, str) else obj
        return super().has_archive_permission(request, obj) and (row is None or row.owner_id == request.user.pk)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A list is its owner's to change."""
        return bool(super().has_change_permission(request, obj)) and (obj is None or obj.owner_id == request.user.pk)

    def save_model(self, request: HttpRequest, obj: Watchlist, form: Any, change: bool) -> None:
        """Save; a new list is the user's."""
        if not change:
            obj.owner_id = request.user.pk  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    @column("Whose", order="owner__username")
    def whose(self, watchlist: Watchlist) -> str:
        """Return the owner."""
        return str(watchlist.owner.get_username())

    @column("Companies", numeric=True, data="number")
    def count(self, watchlist: Any) -> str:
        """Return how many companies are on it."""
        return columns.number(watchlist.number, 0)
