"""A titled table for a tab or a panel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString


def table(
    title: str,
    headers: list[str],
    rows: list[list[Any]],
    *,
    note: str = "",
    url: str = "",
    add_url: str = "",
    empty: str = "Nothing yet.",
    numeric: Iterable[int] = (),
    foot: list[Any] | None = None,
    body: SafeString | None = None,
) -> SafeString:
    """Return a card with a table: `numeric` columns are right-aligned, `foot` is the row of totals.

    `body` is a picture that stands before it.
    """
    return render_to_string(
        "admin/desk/card.html",
        {
            "title": title,
            "headers": headers,
            "rows": rows,
            "note": note,
            "url": url,
            "add_url": add_url,
            "empty": empty,
            "numeric": frozenset(numeric),
            "foot": foot,
            "body": body,
        },
    )
