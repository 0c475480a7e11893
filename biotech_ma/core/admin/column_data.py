"""What a list's columns are in a file: values of the database, not the cells' words and marks (docs/adr/0039).

`column(…, data=…)` says where the value is: a lookup (`company__name`), an expression, `through` of either, a function
of the row, `WORDS` for a cell that is words in itself, or several of these by heading. Without it a column is what it
sorts by, and a field of the table is itself. A choice comes as its label. What is none of these is in no file.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import F
from django.db.models.expressions import OrderBy
from django.utils.html import strip_tags
from django.utils.text import capfirst

from biotech_ma.core.admin import figures
from biotech_ma.core.postgres.reader import is_secret

CHUNK_ROWS = 2000
WORDS = object()
# What names a row that another one leads to.
NAMING = ("name", "title", "username", "client_name")
ALIAS = "desk_file_"


@dataclass(frozen=True)
class Through:
    """A value of the database, and what makes the file's value of it."""

    source: Any
    then: Callable[[Any], Any]


def through(source: Any, then: Callable[[Any], Any]) -> Through:
    """Return the value of a lookup or an expression as `then` makes it; unknown stays unknown."""
    return Through(source, lambda value: None if value is None else then(value))


def labelled(lookup: str, labels: Mapping[str, str]) -> Through:
    """Return a list of choices under their labels."""
    return through(lookup, lambda values: [labels.get(value, value) for value in values])


@dataclass(frozen=True, eq=False)
class FileColumn:
    """A column of a file: from the database, and then perhaps through a function, or a function of the row."""

    heading: str
    source: Any = None
    then: Callable[[Any], Any] | None = None
    of_row: Callable[[Any], Any] | None = None

    def value(self, found: Any) -> Any:
        """Return the file's value of what the database has."""
        return self.then(found) if self.then else found


def file_columns(model_admin: Any, names: Sequence[Any]) -> list[FileColumn]:
    """Return the columns of a file of these columns of the list, in their order; those without data are left out."""
    found: dict[str, FileColumn] = {}
    for name in names:
        for each in _columns_of(model_admin, name):
            found.setdefault(each.heading, each)
    return list(found.values())


def has_data(model_admin: Any, name: Any) -> bool:
    """Return whether the column of the list is in files."""
    return bool(_columns_of(model_admin, name))


def heading_of(model_admin: Any, name: Any) -> str:
    """Return the heading of a column of the list."""
    return str(capfirst(str(label_for_field(name, model_admin.model, model_admin=model_admin))))


def _columns_of(model_admin: Any, name: Any) -> list[FileColumn]:
    cell = _cell(model_admin, name)
    data = getattr(cell, "data", None)
    if data is None:
        data = _sorted_by(cell) if cell is not None else name
    parts = data if isinstance(data, Mapping) else {heading_of(model_admin, name): data}
    made = (_made(model_admin, heading, each, cell) for heading, each in parts.items())
    return [each for each in made if each is not None]


def _cell(model_admin: Any, name: Any) -> Any:
    """Return the function behind a column; None for a field of the table, which goes before what is called like it."""
    if callable(name):
        return name
    known = {field.name for field in model_admin.model._meta.get_fields()}
    return None if name in known else getattr(model_admin, str(name), None)


def _sorted_by(cell: Any) -> Any:
    order = getattr(cell, "admin_order_field", None)
    return order.expression if isinstance(order, OrderBy) else order


def column_source(cell: Any) -> Any:
    """Return where the figures of a column are in the database: what it sorts by; None where it sorts by nothing."""
    order = _sorted_by(cell)
    return order.removeprefix("-") if isinstance(order, str) else order


def _made(model_admin: Any, heading: str, data: Any, cell: Any) -> FileColumn | None:
    if data is WORDS:
        return FileColumn(heading, of_row=lambda row: words_of(cell(row)))
    if isinstance(data, Through):
        return FileColumn(heading, source=data.source, then=data.then)
    if isinstance(data, str):
        return _of_lookup(model_admin.model, heading, data.removeprefix("-"))
    if hasattr(data, "resolve_expression"):
        return FileColumn(heading, source=data)
    return FileColumn(heading, of_row=data) if callable(data) else None


def _of_lookup(model: type[models.Model], heading: str, lookup: str) -> FileColumn | None:
    """Return the column of a field or of an annotation; none of a secret, and of another row what names it."""
    field: Any = None
    related: Any = model
    for part in lookup.split("__"):
        try:
            field = related._meta.get_field(part)
        except (FieldDoesNotExist, AttributeError):
            field = None
            break
        related = field.related_model
    if field is None:
        return FileColumn(heading, source=lookup)
    if field.is_relation:
        known = {each.name for each in related._meta.concrete_fields}
        naming = next((name for name in NAMING if name in known), None)
        return FileColumn(heading, source=f"{lookup}__{naming}") if naming else None
    if is_secret(field):
        return None
    labels = dict(getattr(field, "flatchoices", ()) or ())
    return FileColumn(heading, source=lookup, then=(lambda value: labels.get(value, value)) if labels else None)


def words_of(cell: Any) -> str | None:
    """Return the words of a cell without its marks; None for the dash of what is not known."""
    text = " ".join(html.unescape(strip_tags(str(cell))).split())
    return None if text in ("", figures.UNKNOWN) else text


def lines(model_admin: Any, rows: Any, columns: Sequence[FileColumn]) -> Iterator[list[Any]]:
    """Yield the lines of a file; a chunk takes one query, and where a column needs whole rows what completes these."""
    if all(column.of_row is None for column in columns):
        sources = [_expression(column.source) for column in columns]
        for values in rows.values_list(*sources).iterator(chunk_size=CHUNK_ROWS):
            yield [column.value(value) for column, value in zip(columns, values, strict=True)]
        return
    aliases = [f"{ALIAS}{place}" for place in range(len(columns))]
    named = dict(zip(aliases, columns, strict=True))
    asked = {alias: _expression(column.source) for alias, column in named.items() if column.of_row is None}
    for chunk in batched(rows.annotate(**asked).iterator(chunk_size=CHUNK_ROWS), CHUNK_ROWS, strict=False):
        for row in model_admin.completed(list(chunk)):
            yield [
                column.value(getattr(row, alias)) if column.of_row is None else column.of_row(row)
                for alias, column in named.items()
            ]


def _expression(source: Any) -> Any:
    return F(source) if isinstance(source, str) else source
