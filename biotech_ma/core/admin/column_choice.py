"""Each user's columns of a list: which, and in what order. Works without a mouse and without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.views.main import ORDER_VAR
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.views import ChangeList

from biotech_ma.core.admin.column_data import has_data, heading_of
from biotech_ma.core.admin.column_widths import ColumnWidths
from biotech_ma.core.list_columns import choose_columns, forget_columns
from biotech_ma.core.saved_filters import normal

TICK = "action_checkbox"
SHOWN, ORDER, MOVE, RESET, LIST = "shown", "order", "move", "reset", "list"


class DeskChangeList(ChangeList):  # type: ignore[misc]
    """A list whose addresses number its columns as it comes, wherever a user has put them, or has left them out.

    So a saved filter or a bookmark sorts the list in the same way for everyone.
    """

    list_display: Any

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        if not self.is_popup:
            self.list_editable = self.model_admin.edited_in_list(request)

    @cached_property
    def numbered(self) -> list[Any]:
        """Return every column that the list has, in the order of their numbers."""
        first = [name for name in self.list_display[:1] if name == TICK]
        return [*first, *self.model_admin.every_column()]

    def _numbers(self) -> list[int]:
        return [self.numbered.index(self.model_admin.cell_of(name)) for name in self.list_display]

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page; one that is edited is never the whole list: a form has a bounded number of fields."""
        if self.model_admin.is_editing(request):
            self.list_max_show_all = 0
        super().get_results(request)

    def get_filters_params(self, params: Any = None) -> Any:
        """Return what narrows the list down."""
        found = super().get_filters_params(params)
        for name in self.model_admin.asides:
            found.pop(name, None)
        return found

    def get_ordering(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the order that the address asks for, by a hidden column, too."""
        display, self.list_display = self.list_display, self.numbered
        try:
            return super().get_ordering(request, queryset)
        finally:
            self.list_display = display

    def get_ordering_field_columns(self) -> dict[int, str]:
        """Return the directions of the columns that are sorted by, by their place on the page."""
        found: dict[int, str] = super().get_ordering_field_columns()
        if ORDER_VAR not in self.params:
            return found
        places = {number: place for place, number in enumerate(self._numbers())}
        return {places[number]: direction for number, direction in found.items() if number in places}

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Return an address of the list; what sorts it comes in by place and leaves by number."""
        if new_params and new_params.get(ORDER_VAR):
            numbers = self._numbers()
            parts = str(new_params[ORDER_VAR]).split(".")
            named = [f"{'-' if part.startswith('-') else ''}{numbers[int(part.lstrip('-'))]}" for part in parts if part]
            new_params = {**new_params, ORDER_VAR: ".".join(named)}
        return str(super().get_query_string(new_params, remove))


class ColumnChoice(ColumnWidths):
    """Gives a list its choice of columns. `more_columns` are those that it can show and does not by itself."""

    model: Any
    opts: Any
    admin_site: Any
    list_display: Any
    list_display_links: Any
    more_columns: tuple[str, ...] = ()
    # Parameters of an address that neither filter the list nor are part of a filter.
    asides: frozenset[str] = frozenset()

    def every_column(self) -> list[str]:
        """Return the names of all columns: those that the list shows by itself, then the others."""
        return [*self.list_display, *(name for name in self.more_columns if name not in self.list_display)]

    def kept_columns(self) -> list[str]:
        """Return the columns that stay: without them no way leads to a row's page."""
        return [*(self.list_display_links or self.list_display[:1])]

    def chosen(self, request: HttpRequest) -> list[str]:
        """Return the columns that the user sees."""
        kept = self.kept_list(request).columns
        return self._whole(kept) if kept else [*self.list_display]

    def _whole(self, names: Sequence[str]) -> list[str]:
        """Return the known ones of the names, once each, with those that stay."""
        known = self.every_column()
        missing = [name for name in self.kept_columns() if name not in names]
        return [*missing, *(name for name in dict.fromkeys(names) if name in known)]

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the user's columns."""
        return self.chosen(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the class of the list."""
        return DeskChangeList

    def get_urls(self) -> list[Any]:
        """Add the page of the choice."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_columns"
        return [
            path("columns/", self.admin_site.admin_view(self.columns_view), name=name),
            *super().get_urls(),
        ]

    def columns_view(self, request: HttpRequest) -> HttpResponse:
        """Show the choice of columns, or keep it and go back to the list as it was filtered."""
        if not self.has_view_or_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        query = normal(request.POST.get(LIST, request.GET.get(LIST, "")))
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist") + (query and f"?{query}")
        shown = self.chosen(request)
        order = [*shown, *(name for name in self.every_column() if name not in shown)]
        if request.method == "POST":
            user_id, table = request.user.pk or 0, self.opts.label_lower
            if RESET in request.POST:
                forget_columns(user_id=user_id, table=table)
                messages.success(request, "The list shows its own columns again.")
                return HttpResponseRedirect(back)
            order = self._whole([*request.POST.getlist(ORDER), *self.every_column()])
            ticked = {*request.POST.getlist(SHOWN), *self.kept_columns()}
            shown = [name for name in order if name in ticked]
            if MOVE not in request.POST:
                choose_columns(user_id=user_id, table=table, columns=shown)
                messages.success(request, "The list shows your columns.")
                return HttpResponseRedirect(back)
            order = moved(order, request.POST[MOVE])
        return self._columns_page(request, order, shown, back, query)

    def _columns_page(
        self, request: HttpRequest, order: list[str], shown: list[str], back: str, query: str
    ) -> HttpResponse:
        kept = self.kept_columns()
        labels = {name: heading_of(self, name) for name in self.every_column()}
        in_files = {name for name in labels if has_data(self, name)}
        context = {
            **self.admin_site.each_context(request),
            "title": f"Columns of {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "columns": [(name, labels[name], name in shown, name in kept, name in in_files) for name in order],
            "moved": request.POST.get(MOVE, ""),
            "back": back,
            "query": query,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/desk/columns.html", context)


def moved(order: list[str], move: str) -> list[str]:
    """Return the names with one a place further, by `up:name` or `down:name`; what makes no sense moves nothing."""
    way, _, name = move.partition(":")
    if name not in order or way not in {"up", "down"}:
        return order
    rest = [each for each in order if each != name]
    place = max(0, order.index(name) + (-1 if way == "up" else 1))
    return [*rest[:place], name, *rest[place:]]


def columns_context(model_admin: Any, request: HttpRequest) -> dict[str, Any]:
    """Return where the columns of the list are chosen, with the way back to it as it is filtered, and their widths."""
    address = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_columns")
    query = normal(request.GET.urlencode())
    link = f"{address}?{urlencode({LIST: query})}" if query else address
    return {"columns_url": link, **model_admin.widths_context(request)}
