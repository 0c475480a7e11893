"""Where a curated row's figures came from, read from its `field_sources`."""

from __future__ import annotations

from typing import Any


def source_notes(row: Any) -> dict[str, str]:
    """Return for each field with a known source one line: source, identifier, day."""
    notes = {}
    for name, origin in (getattr(row, "field_sources", None) or {}).items():
        if not isinstance(origin, dict):
            continue
        parts = [str(origin[part]) for part in ("source", "id") if origin.get(part)]
        if origin.get("as_of"):
            parts.append(f"as of {origin['as_of']}")
        if parts:
            notes[name] = " · ".join(parts)
    return notes


def sourced_form(form: Any, row: Any) -> Any:
    """Return the form class with each field's source in its help text."""
    for name, note in source_notes(row).items() if row is not None else ():
        if name in form.base_fields:
            field = form.base_fields[name]
            field.help_text = f"{field.help_text} Source: {note}.".strip()
    return form
