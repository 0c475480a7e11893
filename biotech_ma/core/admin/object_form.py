"""A JSON object of known keys as a small form of its own within a form: each key has its field, no braces to type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict


class ObjectForm(forms.Form):
    """The fields of an object. `to_initial` and `to_object` lead from the stored object to the fields and back."""

    @classmethod
    def to_initial(cls, stored: dict[str, Any]) -> dict[str, Any]:
        """Return the values with which the fields begin."""
        return stored

    def to_object(self) -> dict[str, Any]:
        """Return the object that a valid form means: by default the values that are given."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [], {})}


@dataclass(frozen=True)
class Typed:
    """What was typed, as typed, so that a refused form shows it again."""

    data: QueryDict
    prefix: str

    def __str__(self) -> str:
        return "as typed"


class ObjectWidget(forms.Widget):
    """The fields of an ObjectForm one below the other."""

    template_name = "admin/desk/widgets/object.html"
    form_class: type[ObjectForm]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if isinstance(value, Typed):
            form = self.form_class(value.data, prefix=name)
        else:
            form = self.form_class(initial=self.form_class.to_initial(value or {}), prefix=name)
        for field in form.fields.values():
            field.disabled = bool((attrs or {}).get("disabled"))
        context["widget"]["form"] = form
        return context

    def format_value(self, value: Any) -> Any:
        return value

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Typed:
        kept = QueryDict(mutable=True)
        for key in data:
            if key.startswith(f"{name}-"):
                kept.setlist(key, data.getlist(key) if hasattr(data, "getlist") else [data[key]])
        return Typed(kept, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        # Unticked boxes send nothing, so the widget sends a mark of its own.
        return f"{name}-sent" not in data

    def id_for_label(self, id_: str) -> str:
        return ""


class ObjectField(forms.Field):
    """A JSON object of known keys."""

    def __init__(self, form_class: type[ObjectForm], **options: Any) -> None:
        widget = ObjectWidget()
        widget.form_class = form_class
        super().__init__(**{**options, "widget": widget})
        self.form_class = form_class

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was typed, as typed."""
        return initial if self.disabled else data

    def clean(self, value: Any) -> dict[str, Any]:
        """Return the object. Raises ValidationError that names the field within."""
        if not isinstance(value, Typed):
            return dict(value or {})
        form = self.form_class(value.data, prefix=value.prefix)
        if form.is_valid():
            return form.to_object()
        raise ValidationError(
            [
                f"{form.fields[name].label}: {error}" if name in form.fields else str(error)
                for name, errors in form.errors.items()
                for error in errors
            ]
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether what is typed means something else than what was there."""
        try:
            return bool((initial or {}) != self.clean(data))
        except ValidationError:
            return True
