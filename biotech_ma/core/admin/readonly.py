"""What a page shows of a field to who may not edit it: the same words as the form, and no JSON."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db import models
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from unfold import forms as unfold_forms
from unfold.fields import UnfoldAdminReadonlyField

from biotech_ma.core.admin import columns, figures

# Chips hold words; what is longer is a line of its own.
LONGEST_CHIP = 40


def words_of(value: Any, form_field: forms.Field | None) -> SafeString:
    """Return a list as chips or lines, an object as names and values, in the labels of the form's choices."""
    shown = getattr(form_field, "in_words", None)
    if shown is not None and value:
        return SafeString(conditional_escape(shown(value)))
    if isinstance(value, list) and value:
        choices: Any = getattr(form_field, "choices", ())
        labels = {str(key): str(label) for key, label in choices}
        texts = [labels.get(str(item), figures.plain(item)) for item in value]
        is_short = max(map(len, texts)) <= LONGEST_CHIP
        return columns.chips(texts, most=len(texts)) if is_short else columns.bullets(texts)
    return columns.definitions(value if isinstance(value, dict) else None, empty="None given")


class DeskReadonlyField(UnfoldAdminReadonlyField):  # type: ignore[misc]
    """A field that cannot be edited; JSON of a known shape in words."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # What the form says of the field, too: the table's own words are of its JSON.
        made = self._form_field(self.field["field"])
        self.field["help_text"] = getattr(made, "help_text", "") or self.field["help_text"]

    def _get_contents(self) -> SafeString:
        resolved = self.resolved_field
        if not isinstance(resolved, bool):
            field, _, value = resolved
            if isinstance(field, models.JSONField):
                return words_of(value, self._form_field(field.name))
        return cast("SafeString", super()._get_contents())

    def _form_field(self, name: Any) -> forms.Field | None:
        shape = getattr(self.model_admin, "shapes", {}).get(name) if isinstance(name, str) else None
        made: forms.Field | None = shape(label="", help_text="", required=False) if shape else None
        return made


# Unfold builds the fields of a page itself and offers no setting for their class.
unfold_forms.UnfoldAdminReadonlyField = DeskReadonlyField
