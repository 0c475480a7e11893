"""`Idempotency-Key`: a POST that is sent again changes nothing more and gets the first answer (docs/adr/0021).

The answer is written in the transaction of the change, so that a crash leaves both or neither, and whoever has the
key's lock is the only one at work on it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.models.functions import Now
from django.http import HttpResponse
from rest_framework import status
from rest_framework.request import Request

from biotech_ma.core.api.errors import Problem, invalid
from biotech_ma.core.kept_answers import KeptAnswer
from biotech_ma.core.sweeping import KEPT_HOURS, sweep

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
# Visible ASCII without quotes and commas, bare or in quotes as a structured field writes it (RFC 9651, section 3.3.3).
_WORD = r"[!#-+\--\[\]-~]{1,255}"
FORM = re.compile(rf'"({_WORD})"|({_WORD})')
# What a repeated answer says anew.
OF_THE_CALL = frozenset({"date", "ratelimit", "ratelimit-policy", "x-request-id"})

_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"


def once(
    handle: Callable[..., HttpResponse], request: Request, client_id: UUID, sent: str
) -> Callable[..., HttpResponse]:
    """Return a handler that runs this one for the first request of the key, and repeats its answer to the others.

    Raises Problem: 400 for a malformed key, 409 while the first is still at work, 422 for another request.
    Only answers of requests that were carried out are kept; a refused request leaves its key free.
    """
    match = FORM.fullmatch(sent.strip())
    if match is None:
        raise invalid(HEADER, "1 to 255 visible ASCII characters, such as a UUID, without commas and inner quotes.")
    key = match[1] or match[2]

    def handler(*args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            _take(client_id, key)
            fingerprint = _fingerprint(request)
            kept = _kept(client_id, key)
            if kept is not None:
                return _again(kept, fingerprint)
            response = handle(*args, **kwargs)
            if status.is_success(response.status_code):
                _keep(client_id, key, fingerprint, response)
            return response

    return handler


def _take(client_id: UUID, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [f"idempotency {client_id} {key}"])
        if not cursor.fetchone()[0]:
            raise Problem(
                status.HTTP_409_CONFLICT,
                f"A request with this {HEADER} is being answered; send it again in a moment.",
                headers={"Retry-After": "1"},
            )


def _fingerprint(request: Request) -> str:
    http = request._request
    whole = hashlib.sha256(f"{http.method} {http.get_full_path()}\n".encode())
    # The reason is kept in the history with the change, so another one is another request.
    whole.update(f"{http.META.get('HTTP_X_CHANGE_REASON', '')}\n".encode())
    whole.update(http.body)
    return whole.hexdigest()


def _kept(client_id: UUID, key: str) -> KeptAnswer | None:
    oldest = Now() - dt.timedelta(hours=KEPT_HOURS)
    try:
        return KeptAnswer.objects.filter(client_id=client_id, key=key, created_at__gte=oldest).first()
    except ImproperlyConfigured as error:
        raise Problem(
            status.HTTP_409_CONFLICT,
            f"The answer to this {HEADER} was encrypted with a key that is gone; look for what was written.",
        ) from error


def _again(kept: KeptAnswer, fingerprint: str) -> HttpResponse:
    if kept.fingerprint != fingerprint:
        raise Problem(
            status.HTTP_422_UNPROCESSABLE_ENTITY,
            f"This {HEADER} was sent with another request within {KEPT_HOURS} hours; a new request needs a new one.",
        )
    response = HttpResponse(kept.body.encode(), status=kept.status)
    response.headers.pop("Content-Type", None)
    for name, value in kept.headers.items():
        response.headers[name] = value
    response.headers[REPLAYED] = "true"
    return response


def _keep(client_id: UUID, key: str, fingerprint: str, response: HttpResponse) -> None:
    with connection.cursor() as cursor:
        # The key's own answer of more than a day ago, too: it would stand in the way of the new one.
        cursor.execute("DELETE FROM kept_answers WHERE client_id = %s AND key = %s", [client_id, key])
    sweep(KeptAnswer)
    KeptAnswer.objects.create(
        client_id=client_id,
        key=key,
        fingerprint=fingerprint,
        status=response.status_code,
        headers={name: value for name, value in response.items() if name.lower() not in OF_THE_CALL},
        body=response.content.decode(),
    )
