"""How a list is answered: by a plan of its kind where there is one, else by compiling the request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from rest_framework import status
from rest_framework.request import Request

from biotech_ma.core.api.errors import Problem
from biotech_ma.core.api.filters import ReadFilterSet
from biotech_ma.core.api.plans import PLANS, Build, Plan, Slot, Unfit, are_counted, kind_of, plan_of
from biotech_ma.core.api.reads import Page, PageStatement
from biotech_ma.core.api.resources import Resource
from biotech_ma.core.api.standing import CLOCK, Proof
from biotech_ma.core.change_counts import state_of
from biotech_ma.core.postgres import prepared

JSON = "application/json"
# In a request's META: the Note of whoever wants to answer the next request of this kind by himself.
NOTE = "biotech_ma.note"


@dataclass(frozen=True)
class Listing:
    """A list that an address gives: its view and action, and what its parameters mean.

    `slot` reads the value of the address, where it has one.
    """

    view: tuple[Any, ...]
    resource: Resource
    filters: type[ReadFilterSet]
    slot: Callable[[str], Slot] | None = None

    def kind(self, params: QueryDict, ref: str) -> tuple[Any, list[Slot]]:
        """Return the kind of the request, and the values in which requests of it differ. Raises Problem (400)."""
        shape, slots = kind_of(params, self.resource, self.filters, self.slot(ref) if self.slot else None)
        return (self.view, shape), slots


@dataclass
class Note:
    """Of which list an answer is a page, and under which scheme and host it was asked for."""

    listing: Listing | None = None
    origin: str = ""


@dataclass(frozen=True)
class Asked:
    """A request for a list, and how its page is compiled.

    `is_planned` says that the page depends on nothing but the parameters, the address and the tables: no clock, no
    setting, nothing of the caller but its `allowed_endpoints`.
    """

    request: Request
    listing: Listing
    build: Build
    ref: str
    is_planned: bool

    def compiled(self) -> PageStatement | Page:
        """Return the request's page as a statement. Raises Problem for what is wrong with it."""
        return self.build(self.request.query_params, self.ref)


def answer(asked: Asked) -> HttpResponse:
    """Answer the page. Raises Problem for a wrong parameter, and where the parent does not exist."""
    narrowed = getattr(asked.request.auth, "allowed_endpoints", ())
    if not asked.is_planned or narrowed or not prepared.is_possible():
        found = asked.compiled()
        return envelope(asked.request, found if isinstance(found, Page) else found.run())
    page, plan = _read(asked)
    note = asked.request.META.get(NOTE)
    if plan is not None and note is not None:
        note.listing, note.origin = asked.listing, asked.request._request.build_absolute_uri("/").rstrip("/")
    return envelope(asked.request, page)


def _read(asked: Asked) -> tuple[Page, Plan | None]:
    """Return the page and, where there is one, the plan of its kind."""
    params = asked.request.query_params
    try:
        kind, slots = asked.listing.kind(params, asked.ref)
        is_known, plan = PLANS.find(kind)
        statement = plan.filled(slots) if plan else asked.compiled()
    except (Unfit, Problem):
        # Compiling says what is wrong.
        kind, slots, is_known, plan, statement = None, [], True, None, asked.compiled()
    if isinstance(statement, Page):
        return statement, None
    if not is_known:
        plan = plan_of(statement, asked.build, params, asked.ref, slots)
        PLANS.keep(kind, plan)
    if plan is None:
        return statement.run(), None
    return statement.page(prepared.one(statement.sql, statement.params)), plan


def planned(listing: Listing, params: QueryDict, ref: str) -> tuple[Page, Proof | None] | None:
    """Return the page of a request of a known kind and its proof; None where the request must go the long way."""
    try:
        kind, slots = listing.kind(params, ref)
        _, plan = PLANS.find(kind)
        return _proven(plan.filled(slots), plan, listing.resource) if plan else None
    except (Unfit, Problem):
        return None


def _proven(statement: PageStatement, plan: Plan, resource: Resource) -> tuple[Page, Proof | None]:
    """Return the page, and its proof where the changes of all its tables are counted."""
    if not are_counted(plan.tables) or (plan.is_timed and resource.begins is None):
        return statement.page(prepared.one(statement.sql, statement.params)), None
    begins = _next_beginning(resource) if plan.is_timed else "NULL::float8"
    sql = f"{statement.sql}, {state_of(plan.tables)}, {CLOCK}, {begins}"
    *row, state, now, until = prepared.one(sql, statement.params)
    return statement.page(row), Proof(plan.tables, state, now, until)


def _next_beginning(resource: Resource) -> str:
    """Return the SQL of the next moment at which a row that is there already begins to count."""
    table, column = resource.model._meta.db_table, resource.begins
    return f"(SELECT extract(epoch FROM min({column}))::float8 FROM {table} WHERE {column} > statement_timestamp())"  # noqa: S608


def envelope(request: Request, page: Page) -> HttpResponse:
    """Return the list answer. Raises Problem (404) where the parent does not exist."""
    if not page.parent_exists:
        raise not_found()
    http = request._request
    return HttpResponse(body_of(page, http.build_absolute_uri(http.path), http.GET), content_type=JSON)


def body_of(page: Page, address: str, params: QueryDict) -> bytes:
    """Return the body: results, next, previous and, when asked for, count."""
    links = [
        json.dumps(_link(address, params, cursor.encode()) if cursor else None).encode()
        for cursor in (page.next, page.previous)
    ]
    parts = [b'{"results":', page.rows, b',"next":', links[0], b',"previous":', links[1]]
    if page.count is not None:
        parts += [b',"count":', str(page.count).encode()]
    return b"".join([*parts, b"}"])


def _link(address: str, params: QueryDict, cursor: str) -> str:
    pairs = [(name, value) for name, values in params.lists() if name != "cursor" for value in values]
    return f"{address}?{urlencode([*pairs, ('cursor', cursor)])}"


def not_found() -> Problem:
    """Return the 404 for a row that is not there, or is archived."""
    return Problem(status.HTTP_404_NOT_FOUND, "There is no such row, or it is archived.")
