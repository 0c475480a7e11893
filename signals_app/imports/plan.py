"""What an import would do, row by row: what is shown before it is done, and what is done."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import models

from biotech_ma.core.admin.figures import UNKNOWN, plain
from biotech_ma.core.sheets.values import DayOrder
from companies.models import Company, DrugCandidate
from signals_app.imports.reading import ReadRow
from signals_app.ingest.merge.authority import CURATED, Refusal, Said, apply


class Fate(StrEnum):
    """What becomes of a row."""

    CREATE = "create"
    CHANGE = "change"
    SAME = "same"
    REFUSED = "refused"
    ASIDE = "aside"


@dataclass(frozen=True)
class Options:
    """How a file is meant. `source` empty: its values are the desk's own, which outrank every source.

    `adds`: rows about what the desk does not have add it. `by_row`: rows without a fault go in though others have one.
    `as_of` is the day of what has no day of its own.
    """

    source: str = ""
    adds: bool = True
    by_row: bool = False
    day_order: DayOrder = DayOrder.REFUSE
    as_of: dt.date | None = None

    @property
    def authority(self) -> str:
        """The source of the values as the rows' provenance names it."""
        return self.source or CURATED

    def to_json(self) -> dict[str, Any]:
        """Return them as they are kept."""
        return {
            "source": self.source,
            "adds": self.adds,
            "by_row": self.by_row,
            "day_order": str(self.day_order),
            "as_of": self.as_of.isoformat() if self.as_of else "",
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Options:
        """Return what was kept."""
        return cls(
            source=kept.get("source", ""),
            adds=kept.get("adds", True),
            by_row=kept.get("by_row", False),
            day_order=DayOrder(kept.get("day_order") or DayOrder.REFUSE),
            as_of=dt.date.fromisoformat(kept["as_of"]) if kept.get("as_of") else None,
        )


@dataclass
class PlannedRow:
    """One row: what becomes of it, each field from what to what, the cells at fault, and what else is worth knowing."""

    row: int
    label: str
    fate: Fate
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    subject: UUID | None = None
    cells: list[Any] = field(default_factory=list)


@dataclass
class Plan:
    """All rows of a file, and the rows of the database as they would be."""

    rows: list[PlannedRow] = field(default_factory=list)
    new: list[Any] = field(default_factory=list)
    changed: dict[Any, set[str]] = field(default_factory=dict)
    befores: dict[UUID, Any] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    events: list[tuple[PlannedRow, dict[str, Any]]] = field(default_factory=list)
    corrections: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each fate; those left out only where there are any."""
        found = Counter(str(row.fate) for row in self.rows)
        return {str(fate): found[str(fate)] for fate in Fate if fate is not Fate.ASIDE or found[str(fate)]}

    def digest(self) -> str:
        """Return what changes when anything would become of the file that was not shown."""
        text = json.dumps([(row.row, row.fate, row.changes, row.faults) for row in self.rows])
        return hashlib.sha256(text.encode()).hexdigest()

    def own(self, rows: Iterable[ReadRow]) -> Iterator[ReadRow]:
        """Yield the rows that are the table's own; take note of those that are left out, such as sums and footnotes."""
        for read in rows:
            if read.aside:
                self.rows.append(PlannedRow(read.row, f"Row {read.row + 1}", Fate.ASIDE, notes=[read.aside]))
            else:
                yield read

    def refuse(self, read: ReadRow, label: str) -> None:
        """Take note of a row that is not taken."""
        self.rows.append(
            PlannedRow(read.row, label, Fate.REFUSED, faults=read.faults, notes=read.notes, cells=read.raw)
        )


class Change:
    """One row of the database as the file changes it: what is said goes through the rules of every source."""

    def __init__(self, row: Any, options: Options, plan: Plan, read: ReadRow, *, file: str, today: dt.date) -> None:
        self.row, self.options, self.plan, self.read = row, options, plan, read
        self.file, self.today = file, today
        self.fields: set[str] = set()
        self.changes: list[tuple[str, str, str]] = []

    def say(self, name: str, value: Any, *, as_of: dt.date | None = None, cell: str = "") -> None:
        """Set a field, unless an analyst's value or a newer one stands; what is not set is told and queued."""
        held, label = getattr(self.row, name), _label(self.row, name)
        if held == value:
            return
        place = cell or self.read.cells.get(name, "")
        day = (as_of or self.today).isoformat()
        said = Said(value, f"{self.file} {place}".strip(), day)
        if held is None and self.row._state.adding and value not in (None, "", []):
            # Nobody's word stands against it; the notes of a row that is being added are its own.
            setattr(self.row, name, value)
            self.row.field_sources[name] = said.provenance(self.options.authority)
            self.fields.add(name)
            self.changes.append((label, UNKNOWN, shown(self.row, name, value)))
            return
        refused = len(self.plan.refusals)
        changed = apply(
            self.row,
            {name: said},
            source=self.options.authority,
            label=str(self.row),
            refusals=self.plan.refusals,
        )
        if changed:
            self.fields.update(changed)
            self.changes.append((label, shown(self.row, name, held), shown(self.row, name, value)))
        elif len(self.plan.refusals) > refused:
            self.read.notes.append(
                f"{label} stays {shown(self.row, name, held)}, set by an analyst: {shown(self.row, name, value)} goes "
                "to the review queue"
            )
        else:
            self.read.notes.append(
                f"{label} stays {shown(self.row, name, held)}, which is newer or of a source with more authority"
            )

    def follow(self, name: str, value: Any, *, leader: str) -> None:
        """Set a field that goes with another that was let through, under the same note."""
        held = getattr(self.row, name)
        if held == value:
            return
        setattr(self.row, name, value)
        note = self.row.field_sources.get(leader)
        self.row.field_sources = {**self.row.field_sources, **({name: dict(note)} if note else {})}
        self.fields |= {name, "field_sources"}
        self.changes.append((_label(self.row, name), shown(self.row, name, held), shown(self.row, name, value)))

    def propose(self, name: str, value: Any, *, as_of: dt.date | None = None) -> None:
        """Queue a value for an analyst, for a field that is derived from filings and would not keep a source's word."""
        held = getattr(self.row, name)
        if held == value:
            return
        said = Said(value, f"{self.file} {self.read.cells.get(name, '')}".strip(), (as_of or self.today).isoformat())
        self.plan.refusals.append(Refusal(self.row, name, held, said, self.options.authority, str(self.row)))
        self.read.notes.append(
            f"{_label(self.row, name)}: {shown(self.row, name, value)} goes to the review queue, "
            f"{shown(self.row, name, held)} stays until it is accepted"
        )

    def done(self, label: str, *, is_new: bool) -> None:
        """Note the row's fate, and the database's row with what changed."""
        fate = Fate.CREATE if is_new else Fate.CHANGE if self.fields else Fate.SAME
        self.plan.rows.append(
            PlannedRow(self.read.row, label, fate, self.changes, [], self.read.notes, subject=self.row.pk)
        )
        if is_new:
            self.plan.new.append(self.row)
        elif self.fields:
            self.plan.changed.setdefault(self.row, set()).update(self.fields)


@lru_cache(maxsize=200)
def _field(model: type[models.Model], name: str) -> tuple[str, dict[Any, str]]:
    """Return a field's label and the words of its choices."""
    field: Any = model._meta.get_field(name)
    text = str(field.verbose_name)
    return text[:1].upper() + text[1:], dict(field.flatchoices)


def _label(row: Company | DrugCandidate, name: str) -> str:
    return _field(row._meta.model, name)[0]


def shown(row: Any, name: str, value: Any) -> str:
    """Return a value as the page shows it: choices by their label, figures with separators."""
    if value is None:
        return UNKNOWN
    choices = _field(row._meta.model, name)[1]
    if choices and isinstance(value, str) and value in choices:
        return choices[value]
    if isinstance(value, int) and not isinstance(value, bool):
        return plain(Decimal(value)) if name != "founded_year" else str(value)
    return plain(value)
