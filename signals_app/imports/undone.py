"""What undoing an import does to one row of the desk: what is shown before it is done, and what is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from signals_app.imports.plan import shown


@dataclass
class Undone:
    """What becomes of one row of the desk: its fields with their values now and before, or why it stays as it is."""

    row: Any
    is_new: bool
    values: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    stays: list[str] = field(default_factory=list)
    archives: bool = False

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Field, value now, value before."""
        return [
            (label_of(self.row, name), shown(self.row, name, getattr(self.row, name)), shown(self.row, name, value))
            for name, value in self.values.items()
        ]


def label_of(row: Any, name: str) -> str:
    """Return what a field is called."""
    text = str(row._meta.get_field(name).verbose_name)
    return text[:1].upper() + text[1:]
