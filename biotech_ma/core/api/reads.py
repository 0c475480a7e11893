"""Reads: one SQL statement a request, whose result is the JSON text that is sent.

A filtered queryset, the wanted columns of a `Resource`, an ordering and a cursor become one statement; PostgreSQL
builds the JSON, and Python passes the bytes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import F
from django.db.models.functions import Cast

from biotech_ma.core.api.cursors import Cursor, Term, page_of
from biotech_ma.core.api.resources import PREFIX, Column, project, quote

EMPTY = b"[]"


@dataclass(frozen=True)
class Page:
    """The JSON array of a page, and the cursors beside it."""

    rows: bytes
    next: Cursor | None = None
    previous: Cursor | None = None
    count: int | None = None
    parent_exists: bool = True


def page(
    queryset: models.QuerySet[Any],
    wanted: Sequence[Column],
    *,
    terms: tuple[Term, ...],
    limit: int,
    cursor: Cursor | None = None,
    count: bool = False,
    parent: models.QuerySet[Any] | None = None,
) -> Page:
    """Return one page of the queryset, by one statement; `parent` must exist for the page to mean anything."""
    inner = project(page_of(queryset, terms, cursor), wanted, keys_of(terms))
    return _page(inner, wanted, terms, limit, cursor, counted=queryset if count else None, parent=parent)


def union_page(
    parts: Sequence[models.QuerySet[Any]],
    wanted: Sequence[Column],
    *,
    terms: tuple[Term, ...],
    limit: int,
    cursor: Cursor | None = None,
) -> Page:
    """Return one page of several querysets taken together, by one statement. No part of the order may be NULL.

    Every queryset knows the columns and the terms by the same names. The order is that of the terms' text.
    """
    if not parts:
        return Page(EMPTY)
    inner = [project(page_of(part, terms, cursor).order_by(), wanted, keys_of(terms)) for part in parts]
    turned = cursor is not None and cursor.backward
    order = [f"{'-' if term.descending != turned else ''}{PREFIX}k{place}" for place, term in enumerate(terms)]
    together = inner[0].union(*inner[1:], all=True).order_by(*order)
    return _page(together, wanted, terms, limit, cursor)


def keys_of(terms: tuple[Term, ...]) -> list[Cast]:
    """Return the terms' values as text: what a cursor holds."""
    return [Cast(F(term.path), models.TextField()) for term in terms]


def _page(
    inner: Any,
    wanted: Sequence[Column],
    terms: tuple[Term, ...],
    limit: int,
    cursor: Cursor | None,
    *,
    counted: models.QuerySet[Any] | None = None,
    parent: models.QuerySet[Any] | None = None,
) -> Page:
    backward = cursor is not None and cursor.backward
    try:
        row = _run(
            inner[: limit + 1], wanted, len(terms), limit=limit, backward=backward, counted=counted, parent=parent
        )
    except EmptyResultSet:
        zero = None if counted is None else 0
        return Page(EMPTY, count=zero, parent_exists=parent is None or parent.exists())
    text, first, last, found, total, exists = row
    labels = tuple(term.label for term in terms)
    start = Cursor(labels, tuple(first)) if first else None
    end = Cursor(labels, tuple(last)) if last and found > limit else None
    if backward:
        start, end = end, start
    return Page(
        text.encode(),
        next=end,
        previous=Cursor(labels, start.keys, backward=True) if start and cursor else None,
        count=total,
        parent_exists=bool(exists),
    )


def _run(
    inner: Any,
    wanted: Sequence[Column],
    terms: int,
    *,
    limit: int,
    backward: bool,
    counted: models.QuerySet[Any] | None,
    parent: models.QuerySet[Any] | None,
) -> Any:
    sql, params = inner.query.sql_with_params()
    names = [f"{PREFIX}{place}" for place in range(len(wanted))]
    keys = [f"{PREFIX}k{place}" for place in range(terms)]
    shown = ", ".join(f"{name} AS {quote(column.name)}" for name, column in zip(names, wanted, strict=True))
    source = f"(SELECT {shown} FROM page LIMIT {limit:d})"  # noqa: S608
    if backward:
        source = (
            f"(SELECT {shown} FROM (SELECT *, row_number() OVER () AS nth FROM page LIMIT {limit:d}) AS turned "  # noqa: S608
            "ORDER BY nth DESC)"
        )
    place = f"json_build_array({', '.join(keys)})"
    total, total_params = ("NULL::bigint", ()) if counted is None else _scalar("count(*)", counted)
    exists, parent_params = ("true", ()) if parent is None else _exists(parent)
    statement = (
        f"WITH page ({', '.join(names + keys)}) AS MATERIALIZED ({sql}) "  # noqa: S608
        f"SELECT (SELECT coalesce(json_agg(r), '[]'::json)::text FROM {source} AS r), "
        f"(SELECT {place} FROM page LIMIT 1), "
        f"(SELECT {place} FROM page OFFSET {limit - 1:d} LIMIT 1), "
        f"(SELECT count(*) FROM page), {total}, {exists}"
    )
    with connection.cursor() as db:
        db.execute(statement, [*params, *total_params, *parent_params])
        return db.fetchone()


def _scalar(expression: str, queryset: models.QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    sql, params = queryset.order_by().values("pk").query.sql_with_params()
    return f"(SELECT {expression} FROM ({sql}) AS counted)", params  # noqa: S608


def _exists(queryset: models.QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    try:
        sql, params = queryset.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return "false", ()
    return f"EXISTS ({sql})", params


def rows(queryset: models.QuerySet[Any], wanted: Sequence[Column]) -> bytes:
    """Return the queryset, as ordered and cut, as a JSON array, by one statement."""
    return _text(queryset, wanted, "coalesce(json_agg(r), '[]'::json)") or EMPTY


def one(queryset: models.QuerySet[Any], wanted: Sequence[Column]) -> bytes | None:
    """Return the first row of the queryset as a JSON object, by one statement; None when there is none."""
    return _text(queryset.order_by()[:1], wanted, "row_to_json(r)")


def _text(queryset: models.QuerySet[Any], wanted: Sequence[Column], expression: str) -> bytes | None:
    try:
        sql, params = project(queryset, wanted).query.sql_with_params()
    except EmptyResultSet:
        return None
    names = ", ".join(quote(column.name) for column in wanted)
    with connection.cursor() as db:
        db.execute(f"SELECT ({expression})::text FROM ({sql}) AS r({names})", params)  # noqa: S608
        row = db.fetchone()
    return row[0].encode() if row and row[0] is not None else None
