"""The admin base classes: forms that refuse like the database, no hard delete, history, pages of fixed cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.contrib.admin.options import ActionLocation
from django.contrib.admin.options import ModelAdmin as BaseModelAdmin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import NON_FIELD_ERRORS, FieldDoesNotExist, ValidationError
from django.db import DataError, IntegrityError, connection, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline

from biotech_ma.core.admin.closed_rows import ClosedRows
from biotech_ma.core.admin.column_choice import ColumnChoice, columns_context
from biotech_ma.core.admin.desk_fields import MONEY_DIGITS, DeskFields
from biotech_ma.core.admin.exports import ExportMixin
from biotech_ma.core.admin.figures import in_full
from biotech_ma.core.admin.forms import DeskForm
from biotech_ma.core.admin.history_page import history_response
from biotech_ma.core.admin.list_edit import EDIT, ListEdit
from biotech_ma.core.admin.list_figures import FIGURES, FiguresOfRows
from biotech_ma.core.admin.list_way import ListWay, way_of
from biotech_ma.core.admin.paginator import BoundedPaginator
from biotech_ma.core.admin.readonly import DeskReadonlyField  # noqa: F401 - read in its place by Unfold
from biotech_ma.core.admin.revert import revert_response
from biotech_ma.core.admin.saved import saved_context, saved_response
from biotech_ma.core.admin.versioned import explained, name_boxes, page_of_versions
from biotech_ma.core.services import Refused, constraint_message

violated_message = constraint_message


class ActionChoices:
    """Unfold's empty choice of an action, under the signature that Django 6.1 asks for."""

    def get_action_choices(
        self,
        request: HttpRequest,
        default_choices: Any = None,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> list[tuple[str, str]]:
        """Return the bulk actions to choose from."""
        choices: list[tuple[str, str]] = BaseModelAdmin.get_action_choices(
            cast("Any", self), request, default_choices=[("", "Select action")], action_location=action_location
        )
        return choices


class ListOffers(ListEdit, FiguresOfRows, ListWay, ColumnChoice):
    """What a list offers beside its rows."""


class DeskAdmin(ListOffers, ExportMixin, ClosedRows, ActionChoices, DeskFields, ModelAdmin):  # type: ignore[misc]
    """One table of the desk. Nothing is deleted here; a race or bad input ends in a message, never in a 500."""

    form: Any = DeskForm
    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    show_facets: Any = None
    list_filter_submit = True
    list_filter_sheet = True
    list_fullwidth = True
    warn_unsaved_form = True
    paginator: Any = BoundedPaginator
    empty_value_display = "—"
    empty_hint = "Nothing here yet."
    # What several rows are called where the menu's name is no plural of one.
    rows_noun = ""
    # The list without any filter, where it does not open so.
    everything = "?"
    # Where rows of this list are imported, for who may: set by the app that imports.
    import_link: ClassVar[Callable[[HttpRequest], str] | None] = None
    change_list_template = "admin/desk/change_list.html"
    list_before_template: Any = "admin/desk/list_tools.html"
    asides = frozenset({EDIT, FIGURES})
    change_form_before_template = "admin/desk/form_top.html"
    change_form_outer_before_template = "admin/desk/list_way.html"

    @property
    def readonly_preprocess_fields(self) -> dict[str, Callable[[Any], Any]]:
        """How figures are shown to those who may not edit them: money with its sign, all with separators."""
        return {
            field.name: partial(in_full, is_money=field.name.endswith("_usd"))
            for field in self.model._meta.concrete_fields
            if isinstance(field, models.DecimalField) and (field.max_digits or 0) >= MONEY_DIGITS
        }

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may add rows may."""
        return bool(super().has_add_permission(request))

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Return the tabs; a panel shows something about a row, so a new one has none."""
        inlines = list(super().get_inlines(request, obj))
        return inlines if obj is not None else [item for item in inlines if not issubclass(item, PanelInline)]

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nothing is deleted in the admin: rows are archived or superseded."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list; what no database could look up ends in a message and the unfiltered list."""
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            return self._unfiltered(request, "NUL characters cannot be searched for.")
        try:
            link = type(self).import_link
            import_url = link(request) if link else ""
            shown = {"empty_hint": self.empty_hint, "import_url": import_url, **saved_context(self, request)}
            shown |= {**columns_context(self, request), "may_edit_list": self.may_edit_list(request)}
            shown |= extra_context or {}
            page = self.edited_list(request, partial(super().changelist_view, request, shown))
            return self.with_figures(request, page)
        except (DataError, OverflowError):
            return self._unfiltered(request, "One of the filters holds a value that cannot be.")

    def _unfiltered(self, request: HttpRequest, message: str) -> HttpResponse:
        messages.error(request, message)
        return HttpResponseRedirect(request.path)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save one row. If another change came first, the form comes back with its values and the reason."""
        with explained(request):
            try:
                return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[no-any-return]
            except IntegrityError as error:
                request.refusal = ValidationError(violated_message(self.model, error))  # type: ignore[attr-defined]
            except Refused as error:
                request.refusal = ValidationError(error.message)  # type: ignore[attr-defined]
            except ValidationError as error:
                request.refusal = ValidationError(error.messages)  # type: ignore[attr-defined]
            # Judged again: what came first is visible now, so the form itself refuses and keeps what was typed.
            return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[no-any-return]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a row. One that a form is about to change is locked first, so that nobody comes in between.

        A closed one is not found, and the log says who asked.
        """
        if request.method == "POST" and connection.in_atomic_block:
            rows = self.model._base_manager.select_for_update(no_key=True)
            try:
                list(rows.filter(pk=self.opts.pk.to_python(object_id)).values_list("pk"))
            except ValidationError:
                return None
        found = super().get_object(request, object_id, from_field)
        if found is None:
            self.note_refused(request, object_id)
        return found

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show the page with what the next save compares, and with both versions where two people differ."""
        may_change = self.has_change_permission(request, context.get("original"))
        self.note_opened(request, context.get("original"))
        context |= page_of_versions(context, request, may_change=may_change)
        context["list_way"] = way_of(self, request, context.get("original"))
        return super().render_change_form(request, context, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form class, which refuses at once where the database has just refused."""
        form = super().get_form(request, obj, change, **kwargs)
        refusal = getattr(request, "refusal", None)
        if refusal is None:
            return form

        class RefusedForm(form):  # type: ignore[misc, valid-type]
            def _post_clean(self) -> None:
                super()._post_clean()
                if not self.errors:
                    self.add_error(NON_FIELD_ERRORS, refusal)

        return RefusedForm

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show who changed what from what to what, from the database's own history where the table has one."""
        try:
            self.model._meta.get_field("history")
        except FieldDoesNotExist:
            return super().history_view(request, object_id, extra_context)  # type: ignore[no-any-return]
        return history_response(self, request, object_id)

    def get_urls(self) -> list[Any]:
        """Return the addresses, with the one that takes a recorded change back."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_revert"
        view = self.admin_site.admin_view(self.revert_view)
        saved = self.admin_site.admin_view(partial(saved_response, self))
        return [
            path("<path:object_id>/history/<int:number>/revert/", view, name=name),
            path("saved/", saved, name=f"{self.opts.app_label}_{self.opts.model_name}_saved"),
            *super().get_urls(),
        ]

    def revert_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """Take back one recorded change, or one field of it, after asking."""
        return revert_response(self, request, object_id, number)

    def revertible_fields(self, request: HttpRequest, row: Any) -> frozenset[str]:
        """Return the fields of a row whose recorded changes this user may take back."""
        if not self.has_change_permission(request, row):
            return frozenset()
        shown = {name for name in flatten_fieldsets(self.get_fieldsets(request, row)) if isinstance(name, str)}
        kept = {field.name for field in self.model._meta.concrete_fields if field.editable}
        return frozenset((shown & kept) - set(self.get_readonly_fields(request, row)))


class ReadOnlyAdmin(DeskAdmin):
    """A table that programs write and people read."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Programs add these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes these rows."""
        return False


class DeskInline(DeskFields, TabularInline):  # type: ignore[misc]
    """Rows of another table on a page, editable, never deleted."""

    form: Any = DeskForm
    extra = 0
    tab = True
    can_delete = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the formset, each box of which says of which row it is."""
        formset = super().get_formset(request, obj, **kwargs)
        new = f"new {self.opts.verbose_name}"

        class NamedRow(formset.form):  # type: ignore[misc, name-defined]
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                name_boxes(self, new if self.instance._state.adding else str(self.instance))

        formset.form = NamedRow
        return formset

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the rows; those that a form is about to change are locked, after the row that they belong to."""
        rows = super().get_queryset(request)
        if request.method == "POST" and connection.in_atomic_block:
            return rows.select_for_update(no_key=True, of=("self",))
        return rows


class PanelInline(TabularInline):  # type: ignore[misc]
    """A tab that shows something about the row and edits nothing: `panel(obj)` returns it."""

    tab = True
    extra = 0
    max_num = 0
    can_delete = False
    template = "admin/desk/panel_inline.html"

    def panel(self, request: HttpRequest, obj: models.Model) -> SafeString:
        """Return what the tab shows."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> Any:
        """Ask nothing of the database: the panel asks."""
        return super().get_queryset(request).none()

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return a formset without forms that knows how to draw the panel."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.panel = property(
            lambda bound: "" if bound.instance._state.adding else self.panel(request, bound.instance)
        )
        return formset

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A panel adds nothing."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A panel changes nothing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A panel deletes nothing."""
        return False
