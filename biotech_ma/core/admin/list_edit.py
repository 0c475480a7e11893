"""Change in the list: cells become boxes, and every row is saved with the guards of its own form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.forms.models import BaseModelFormSet, modelformset_factory
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.text import capfirst
from unfold.widgets import INPUT_CLASSES

from biotech_ma.core.admin import versions
from biotech_ma.core.admin.history import latest_step
from biotech_ma.core.admin.list_paste import KEYS, pasted_response
from biotech_ma.core.admin.versioned import MOST_OF_A_REASON, REASON, VersionedForm, explained, name_boxes
from biotech_ma.core.admin.widgets import Lines
from biotech_ma.core.services import Refused, constraint_message

EDIT, SAVE = "_edit", "_save"
GONE = "A row is not in this list any more. Nothing is saved; here is the list as it stands."


class ListRowForm(VersionedForm):
    """One row of a list that is edited. A cell that nobody touched stays as it stands, whoever changed it meanwhile."""

    reason_place = "beside Save"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # before anything typed gets into the row
        self.row_name = str(self.instance)
        name_boxes(self, self.row_name)
        if self.is_bound:
            for name, field in self.fields.items():
                field.widget.attrs["data-stands"] = json.dumps(self._standing(name, field))

    def _standing(self, name: str, field: forms.Field) -> list[str]:
        """Return what a box that shows what was typed would show of what stands."""
        value = self.get_initial_for_field(field, name)
        if isinstance(value, bool) and isinstance(field.widget, forms.CheckboxInput):
            return ["on"] if value else []
        shown = field.widget.format_value(field.prepare_value(value))
        return [str(each) for each in shown] if isinstance(shown, list) else [] if shown is None else [str(shown)]

    def full_clean(self) -> None:
        """Judge a row that was changed; one that was not stands as it is, whatever its form would say of it by now."""
        if self.is_bound and self.is_edit and not self.changed_data:
            self._errors, self.cleaned_data = ErrorDict(), {}
            return
        super().full_clean()

    def _update_errors(self, errors: ValidationError) -> None:
        """Add what the model says; of a field without a box above the row, under the field's name."""
        if hasattr(errors, "error_dict"):
            here: dict[str, list[Any]] = {}
            for name, each in errors.error_dict.items():
                if name in self.fields or name == NON_FIELD_ERRORS:
                    here.setdefault(name, []).extend(each)
                    continue
                label = capfirst(str(self.instance._meta.get_field(name).verbose_name))
                told = [f"{label}: {message}" for message in ValidationError(each).messages]
                here.setdefault(NON_FIELD_ERRORS, []).extend(told)
            errors = ValidationError(here)
        super()._update_errors(errors)  # type: ignore[misc]

    def untouched(self) -> frozenset[str]:
        """Return the cells that somebody else has changed meanwhile and the sender has not."""
        seen = versions.seen_by(self.data, versions.place(self))
        return frozenset(
            name for name in self.fields if self._has_moved(name, seen) and self._sent_digest(name) == seen[name]
        )

    def _sent_digest(self, name: str) -> str:
        field = self.fields[name]
        try:
            sent = field.clean(field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name)))
        except ValidationError:
            return ""
        return versions.digest(sent)

    def _conflicts(self) -> Iterator[versions.Conflict]:
        """Yield the cells that two people have changed, each with its row and who was first."""
        for each in super()._conflicts():
            step = latest_step(self.instance)
            who = f", last changed by {step.who}" if step else ""
            yield replace(each, label=f"{self.row_name}: {each.label}{who}")


class ListFormSet(BaseModelFormSet):  # type: ignore[type-arg]
    """The rows of a page of the list; `refusal` is what the database has just said to them."""

    refusal: ClassVar[ValidationError | None] = None

    def add_fields(self, form: Any, index: int | None) -> None:
        """Add the key; the row has been found by it already, and Django would look each up once more."""
        super().add_fields(form, index)
        if self.is_bound and not form.instance._state.adding:
            key = str(form.instance.pk)
            form.fields[self._pk_field.name] = forms.CharField(initial=key, widget=forms.HiddenInput)  # type: ignore[attr-defined]

    def clean(self) -> None:
        """Refuse at once what the database has refused."""
        super().clean()
        if self.refusal is not None:
            raise self.refusal


