"""Request bodies as the application gets them: whole and bounded, or refused before a view sees them.

The server has a few threads, its body stream knows no deadline, and whoever waits for a body holds a thread: four
requests that never send theirs, for which no key is needed, would silence it. So fewer requests may wait for their
bodies than there are threads, and whatever needs none is always served. A proxy that buffers bodies never waits here.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from biotech_ma.core.request_ids import HEADER, request_id

type WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

MAX_BYTES = 10 * 1024 * 1024
CHUNK = 64 * 1024
# Django raises for more than 10,000 characters where nothing answers yet.
MAX_CONTENT_TYPE = 1000
# Half of the threads that docs/deployment.md and the quick start give the server.
MOST_READING = 2
# How long a body waits for its turn: those before it are read in a millisecond, unless they stall.
TURN_SECONDS = 0.1
API = "/api/"


class _Refused(Exception):
    """The request is not passed on."""

    def __init__(self, status: HTTPStatus, detail: str, *headers: tuple[str, str]) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


class WholeBodies:
    """Hands the application whole bodies of known length, those sent in chunks too.

    Answers 413 for more than 10 MiB, 400 for a body that breaks off, 503 while others are waited for.
    """

    def __init__(self, application: WSGIApp) -> None:
        self.application = application
        self.turns = threading.BoundedSemaphore(MOST_READING)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer the request."""
        try:
            body = self._body(environ)
        except _Refused as refused:
            return _answer(refused, environ, start_response)
        if body is not None:
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = io.BytesIO(body)
        return self.application(environ, start_response)

    def _body(self, environ: Mapping[str, Any]) -> bytes | None:
        if len(environ.get("CONTENT_TYPE") or "") > MAX_CONTENT_TYPE:
            raise _Refused(HTTPStatus.BAD_REQUEST, "Content-Type is too long.")
        length = environ.get("CONTENT_LENGTH") or ""
        if length in ("", "0") and "HTTP_TRANSFER_ENCODING" not in environ:
            return None
        if length and not (length.isascii() and length.isdecimal()):
            raise _Refused(HTTPStatus.BAD_REQUEST, "Content-Length is no number.")
        if length and int(length) > MAX_BYTES:
            raise _too_large()
        if not self.turns.acquire(timeout=TURN_SECONDS):
            detail = "Too many requests have not sent their bodies yet; send this one again."
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, detail, ("Retry-After", "1"))
        try:
            body = _read(environ["wsgi.input"])
        finally:
            self.turns.release()
        if length and len(body) != int(length):
            raise _Refused(HTTPStatus.BAD_REQUEST, "The body breaks off.")
        return body


def _read(stream: Any) -> bytes:
    parts, size = [], 0
    try:
        while part := stream.read(CHUNK):
            parts.append(part)
            size += len(part)
            if size > MAX_BYTES:
                raise _too_large()
    except (OSError, RuntimeError):  # what servers say of a connection that is gone
        raise _Refused(HTTPStatus.BAD_REQUEST, "The body breaks off.") from None
    return b"".join(parts)


def _too_large() -> _Refused:
    detail = f"A request body has at most {MAX_BYTES // 2**20} MiB."
    return _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def _answer(refused: _Refused, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    status, content_type, text = refused.status, "text/plain; charset=utf-8", f"{refused.detail}\n"
    if str(environ.get("PATH_INFO", "")).startswith(API):
        content_type = "application/problem+json"
        members = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": refused.detail}
        text = json.dumps({**members, "errors": []})
    body = text.encode()
    own = HEADER, request_id(environ.get("HTTP_X_REQUEST_ID"))
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body))), own, *refused.headers]
    start_response(f"{int(status)} {status.phrase}", headers)
    return [body]
