"""The abstract ground of every table: key, stamps, soft delete, history."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models.functions import Now

from biotech_ma.core.change_counts import ChangeCount  # noqa: F401 - a table of this app
from biotech_ma.core.change_model import Change  # noqa: F401 - a table of this app
from biotech_ma.core.desk_profiles import DeskProfile  # noqa: F401 - a table of this app
from biotech_ma.core.fields import UUIDv7
from biotech_ma.core.form_submissions import FormSubmission  # noqa: F401 - a table of this app
from biotech_ma.core.job_failures import JobFailure  # noqa: F401 - a table of this app
from biotech_ma.core.kept_answers import KeptAnswer  # noqa: F401 - a table of this app
from biotech_ma.core.list_columns import ListColumns  # noqa: F401 - a table of this app
from biotech_ma.core.list_exports import ListExport  # noqa: F401 - a table of this app
from biotech_ma.core.login_attempts import LoginAttempt  # noqa: F401 - a table of this app
from biotech_ma.core.memberships import (  # noqa: F401 - histories of the framework's tables
    GroupPermission,
    TrackedUser,
    UserGroup,
    UserPermission,
)
from biotech_ma.core.oidc.identities import Identity  # noqa: F401 - a table of this app
from biotech_ma.core.oidc.sign_out import LogoutToken  # noqa: F401 - a table of this app
from biotech_ma.core.rate_limit import RequestSlot  # noqa: F401 - a table of this app
from biotech_ma.core.saved_filters import SavedFilter  # noqa: F401 - a table of this app
from biotech_ma.core.second_factor import RecoveryCode, SecondFactor  # noqa: F401 - tables of this app
from biotech_ma.core.sign_ins import SignIn  # noqa: F401 - a table of this app
from biotech_ma.core.tracking import tracked

__all__ = [
    "COUNT_CHANGE",
    "LIVE",
    "AppendOnlyModel",
    "LiveManager",
    "SoftDeleteModel",
    "SoftDeleteQuerySet",
    "TimestampedModel",
    "tracked",
]  # fmt: skip

LIVE = models.Q(deleted_at__isnull=True)


class SharedTrigger(pgtrigger.Trigger):
    """A trigger that runs one function of core's first migration, shared by all tables.

    The library's own functions look up a setting in an exception block for every row, which made updates after a large
    load in the same transaction a hundred times slower.
    """

    # The library wants a body of its own; nothing calls it.
    func = "RETURN NEW;"

    def __init__(self, *, calls: str, **options: Any) -> None:
        super().__init__(**options)
        self.calls = calls

    def render_execute(self, model: models.Model) -> str:
        """Name the shared function."""
        return f"public.{self.calls}()"


# One trigger keeps the stamp true, whoever writes: the ORM, update(), COPY or SQL at a prompt.
TOUCH = SharedTrigger(name="touch", operation=pgtrigger.Update, when=pgtrigger.Before, calls="touch_updated_at")

# Append-only: no direct UPDATE or DELETE. Rows go only with their company, by the database's own cascade, which runs
# inside the cascading trigger (depth 1).
NO_UPDATE = SharedTrigger(name="no_update", operation=pgtrigger.Update, when=pgtrigger.Before, calls="refuse_change")
NO_DELETE = SharedTrigger(
    name="no_delete",
    operation=pgtrigger.Delete,
    when=pgtrigger.Before,
    condition=pgtrigger.Condition("pg_trigger_depth() = 0"),
    calls="refuse_change",
)

# For the tables that core/change_counts.py names.
COUNT_CHANGE = SharedTrigger(
    name="count_change",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
    calls="count_change",
)


class TimestampedModel(models.Model):
    """A row with a time-ordered key and stamps, all filled in by the server."""

    id = models.UUIDField(
        primary_key=True, db_default=UUIDv7(), editable=False, db_comment="UUID v7: its order is the order of creation."
    )
    created_at = models.DateTimeField(
        db_default=Now(), editable=False, db_comment="When the row was written. Set by the server."
    )
    updated_at = models.DateTimeField(
        db_default=Now(), editable=False, db_comment="When the row last changed. Kept by a trigger."
    )

    class Meta:
        abstract = True
        triggers: ClassVar[list[pgtrigger.Trigger]] = [TOUCH]


class AppendOnlyModel(TimestampedModel):
    """A row of the ledger: written once, superseded by later rows, never changed or deleted by itself."""

    class Meta:
        abstract = True
        triggers: ClassVar[list[pgtrigger.Trigger]] = [NO_UPDATE, NO_DELETE]


class SoftDeleteQuerySet[M: models.Model](models.QuerySet[M]):
    """Questions about live and archived rows."""

    def live(self) -> Self:
        """Return the rows that are not archived."""
        return self.filter(LIVE)

    def archived(self) -> Self:
        """Return the archived rows."""
        return self.exclude(LIVE)

    def archive(self) -> int:
        """Archive the live rows and return how many there were. Cascades are the services' business."""
        return self.live().update(deleted_at=Now())


class LiveManager[M: models.Model](models.Manager[M]):
    """Sees live rows only."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(LIVE)


class SoftDeleteModel(TimestampedModel):
    """A row that is archived, not deleted: `objects` sees the live ones, `all_objects` every one."""

    deleted_at = models.DateTimeField(
        "archived at", null=True, blank=True, editable=False, db_comment="When the row was archived. NULL = live."
    )

    class Meta(TimestampedModel.Meta):
        abstract = True

    @property
    def is_archived(self) -> bool:
        """True once the row is archived."""
        return self.deleted_at is not None
