"""The steps of an import as they are carried out, in a request or by a worker; each can be cancelled meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pghistory
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from biotech_ma.core.services import Refused, recorded, violated_constraint
from biotech_ma.core.sheets.grid import Unreadable
from biotech_ma.core.sheets.read import read
from companies.models import Company, DrugCandidate
from signals_app.import_models import ImportState, SheetImport, SheetImportRow
from signals_app.imports.candidates import plan_candidates
from signals_app.imports.columns import Layout
from signals_app.imports.companies import plan_companies
from signals_app.imports.events import plan_events
from signals_app.imports.faulty_rows import as_kept
from signals_app.imports.plan import Fate, Options, Plan
from signals_app.imports.reading import ReadRow, Way, rows_of
from signals_app.imports.targets import Kind
from signals_app.imports.writing import write
from signals_app.ingest.merge.turn import take_turn
from signals_app.models import Signal

PROGRESS_ROWS = 500
# As many rows as a file has: the ORM would spend more on them than the comparison does.
_KEEP = """
COPY sheet_import_rows (sheet_import_id, row, label, fate, subject, changes, faults, notes, cells) FROM STDIN
"""
_NAME_SUBJECTS = """
UPDATE sheet_import_rows AS r SET subject = a.subject
FROM unnest(%s::int[], %s::uuid[]) AS a (row, subject)
WHERE r.sheet_import_id = %s AND r.row = a.row
"""
_TELL = """
UPDATE sheet_imports SET rows_done = %s
WHERE id = (SELECT id FROM sheet_imports WHERE id = %s AND turn = %s FOR NO KEY UPDATE SKIP LOCKED)
"""
LONGEST_LABEL = 1000
PLANNERS: dict[Kind, Callable[..., Plan]] = {
    Kind.COMPANIES: plan_companies,
    Kind.CANDIDATES: plan_candidates,
    Kind.EVENTS: plan_events,
}


class Cancelled(Exception):
    """Somebody has cancelled the step, or begun another one: nothing of this one stays."""


def _planned(taken: SheetImport, progress: Callable[[int], None]) -> Plan:
    layout = Layout.from_json(taken.layout)
    grid = read(bytes(taken.content or b""), sheet=taken.sheet, encoding=layout.encoding)
    kind, options = Kind(taken.kind), Options.from_json(taken.options)
    rows: Iterable[ReadRow] = rows_of(grid, layout, kind, Way(options.day_order, grid.serial_1904))
    return PLANNERS[kind](_counted(rows, progress), options=options, file=taken.file_name)


def _counted(rows: Iterable[ReadRow], progress: Callable[[int], None]) -> Iterator[ReadRow]:
    for number, row in enumerate(rows, 1):
        if number % PROGRESS_ROWS == 0:
            progress(number)
        yield row


def check(taken: SheetImport) -> None:
    """Work out what the file would change, and keep it row by row."""
    try:
        plan = _planned(taken, lambda done: move(taken, rows_done=done))
        with transaction.atomic():
            _keep(taken, plan)
            move(
                taken,
                state=ImportState.CHECKED,
                counts=plan.counts,
                plan_sha256=plan.digest(),
                rows_done=len(plan.rows),
            )
    except Unreadable as error:
        fail(taken, str(error))
    except Cancelled:
        return


def move(taken: SheetImport, **values: object) -> None:
    """Write how far a step has come. Raises Cancelled where it is not this step's turn any more."""
    rows = SheetImport.objects.filter(pk=taken.pk, state=taken.state, turn=taken.turn)
    if not rows.update(**values):
        raise Cancelled


def go_on(taken: SheetImport) -> None:
    """Raise Cancelled where it is not this step's turn any more; locks nothing, so that it can be cancelled."""
    if not SheetImport.objects.filter(pk=taken.pk, state=taken.state, turn=taken.turn).exists():
        raise Cancelled


@contextmanager
def seen_outside(taken: SheetImport) -> Iterator[Callable[[int], None]]:
    """Yield what tells others how many rows are written, while the transaction that writes them is open.

    By a connection of its own, which commits at once. It never waits: where somebody holds the import's row, the number
    is told the next time.
    """
    outside: Any = connection.copy()

    def tell(done: int) -> None:
        with outside.cursor() as cursor:
            cursor.execute(_TELL, [done, taken.pk, taken.turn])

    try:
        yield tell
    finally:
        outside.close()


def _keep(taken: SheetImport, plan: Plan) -> None:
    SheetImportRow.objects.filter(sheet_import=taken).delete()
    with connection.cursor() as cursor, cursor.copy(_KEEP) as copy:
        for row in plan.rows:
            copy.write_row(
                (
                    taken.pk,
                    row.row + 1,
                    row.label[:LONGEST_LABEL],
                    str(row.fate),
                    row.subject,
                    *map(json.dumps, (row.changes, row.faults, row.notes, as_kept(row.cells))),
                )
            )


def write_import(taken: SheetImport) -> None:
    """Write the file's rows in one transaction, if they still mean what was shown; else show what they mean now."""
    who = {"user": taken.owner_id} if taken.owner_id else {}
    try:
        with (
            pghistory.context(sheet_import=str(taken.pk), **who) as context,
            recorded(f"import {taken.kind}", reason=taken.reason),
            seen_outside(taken) as progress,
        ):
            take_turn()
            plan = _planned(taken, lambda done: go_on(taken))
            if plan.digest() != taken.plan_sha256:
                _show_again(taken, plan)
                return
            write(plan, is_curated=not taken.options.get("source"), reason=taken.reason, progress=progress)
            _name_subjects(taken, plan)
            move(
                taken,
                state=ImportState.APPLIED,
                finished_at=Now(),
                history_context=context.id,
                content=None,
                counts=plan.counts,
                error="",
            )
    except IntegrityError as error:
        fail(taken, f"Nothing was written. {_words(error)}")
    except (Refused, Unreadable) as error:
        fail(taken, f"Nothing was written. {error}")
    except Cancelled:
        return


def _name_subjects(taken: SheetImport, plan: Plan) -> None:
    """Say which rows of the desk the file has added: they had other keys when they were only shown."""
    added = [(row.row + 1, row.subject) for row in plan.rows if row.fate is Fate.CREATE and row.subject is not None]
    if added:
        rows, subjects = (list(column) for column in zip(*added, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(_NAME_SUBJECTS, [rows, subjects, taken.pk])


def _show_again(taken: SheetImport, plan: Plan) -> None:
    _keep(taken, plan)
    move(
        taken,
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


def fail(taken: SheetImport, reason: str) -> None:
    """Say why a step came to nothing. What was applied and could not be undone is applied still."""
    state = ImportState.APPLIED if taken.state == ImportState.UNDOING else ImportState.FAILED
    SheetImport.objects.filter(pk=taken.pk, turn=taken.turn).update(state=state, error=reason)


def give_up(taken: SheetImport, error: Exception) -> None:
    """Say that nothing was written, for an error that nobody foresaw."""
    fail(taken, f"Nothing was written: {type(error).__name__}. The log says more.")
