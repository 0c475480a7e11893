"""Query parameters, read strictly: an unknown, repeated or malformed one is a 400 that names it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import QueryDict
from rest_framework import status

from biotech_ma.core.api.cursors import Cursor, Term
from biotech_ma.core.api.errors import FieldError, Problem, invalid, unknown_names
from biotech_ma.core.api.parsers import text_fault
from biotech_ma.core.api.resources import Column, Resource

if TYPE_CHECKING:
    from biotech_ma.core.api.filters import ReadFilterSet

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
TRUE, FALSE = ("true", "1"), ("false", "0")
SHAPING = frozenset({"fields", "include"})
PAGING = frozenset({"limit", "cursor", "count", "ordering"})
# Names with commas between them, or given repeatedly, as some clients write lists.
LISTS = SHAPING | {"ordering"}


@dataclass(frozen=True)
class Shape:
    """Which fields of a row are wanted."""

    columns: tuple[Column, ...]
    whole: bool


@dataclass(frozen=True)
class Paging:
    """Which page of a list is wanted, and in what order."""

    terms: tuple[Term, ...]
    limit: int
    cursor: Cursor | None
    count: bool


def allow_only(
    params: QueryDict,
    known: Collection[str],
    *,
    prefixes: tuple[str, ...] = (),
    repeatable: Collection[str] = (),
) -> None:
    """Refuse (400) parameters that are not known, and known ones given more than once."""
    unknown = [name for name in params if name not in known and not (prefixes and name.startswith(prefixes))]
    if unknown:
        shown = {*known, *(f"{prefix}…" for prefix in prefixes)}
        raise unknown_names("parameter", unknown, shown)
    for name, values in params.lists():
        for value in (name, *values):
            if fault := text_fault(value):
                raise invalid(name.replace("\x00", "?"), fault[1], fault[0])
        if len(values) > 1 and name not in repeatable and name not in LISTS:
            raise invalid(name, "This parameter is given more than once.", "repeated")


def shape(params: QueryDict, resource: Resource) -> Shape:
    """Return the fields that `?fields=` and `?include=` name. Raises Problem (400) for unknown ones."""
    wanted, include = _words(params, "fields"), _words(params, "include")
    return Shape(tuple(resource.select(wanted, include)), whole=not wanted and not include)


def paging(params: QueryDict, resource: Resource, default: tuple[str, ...] = ()) -> Paging:
    """Return what `?limit= &cursor= &count= &ordering=` ask for. Raises Problem (400) for wrong values."""
    cursor = params.get("cursor")
    return Paging(
        terms=resource.terms(_words(params, "ordering"), default),
        limit=limit(params),
        cursor=Cursor.decode(cursor) if cursor else None,
        count=boolean(params, "count"),
    )


def limit(params: QueryDict, *, default: int = DEFAULT_LIMIT) -> int:
    """Return `?limit=`. Raises Problem (400) unless it is a whole number from 1 to 500."""
    text = params.get("limit")
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_LIMIT)) else 0
    if not 1 <= number <= MAX_LIMIT:
        raise invalid("limit", f"A whole number from 1 to {MAX_LIMIT}.")
    return number


def boolean(params: QueryDict, name: str, *, default: bool = False) -> bool:
    """Return a yes-or-no parameter. Raises Problem (400) for anything but true and false."""
    text = params.get(name)
    if text is None:
        return default
    if text.lower() not in TRUE + FALSE:
        raise invalid(name, "true or false.")
    return text.lower() in TRUE


def filter_errors(filters: ReadFilterSet) -> None:
    """Raise the 400 that names every parameter with a wrong value, if there is one."""
    if filters.is_valid():
        return
    errors = [
        FieldError(name, str(item["code"]) or "invalid", str(item["message"]))
        for name, items in filters.errors.get_json_data().items()
        for item in items
    ]
    summary = " ".join(f"{error.field}: {error.detail}" for error in errors[:3])
    raise Problem(status.HTTP_400_BAD_REQUEST, summary, errors)


def _words(params: QueryDict, name: str) -> tuple[str, ...]:
    texts = params.getlist(name)
    if not texts:
        return ()
    words = tuple(word.strip() for text in texts for word in text.split(",") if word.strip())
    if not words:
        raise invalid(name, "Names, separated by commas.")
    return words
