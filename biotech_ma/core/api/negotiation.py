"""What a body is read as, and what an answer is written in: the one type that the endpoint gives, or a 406."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

ANY = "*/*"


class JSONAlways(BaseContentNegotiation):
    """Picks the parser by Content-Type and the first renderer; whether that is wanted, the view has asked."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser whose media type the body has; None makes a 415."""
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        for parser in parsers:
            if sent == parser.media_type or (sent.startswith("application/") and sent.endswith("+json")):
                return parser
        return None

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


def preferred(header: str | None, types: Sequence[str]) -> str | None:
    """Return which of the types an Accept header wants most, the first of equals; None when it refuses them all.

    No header, or one that names no media range at all, wants the first (RFC 9110, section 12.5.1).
    """
    if not header or header.strip() == ANY:
        return types[0]
    ranges = list(_ranges(header))
    if not ranges:
        return types[0]
    weighed = [(_quality(kind, ranges), -place, kind) for place, kind in enumerate(types)]
    quality, _, kind = max(weighed)
    return kind if quality > 0 else None


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    """Yield each media range with its quality; what is none is passed over."""
    for part in header.split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        kind, slash, subkind = name.partition("/")
        if not (kind and slash and subkind):
            continue
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        yield name, quality


def _quality(kind: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return the quality that the most specific range gives the type; 0 when none is of it."""
    for wanted in (kind, f"{kind.partition('/')[0]}/*", ANY):
        found = [quality for name, quality in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0
