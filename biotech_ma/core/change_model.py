"""What was changed at one go: the history's own context, under the name that the desk has for it."""

from __future__ import annotations

import pghistory.models


class Change(pghistory.models.Context):
    """One go: everything that a person, a key, a job, a command or a transaction of SQL changed together."""

    class Meta:
        proxy = True
        app_label = "core"
        default_permissions = ("view",)
        verbose_name = "change"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"change of {self.created_at:%Y-%m-%d %H:%M}"
