"""The form of a row that two people may edit at once, and that says why a figure changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pghistory
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest
from django.utils.functional import cached_property

from biotech_ma.core.admin import versions
from biotech_ma.core.admin.history import latest_step

REASON = "change_reason"
MOST_OF_A_REASON = 500
TOLD = "Somebody else has changed this row since you opened it. Nothing is saved yet: choose, field by field, and save."


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A model form that loses nothing when two people edit one row, and asks why where something rests on a change."""

    conflicts: tuple[versions.Conflict, ...] = ()
    # Where on the page the reason is asked for.
    reason_place = "beside Save"

    @property
    def is_edit(self) -> bool:
        """True for a row that exists."""
        return bool(self.instance.pk) and not self.instance._state.adding

    @cached_property
    def choices_made(self) -> dict[str, str]:
        """Return by field which version the sender chose on the page of a conflict, where that still stands."""
        key = versions.place(self)
        seen = versions.seen_by(self.data, key)
        made = {name: self.data.get(versions.choice_name(key, name)) for name in self.fields}
        return {name: made_of for name, made_of in made.items() if made_of and not self._has_moved(name, seen)}

    @cached_property
    def left_alone(self) -> frozenset[str]:
        """Return the fields that stay as somebody else has set them."""
        theirs = {name for name, chosen in self.choices_made.items() if chosen == versions.THEIRS}
        return frozenset(theirs) | self.untouched()

    def untouched(self) -> frozenset[str]:
        """Return the fields that stay as they are without a question; a form of one row asks."""
        return frozenset()

    @cached_property
    def changed_data(self) -> list[str]:
        """Return the fields that this form changes."""
        return [name for name, bound in self._bound_items() if name not in self.left_alone and bound._has_changed()]  # type: ignore[attr-defined]

    def full_clean(self) -> None:
        """Judge what was sent, without the fields left alone; then look for what has changed meanwhile."""
        if not self.is_bound or not self.is_edit:
            super().full_clean()
            return
        every = dict(self.fields)
        for name in self.left_alone:
            del self.fields[name]
        try:
            super().full_clean()
        finally:
            self.fields = every
        self.conflicts = tuple(self._conflicts())
        undecided = [each for each in self.conflicts if each.field not in self.choices_made]
        if undecided:
            self.add_error(None, ValidationError(TOLD, code="conflict"))
        elif self.unexplained:
            self.add_error(None, ValidationError(f"Say why, {self.reason_place}: {self._what_rests()}.", "reason"))

    @property
    def unexplained(self) -> list[str]:
        """Return the changed fields on which something rests, where no reason is given."""
        moving: Mapping[str, str] = getattr(type(self.instance), "reason_fields", {})
        if str(self.data.get(REASON) or "").strip():
            return []
        return [name for name in self.changed_data if name in moving and name not in self.errors]

    def _what_rests(self) -> str:
        """Return what rests on the fields that ask for a reason: scores and matches rest on market cap, debt."""
        moving: Mapping[str, str] = type(self.instance).reason_fields
        parts = [
            f"{what} rest on " + ", ".join(self._label(name) for name in self.unexplained if moving[name] == what)
            for what in dict.fromkeys(moving[name] for name in self.unexplained)
        ]
        return "; ".join(parts)

    def _label(self, name: str) -> str:
        return in_a_sentence(str(self.fields[name].label or name))

    def _conflicts(self) -> Any:
        """Yield the fields that differ from what stands, and that somebody else has changed since the page was made."""
        seen = versions.seen_by(self.data, versions.place(self))
        for name, field in self.fields.items():
            chosen = self.choices_made.get(name, "")
            if not chosen and not self._has_moved(name, seen):
                continue
            mine = versions.digest(getattr(self.instance, name, None))
            is_wrong = name in self.errors
            if not chosen and not is_wrong and mine == versions.digest(self.initial[name]):
                continue
            typed = self[name].data if is_wrong or name in self.left_alone else self.cleaned_data.get(name)
            yield versions.Conflict(
                field=name,
                name=versions.choice_name(versions.place(self), name),
                label=str(field.label or name),
                mine=versions.text_of(field, typed),
                theirs=versions.text_of(field, self.initial[name]),
                chosen=chosen or (versions.THEIRS if mine == seen[name] else versions.MINE),
            )

    def _has_moved(self, name: str, seen: dict[str, str]) -> bool:
        return name in seen and name in self.initial and versions.digest(self.initial[name]) != seen[name]


def in_a_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence: the first letter small, unless the word is an abbreviation."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def name_boxes(form: forms.BaseForm, row: str) -> None:
    """Let each box of a table be read out as what it is and of which row: its heading stands far above it."""
    for field in form.fields.values():
        if not field.widget.is_hidden:
            field.widget.attrs["aria-label"] = f"{field.label}: {row}"


@contextmanager
def explained(request: HttpRequest) -> Iterator[None]:
    """Run with the reason that was typed in the history's context."""
    reason = request.POST.get(REASON, "").strip()[:MOST_OF_A_REASON] if request.method == "POST" else ""
    if not reason or "\x00" in reason:
        yield
        return
    with pghistory.context(reason=reason):
        yield


def _box(form: Any, name: str) -> dict[str, Any]:
    """Return what the bar beside Save says of a field: its label, in a table with its row, and of what it asks why."""
    field = form.fields[name]
    moving = getattr(type(getattr(form, "instance", None)), "reason_fields", ())
    label = str(field.widget.attrs.get("aria-label") or field.label or name)
    return {"label": label, "needs": in_a_sentence(label) if name in moving else ""}


def keeps_reasons(row: Any, forms_of_page: Iterable[Any]) -> bool:
    """Return whether a reason typed beside Save is kept: the row has a history, and no field of the form asks why."""
    asks_itself = any("reason" in form.fields for form in forms_of_page)
    return not asks_itself and any(field.name == "history" for field in row._meta.related_objects)


def page_of_versions(context: dict[str, Any], request: HttpRequest, *, may_change: bool) -> dict[str, Any]:
    """Return what a form's page carries along for the next save, and what two people want of a field."""
    forms_of_page = [context["adminform"].form]
    forms_of_page += [form for each in context["inline_admin_formsets"] for form in each.formset.forms]
    kept = [form for form in forms_of_page if isinstance(form, VersionedForm)]
    conflicts = [each for form in kept for each in form.conflicts]
    is_edit = bool(context.get("original")) and may_change
    rows = forms_of_page if is_edit else []
    boxes = {form[name].html_name: _box(form, name) for form in rows for name in form.fields}
    changed = [_box(form, name) for form in rows if form.is_bound for name in form.changed_data]
    return {
        "seen_name": versions.SEEN,
        "seen": versions.shown(kept),
        "conflicts": conflicts,
        "conflict_step": latest_step(context["original"]) if conflicts else None,
        "asks_reason": is_edit and keeps_reasons(context["original"], forms_of_page),
        "save_form": f"{context['adminform'].model_admin.opts.model_name}_form",
        "moving": ", ".join(dict.fromkeys(box["needs"] for box in boxes.values() if box["needs"])),
        "fields_changed": list(dict.fromkeys(box["label"] for box in changed)),
        "fields_of_page": {"fields": boxes, "changed": changed},
        "reason_name": REASON,
        "reason": request.POST.get(REASON, ""),
        "reason_length": MOST_OF_A_REASON,
        "reason_missing": any(form.has_error(NON_FIELD_ERRORS, "reason") for form in kept if form.is_bound),
    }
