"""Reads: one SQL statement a request, whose result is the JSON text that is sent.

A filtered queryset, the wanted columns of a `Resource`, an ordering and a cursor become one statement; PostgreSQL
builds the JSON, and Python passes the bytes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import F
from django.db.models.expressions import Col
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual
from django.db.models.sql.where import AND

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


@dataclass(frozen=True)
class PageStatement:
    """A page as one statement with its parameters, and what its row means.

    The statement ends in the list of what it selects, so that more can be asked in the same snapshot.
    """

    sql: str
    params: tuple[Any, ...]
    labels: tuple[str, ...] = ()
    limit: int = 0
    has_cursor: bool = False
    backward: bool = False

    def page(self, row: Sequence[Any]) -> Page:
        """Return the page of the row that the statement gave."""
        text = row[0] if isinstance(row[0], bytes) else row[0].encode()
        if not self.labels:
            return Page(text)
        _, first, last, found, total, exists, *_ = row
        start = Cursor(self.labels, tuple(first)) if first else None
        end = Cursor(self.labels, tuple(last)) if last and found > self.limit else None
        if self.backward:
            start, end = end, start
        return Page(
            text,
            next=end,
            previous=Cursor(self.labels, start.keys, backward=True) if start and self.has_cursor else None,
            count=total,
            parent_exists=bool(exists),
        )

    def run(self) -> Page:
        """Return the page."""
        with connection.cursor() as db:
            db.execute(self.sql, self.params)
            return self.page(db.fetchone())


def run(found: PageStatement | Page) -> Page:
    """Return the page, asked for if it is a statement yet."""
    return found if isinstance(found, Page) else found.run()


def page(
    queryset: models.QuerySet[Any],
    wanted: Sequence[Column],
    *,
    terms: tuple[Term, ...],
    limit: int,
    cursor: Cursor | None = None,
    count: bool = False,
    parent: models.QuerySet[Any] | None = None,
) -> PageStatement | Page:
    """Return one page of the queryset as one statement; `parent` must exist for the page to mean anything.

    What no row can match is a page at once.
    """
    terms = tuple(replace(term, nullable=term.nullable and not _is_compared(queryset, term.path)) for term in terms)
    try:
        inner = project(page_of(queryset, terms, cursor), wanted, keys_of(terms))
        return _statement(inner, wanted, terms, limit, cursor, counted=queryset if count else None, parent=parent)
    except EmptyResultSet:
        return Page(EMPTY, count=0 if count else None, parent_exists=parent is None or parent.exists())


def _is_compared(queryset: models.QuerySet[Any], path: str) -> bool:
    """Return whether every row has a value in the column, because the rows are chosen by comparing it.

    Then NULL need not be sorted last, which the index of the column does not do.
    """
    where = queryset.query.where
    return (
        where.connector == AND
        and not where.negated
        and any(
            isinstance(child, GreaterThan | GreaterThanOrEqual | LessThan | LessThanOrEqual)
            and isinstance(child.lhs, Col)
            and child.lhs.alias == queryset.model._meta.db_table
            and child.lhs.target.name == path
            for child in where.children
        )
    )


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
    try:
        return _statement(union(parts, wanted, terms, cursor), wanted, terms, limit, cursor).run()
    except EmptyResultSet:
        return Page(EMPTY)


def union(
    parts: Sequence[models.QuerySet[Any]],
    wanted: Sequence[Column],
    terms: tuple[Term, ...],
    cursor: Cursor | None = None,
) -> models.QuerySet[Any]:
    """Return the rows of the parts (at least one) beyond the cursor, in order: the columns, then the terms' keys."""
    inner = [project(page_of(part, terms, cursor).order_by(), wanted, keys_of(terms)) for part in parts]
    turned = cursor is not None and cursor.backward
    order = [f"{'-' if term.descending != turned else ''}{PREFIX}k{place}" for place, term in enumerate(terms)]
    together: models.QuerySet[Any] = inner[0].union(*inner[1:], all=True).order_by(*order)
    return together


def keys_of(terms: tuple[Term, ...]) -> list[Cast]:
    """Return the terms' values as text: what a cursor holds."""
    return [Cast(F(term.path), models.TextField()) for term in terms]


def _statement(
    inner: Any,
    wanted: Sequence[Column],
    terms: tuple[Term, ...],
    limit: int,
    cursor: Cursor | None,
    *,
    counted: models.QuerySet[Any] | None = None,
    parent: models.QuerySet[Any] | None = None,
) -> PageStatement:
    backward = cursor is not None and cursor.backward
    sql, params = inner[: limit + 1].query.sql_with_params()
    names = [f"{PREFIX}{place}" for place in range(len(wanted))]
    keys = [f"{PREFIX}k{place}" for place in range(len(terms))]
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
    labels = tuple(term.label for term in terms)
    return PageStatement(
        statement, (*params, *total_params, *parent_params), labels, limit, cursor is not None, backward
    )


def _scalar(expression: str, queryset: models.QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    sql, params = queryset.order_by().values("pk").query.sql_with_params()
    return f"(SELECT {expression} FROM ({sql}) AS counted)", params  # noqa: S608


def _exists(queryset: models.QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    try:
        sql, params = queryset.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return "false", ()
    return f"EXISTS ({sql})", params


def rows(queryset: models.QuerySet[Any], wanted: Sequence[Column]) -> PageStatement | Page:
    """Return the queryset, as ordered and cut, as one statement."""
    try:
        sql, params = project(queryset, wanted).query.sql_with_params()
    except EmptyResultSet:
        return Page(EMPTY)
    names = ", ".join(quote(column.name) for column in wanted)
    return PageStatement(
        f"SELECT (SELECT coalesce(json_agg(r), '[]'::json)::text FROM ({sql}) AS r({names}))",  # noqa: S608
        params,
    )


def one(queryset: models.QuerySet[Any], wanted: Sequence[Column]) -> bytes | None:
    """Return the first row of the queryset as a JSON object, by one statement; None when there is none."""
    try:
        sql, params = project(queryset.order_by()[:1], wanted).query.sql_with_params()
    except EmptyResultSet:
        return None
    names = ", ".join(quote(column.name) for column in wanted)
    with connection.cursor() as db:
        db.execute(f"SELECT row_to_json(r)::text FROM ({sql}) AS r({names})", params)  # noqa: S608
        row = db.fetchone()
    return row[0].encode() if row and row[0] is not None else None
