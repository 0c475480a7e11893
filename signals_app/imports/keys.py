"""Keys of rows that are planned before they are written."""

from __future__ import annotations

import secrets
import time
from uuid import UUID


def new_key() -> UUID:
    """Return a UUID v7, as the server makes them (RFC 9562, 5.7): a planned row is referred to before it is written."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return UUID(int=number)
