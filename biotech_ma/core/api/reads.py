"""Reads: one SQL statement a request, whose result is the JSON text that is sent.

A `Resource` says which public field is which expression. A filtered queryset, the wanted fields, an ordering and a
cursor become one statement; PostgreSQL builds the JSON, and Python passes the bytes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.db import connection, models
from django.db.models import F
from django.db.models.expressions import Combinable, Subquery
from django.db.models.functions import Cast

from biotech_ma.core.api.cursors import Cursor, Term, page_of
from biotech_ma.core.api.errors import unknown_names

# Columns of the compiled statement get names that no table has.
PREFIX = "c_"
EMPTY = b"[]"


class Money(Cast):
    """Dollars as decimal text: a JSON number would lose cents on the way."""

    def __init__(self, path: str) -> None:
        super().__init__(F(path), models.TextField())
        self.path = path


@dataclass(frozen=True)
class Column:
    """A public field: its name, where it comes from, and whether it is given only when asked for (`include`)."""

    name: str
    source: str | Combinable = ""
    on_request: bool = False
    help_text: str = ""

    @property
    def expression(self) -> Combinable:
        """What the field is in the ORM's terms."""
        if isinstance(self.source, str):
            return F(self.source or self.name)
        return self.source


def columns(*names: str, money: Iterable[str] = ()) -> list[Column]:
    """Return plain columns, those named in `money` as decimal text."""
    texts = set(money)
    return [Column(name, Money(name)) if name in texts else Column(name) for name in names]


class JsonRows(Subquery):
    """The rows of a queryset as a JSON array of objects with these fields."""

    template = "(SELECT coalesce(json_agg(r), '[]'::json) FROM (%(subquery)s) AS r(%(names)s))"

    def __init__(self, queryset: models.QuerySet[Any], wanted: Sequence[Column], *, name: str) -> None:
        self.model, self.wanted, self.name = queryset.model, tuple(wanted), name
        names = ", ".join(_quote(column.name) for column in wanted)
        super().__init__(project(queryset, wanted), output_field=models.JSONField(), names=names)


class JsonRow(JsonRows):
    """The first row of a queryset as a JSON object with these fields; NULL when there is none."""

    template = "(SELECT row_to_json(r) FROM (%(subquery)s) AS r(%(names)s))"

    def __init__(self, queryset: models.QuerySet[Any], wanted: Sequence[Column], *, name: str) -> None:
        super().__init__(queryset[:1], wanted, name=name)


@dataclass(frozen=True, eq=False)
class Resource:
    """A table as the API shows it: its fields, its possible orderings, and the one that tells rows apart."""

    name: str
    model: type[models.Model]
    fields: tuple[Column, ...]
    ordering: tuple[str, ...]
    orderable: Mapping[str, str] = field(default_factory=dict)
    unique: str = "id"

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The fields by their public names."""
        return {column.name: column for column in self.fields}

    @cached_property
    def includable(self) -> tuple[str, ...]:
        """The fields that `?include=` adds."""
        return tuple(column.name for column in self.fields if column.on_request)

    @cached_property
    def sortable(self) -> dict[str, str]:
        """What `?ordering=` accepts: public name to path."""
        plain = {column.name: column.source or column.name for column in self.fields if isinstance(column.source, str)}
        allowed = {name.lstrip("-"): plain.get(name.lstrip("-"), name.lstrip("-")) for name in self.ordering}
        return {**allowed, **self.orderable}

    def select(self, wanted: Sequence[str] = (), include: Sequence[str] = ()) -> list[Column]:
        """Return the named fields (all plain ones when none is named) and those to include.

        Raises Problem (400) for names that are not known.
        """
        if unknown := [name for name in wanted if name not in self.by_name]:
            raise unknown_names("field", unknown, self.by_name)
        if unknown := [name for name in include if name not in self.includable]:
            raise unknown_names("include", unknown, self.includable)
        if not wanted:
            return [c for c in self.fields if not c.on_request or c.name in include]
        names = dict.fromkeys([*wanted, *include])
        return [self.by_name[name] for name in names]

    def terms(self, ordering: Sequence[str] = (), default: Sequence[str] = ()) -> tuple[Term, ...]:
        """Return the ordering, or the default one, as terms that end with the unique one.

        Raises Problem (400) for names that cannot be ordered by.
        """
        names = [name.lstrip("-") for name in ordering]
        if unknown := [name for name in names if name not in self.sortable]:
            raise unknown_names("ordering", unknown, self.sortable)
        chosen = [*(ordering or default or self.ordering)]
        if self.unique not in [name.lstrip("-") for name in chosen]:
            chosen.append(f"-{self.unique}" if chosen and chosen[-1].startswith("-") else self.unique)
        return tuple(self._term(name) for name in dict.fromkeys(chosen))

    def _term(self, name: str) -> Term:
        bare = name.lstrip("-")
        path = self.sortable.get(bare, bare)
        found = model_field(self.model, path)
        return Term(bare, path, name.startswith("-"), nullable=bool(getattr(found, "null", True)))


@dataclass(frozen=True)
class Page:
    """The JSON array of a page, and the cursors beside it."""

    rows: bytes
    next: Cursor | None = None
    previous: Cursor | None = None
    count: int | None = None
    parent_exists: bool = True


def model_field(model: type[models.Model], path: str) -> Any:
    """Return the model field at the end of a lookup path, or None where there is none."""
    found: Any = None
    current: Any = model
    for part in path.split("__"):
        try:
            found = current._meta.get_field(part) if part != "pk" else current._meta.pk
        except FieldDoesNotExist:
            return None
        current = found.related_model or current
    return found


def project(queryset: models.QuerySet[Any], wanted: Sequence[Column], extra: Sequence[Combinable] = ()) -> Any:
    """Return the queryset with exactly these columns, then the extra ones, in this order."""
    aliases = {f"{PREFIX}{place}": column.expression for place, column in enumerate(wanted)}
    aliases |= {f"{PREFIX}k{place}": expression for place, expression in enumerate(extra)}
    return queryset.annotate(**aliases).values_list(*aliases)


def page(
    resource: Resource,
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
    shown = ", ".join(f"{name} AS {_quote(column.name)}" for name, column in zip(names, wanted, strict=True))
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
    names = ", ".join(_quote(column.name) for column in wanted)
    with connection.cursor() as db:
        db.execute(f"SELECT ({expression})::text FROM ({sql}) AS r({names})", params)  # noqa: S608
        row = db.fetchone()
    return row[0].encode() if row and row[0] is not None else None


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
