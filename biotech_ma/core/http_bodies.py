"""Whether a body is what was asked for and whole, seen from its first and last bytes."""

from __future__ import annotations

import enum
import zipfile
import zlib
from collections.abc import Iterable, Iterator
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


# zlib's own switch for "gzip or zlib, as the stream says".
_ANY_HEADER = 32 + zlib.MAX_WBITS
_PIECE_BYTES = 1024**2


def unpacked(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield a body without its transfer's gzip or deflate, in pieces of bounded size.

    Raises CutOffError where the packed stream ends before its end mark, which a complete transfer can hide, and
    WrongKindError for an encoding that was not asked for.
    """
    kinds = [kind for kind in (part.strip().lower() for part in encoding.split(",")) if kind not in ("", "identity")]
    if not kinds:
        yield from chunks
        return
    if len(kinds) > 1 or kinds[0] not in ("gzip", "x-gzip", "deflate"):
        raise WrongKindError(f"the answer is encoded as {encoding[:40]}, which was not asked for")
    inflater = zlib.decompressobj(_ANY_HEADER)
    try:
        for chunk in chunks:
            data = chunk
            while data:
                if inflater.eof:  # a gzip may consist of several
                    inflater = zlib.decompressobj(_ANY_HEADER)
                if piece := inflater.decompress(data, _PIECE_BYTES):
                    yield piece
                data = inflater.unconsumed_tail or inflater.unused_data
    except zlib.error as error:
        raise CutOffError(f"the answer cannot be unpacked ({error})") from error
    if not inflater.eof:
        raise CutOffError("the answer ends early")


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
