"""Conditional requests (RFC 9110, section 13): entity tags, `If-None-Match` and `If-Match`."""

from __future__ import annotations

import hashlib
import re

from rest_framework import status

from biotech_ma.core.api.errors import Problem

ANY = "*"
_ADDED_BY_PROXIES = re.compile(r'-(gzip|br|zstd|deflate)"$')


def etag(body: bytes) -> str:
    """Return the entity tag of a representation: the digest of its bytes."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def known_tags(header: str) -> set[str]:
    """Return the entity tags of an If-None-Match or If-Match header, without what compressing proxies add to them.

    nginx marks them weak, Caddy and Apache put the encoding at their end.
    """
    return {_ADDED_BY_PROXIES.sub('"', tag.strip().removeprefix("W/")) for tag in header.split(",")}


def is_known(header: str | None, tag: str) -> bool:
    """Return whether the caller of this `If-None-Match` has the representation already: its tag is there, or `*`."""
    return header is not None and (header.strip() == ANY or tag in known_tags(header))


def refuse_stale(header: str | None, tag: str | None) -> None:
    """Raise Problem (412) unless the `If-Match`, where there is one, names this tag (`*`: any; None: there is no row).

    The tag is that of the plain row, whatever `fields` and `include` the reader had asked for.
    """
    if not header or (header.strip() == ANY and tag is not None):
        return
    if tag is None or tag not in known_tags(header):
        raise Problem(status.HTTP_412_PRECONDITION_FAILED, "The row has changed since; read it again before writing.")
