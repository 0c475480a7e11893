"""A report as JSON: figures as decimal strings, days as ISO dates, the names of the content's own fields."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import Any

from delivery.reports.content import Content


def write(content: Content) -> bytes:
    """Return the content as one JSON object; the same content gives the same bytes."""
    return json.dumps(_plain(dataclasses.asdict(content)), ensure_ascii=False, sort_keys=True, indent=1).encode()


def digest(content: Content) -> str:
    """Return the SHA-256 of the content, hexadecimal."""
    return hashlib.sha256(write(content)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date) else value
