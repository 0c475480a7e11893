"""Archive and restore in lists and on pages: nothing is deleted, everything can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action

from biotech_ma.core import services
from biotech_ma.core.admin.base import DeskAdmin, violated_message
from biotech_ma.core.admin.confirm import Question, asked, reason_of

MOST_AT_ONCE = 500


class ArchivedFilter(RadioFilter):  # type: ignore[misc]
    """Live rows unless the archived ones are asked for."""

    title = "archive"
    parameter_name = "archived"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what can be asked for."""
        return [("", "Live"), ("only", "Archived"), ("all", "Live and archived")]

    def value(self) -> str:
        """Return what is asked for: live rows unless something else."""
        return super().value() or ""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        if self.value() == "all":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "only")

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the form of the filter."""
        yield {
            "form": self.form_class(
                label="By archive",
                name=self.parameter_name,
                choices=self.lookup_choices,
                data={self.parameter_name: self.value()},
            )
        }


class ArchiveAdmin(DeskAdmin):
    """A table whose rows are archived and restored. An archived row is shown and not edited."""

    actions: Any = ["archive_selected", "restore_selected"]
    actions_row: Any = ["archive_row", "restore_row"]
    actions_detail: Any = ["archive_row", "restore_row"]
    archive_consequence = "It leaves lists, searches and the API. It can be restored at any time."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return live and archived rows: the archive filter narrows the list, look-ups see live rows only."""
        model: Any = self.model
        rows = self.open_rows(request, model.all_objects.get_queryset())
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters, the archive's last."""
        return [*super().get_list_filter(request), ArchivedFilter]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search; outside the list (autocomplete, command palette) among live rows only."""
        if (
            getattr(request.resolver_match, "url_name", "")
            != f"{self.opts.app_label}_{self.opts.model_name}_changelist"
        ):
            queryset = queryset.filter(deleted_at__isnull=True)
        return self.search_rows(request, queryset, search_term)

    def search_rows(self, request: HttpRequest, queryset: Any, term: str) -> tuple[Any, bool]:
        """Search the rows by `search_fields`."""
        return super().get_search_results(request, queryset, term)  # type: ignore[no-any-return]

    def consequence_of(self, request: HttpRequest, row: Any) -> str:
        """Return what archiving this row means, as the page that asks says it."""
        return self.archive_consequence

    def has_archive_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Archiving takes the permission that deleting would."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.delete_{self.opts.model_name}"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An archived row is restored first, then edited."""
        if getattr(obj, "deleted_at", None) is not None:
            return False
        return bool(super().has_change_permission(request, obj))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Return the page's buttons: archive on a live row, restore on an archived one."""
        archived = getattr(request, "desk_archived", None)
        unwanted = "" if archived is None else "archive_row" if archived else "restore_row"
        return [
            item
            for item in super().get_actions_detail(request, object_id)
            if not (unwanted and item.action_name.endswith(unwanted))
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save one row; say so when it is archived."""
        row = self.get_object(request, object_id) if object_id else None
        if row is not None:
            request.desk_archived = row.is_archived  # type: ignore[attr-defined]
            if row.is_archived and request.method == "GET":
                messages.warning(request, f"Archived on {row.deleted_at:%Y-%m-%d}. Restore it to edit it.")
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a row, fetched once a request."""
        kept = request.__dict__.setdefault("desk_objects", {})
        key = (self.model, str(object_id), from_field)
        if key not in kept or request.method != "GET":
            kept[key] = super().get_object(request, object_id, from_field)
        return kept[key]

    @action(description="Archive", permissions=["archive"], url_path="archive", icon="archive")  # type: ignore[untyped-decorator]
    def archive_row(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Archive one row, after asking."""
        row = self._row(request, object_id)
        question = Question(f"Archive {row}?", self.consequence_of(request, row), "Archive", grave=True)
        page = asked(self, request, question, [row])
        if page is not None:
            return page
        outcome = self._try(request, row, services.archive)
        if outcome and outcome.changed:
            messages.success(request, format_html("{} {}", outcome.message, self._undo(request, row)))
        elif outcome:
            messages.info(request, outcome.message)
        return HttpResponseRedirect(self._list())

    @action(description="Restore", permissions=["archive"], url_path="restore", icon="unarchive")  # type: ignore[untyped-decorator]
    def restore_row(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Restore one row, after asking."""
        row = self._row(request, object_id)
        question = Question(f"Restore {row}?", "It comes back with what was archived with it.", "Restore")
        page = asked(self, request, question, [row])
        if page is not None:
            return page
        outcome = self._try(request, row, services.restore)
        if outcome:
            messages.success(request, outcome.message)
        return HttpResponseRedirect(reverse(self._name("change"), args=[row.pk]))

    @admin.action(description="Archive", permissions=["archive"])
    def archive_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Archive the ticked rows, after asking."""
        return self._all(request, queryset.filter(deleted_at__isnull=True), "archive_selected")

    @admin.action(description="Restore", permissions=["archive"])
    def restore_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Restore the ticked rows, after asking. Those whose key is taken are named and stay archived."""
        return self._all(request, queryset.filter(deleted_at__isnull=False), "restore_selected")

    def _all(self, request: HttpRequest, queryset: Any, name: str) -> HttpResponse | None:
        rows = list(queryset[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE:
            messages.error(request, f"At most {MOST_AT_ONCE:,} rows at a time. Narrow the list down by a filter.")
            return None
        archiving = name == "archive_selected"
        word = "Archive" if archiving else "Restore"
        if not rows:
            messages.info(request, f"There is nothing to {word.lower()} among the ticked rows.")
            return None
        noun = self.opts.verbose_name if len(rows) == 1 else self.opts.verbose_name_plural
        question = Question(
            f"{word} {len(rows):,} {noun}?",
            self.archive_consequence if archiving else "They come back with what was archived with them.",
            word,
            grave=archiving,
        )
        page = asked(self, request, question, rows, action=name)
        if page is not None:
            return page
        verb = services.archive if archiving else services.restore
        outcomes = [self._try(request, row, verb) for row in rows]
        done = sum(outcome is not None and outcome.changed for outcome in outcomes)
        if done:
            messages.success(request, f"{done:,} {word.lower()}d.")
        return None

    def _try(self, request: HttpRequest, row: models.Model, verb: services.Verb) -> services.Outcome | None:
        """Do it, with the reason given; a refusal or a race becomes a message and None."""
        try:
            return verb(row=row, reason=reason_of(request))
        except services.Refused as refusal:
            messages.error(request, str(refusal))
        except IntegrityError as error:
            messages.error(request, f"{row}: {violated_message(self.model, error)}")
        return None

    def _row(self, request: HttpRequest, object_id: str) -> Any:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such row.")
        if not self.has_archive_permission(request, row):
            raise PermissionDenied
        return row

    def _undo(self, request: HttpRequest, row: models.Model) -> str:
        return format_html(
            '<form class="desk-undo" method="post" action="{}">'
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
            '<input type="hidden" name="confirmed" value="yes"><button type="submit">Undo</button></form>',
            reverse(self._name("restore_row"), args=[row.pk]),
            get_token(request),
        )

    def _name(self, page: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _list(self) -> str:
        return reverse(self._name("changelist"))
