"""Whose value stands: an analyst's over every source's, any source's over the starter data set's.

Of names and tickers EDGAR's register has the word over other sources: lists of different days would else take turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

CURATED = "curated"
STARTER = "starter"
REGISTER = "edgar"
OF_THE_REGISTER = frozenset({"name", "ticker"})


class Provenanced(Protocol):
    """A row that says where each of its fields came from."""

    field_sources: dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What a source says of a field: the value, the source's own identifier for it and the day it speaks of."""

    value: Any
    identifier: str = ""
    as_of: str = ""

    def provenance(self, source: str) -> dict[str, str]:
        """Return the note kept beside the field."""
        note = {"source": source, "id": self.identifier, "as_of": self.as_of}
        return {key: value for key, value in note.items() if value}


@dataclass(frozen=True)
class Refusal:
    """What a source says of a field that an analyst's value refuses; the row's key is known once it is written."""

    row: Any
    name: str
    held: Any
    said: Said
    source: str
    label: str

    def __str__(self) -> str:
        return f"{self.label}: {self.name} stays {self.held}, set by an analyst; {self.source} says {self.said.value}"


def authority(source: str, name: str) -> int:
    """Return the rank of a source for a field: curated 3, the register for what it registers 2, starter 0, others 1."""
    if source == REGISTER and name in OF_THE_REGISTER:
        return 2
    return {CURATED: 3, STARTER: 0}.get(source, 1)


def apply(row: Provenanced, said: Mapping[str, Said], *, source: str, label: str, refusals: list[Refusal]) -> list[str]:
    """Set the fields that the source may set and return those that changed, `field_sources` with them.

    A value without a note of its origin counts as an analyst's. Refused values are added to `refusals`; a source says
    nothing by an empty value, and an older market cap or figure does not replace a newer one.
    """
    changed: list[str] = []
    for name, news in said.items():
        held = getattr(row, name)
        if news.value in (None, "", [], {}) or held == news.value:
            continue
        note = row.field_sources.get(name)
        if note is None and held in (None, "", [], {}):
            note = {}
        held_by = CURATED if note is None else note.get("source", STARTER)
        if authority(held_by, name) > authority(source, name):
            if held_by == CURATED:
                refusals.append(Refusal(row, name, held, news, source, label))
            continue
        if note and note.get("as_of", "") > news.as_of:
            continue
        setattr(row, name, news.value)
        row.field_sources = {**row.field_sources, name: news.provenance(source)}
        changed.append(name)
    return [*changed, "field_sources"] if changed else []


def withdraw(row: Provenanced, names: Iterable[str], *, source: str) -> list[str]:
    """Empty the fields that the source set itself and no longer says, and return those that changed."""
    changed = [
        name
        for name in names
        if getattr(row, name) is not None and row.field_sources.get(name, {}).get("source") == source
    ]
    for name in changed:
        setattr(row, name, None)
    row.field_sources = {**row.field_sources, **{name: {"source": source} for name in changed}}
    return [*changed, "field_sources"] if changed else []
