"""The verbs of an import: take a file, say what its columns are, check it, apply it. Each step is claimed once."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.db.models.functions import Now

from biotech_ma.core.admin.figures import plain as as_text
from biotech_ma.core.services import Refused
from biotech_ma.core.sheets.grid import Grid, is_empty
from biotech_ma.core.sheets.read import read
from signals_app.import_models import ImportState, SheetImport
from signals_app.imports.columns import WRONG, Layout, faults_of, guessed, heading_key, headings, liking, mapped
from signals_app.imports.plan import Fate, Options
from signals_app.imports.targets import TARGETS, Kind
from signals_app.imports.undo import undo, why_not
from signals_app.imports.working import check, give_up, write_import

__all__ = [
    "apply_import",
    "cancel",
    "check",
    "give_up",
    "look_again",
    "map_columns",
    "take_file",
    "undo_import",
    "write_import",
]

# Beyond this a worker does it.
MOST_AT_ONCE = 2000
SAMPLE_ROWS, SAMPLED_ROWS = 4, 500
SAMPLE_WIDTH = 60
MOST_EVENTS = 5000
# From where an import may be mapped and checked.
OPEN = (ImportState.MAPPING, ImportState.CHECKED, ImportState.FAILED)
# Where each step leads back to when it is cancelled.
CANCELLED = {
    ImportState.CHECKING: ImportState.MAPPING,
    ImportState.APPLYING: ImportState.CHECKED,
    ImportState.UNDOING: ImportState.APPLIED,
}
# What looking at a file finds out.
LOOKED_AT = ("made_of", "sheet", "sheets", "layout", "heading_key", "rows_total", "sample")


def take_file(*, kind: str, name: str, content: bytes, owner: AbstractBaseUser, sheet: str = "") -> SheetImport:
    """Keep an uploaded file, its columns guessed or as those of the last file with the same headings.

    Raises Unreadable for a file that cannot be taken as a whole.
    """
    grid = read(content, sheet=sheet, liking=liking(Kind(kind)))
    taken = SheetImport(
        kind=Kind(kind),
        file_name=_clean(name),
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        content=content,
        owner=owner,  # type: ignore[misc]
    )
    _look(taken, grid, guessed(grid, Kind(kind)))
    _remember(taken)
    taken.save(force_insert=True)
    return taken


def _clean(name: str) -> str:
    kept = "".join(sign for sign in name.replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable())
    return kept[-255:] or "file"


def _look(taken: SheetImport, grid: Grid, layout: Layout) -> None:
    """Note what the file is made of, its headings and its first rows."""
    taken.made_of, taken.sheet, taken.sheets = grid.made_of[:255], grid.sheet, grid.sheets
    taken.layout = layout.to_json()
    taken.heading_key = heading_key(headings(grid, layout.heading_row, has_units=layout.has_units))
    taken.rows_total = max(0, len(grid.rows) - layout.first_row)
    taken.sample = _sample(grid, layout)


def _sample(grid: Grid, layout: Layout) -> list[list[str]]:
    """Return of every column the first values, one below the other; columns that begin late have theirs, too."""
    rows = range(layout.first_row, min(layout.first_row + SAMPLED_ROWS, len(grid.rows)))
    columns = []
    for column in layout.columns:
        held = (value for row in rows if not is_empty(value := grid.value(row, column.place)))
        columns.append([_shown(value) for value in islice(held, SAMPLE_ROWS)])
    return [[values[row] if row < len(values) else "" for values in columns] for row in range(SAMPLE_ROWS)]


def _shown(value: Any) -> str:
    if isinstance(value, dt.datetime):  # of no zone, as workbooks have it
        value = value.date() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    return "".join(sign if sign.isprintable() else " " for sign in as_text(value)[:SAMPLE_WIDTH])


def _remember(taken: SheetImport) -> None:
    """Map the columns as they were mapped for the last file with the same headings that got as far as being checked."""
    earlier = SheetImport.objects.filter(kind=taken.kind, heading_key=taken.heading_key).exclude(plan_sha256="")
    last = earlier.order_by("-id").first()
    if last is None:
        return
    kept = {column.place: column for column in Layout.from_json(last.layout).columns}
    found = Layout.from_json(taken.layout)
    columns = tuple(
        # What this file says of its units and its currency counts, not what the last one said.
        replace(guess, target=held.target, scale=guess.scale if guess.scale != "1" else held.scale)
        if (held := kept.get(guess.place)) is not None and held.heading != WRONG
        else guess
        for guess in found.columns
    )
    taken.layout = replace(found, columns=columns).to_json()
    taken.options = {**last.options, "as_of": ""}


def look_again(
    taken: SheetImport, *, heading_row: int, sheet: str = "", has_units: bool | None = None, encoding: str | None = None
) -> None:
    """Guess the columns anew: under another row of headings, on another sheet, in another encoding.

    Raises Unreadable, and Refused for an import that is being worked on or has been applied.

    `has_units` says whether a row of units follows the headings, None: as it looks; `encoding` None: as before.
    """
    encoding = taken.layout.get("encoding", "") if encoding is None else encoding
    grid = read(bytes(taken.content or b""), sheet=sheet or taken.sheet, encoding=encoding)
    kind = Kind(taken.kind)
    if sheet and sheet != taken.sheet:
        layout = guessed(grid, kind)
    else:
        layout = mapped(grid, kind, min(heading_row, len(grid.rows) - 1), has_units=has_units)
    _look(taken, grid, replace(layout, encoding=encoding))
    looked = {name: getattr(taken, name) for name in LOOKED_AT}
    if not _claim(taken, OPEN, ImportState.MAPPING, plan_sha256="", **looked):
        raise Refused("This import is being worked on, or has been applied.")


def map_columns(taken: SheetImport, *, layout: Layout, options: Options) -> None:
    """Say what the columns are and how the file is meant, and have it checked: now, or by a worker where it is long.

    Raises Refused, in words for the page, where rows cannot be read that way.
    """
    if faults := faults_of(layout, Kind(taken.kind)):
        raise Refused(" ".join(faults))
    if taken.kind == Kind.EVENTS and taken.rows_total > MOST_EVENTS:
        raise Refused(f"At most {MOST_EVENTS:,} events at a time. Split the file.")
    claimed = _claim(
        taken,
        OPEN,
        ImportState.CHECKING,
        layout=layout.to_json(),
        options=options.to_json(),
        error="",
        rows_done=0,
    )
    if not claimed:
        raise Refused("This import is being worked on, or has been applied.")
    _do(taken, "check")


def apply_import(taken: SheetImport, *, reason: str) -> None:
    """Write what was shown: now, or by a worker where it is long. Raises Refused twice, or without a reason."""
    if not reason.strip():
        raise Refused("Say why: the reason is kept with every row that changes.", field="reason")
    if not taken.options.get("by_row") and taken.counts.get(Fate.REFUSED):
        raise Refused("Some rows have faults: mend the file, or let the rows without a fault go in by themselves.")
    claimed = _claim(
        taken, (ImportState.CHECKED,), ImportState.APPLYING, reason=reason.strip(), started_at=Now(), rows_done=0
    )
    if not claimed:
        raise Refused("This import has been applied already, or its file has not been checked.")
    _do(taken, "apply")


def undo_import(taken: SheetImport, *, by: AbstractBaseUser, reason: str) -> None:
    """Take back what the import changed and nobody has changed since: now, or by a worker where it is long.

    Raises Refused without a reason, for events, and for what is not applied.
    """
    if not reason.strip():
        raise Refused("Say why: the reason is kept with every row that changes.", field="reason")
    if words := why_not(taken):
        raise Refused(words)
    claimed = _claim(
        taken, (ImportState.APPLIED,), ImportState.UNDOING, undone_by=by, undo_reason=reason.strip(), error=""
    )
    if not claimed:
        raise Refused("This import is being undone, or has been.")
    _do(taken, "undo")


def cancel(taken: SheetImport) -> None:
    """Stop the step that a worker is at, or has not begun: nothing of it stays. Raises Refused where it is done."""
    for state, former in CANCELLED.items():
        if _claim(taken, (state,), former, error="It was cancelled: nothing was written."):
            return
    raise Refused("There is nothing to cancel: the step is done.")


def _claim(taken: SheetImport, states: Iterable[str], state: str, **values: Any) -> bool:
    """Move the import on in one conditional statement: of two calls one does it."""
    rows = SheetImport.objects.filter(pk=taken.pk, state__in=list(states))
    claimed = rows.update(state=state, turn=F("turn") + 1, **values)
    taken.refresh_from_db()
    return bool(claimed)


def _do(taken: SheetImport, step: str) -> None:
    from signals_app.imports.jobs import work_on_import

    if taken.rows_total > MOST_AT_ONCE:
        work_on_import.configure(lock=f"import {taken.pk}").defer(import_id=str(taken.pk), step=step)
        return
    STEPS[step](taken)
    taken.refresh_from_db()


STEPS: dict[str, Callable[[SheetImport], None]] = {"check": check, "apply": write_import, "undo": undo}
FIELDS = {kind: [(target.name, target.label) for target in targets] for kind, targets in TARGETS.items()}
