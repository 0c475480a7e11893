"""Who and what belongs together, kept by tables of pairs: their changes are told in the history of their owner.

A pair has no history of its own to show; that it was added or taken away is a change of its owner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pghistory
from django.contrib.auth.models import Group, User
from django.db import models

from biotech_ma.core.history_session import session_field
from biotech_ma.core.tracking import tracked

type Says = Callable[[Any], str]

_known: dict[type[models.Model], tuple[type[models.Model], str, Says]] = {}


def memberships() -> dict[type[models.Model], tuple[type[models.Model], str, Says]]:
    """Return by table of pairs the owner, the column that names it, and what a recorded pair says in words."""
    return dict(_known)


def track_pairs(pairs: Any, *, owner: type[models.Model], field: str, other: str, noun: str) -> Any:
    """Return the decorator for a proxy of a table of pairs: each that comes or goes is recorded, whoever does it."""

    def says(row: Any) -> str:
        sign = "+" if row.pgh_label == "insert" else "−"
        try:
            name = str(getattr(row, other))
        except models.ObjectDoesNotExist:
            name = str(getattr(row, f"{other}_id"))
        return f"{noun}: {sign} {name}"

    _known[pairs] = (owner, field, says)
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.DeleteEvent(),
        level=pghistory.Statement,
        append_only=True,
        obj_field=None,
        context_field=pghistory.ContextForeignKey(),
        attrs={"pgh_session": session_field()},
    )


@track_pairs(User.groups.through, owner=User, field="user", other="group", noun="group")
class UserGroup(User.groups.through):  # type: ignore[name-defined, misc]
    """That a user is in a group."""

    class Meta:
        proxy = True
        app_label = "core"
        default_permissions = ()


@track_pairs(User.user_permissions.through, owner=User, field="user", other="permission", noun="permission")
class UserPermission(User.user_permissions.through):  # type: ignore[name-defined, misc]
    """That a user has a permission of their own."""

    class Meta:
        proxy = True
        app_label = "core"
        default_permissions = ()


@track_pairs(Group.permissions.through, owner=Group, field="group", other="permission", noun="permission")
class GroupPermission(Group.permissions.through):  # type: ignore[name-defined, misc]
    """That a group has a permission."""

    class Meta:
        proxy = True
        app_label = "core"
        default_permissions = ()


@tracked(stamps=[], exclude=["password", "last_login"])
class TrackedUser(User):
    """A user with the history of what he may and is called; passwords are not in it."""

    class Meta:
        proxy = True
        app_label = "core"
        default_permissions = ()
