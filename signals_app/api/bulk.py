"""Many signals in one request: a result a row, or all or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import UniqueConstraint
from rest_framework import status
from rest_framework.exceptions import ValidationError

from biotech_ma.core import services
from biotech_ma.core.api.constraints import error_of, integrity_problem
from biotech_ma.core.api.errors import FieldError, Problem, flatten
from companies.api.serializers import companies_of
from signals_app.api.serializers import StagedSignalSerializer
from signals_app.appending import Fate, append_signals
from signals_app.models import Signal

MAX_ROWS = 10_000
MAX_ERRORS = 100


class _RolledBack(Exception):
    """Undoes the transaction of an all-or-nothing request."""


def create_many(rows: list[Any], *, atomic: bool) -> tuple[int, dict[str, Any]]:
    """Append the rows; return the status and the body, which has one result a row in the order of the request.

    With `atomic`, one wrong row raises Problem (400), naming rows and fields, and nothing is written.
    """
    if not 1 <= len(rows) <= MAX_ROWS:
        raise Problem(status.HTTP_400_BAD_REQUEST, f"A list of 1 to {MAX_ROWS:,} signals.")
    try:
        with services.recorded("create signals"):
            results = _results(rows)
            wrong = [result for result in results if result["errors"]]
            if atomic and wrong:
                raise _RolledBack
    except _RolledBack:
        raise _whole(wrong, len(rows)) from None
    except IntegrityError as error:
        # A company that goes at this very moment takes the request with it.
        raise integrity_problem(error, Signal) from error
    code = status.HTTP_207_MULTI_STATUS if wrong else status.HTTP_201_CREATED
    return code, {"created": len(rows) - len(wrong), "rejected": len(wrong), "results": results}


def _results(rows: list[Any]) -> list[dict[str, Any]]:
    """Return each row's result: its fields are checked one by one, what is left is appended together."""
    results: list[dict[str, Any]] = [{}] * len(rows)
    serializer = StagedSignalSerializer(context={
        "companies": companies_of(row.get("company") for row in rows if isinstance(row, dict)),
        "signals": _signals_of(row.get("supersedes") for row in rows if isinstance(row, dict)),
    })  # fmt: skip
    clean: dict[int, dict[str, Any]] = {}
    for place, row in enumerate(rows):
        try:
            clean[place] = serializer.run_validation(row)
        except ValidationError as error:
            results[place] = _failed(place, status.HTTP_400_BAD_REQUEST, flatten(error.detail))
    for (place, values), fate in zip(clean.items(), append_signals(list(clean.values())), strict=True):
        results[place] = _result(place, values, fate)
    return results


def _signals_of(ids: Iterable[Any]) -> dict[UUID, Signal]:
    """Return the signals of live companies that the texts name, by id."""
    keys = {ref for ref in map(_uuid, ids) if ref is not None}
    return Signal.objects.of_live_companies().in_bulk(list(keys)) if keys else {}


def _uuid(sent: Any) -> UUID | None:
    """Return the id as the serializer's field reads it."""
    try:
        return UUID(int=sent) if isinstance(sent, int) else UUID(hex=sent) if isinstance(sent, str) else None
    except ValueError:
        return None


def _result(place: int, values: dict[str, Any], fate: Fate) -> dict[str, Any]:
    if fate.broken:
        broken = [
            error_of(rule, values, "unique" if isinstance(rule, UniqueConstraint) else "invalid")
            for rule in fate.broken
        ]
        return _failed(place, status.HTTP_400_BAD_REQUEST, broken)
    if isinstance(fate.refusal, services.Refused):
        error = FieldError(fate.refusal.field or "", "conflict", fate.refusal.message)
        return _failed(place, status.HTTP_409_CONFLICT, [error])
    if fate.refusal is not None:
        return _failed(place, status.HTTP_400_BAD_REQUEST, flatten(fate.refusal.message_dict))
    return {"index": place, "status": status.HTTP_201_CREATED, "id": str(fate.id), "errors": []}


def _failed(place: int, code: int, errors: list[FieldError]) -> dict[str, Any]:
    return {"index": place, "status": code, "id": None, "errors": [asdict(error) for error in errors]}


def _whole(wrong: list[dict[str, Any]], rows: int) -> Problem:
    errors = [
        FieldError(f"[{result['index']}]" + (f".{e['field']}" if e["field"] else ""), e["code"], e["detail"])
        for result in wrong
        for e in result["errors"]
    ]
    code = max(result["status"] for result in wrong)
    return Problem(code, f"{len(wrong)} of {rows} signals are wrong; nothing was written.", errors[:MAX_ERRORS])