class ListEdit:
    """Adds *Change in the list*. `list_edit` names the field behind each column that may be changed there."""

    list_edit: ClassVar[dict[str, str]] = {}
    form: Any
    model: Any
    opts: Any
    admin_site: Any

    def get_urls(self) -> list[Any]:
        """Add the address that reads a pasted block, where a list has boxes."""
        urls: list[Any] = super().get_urls()  # type: ignore[misc]
        if not self.list_edit:
            return urls
        view = self.admin_site.admin_view(partial(pasted_response, self))
        return [path("pasted/", view, name=f"{self.opts.app_label}_{self.opts.model_name}_pasted"), *urls]

    def is_editing(self, request: HttpRequest) -> bool:
        """Return whether the page is the list with boxes."""
        return EDIT in request.GET and self.may_edit_list(request)

    def may_edit_list(self, request: HttpRequest) -> bool:
        """Return whether the user may change rows in the list."""
        return bool(self.list_edit) and bool(self.has_change_permission(request))  # type: ignore[attr-defined]

    def cell_of(self, name: str) -> str:
        """Return the column that a name on the page stands for: a box stands for the cell that it replaces."""
        cells = {field: cell for cell, field in self.list_edit.items()}
        return cells.get(name, name)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns; while the list is edited with boxes, all of those where none of theirs is shown."""
        shown = super().get_list_display(request)  # type: ignore[misc]
        if not self.is_editing(request):
            return shown
        if not self.list_edit.keys() & set(shown):
            shown = [*shown, *self.list_edit]
        return [self.list_edit.get(name, name) for name in shown]

    def edited_in_list(self, request: HttpRequest) -> list[str]:
        """Return the fields that have boxes on the page; none where the list is only read."""
        if not self.is_editing(request):
            return []
        fields = set(self.list_edit.values())
        return [name for name in self.get_list_display(request) if name in fields]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Return the columns that lead to the row; a box leads nowhere."""
        links = super().get_list_display_links(request, list_display)  # type: ignore[misc]
        boxes = self.edited_in_list(request)
        return [name for name in links or () if name not in boxes] or None if boxes else links

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the formset: each row by the form of its own page, cut down to the boxes."""
        form = type("RowForm", (ListRowForm, self.form), {})
        formset = type("RowFormSet", (ListFormSet,), {"refusal": getattr(request, "refusal", None)})
        return modelformset_factory(
            self.model,
            form,
            formset=formset,
            fields=self.edited_in_list(request),
            formfield_callback=partial(self._box, request=request),
            extra=0,
            # A page of boxes holds no more rows than these; a forged number of them is refused before a form is made.
            max_num=self.list_per_page,  # type: ignore[attr-defined]
            absolute_max=self.list_per_page,  # type: ignore[attr-defined]
        )

    def _box(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return a field of a row: days in the browser's own box, lists of words in one line's height."""
        field = self.formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[attr-defined]
        if isinstance(field, forms.DateField):
            attrs = {"type": "date", "class": " ".join(INPUT_CLASSES)}
            field.widget = forms.DateInput(attrs=attrs, format="%Y-%m-%d")
        elif field is not None and isinstance(field.widget, Lines):
            field.widget.attrs["rows"] = 1
        return field

    def _get_formset_with_permissions(self, request: HttpRequest, queryset: Any, for_save: bool = False) -> Any:
        """Return the formset, without boxes in rows that the user cannot change: archived ones."""
        data = {"data": request.POST, "files": request.FILES} if for_save else {}
        formset = self.get_changelist_formset(request)(queryset=queryset, **data)
        for form in formset.forms:
            if not self.has_change_permission(request, form.instance):  # type: ignore[attr-defined]
                for name in set(form.fields) & set(self.list_edit.values()):
                    del form.fields[name]
        return formset

    def _get_list_editable_queryset(self, request: HttpRequest, prefix: str) -> Any:
        """Return the rows that were sent, locked in one order, with what the columns show of others."""
        rows = super()._get_list_editable_queryset(request, prefix)  # type: ignore[misc]
        if connection.in_atomic_block:
            keys = self._get_edited_object_pks(request, prefix)  # type: ignore[attr-defined]
            locking = self.model._base_manager.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True)
            list(locking.values_list("pk"))
        related = self.get_list_select_related(request)  # type: ignore[attr-defined]
        return rows.select_related(*related) if related else rows

    def edited_list(self, request: HttpRequest, show: Any) -> HttpResponse:
        """Return the list with boxes, or save it: every row or none. `show` returns the list's own answer."""
        if request.method != "POST" or SAVE not in request.POST:
            return self._with_versions(request, show())
        if not self.may_edit_list(request):
            raise PermissionDenied
        if not self._all_there(request):
            messages.warning(request, GONE)
            return HttpResponseRedirect(request.get_full_path())
        with explained(request):
            try:
                with transaction.atomic():
                    return self._with_versions(request, show())
            except IntegrityError as error:
                request.refusal = ValidationError(constraint_message(self.model, error))  # type: ignore[attr-defined]
            except Refused as error:
                request.refusal = ValidationError(error.message)  # type: ignore[attr-defined]
            except ValidationError as error:
                request.refusal = ValidationError(error.messages)  # type: ignore[attr-defined]
            return self._with_versions(request, show())

    def _all_there(self, request: HttpRequest) -> bool:
        """Return whether every row that was sent is one that the user still finds here."""
        keys = set(self._get_edited_object_pks(request, "form"))  # type: ignore[attr-defined]
        try:
            clean = {self.model._meta.pk.to_python(key) for key in keys}
        except ValidationError:
            return False
        rows = self.get_queryset(request).filter(pk__in=clean)  # type: ignore[attr-defined]
        return bool(keys) and rows.order_by().values("pk").count() == len(clean)

    def _with_versions(self, request: HttpRequest, response: Any) -> HttpResponse:
        """Add what the next save compares, and what two people want of a cell, to the page."""
        context: dict[str, Any] = getattr(response, "context_data", None) or {}
        formset = context["cl"].formset if "cl" in context else None
        if formset is None:
            return response  # type: ignore[no-any-return]
        kept = [form for form in formset.forms if form.fields.keys() & set(self.list_edit.values())]
        moving = frozenset(getattr(self.model, "reason_fields", ()))
        boxes: dict[str, Any] = {name: field for form in kept for name, field in form.fields.items()}
        cells = [len(form.changed_data) for form in kept if form.is_bound]
        context |= {
            "paste_url": f"{reverse(f'admin:{self.opts.app_label}_{self.opts.model_name}_pasted')}?{EDIT}=1",
            "list_keys": KEYS,
            "seen_name": versions.SEEN,
            "seen": versions.shown(kept),
            "conflicts": [each for form in kept for each in form.conflicts],
            "conflict_title": "Two versions of these rows",
            "moving": ", ".join(str(boxes[name].label).lower() for name in boxes if name in moving),
            "cells_changed": sum(cells),
            "rows_changed": sum(map(bool, cells)),
            "asks_reason": True,
            "save_form": "changelist-form",
            "reason_name": REASON,
            "reason": request.POST.get(REASON, ""),
            "reason_length": MOST_OF_A_REASON,
            "reason_missing": any(form.has_error(NON_FIELD_ERRORS, "reason") for form in kept if form.is_bound),
        }
        if formset.is_bound:
            # The rows that were sent, in their order: the list's own may stand in another one by now.
            context["cl"].result_list = [form.instance for form in formset.forms]
        return response  # type: ignore[no-any-return]
