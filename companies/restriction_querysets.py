"""Questions about the restricted list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from biotech_ma.core.closed import Reader

if TYPE_CHECKING:
    from companies.models import Restriction  # noqa: F401  (named in quotes below)


class RestrictionQuerySet(models.QuerySet["Restriction"]):
    """Questions about restrictions."""

    def live(self) -> Self:
        """Return those that are in force."""
        return self.filter(until__isnull=True)

    def closed_to(self, reader: Reader) -> Self:
        """Return those in force for which the reader is not cleared: by name for each account behind it, else wholly.

        Holding the list clears nobody, nor does being a superuser.
        """
        rows = self.live()
        if reader.is_cleared is True:
            return rows.none()
        if reader.user_ids:
            missing: Any = Q()
            for user_id in sorted(reader.user_ids):
                missing |= ~Exists(self._clearances().filter(restriction=OuterRef("pk"), user_id=user_id))
            rows = rows.filter(missing)
        return rows if reader.is_cleared is False else rows.exclude(reader.is_cleared)

    def _clearances(self) -> models.QuerySet[Any]:
        through: Any = self.model._meta.get_field("cleared").remote_field.through
        rows: models.QuerySet[Any] = through._default_manager.all()
        return rows
