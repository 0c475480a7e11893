"""The form of an alert: its condition without JSON, and an address that is never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from biotech_ma.core.admin.forms import DeskForm
from delivery.admin_condition import ConditionField
from delivery.choices import Digest

CONDITION_HELP = (
    "What must hold of the company, its latest score, the signal. Several values of “is one of” go with commas; money "
    "as 2bn or 450m. Without rows the type, the threshold and the lists below decide alone."
)
REMOVE = "remove"


class AlertForm(DeskForm):
    """The Slack address is not shown again: left empty, the one that is kept stays."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "digest" in self.fields:
            self.fields["digest"].required = False

    def clean_digest(self) -> str:
        """Return the choice, at once where there is none."""
        return self.cleaned_data.get("digest") or Digest.AT_ONCE

    def clean_slack_webhook_url(self) -> str | None:
        """Return the address typed, the one kept where none is, or None to remove it."""
        typed: str = (self.cleaned_data.get("slack_webhook_url") or "").strip()
        if typed.lower() == REMOVE:
            return None
        return typed or self.instance.slack_webhook_url

    def _update_errors(self, errors: ValidationError) -> None:
        """Add what the model says of the fields that are not refused already: of those it saw nothing."""
        if hasattr(errors, "error_dict"):
            errors = ValidationError(
                {name: each for name, each in errors.error_dict.items() if name not in self.errors}
            )
        super()._update_errors(errors)  # type: ignore[misc]


class _HiddenAddressField(forms.CharField):
    """A text that is never shown again."""

    is_secret = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "widget": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})})

    def prepare_value(self, value: Any) -> str:
        return ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((data or "").strip())


def slack_address(**options: Any) -> _HiddenAddressField:
    """Return the field of the Slack address."""
    words = f"{options['help_text']} Empty keeps the one that is there; “{REMOVE}” removes it."
    return _HiddenAddressField(**{**options, "help_text": words})


def condition(**options: Any) -> ConditionField:
    """Return the field of the condition."""
    return ConditionField(**{**options, "help_text": CONDITION_HELP})
