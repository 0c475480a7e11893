"""What an answer is written in: JSON, whatever the client says it would rather have."""

from __future__ import annotations

from collections.abc import Iterable

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class JSONAlways(BaseContentNegotiation):
    """Picks the parser by Content-Type, and the first renderer always: browsers and curl then see the same."""

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
