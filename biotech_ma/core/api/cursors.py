"""Keyset pages: a signed cursor that names the last row seen, and the condition for what comes after it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import OrderBy
from django.utils.crypto import constant_time_compare, salted_hmac

from biotech_ma.core.api.errors import Problem, invalid

SALT = "biotech_ma.core.api.cursors"
SIGNATURE_LENGTH = 22
MAX_LENGTH = 2000


@dataclass(frozen=True)
class Term:
    """One step of an ordering: the column's path, its direction, and whether it can be NULL (NULL comes last)."""

    name: str
    path: str
    descending: bool = False
    nullable: bool = False

    def reversed(self) -> OrderBy:
        """Return the opposite order, NULL first."""
        return self._order(descending=not self.descending, nulls_first=True)

    def forward(self) -> OrderBy:
        """Return the order of the page, NULL last."""
        return self._order(descending=self.descending, nulls_first=False)

    def _order(self, *, descending: bool, nulls_first: bool) -> OrderBy:
        # Left to itself PostgreSQL puts NULL last when ascending and first when descending; saying so only where it
        # matters keeps plain indexes usable.
        options: dict[str, Any] = {}
        if self.nullable:
            options = {"nulls_first": True} if nulls_first else {"nulls_last": True}
        return OrderBy(F(self.path), descending=descending, **options)

    @property
    def label(self) -> str:
        """The term as `?ordering=` writes it."""
        return f"-{self.name}" if self.descending else self.name


@dataclass(frozen=True)
class Cursor:
    """A place in an ordering: before or after the row with these key values (in PostgreSQL's text form)."""

    ordering: tuple[str, ...]
    keys: tuple[str | None, ...]
    backward: bool = False

    def encode(self) -> str:
        """Return the cursor as one opaque, signed word."""
        body = json.dumps([self.ordering, self.keys, int(self.backward)], separators=(",", ":")).encode()
        word = base64.urlsafe_b64encode(body).rstrip(b"=").decode()
        return f"{word}.{_signature(word)}"

    @staticmethod
    def decode(word: str) -> Cursor:
        """Return the cursor; raises Problem (400) for one that was not issued here."""
        body, _, signature = word.rpartition(".")
        if len(word) > MAX_LENGTH or not constant_time_compare(signature, _signature(body)):
            raise invalid("cursor", "This cursor was not issued here; follow `next` and `previous` as they are.")
        ordering, keys, backward = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return Cursor(tuple(ordering), tuple(keys), bool(backward))


def _signature(word: str) -> str:
    digest = salted_hmac(SALT, word, algorithm="sha256").digest()
    return signing.b64_encode(digest).decode()[:SIGNATURE_LENGTH]


def page_of(queryset: models.QuerySet[Any], terms: tuple[Term, ...], cursor: Cursor | None) -> models.QuerySet[Any]:
    """Return the rows beyond the cursor, in order (a backward page in reverse order).

    Raises Problem (400) when the cursor belongs to another ordering.
    """
    if cursor is None:
        return queryset.order_by(*(term.forward() for term in terms))
    if cursor.ordering != tuple(term.label for term in terms) or len(cursor.keys) != len(terms):
        raise invalid("cursor", "This cursor belongs to another `ordering`; start again without it.")
    try:
        queryset = queryset.filter(_beyond(terms, cursor.keys, backward=cursor.backward))
    except (ValueError, TypeError) as error:
        raise Problem(400, "This cursor is of no use any more; start again without it.") from error
    orders = (term.reversed() for term in terms) if cursor.backward else (term.forward() for term in terms)
    return queryset.order_by(*orders)


def _beyond(terms: tuple[Term, ...], keys: tuple[str | None, ...], *, backward: bool) -> Q:
    """Return the keyset condition: strictly after (or before) the keys, NULL being last."""
    condition: Q | None = None
    for term, key in reversed(list(zip(terms, keys, strict=True))):
        strictly, same = _strictly(term, key, backward=backward), _same(term, key)
        if condition is None:
            condition = strictly
        elif strictly is None:
            condition = same & condition
        else:
            condition = strictly | (same & condition)
    first, key = terms[0], keys[0]
    if condition is None:
        return Q(pk__in=[])
    if len(terms) > 1 and not first.nullable and key is not None:
        # Says again what the rest implies, in the form in which an index can start from it.
        condition = Q(**{f"{first.path}__{'gte' if first.descending == backward else 'lte'}": key}) & condition
    return condition


def _same(term: Term, key: str | None) -> Q:
    return Q(**{f"{term.path}__isnull": True}) if key is None else Q(**{term.path: key})


def _strictly(term: Term, key: str | None, *, backward: bool) -> Q | None:
    """Return what comes strictly after (before) the key in this term alone; None when nothing can."""
    if key is None:
        return Q(**{f"{term.path}__isnull": False}) if backward else None
    greater = term.descending == backward
    condition = Q(**{f"{term.path}__{'gt' if greater else 'lt'}": key})
    if term.nullable and not backward:
        condition |= Q(**{f"{term.path}__isnull": True})
    return condition
