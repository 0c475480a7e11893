"""All saved filters that a user sees, over every list: open one, take its rows along, forget one's own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns
from biotech_ma.core.admin.base import ReadOnlyAdmin
from biotech_ma.core.admin.columns import column
from biotech_ma.core.admin.saved import ways_on
from biotech_ma.core.saved_filters import SavedFilter

# How the lists' addresses say "is" and "this very row".
LOOKUPS = ("__id__exact", "__exact", "__isempty")
SPECIAL = {"q": "search", "under_offer_since__isempty": "not under offer"}


def lists_seen(request: HttpRequest) -> dict[str, Any]:
    """Return the lists whose rows the user may see, by the names that filters know them under."""
    return {
        model._meta.label_lower: one
        for model, one in admin.site._registry.items()
        if model is not SavedFilter and one.has_view_or_change_permission(request)
    }


@admin.register(SavedFilter)
class SavedFilterAdmin(ReadOnlyAdmin):
    """One's own filters and the shared ones of the lists that one may see. A private one is its owner's alone."""

    exports = False
    list_display: Any = ["opens", "ways", "list_cell", "narrows", "whose", "shared"]
    list_display_links: Any = None
    list_select_related: Any = ["owner"]
    search_fields: Any = ["name"]
    ordering: Any = ["table", "name", "id"]
    fields: Any = [("name", "list_cell"), "narrows", ("whose", "shared")]
    readonly_fields: Any = ["list_cell", "narrows", "whose", "shared"]
    actions: Any = ["forget_selected"]
    list_before_template: Any = None
    empty_hint = "Filter or search a list, then give the filter a name under Saved filters, above the list."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the filters that the user sees."""
        seen = super().get_queryset(request).seen_by(request.user)
        return seen.filter(table__in=lists_seen(request))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list, each row with what its reader can make of it."""
        changes, lists = super().get_changelist_instance(request), lists_seen(request)
        for row in changes.result_list:
            row.found_ways = ways_on(lists[row.table], request, row)
        return changes

    @admin.action(description="Forget", permissions=["view"])
    def forget_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Forget the ticked filters that are the user's own."""
        number, _ = SavedFilter.objects.filter(owner_id=request.user.pk, pk__in=queryset.values("pk")).delete()
        if number:
            messages.success(request, f"{number} {'filter is' if number == 1 else 'filters are'} forgotten.")
        else:
            messages.warning(request, "Only one's own filters are forgotten; these are others'.")

    @column("Filter", order="name")
    def opens(self, saved: SavedFilter) -> SafeString:
        """Return the name, which leads to the list."""
        url = reverse(f"admin:{saved.table.replace('.', '_')}_changelist")
        return columns.link(f"{url}?{saved.query}", saved.name)

    @column("List", order="table")
    def list_cell(self, saved: SavedFilter) -> str:
        """Return the list that it narrows down."""
        for model in admin.site._registry:
            if model._meta.label_lower == saved.table:
                return str(model._meta.verbose_name_plural).capitalize()
        return saved.table

    @column("Narrows down by")
    def narrows(self, saved: SavedFilter) -> SafeString:
        """Return its parameters in words."""
        return columns.cut(" · ".join(f"{_words(name)}: {value}" for name, value in saved.params() if name != "o"))

    @column("Whose", order="owner__username")
    def whose(self, saved: SavedFilter) -> str:
        """Return the owner."""
        return str(saved.owner.get_username())

    @column("Seen by")
    def shared(self, saved: SavedFilter) -> SafeString:
        """Return who sees it."""
        return columns.badge("everyone", "blue") if saved.is_shared else columns.badge("its owner", "grey")

    @column("Make of it")
    def ways(self, saved: Any) -> SafeString:
        """Return its rows as files, and what other apps offer."""
        return columns.beside(*(columns.link(way.url, way.words, title=way.label) for way in saved.found_ways))


def _words(name: str) -> str:
    if name in SPECIAL:
        return SPECIAL[name]
    for lookup in LOOKUPS:
        name = name.removesuffix(lookup)
    return name.replace("__", " ").replace("_", " ")
