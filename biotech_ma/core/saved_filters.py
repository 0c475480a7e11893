"""Filters of lists that somebody has given a name: their own, or shared with the desk."""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from biotech_ma.core.tracking import tracked

MOST_CHARACTERS = 4_000
# Which page of the list, and where it was come from, are no part of a filter.
LEFT_OUT = frozenset({"p", "all", "e", "_edit", "_figures", "_changelist_filters", "_popup", "_to_field"})


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    """Questions about saved filters."""

    def of_list(self, label: str) -> Self:
        """Return the filters of a list, as `companies.company`."""
        return self.filter(table=label)

    def seen_by(self, user: Any) -> Self:
        """Return the user's own filters and those that others share."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


@tracked(stamps=["created_at"])
class SavedFilter(models.Model):
    """A search, filter and order of one list of the admin, under a name."""

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="saved_filters",
        db_index=False,
        db_comment="Who saved it.",
    )
    table = models.CharField(max_length=100, db_comment="The list that it narrows down: companies.company, …")
    name = models.CharField(max_length=100, db_comment="What its owner calls it.")
    query = models.CharField(max_length=MOST_CHARACTERS, db_comment="The query string of the list's address.")
    is_shared = models.BooleanField(default=False, db_default=False, db_comment="True = everyone sees it.")
    created_at = models.DateTimeField(db_default=Now(), editable=False, db_comment="When it was first saved.")

    objects = models.Manager.from_queryset(SavedFilterQuerySet)()

    class Meta:
        app_label = "core"
        db_table = "saved_filters"
        db_table_comment = "Named filters of the admin's lists."
        ordering = ["name", "id"]
        constraints = [
            # its prefix serves the foreign key
            models.UniqueConstraint(
                fields=["owner", "table", "name"],
                name="saved_filters_name_uniq",
                violation_error_message="You have a filter of this name already.",
            ),
        ]
        indexes = [
            # the filters above a list
            models.Index(fields=["table", "name"], name="saved_filters_list_idx"),
        ]

    def __str__(self) -> str:
        return self.name

    def params(self) -> list[tuple[str, str]]:
        """Return the filter's names and values in their order."""
        return parse_qsl(self.query)


def normal(query: str) -> str:
    """Return a query string as it is saved: what narrows the list down, without what leads around in it."""
    return urlencode([pair for pair in parse_qsl(query) if pair[0] not in LEFT_OUT])
