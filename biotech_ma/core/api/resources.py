"""What the API shows of a table: which public field is which expression, and by what rows can be ordered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.db.models import F
from django.db.models.expressions import Combinable, Subquery
from django.db.models.functions import Cast

from biotech_ma.core.api.cursors import Term
from biotech_ma.core.api.errors import unknown_names

# Columns of the compiled statement get names that no table has.
PREFIX = "c_"


class Money(Cast):
    """Dollars as decimal text: a JSON number would lose cents on the way."""

    def __init__(self, path: str) -> None:
        super().__init__(F(path), models.TextField())
        self.path = path


@dataclass(frozen=True)
class Column:
    """A public field: its name, where it comes from, and whether it is given only when asked for (`include`).

    `endpoint` names the resource that a field is borrowed from, for keys that may not call that one.
    """

    name: str
    source: str | Combinable = ""
    on_request: bool = False
    help_text: str = ""
    endpoint: str = ""
    # Returns what the schema says of it, where it is more than a column of the model tells.
    described: Callable[..., Any] | None = None

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
        names = ", ".join(quote(column.name) for column in wanted)
        super().__init__(project(queryset, wanted), output_field=models.JSONField(), names=names)


class JsonRow(JsonRows):
    """The first row of a queryset as a JSON object with these fields; NULL when there is none."""

    template = "(SELECT row_to_json(r) FROM (%(subquery)s) AS r(%(names)s))"

    def __init__(self, queryset: models.QuerySet[Any], wanted: Sequence[Column], *, name: str) -> None:
        super().__init__(queryset[:1], wanted, name=name)


@dataclass(frozen=True, eq=False)
class Resource:
    """A table as the API shows it: its fields, its possible orderings, and the one that tells rows apart.

    `begins` is the column of the moment from which a row counts, where rows may be written before that.
    """

    name: str
    model: type[models.Model]
    fields: tuple[Column, ...]
    ordering: tuple[str, ...]
    orderable: Mapping[str, str] = field(default_factory=dict)
    unique: str = "id"
    begins: str | None = None

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
            # As the indexes have it: the other way only where the table's own order goes so.
            turned = f"-{self.unique}" in self.ordering and chosen[-1].startswith("-")
            chosen.append(f"-{self.unique}" if turned else self.unique)
        return tuple(self._term(name) for name in dict.fromkeys(chosen))

    def _term(self, name: str) -> Term:
        bare = name.lstrip("-")
        path = self.sortable.get(bare, bare)
        found = model_field(self.model, path)
        return Term(bare, path, name.startswith("-"), nullable=bool(getattr(found, "null", True)))


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


def quote(name: str) -> str:
    return connection.ops.quote_name(name)
