"""Who changed what lately, over the whole desk: one line an action, its rows from what to what."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.base import ReadOnlyAdmin
from biotech_ma.core.admin.change_rows import Touch, Touched, touched
from biotech_ma.core.admin.columns import column
from biotech_ma.core.admin.filters import DayRangeFilter
from biotech_ma.core.admin.history import users_of, who
from biotech_ma.core.admin.tables import table
from biotech_ma.core.change_model import Change
from biotech_ma.core.changes import CONTEXT, Metadata, by_program, of_change, seen_by, visible_to

SHOWN, MOST_ROWS, FIELDS_SHOWN = 3, 200, 4
MOST_DIGITS = 19
SEARCHED_DAYS = 365
# A table with so few rows of history is looked into before the changes are.
MOST_RARE = 1_000
PEOPLE, KEYS, SQL, PROGRAMS, EVERYBODY = "people", "keys", "sql", "programs", "all"
GROUPS = {
    PEOPLE: ("People", Q(metadata__has_key="user")),
    KEYS: ("API keys", Q(metadata__has_key="client")),
    SQL: ("SQL", Q(metadata__has_key="session")),
    PROGRAMS: ("Jobs and commands", None),
    EVERYBODY: ("Everybody and everything", None),
}


class PersonFilter(DropdownFilter):  # type: ignore[misc]
    """One person, or who is no person; the list opens without what programs do by themselves."""

    title, parameter_name = "who", "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the groups, then the users by name."""
        users = get_user_model().objects.order_by("username").values_list("pk", "username")
        return [*((key, words) for key, (words, _) in GROUPS.items()), *((str(key), name) for key, name in users)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        chosen = self.value() or ""
        if chosen == EVERYBODY:
            return queryset
        if chosen == PROGRAMS:
            return queryset.filter(by_program())
        if chosen in GROUPS:
            return queryset.filter(GROUPS[chosen][1])
        if chosen.isdecimal() and len(chosen) <= MOST_DIGITS:
            asked = queryset.alias(person=Metadata("user"))
            return asked.filter(metadata__has_key="user", person=str(int(chosen)))
        return queryset.exclude(by_program())


class TableFilter(DropdownFilter):  # type: ignore[misc]
    """The table of the rows that were changed."""

    title, parameter_name = "what", "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the tables that the user may view."""
        self.tables = {told.label: told for told in visible_to(request.user)}
        names = [(label, str(told.tracked._meta.verbose_name_plural)) for label, told in self.tables.items()]
        return sorted(((label, name[:1].upper() + name[1:]) for label, name in names), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        told = self.tables.get(self.value() or "")
        if told is None:
            return queryset
        # Of a table that seldom changes the planner would go through everybody's changes, newest first, to find a page.
        rows = told.model._base_manager.filter(**{f"{CONTEXT}__isnull": False, f"{told.row}__isnull": False}).order_by()
        few = list(rows.values_list(CONTEXT, flat=True)[: MOST_RARE + 1])
        return queryset.filter(Exists(of_change(told)) if len(few) > MOST_RARE else Q(pk__in=set(few)))


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """Everything that was changed, the newest first."""

    exports = False
    list_display: Any = ["when", "who_cell", "action_cell", "reason_cell", "rows_cell"]
    list_display_links: Any = None
    list_filter: Any = [PersonFilter, TableFilter, ("created_at", DayRangeFilter)]
    search_fields: Any = ["metadata"]
    search_help_text = "Words of a reason, of the past year"
    ordering: Any = ["-created_at", "-id"]
    sortable_by: Any = []
    fields: Any = ("when", "who_cell", "action_cell", "reason_cell", "all_rows")
    readonly_fields: Any = fields
    empty_hint = "Nothing has been changed by anybody yet. Jobs and commands are under Filters, who."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the changes of rows that the user may view."""
        return seen_by(request.user, super().get_queryset(request))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search the reasons of the past year."""
        if not search_term.strip():
            return queryset, False
        since = timezone.now() - dt.timedelta(days=SEARCHED_DAYS)
        rows = queryset.filter(created_at__gte=since).alias(reason=Metadata("reason"))
        for word in search_term.split():
            rows = rows.filter(reason__icontains=word)
        return rows, False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list with the names of its users and the first rows of each change."""
        changes = super().get_changelist_instance(request)
        changes.result_list = self._told(request, list(changes.result_list), SHOWN)
        return changes

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return one change with its rows."""
        found = super().get_object(request, object_id, from_field)
        return None if found is None else self._told(request, [found], MOST_ROWS)[0]

    def _told(self, request: HttpRequest, rows: list[Any], most: int) -> list[Any]:
        """Return the changes with who made them and the first of their rows."""
        users = users_of(row.metadata or {} for row in rows)
        found = touched((row.pk for row in rows), request.user, most=most)
        for row in rows:
            about = row.metadata or {}
            row.who, row.touched = who(about, users, about.get("session")), found[row.pk]
        return rows

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the change itself: it is what histories are made of, and has none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:core_change_change", args=[object_id]))

    def revert_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """Refuse: what changed is taken back in the history of its row."""
        raise PermissionDenied

    @column("When")
    def when(self, change: Any) -> SafeString:
        """Return when, a link to the whole of it."""
        return columns.link(_page(change), figures.moment(change.created_at))

    @column("Who")
    def who_cell(self, change: Any) -> str:
        """Return who made it."""
        return str(change.who)

    @column("Action")
    def action_cell(self, change: Any) -> str:
        """Return what was done."""
        return str((change.metadata or {}).get("action") or "") or columns.unknown("No action of the desk's own")

    @column("What changed")
    def rows_cell(self, change: Any) -> SafeString:
        """Return the first rows with their fields from what to what, and how many more there are."""
        kept: Touched = change.touched
        lines = [_line(touch) for touch in kept.rows]
        if kept.number > len(kept.rows):
            lines.append(columns.link(_page(change), f"and {kept.number - len(kept.rows):,} more"))
        return format_html_join("", '<span class="desk-line">{}</span>', ((line,) for line in lines))

    @column("Why")
    def reason_cell(self, change: Any) -> SafeString | str:
        """Return the reason."""
        reason = str((change.metadata or {}).get("reason") or "")
        return columns.cut(f"“{reason}”") if reason else columns.unknown("No reason was given")

    @column("Rows")
    def all_rows(self, change: Any) -> SafeString:
        """Return every row with every field."""
        kept: Touched = change.touched
        rows: list[list[Any]] = []
        for touch in kept.rows:
            parts: list[Any] = [*touch.changes] or [None]
            for each in parts:
                cells = [each.label, each.old[:400], each.new[:400]] if each is not None else ["", "", ""]
                rows.append([touch.table, _link(touch), touch.what, *cells])
        note = f"the first {len(kept.rows):,} of {kept.number:,}" if kept.number > len(kept.rows) else ""
        return table("Rows", ["Table", "Row", "What", "Field", "From", "To"], rows, note=note)


def _page(change: Change) -> str:
    return reverse("admin:core_change_change", args=[change.pk])


def _link(touch: Touch) -> SafeString | str:
    return columns.link(touch.url, touch.name, title="Its history") if touch.url else touch.name


def _line(touch: Touch) -> SafeString:
    """Return a row in one line: what it is, and its first fields from what to what."""
    shown = [f"{each.label}: {each.old[:40]} → {each.new[:40]}" for each in touch.changes[:FIELDS_SHOWN]]
    more = len(touch.changes) - len(shown)
    text = "; ".join([*shown, *([f"{more} more"] if more else [])]) or touch.what
    return format_html('{} <span class="desk-muted">{}</span> {}', _link(touch), touch.table, text)
