"""The verbs of an import: take a file, say what its columns are, check it, apply it. Each step is claimed once."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any
from uuid import UUID

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from biotech_ma.core.admin.figures import plain as as_text
from biotech_ma.core.services import Refused, recorded, violated_constraint
from biotech_ma.core.sheets.grid import Grid, Unreadable, is_empty
from biotech_ma.core.sheets.read import read
from companies.models import Company, DrugCandidate
from signals_app.import_models import ImportState, SheetImport, SheetImportRow
from signals_app.imports.candidates import plan_candidates
from signals_app.imports.columns import Layout, faults_of, guessed, heading_key, headings, liking, mapped
from signals_app.imports.companies import plan_companies
from signals_app.imports.events import plan_events
from signals_app.imports.plan import Fate, Options, Plan
from signals_app.imports.reading import ReadRow, Way, rows_of
from signals_app.imports.targets import TARGETS, Kind
from signals_app.imports.writing import write
from signals_app.ingest.merge.turn import take_turn
from signals_app.models import Signal

# Beyond this a worker does it.
MOST_AT_ONCE = 2000
SAMPLE_ROWS, SAMPLED_ROWS = 4, 500
SAMPLE_WIDTH = 60
PROGRESS_ROWS = 500
MOST_EVENTS = 5000
LONGEST_LABEL = 1000

PLANNERS: dict[Kind, Callable[..., Plan]] = {
    Kind.COMPANIES: plan_companies,
    Kind.CANDIDATES: plan_candidates,
    Kind.EVENTS: plan_events,
}


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
    kept, found = Layout.from_json(last.layout), Layout.from_json(taken.layout)
    columns = tuple(
        # What this file says of its units counts, not what the last one said.
        replace(column, scale=guess.scale if guess.scale != "1" else column.scale)
        for column, guess in zip(kept.columns, found.columns, strict=True)
    )
    taken.layout = replace(found, columns=columns).to_json()
    taken.options = {**last.options, "as_of": ""}


def look_again(
    taken: SheetImport, *, heading_row: int, sheet: str = "", has_units: bool | None = None, encoding: str | None = None
) -> None:
    """Guess the columns anew: under another row of headings, on another sheet, in another encoding. Raises Unreadable.

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
    taken.state, taken.plan_sha256 = ImportState.MAPPING, ""
    taken.save()


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
        (ImportState.MAPPING, ImportState.CHECKED, ImportState.FAILED),
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
    claimed = _claim(taken, (ImportState.CHECKED,), ImportState.APPLYING, reason=reason.strip(), started_at=Now())
    if not claimed:
        raise Refused("This import has been applied already, or its file has not been checked.")
    _do(taken, "apply")


def _claim(taken: SheetImport, states: Iterable[str], state: str, **values: Any) -> bool:
    """Move the import on in one conditional statement: of two calls one does it."""
    claimed = SheetImport.objects.filter(pk=taken.pk, state__in=list(states)).update(state=state, **values)
    taken.refresh_from_db()
    return bool(claimed)


def _do(taken: SheetImport, step: str) -> None:
    from signals_app.imports.jobs import work_on_import

    if taken.rows_total > MOST_AT_ONCE:
        work_on_import.configure(lock=f"import {taken.pk}").defer(import_id=str(taken.pk), step=step)
        return
    STEPS[step](taken)
    taken.refresh_from_db()


def _planned(taken: SheetImport, progress: Callable[[int], None] | None = None) -> Plan:
    layout = Layout.from_json(taken.layout)
    grid = read(bytes(taken.content or b""), sheet=taken.sheet, encoding=layout.encoding)
    kind, options = Kind(taken.kind), Options.from_json(taken.options)
    rows: Iterable[ReadRow] = rows_of(grid, layout, kind, Way(options.day_order, grid.serial_1904))
    return PLANNERS[kind](_counted(rows, progress) if progress else rows, options=options, file=taken.file_name)


def _counted(rows: Iterable[ReadRow], progress: Callable[[int], None]) -> Iterator[ReadRow]:
    for number, row in enumerate(rows, 1):
        if number % PROGRESS_ROWS == 0:
            progress(number)
        yield row


def check(taken: SheetImport) -> None:
    """Work out what the file would change, and keep it row by row."""
    try:
        plan = _planned(taken, lambda done: _note_progress(taken.pk, done))
    except Unreadable as error:
        _fail(taken, str(error))
        return
    with transaction.atomic():
        _keep(taken, plan)
        SheetImport.objects.filter(pk=taken.pk, state=ImportState.CHECKING).update(
            state=ImportState.CHECKED, counts=plan.counts, plan_sha256=plan.digest(), rows_done=len(plan.rows)
        )


def _note_progress(key: UUID, done: int) -> None:
    SheetImport.objects.filter(pk=key).update(rows_done=done)


def _keep(taken: SheetImport, plan: Plan) -> None:
    SheetImportRow.objects.filter(sheet_import=taken).delete()
    SheetImportRow.objects.bulk_create(
        (
            SheetImportRow(
                sheet_import=taken,
                row=row.row + 1,
                label=row.label[:LONGEST_LABEL],
                fate=row.fate,
                changes=[list(change) for change in row.changes],
                faults=[list(fault) for fault in row.faults],
                notes=row.notes,
            )
            for row in plan.rows
        ),
        batch_size=1000,
    )


def write_import(taken: SheetImport) -> None:
    """Write the file's rows in one transaction, if they still mean what was shown; else show what they mean now."""
    who = {"user": taken.owner_id} if taken.owner_id else {}
    try:
        with (
            pghistory.context(sheet_import=str(taken.pk), **who),
            recorded(f"import {taken.kind}", reason=taken.reason),
        ):
            take_turn()
            plan = _planned(taken)
            if plan.digest() != taken.plan_sha256:
                _show_again(taken, plan)
                return
            write(plan, is_curated=not taken.options.get("source"))
            SheetImport.objects.filter(pk=taken.pk).update(
                state=ImportState.APPLIED, finished_at=Now(), content=None, counts=plan.counts, error=""
            )
    except IntegrityError as error:
        _fail(taken, f"Nothing was written. {_words(error)}")
    except (Refused, Unreadable) as error:
        _fail(taken, f"Nothing was written. {error}")


def _show_again(taken: SheetImport, plan: Plan) -> None:
    _keep(taken, plan)
    SheetImport.objects.filter(pk=taken.pk).update(
        state=ImportState.CHECKED,
        counts=plan.counts,
        plan_sha256=plan.digest(),
        error="The desk's rows have changed since this file was checked. Nothing was written: look at it again.",
    )


def _words(error: IntegrityError) -> str:
    name = violated_constraint(error)
    for model in (Company, DrugCandidate, Signal):
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return str(constraint.get_violation_error_message())
    return "Another change came first: check the file again."


def _fail(taken: SheetImport, reason: str) -> None:
    SheetImport.objects.filter(pk=taken.pk).update(state=ImportState.FAILED, error=reason)


def give_up(taken: SheetImport, error: Exception) -> None:
    """Say that nothing was written, for an error that nobody foresaw."""
    _fail(taken, f"Nothing was written: {type(error).__name__}. The log says more.")


STEPS: dict[str, Callable[[SheetImport], None]] = {"check": check, "apply": write_import}
FIELDS = {kind: [(target.name, target.label) for target in targets] for kind, targets in TARGETS.items()}
