"""Statements that are compiled once for all requests of one kind: what differs between them is bound as parameters.

A request's kind is its view and its parameters, without those values that only end up in the statement's parameters: a
number to compare with, a company, the place in a list. Which parameter is whose is found out by compiling the request
twice, once with its own values and once with values that occur nowhere else; only where both give the same statement is
it kept (docs/adr/0025).
"""

from __future__ import annotations

import re
import secrets
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict

from biotech_ma.core.api.cursors import Cursor
from biotech_ma.core.api.errors import Problem
from biotech_ma.core.api.filters import ReadFilterSet
from biotech_ma.core.api.reads import Page, PageStatement
from biotech_ma.core.api.resources import Resource, model_field
from biotech_ma.core.change_counts import COUNTED

MOST_PLANS = 512
# What SQL can say differently at another time, the tables being the same.
_TIMED = re.compile(r"TIMESTAMP\(\)|\bNOW\(\)|CURRENT_|LOCALTIME|RANDOM|\bAGE\(", re.IGNORECASE)
_TABLE = re.compile(r'"([a-z_0-9]+)"')

# Names that no parameter has.
REF, CURSOR = "/ref ", "/key "

type Build = Callable[[QueryDict, str], PageStatement | Page]
type Parse = Callable[[str], Any]


class Unfit(Exception):
    """A value that is none of its kind: the long way says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A value of the request that only becomes a parameter: where it stands, how it is read, how to make a rare one."""

    name: str
    text: str
    parse: Parse
    rare: Callable[[], str]


@dataclass(frozen=True)
class Plan:
    """A compiled page: a parameter is a constant, or the number of the slot that fills it."""

    statement: PageStatement
    places: tuple[int | None, ...]
    tables: frozenset[str]
    is_timed: bool

    def filled(self, slots: Sequence[Slot]) -> PageStatement:
        """Return the statement for these values. Raises Unfit for a value that is none."""
        values = [_value(slot) for slot in slots]
        params = tuple(
            constant if place is None else values[place]
            for place, constant in zip(self.places, self.statement.params, strict=True)
        )
        return replace(self.statement, params=params)


def _value(slot: Slot) -> Any:
    try:
        return slot.parse(slot.text)
    except (ValidationError, Problem, ValueError, TypeError, ArithmeticError) as error:
        raise Unfit from error


class Plans:
    """The plans of this process, by kind. A kind of which no plan can be made is remembered, too."""

    def __init__(self) -> None:
        self._plans: OrderedDict[Any, Plan | None] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, kind: Any) -> tuple[bool, Plan | None]:
        """Return whether the kind is known, and its plan."""
        with self._lock:
            if kind not in self._plans:
                return False, None
            self._plans.move_to_end(kind)
            return True, self._plans[kind]

    def keep(self, kind: Any, plan: Plan | None) -> None:
        """Remember the plan of a kind."""
        with self._lock:
            self._plans[kind] = plan
            if len(self._plans) > MOST_PLANS:
                self._plans.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._plans.clear()


PLANS = Plans()


def plan_of(statement: PageStatement, build: Build, params: QueryDict, ref: str, slots: Sequence[Slot]) -> Plan | None:
    """Return the plan of a request that was compiled to this statement, None where it has none."""
    texts = {slot.name: slot.rare() for slot in slots}
    rare_params, rare_ref = _with_values(params, texts)
    rare = build(rare_params, rare_ref or ref)
    if not isinstance(rare, PageStatement) or replace(rare, params=()) != replace(statement, params=()):
        return None
    tables = tables_of(statement.sql)
    marks = {_value(replace(slot, text=texts[slot.name])): place for place, slot in enumerate(slots)}
    places = tuple(marks.get(value) if _is_plain(value) else None for value in rare.params)
    plan = Plan(statement, places, tables, is_timed=bool(_TIMED.search(statement.sql)))
    if set(marks.values()) - set(places) or len(marks) != len(slots) or len(places) != len(statement.params):
        return None
    return plan if _same(plan.filled(slots).params, statement.params) and _constant(plan, rare) else None


