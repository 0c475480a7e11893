"""The form of a user: a new mail address is a deliberate act, for clearances go where it leads (docs/adr/0046)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import UserChangeForm

from biotech_ma.core import closed
from biotech_ma.core.admin.versioned import REASON


def goes_with_it(user_id: int) -> str:
    """Return what goes with a user's address: alerts and reports, and of how many companies on the restricted list."""
    number = closed.cleared_for(user_id)
    if not number:
        return "Where alerts and reports reach the user. A change asks for the reason, beside Save."
    noun = "company" if number == 1 else "companies"
    return (
        f"The user is cleared for {number} {noun} on the restricted list: alerts and reports that tell "
        "of it go to whatever address stands here. A change asks for the reason, beside Save; the list's log has it."
    )


class DeskUserForm(UserChangeForm):  # type: ignore[misc]
    """Refuses another mail address without a reason."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "email" in self.fields and self.instance.pk:
            self.fields["email"].help_text = goes_with_it(self.instance.pk)

    def clean(self) -> dict[str, Any]:
        """Ask why the address changes."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "email" in self.changed_data and not str(self.data.get(REASON) or "").strip():
            self.add_error("email", ValidationError("Say why, beside Save: what the user is cleared for goes with it."))
        return data
