"""Whose rows a caller sees: the desk's own and its own. What was made for another client is that client's business.

Webhooks are narrower: an address may hold a token, and a delivery what its owner alone is told.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from delivery.api.auth import Caller


def only_client(request: Request) -> UUID | None:
    """Return the one client whose rows the caller sees beside the desk's; None for an administrator, who sees all."""
    caller = request.auth
    return caller.id if isinstance(caller, Caller) and not caller.is_admin else None


def shown(rows: QuerySet[Any], request: Request, owner: str = "client") -> QuerySet[Any]:
    """Return those of the rows that the caller may see; `owner` is the path to the client for whom a row was made."""
    client = only_client(request)
    return rows if client is None else rows.filter(Q(**{f"{owner}__isnull": True}) | Q(**{owner: client}))


def owned(rows: QuerySet[Any], request: Request, owner: str = "client") -> QuerySet[Any]:
    """Return those of the rows that are the caller's own: the desk's are an administrator's to see, like all others."""
    client = only_client(request)
    return rows if client is None else rows.filter(**{owner: client})
