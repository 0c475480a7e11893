"""Many signals in one request: a result a row, or all or nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db import transaction
from rest_framework import status
from rest_framework.exceptions import ValidationError

from biotech_ma.core import services
from biotech_ma.core.api.errors import FieldError, Problem, flatten
from biotech_ma.core.api.serializers import StrictSerializer

MAX_ROWS = 10_000
MAX_ERRORS = 100


class _RolledBack(Exception):
    """Undoes the transaction of an all-or-nothing request."""


def create_many(
    rows: list[Any], serializer_class: type[StrictSerializer], *, atomic: bool
) -> tuple[int, dict[str, Any]]:
    """Append the rows; return the status and the body, which has one result a row in the order of the request.

    With `atomic`, one wrong row raises Problem (400), naming rows and fields, and nothing is written.
    """
    if not 1 <= len(rows) <= MAX_ROWS:
        raise Problem(status.HTTP_400_BAD_REQUEST, f"A list of 1 to {MAX_ROWS:,} signals.")
    context: dict[str, Any] = {}
    results: list[dict[str, Any]] = []
    try:
        with services.recorded("create signals"):
            results = [_create(place, row, serializer_class, context) for place, row in enumerate(rows)]
            if atomic and any(result["status"] != status.HTTP_201_CREATED for result in results):
                raise _RolledBack
    except _RolledBack:
        raise _whole(results) from None
    created = sum(result["status"] == status.HTTP_201_CREATED for result in results)
    code = status.HTTP_201_CREATED if created == len(rows) else status.HTTP_207_MULTI_STATUS
    return code, {"created": created, "rejected": len(rows) - created, "results": results}


def _create(place: int, row: Any, serializer_class: type[StrictSerializer], context: dict[str, Any]) -> dict[str, Any]:
    serializer = serializer_class(data=row, context=context)
    try:
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            signal = serializer.save()
    except ValidationError as error:
        return _failed(place, status.HTTP_400_BAD_REQUEST, flatten(error.detail))
    except ModelError as error:
        return _failed(place, status.HTTP_400_BAD_REQUEST, flatten(getattr(error, "message_dict", error.messages)))
    except Problem as problem:
        return _failed(place, problem.status_code, problem.errors or [FieldError("", "invalid", str(problem.detail))])
    except services.Refused as refusal:
        return _failed(place, status.HTTP_409_CONFLICT, [FieldError(refusal.field or "", "conflict", refusal.message)])
    return {"index": place, "status": status.HTTP_201_CREATED, "id": str(signal.pk), "errors": []}


def _failed(place: int, code: int, errors: list[FieldError]) -> dict[str, Any]:
    return {"index": place, "status": code, "id": None, "errors": [asdict(error) for error in errors]}


def _whole(results: list[dict[str, Any]]) -> Problem:
    wrong = [result for result in results if result["errors"]]
    errors = [
        FieldError(f"[{result['index']}]" + (f".{e['field']}" if e["field"] else ""), e["code"], e["detail"])
        for result in wrong
        for e in result["errors"]
    ]
    code = max(result["status"] for result in wrong)
    return Problem(code, f"{len(wrong)} of {len(results)} signals are wrong; nothing was written.", errors[:MAX_ERRORS])
