"""The history of companies as the API shows it: each change with the row as it stood after it."""

from __future__ import annotations

from django.apps import apps

from biotech_ma.core.api.resources import Column, Resource
from companies.api.reads import COMPANIES


def company_history() -> Resource:
    """Return the resource over the history table, which the models' tracking has made."""
    event = apps.get_model("companies", "CompanyEvent")
    kept = {field.name for field in event._meta.fields}
    return Resource(
        name="CompanyChange",
        model=event,
        fields=(
            Column("change_id", "pgh_id", help_text="Number of the change, rising."),
            Column("changed_at", "pgh_created_at", help_text="When it changed."),
            Column("action", "pgh_label", help_text="insert, update or delete."),
            Column("context", "pgh_context__metadata", help_text="Who changed it, by which address, and why."),
            Column("session", "pgh_session", help_text="The session of the database that wrote it."),
            *(column for column in COMPANIES.fields if column.name in kept),
            Column("deleted_at", help_text="When it was archived, null while live."),
        ),
        ordering=("-change_id",),
        orderable={"change_id": "pgh_id"},
        unique="change_id",
    )


COMPANY_HISTORY = company_history()