def _is_plain(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return not isinstance(value, bool)


def _same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(
        type(a) is type(b) and _comparable(a) == _comparable(b) for a, b in zip(one, other, strict=True)
    )


def _comparable(value: Any) -> Any:
    # psycopg's wrappers of JSON compare by identity.
    return getattr(value, "obj", value)


def _constant(plan: Plan, rare: PageStatement) -> bool:
    """Return whether the two compilations differ nowhere but in the slots."""
    pairs = zip(plan.places, plan.statement.params, rare.params, strict=True)
    fixed = [(a, b) for place, a, b in pairs if place is None]
    return _same([a for a, _ in fixed], [b for _, b in fixed])


def tables_of(sql: str) -> frozenset[str]:
    """Return the tables that a statement of the ORM reads; more than these it may only name."""
    return frozenset(_TABLE.findall(sql)) & _all_tables()


@lru_cache(maxsize=1)
def _all_tables() -> frozenset[str]:
    return frozenset(model._meta.db_table for model in apps.get_models(include_auto_created=True))


def are_counted(tables: frozenset[str]) -> bool:
    """Return whether the changes of all these tables are counted."""
    return bool(tables) and tables <= COUNTED


def _with_values(params: QueryDict, values: Mapping[str, str]) -> tuple[QueryDict, str]:
    """Return the parameters with these values instead of their own, and the value of the address."""
    ref = ""
    changed = params.copy()
    keys = {}
    for name, value in values.items():
        place = name.removeprefix(CURSOR)
        if place != name:
            keys[int(place)] = value
        elif name.startswith(REF):
            ref = value
        else:
            changed[name] = value
    if keys:
        cursor = Cursor.decode(str(params["cursor"]))
        held = tuple(keys.get(place, key) for place, key in enumerate(cursor.keys))
        changed["cursor"] = replace(cursor, keys=held).encode()
    return changed, ref


def kind_of(
    params: QueryDict, resource: Resource, filters: type[ReadFilterSet], ref: Slot | None
) -> tuple[tuple[Any, ...], list[Slot]]:
    """Return what of the parameters shapes the statement, and the values that do not.

    Raises Problem (400) for a cursor that was not issued here.
    """
    slots = [] if ref is None else [ref]
    fixed: list[Any] = []
    for name, values in params.lists():
        if len(values) == 1 and (found := filters.slot(name)):
            slots.append(Slot(name, values[0], found.field.clean, found.rare))
        elif len(values) == 1 and name == "cursor":
            cursor = Cursor.decode(values[0])
            keys = _cursor_slots(cursor, resource)
            slots += keys.values()
            # A key that is no slot shapes the statement by its value: NULL, or of a kind without rare ones.
            rest = tuple(None if place in keys else (key,) for place, key in enumerate(cursor.keys))
            fixed.append((name, cursor.ordering, rest, cursor.backward))
        else:
            fixed.append((name, *values))
    return (*fixed, *(slot.name for slot in slots)), slots


def _cursor_slots(cursor: Cursor, resource: Resource) -> dict[int, Slot]:
    """Return the keys of a place in a list that are slots, by their places in the ordering."""
    fields = [_field(resource, label.lstrip("-")) for label in cursor.ordering]
    return {
        place: Slot(f"{CURSOR}{place}", key, field.to_python, partial(_rare, field))
        for place, (key, field) in enumerate(zip(cursor.keys, fields, strict=True))
        if key is not None and isinstance(field, RARE)
    }


@lru_cache(maxsize=256)
def _field(resource: Resource, name: str) -> Any:
    return model_field(resource.model, resource.sortable.get(name, name))


# The columns of which a value can be made that no other parameter has.
RARE = (models.UUIDField, models.DateTimeField, models.DateField, models.DecimalField, models.CharField)


def _rare(field: Any) -> str:
    """Return a value of the column, as text, that no other parameter has."""
    chance = secrets.randbelow(10**6)
    if isinstance(field, models.UUIDField):
        return str(uuid.uuid4())
    if isinstance(field, models.DateTimeField):
        return f"1903-04-05 06:07:08.{chance:06d}+00"
    if isinstance(field, models.DateField):
        return f"{1000 + chance // 1000}-03-07"
    if isinstance(field, models.DecimalField):
        return f"{secrets.randbelow(10 ** (field.max_digits - field.decimal_places))}.{'7' * field.decimal_places}"
    return f"rare{chance}"
