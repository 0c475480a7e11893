"""Whether a body is what was asked for and whole, seen from its first and last bytes."""

from __future__ import annotations

import enum
import zipfile
from pathlib import Path

EDGE_BYTES = 4096
_MARKS = b"\xef\xbb\xbf \r\n\t"
_PAGES = (b"<!doctype html", b"<html")


class Body(enum.Enum):
    """What a body should be."""

    JSON = "JSON"
    XML = "XML"
    ZIP = "a zip"
    TEXT = "text"


class WrongKindError(ValueError):
    """The body is something else."""


class CutOffError(ValueError):
    """The body ends early."""


def check_body(path: Path, body: Body) -> None:
    """Return where the file looks like the kind of body. Raises CutOffError, or WrongKindError with what it is instead.

    A filing's text may hold HTML, but does not begin with it; a page of an error does.
    """
    with path.open("rb") as stream:
        head = stream.read(EDGE_BYTES).lstrip(_MARKS)
        stream.seek(max(path.stat().st_size - EDGE_BYTES, 0))
        tail = stream.read().rstrip()
    if not head:
        raise CutOffError("the answer is empty")
    if _is_page(head, body):
        raise WrongKindError(f"answered with a web page instead of {body.value}{_title(head)}")
    if body is Body.JSON:
        _check_json(head, tail)
    elif body is Body.XML and not head.startswith(b"<"):
        raise WrongKindError("the answer is no XML")
    elif body is Body.XML and not tail.endswith(b">"):
        raise CutOffError("the answer ends early")
    elif body is Body.ZIP and not head.startswith(b"PK"):
        raise WrongKindError("the answer is no zip")
    elif body is Body.ZIP and not zipfile.is_zipfile(path):
        raise CutOffError("the answer ends early")


def _is_page(head: bytes, body: Body) -> bool:
    start = head[:512].lower()
    return start.startswith(_PAGES) or (body is not Body.TEXT and b"<html" in start)


def _check_json(head: bytes, tail: bytes) -> None:
    closing = {b"{": b"}", b"[": b"]"}.get(head[:1])
    if closing is None:
        raise WrongKindError("the answer is no JSON")
    if not tail.endswith(closing):
        raise CutOffError("the answer ends early")


def _title(head: bytes) -> str:
    """Return the page's title, which tells why it was sent."""
    lower = head.lower()
    start, end = lower.find(b"<title>"), lower.find(b"</title>")
    if start < 0 or end < start:
        return ""
    words = " ".join(head[start + 7 : end].decode("utf-8", "replace").split())
    return f" (“{words[:80]}”)" if words else ""
