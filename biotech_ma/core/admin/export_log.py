"""The log of exports, and the way to the files that workers made."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, path, reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from biotech_ma.core.admin import columns, exports
from biotech_ma.core.admin.base import ReadOnlyAdmin
from biotech_ma.core.admin.column_data import through
from biotech_ma.core.admin.columns import column
from biotech_ma.core.admin.filter_words import filters_in_words
from biotech_ma.core.list_exports import ListExport
from biotech_ma.core.templatetags.desk_menu import in_the_menu


def list_name(label: str) -> str:
    """Return what the menu calls the list of a table, `app.model`; of one that is gone the label."""
    try:
        return in_the_menu(apps.get_model(label)._meta).capitalize()
    except (LookupError, NoReverseMatch):
        return label


TONES = {"taken": "green", "queued": "blue", "ready": "green", "failed": "red"}


@admin.register(ListExport)
class ListExportAdmin(ReadOnlyAdmin):
    """Who took which export, when, and with which filters. Without the permission to see all, one sees one's own."""

    exports = False
    list_display: Any = [
        "when",
        "owner",
        "list_cell",
        "filters",
        "columns_cell",
        "form",
        "row_count",
        "left_out",
        "state_badge",
        "file",
    ]
    list_display_links: Any = None
    list_select_related: Any = ["owner"]
    list_filter: Any = [("state", ChoicesDropdownFilter)]
    search_fields: Any = ["model", "query", "owner__username"]
    ordering: Any = ["-id"]
    empty_hint = "Nobody has taken an export. Every list has CSV and XLSX above its search."

    def get_urls(self) -> list[Any]:
        """Add the address of the files."""
        name = "core_listexport_file"
        return [path("<uuid:key>/file/", self.admin_site.admin_view(self.give), name=name), *super().get_urls()]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Everybody sees what he took himself."""
        return bool(request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Everybody sees what he took himself; the permission shows what all took."""
        return bool(request.user.is_staff)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the exports that the user may see."""
        rows = super().get_queryset(request)
        return rows if request.user.has_perm("core.view_listexport") else rows.filter(owner=request.user)

    def give(self, request: HttpRequest, key: Any) -> HttpResponseBase:
        """Give a file that a worker made, to who asked for it."""
        record = self.get_queryset(request).filter(pk=key).first()
        if record is None:
            raise Http404("There is no such export.")
        if record.owner_id != request.user.pk:
            raise PermissionDenied
        try:
            return exports.download(record)
        except exports.ExportRefused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:core_listexport_changelist"))

    @column("When", order="created_at")
    def when(self, record: ListExport) -> str:
        """Return when it was asked for."""
        return columns.ago(record.created_at)

    @column("List", order="model", data=through("model", list_name))
    def list_cell(self, record: ListExport) -> str:
        """Return what the menu calls the list."""
        return list_name(record.model)

    @column("Filters")
    def filters(self, record: ListExport) -> str:
        """Return the filters in words."""
        try:
            words = filters_in_words(apps.get_model(record.model), record.query)
        except LookupError:
            words = record.query
        return columns.cut(words) if words else columns.unknown("None: the whole list")

    @column("Columns")
    def columns_cell(self, record: ListExport) -> str:
        """Return how many columns went, and whether these were chosen; which, on hover."""
        if not record.headings:
            return columns.unknown("Taken before columns were kept, or not made yet")
        words = f"{len(record.headings)} {'of all' if record.columns is None else 'chosen'}"
        return columns.hover(words, ", ".join(record.headings))

    @column("Left out", order="rows_left_out", numeric=True)
    def left_out(self, record: ListExport) -> str:
        """Return how many rows were closed to who took it."""
        return columns.number(record.rows_left_out, 0)

    @column("State", order="state")
    def state_badge(self, record: ListExport) -> str:
        """Return how it stands."""
        return columns.badge(record.get_state_display(), TONES[record.state], title=record.error)

    @column("File")
    def file(self, record: ListExport) -> str:
        """Return the way to the file."""
        if not record.path:
            return columns.unknown("Taken at once, or thrown away after a week")
        return columns.link(reverse("admin:core_listexport_file", args=[record.pk]), "Download")
