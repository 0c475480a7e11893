"""Takes back what an import changed, where nobody has changed it since: new changes, with a reason of their own.

The history says what each row held before. Rows that the import added are archived. The ledger keeps what it was told:
a figure that comes back enters it anew, and events are withdrawn from now on (`undo_events`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any
from uuid import UUID

import pghistory
from django.db import IntegrityError
from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Now

from biotech_ma.core.admin.history import history_fields
from biotech_ma.core.services import Refused, constraint_message, recorded
from companies.models import Company, CompanyNote, DrugCandidate
from companies.services import FOLLOWING, tell_of_edit
from signals_app.curated import EDITED, follow_edits, load_edited_figures
from signals_app.import_models import ImportState, SheetImport, SheetImportRow
from signals_app.imports.candidates import UNDONE
from signals_app.imports.plan import shown
from signals_app.imports.targets import Kind
from signals_app.imports.undo_events import plan_events_undo, write_events_undo
from signals_app.imports.undone import Undone, label_of
from signals_app.imports.working import Cancelled, fail, move
from signals_app.imports.writing import update_rows
from signals_app.ingest.merge.turn import take_turn
from signals_app.models import ReviewItem, Signal
from signals_app.review_models import ReviewStatus

MODELS: dict[str, type[Company | DrugCandidate]] = {Kind.COMPANIES: Company, Kind.CANDIDATES: DrugCandidate}
SOURCES = "field_sources"
# Derived from the others, and follow them.
LEFT = frozenset({*FOLLOWING, SOURCES, "under_offer_since", "history_starts", "metadata", "additional_data"})
# Neither is right without the other.
TOGETHER = ({"market_cap_usd", "market_cap_as_of"},)
GONE = "is not the desk's any more"


def why_not(taken: SheetImport) -> str:
    """Return why an import cannot be undone, empty where it can."""
    if taken.state == ImportState.APPLIED and taken.history_context is None:
        return "This import was applied before imports could be undone: take its changes back row by row."
    return "" if taken.state == ImportState.APPLIED else "Only an import that is applied can be undone."


def plan_undo(taken: SheetImport) -> list[Undone]:
    """Return what undoing would do to each row that was changed or added, in as many queries for many as for one."""
    if taken.kind == Kind.EVENTS:
        return plan_events_undo(taken)
    model = MODELS[taken.kind]
    events: Any = model._meta.get_field("history").related_model
    mine = events.objects.filter(pgh_context_id=taken.history_context)
    earlier = events.objects.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
    made = list(mine.annotate(before=Subquery(earlier.order_by("-pgh_id").values("pgh_id")[:1])).order_by("pgh_id"))
    befores = events.objects.in_bulk([event.before for event in made if event.before is not None])
    keys = [event.pgh_obj_id for event in made]
    rows = model._base_manager.in_bulk(keys)
    last = dict(events.objects.filter(pgh_obj_id__in=keys).values_list("pgh_obj_id").annotate(Max("pgh_id")))
    used = _used(model, [event.pgh_obj_id for event in made if event.pgh_label == "insert"])
    fields = [each for each in history_fields(events) if each.name not in LEFT and each.name != "deleted_at"]
    found: dict[UUID, Undone] = {}
    for event in made:
        row = rows.get(event.pgh_obj_id)
        if row is None or row.pk in found:
            continue
        if event.pgh_label == "insert":
            found[row.pk] = _of_new(row, event, last[row.pk], used.get(row.pk, ""))
        else:
            found[row.pk] = _of_changed(row, befores.get(event.before), event, [each.attname for each in fields])
    return list(found.values())


def _of_new(row: Any, event: Any, last: int, used: str) -> Undone:
    undone = Undone(row, is_new=True)
    if row.deleted_at is not None:
        undone.stays.append("is archived already")
    elif used:
        undone.stays.append(f"stays: {used}")
    elif last != event.pgh_id and _differs(row, event):
        undone.stays.append("stays: somebody has changed it since")
    else:
        undone.archives = True
    return undone


def _differs(row: Any, event: Any) -> bool:
    names = [each.attname for each in history_fields(type(event)) if each.name not in LEFT]
    return any(getattr(row, name) != getattr(event, name) for name in names)


def _of_changed(row: Any, before: Any, event: Any, names: list[str]) -> Undone:
    undone = Undone(row, is_new=False)
    if row.deleted_at is not None or before is None:
        undone.stays.append("is archived: restore it first" if row.deleted_at is not None else GONE)
        return undone
    mine = [name for name in names if getattr(before, name) != getattr(event, name)]
    since = {name for name in mine if getattr(row, name) != getattr(event, name)}
    for pair in TOGETHER:
        if since & pair:
            since |= pair & set(mine)
    for name in mine:
        if name in since:
            undone.stays.append(f"{label_of(row, name)} stays {shown(row, name, getattr(row, name))}: changed since")
            continue
        undone.values[name] = getattr(before, name)
        note = (getattr(before, SOURCES) or {}).get(name)
        if note is not None:
            undone.notes[name] = note
        if name in EDITED and undone.values[name] is None:
            undone.stays.append(f"{label_of(row, name)} is empty again; the ledger keeps the figure that was imported")
    return undone


def _used(model: type[Company | DrugCandidate], keys: list[UUID]) -> dict[UUID, str]:
    """Return of added companies why they cannot go: what has been filed under them since."""
    found: dict[UUID, str] = {}
    if model is not Company:
        return found
    for words, rows in (
        ("it has signals", Signal.objects.filter(company_id__in=keys)),
        ("it has drug candidates", DrugCandidate.objects.filter(company_id__in=keys)),
        ("it has notes", CompanyNote.objects.filter(company_id__in=keys)),
    ):
        found |= dict.fromkeys(rows.order_by().values_list("company_id", flat=True).distinct(), words)
    return found


def undo(taken: SheetImport) -> None:
    """Carry the undoing out in one transaction, and keep beside each row of the file what became of it."""
    who = {"user": taken.undone_by_id} if taken.undone_by_id else {}
    try:
        with pghistory.context(sheet_import=str(taken.pk), **who), recorded("undo import", reason=taken.undo_reason):
            take_turn()
            _lock(taken)
            found = plan_undo(taken)
            _write(taken, found)
            _settle_proposals(taken)
            _tell_rows(taken, found)
            back = sum(bool(undone.values) or undone.archives for undone in found)
            counts = {**taken.counts, "back": back, "stay": sum(bool(undone.stays) for undone in found)}
            move(taken, state=ImportState.UNDONE, undone_at=Now(), counts=counts, error="")
    except IntegrityError as error:
        fail(taken, f"Nothing was taken back. {constraint_message(MODELS.get(taken.kind, Signal), error)}")
    except Refused as error:
        fail(taken, f"Nothing was taken back. {error}")
    except Cancelled:
        return


def _lock(taken: SheetImport) -> None:
    if taken.kind == Kind.EVENTS:  # the ledger's rows do not change
        return
    model = MODELS[taken.kind]
    events: Any = model._meta.get_field("history").related_model
    keys = events.objects.filter(pgh_context_id=taken.history_context).values("pgh_obj_id")
    list(model._base_manager.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))


def _write(taken: SheetImport, found: Iterable[Undone]) -> None:
    if taken.kind == Kind.EVENTS:
        write_events_undo(found, reason=taken.undo_reason)
        return
    model = MODELS[taken.kind]
    changed, names, edits = [], {SOURCES}, []
    archived = [undone.row for undone in found if undone.archives]
    for undone in found:
        if not undone.values:
            continue
        row, before = undone.row, copy(undone.row)
        for name, value in undone.values.items():
            setattr(row, name, value)
        kept = {name: note for name, note in row.field_sources.items() if name not in undone.values}
        row.field_sources = {**kept, **undone.notes}
        names |= set(undone.values)
        changed.append(row)
        edits.append((before, row))
    if changed:
        followed = follow_edits(edits) if model is Company else []
        update_rows(model, changed, sorted(names | set(followed)))
        if model is Company:
            load_edited_figures(edits)
    if archived:
        _archive(model, archived)
        names |= model.score_fields
    if changed or archived:
        tell_of_edit(model, names)


def _archive(model: type[Company | DrugCandidate], rows: list[Any]) -> None:
    """Archive what the import added, so that the mended file can add it anew: an archived row keeps others out."""
    if model is Company:
        model._base_manager.filter(pk__in=[row.pk for row in rows]).update(deleted_at=Now(), cik=None)
        return
    for row in rows:
        row.additional_data = {**row.additional_data, UNDONE: True}
    update_rows(model, rows, ["additional_data"])
    model._base_manager.filter(pk__in=[row.pk for row in rows]).update(deleted_at=Now())


def _settle_proposals(taken: SheetImport) -> None:
    """Close the proposals that the import has queued and nobody has decided; told again, they are open again."""
    source = str(taken.options.get("source") or "")
    if source and taken.started_at and taken.finished_at:
        ReviewItem.objects.filter(
            source=source,
            status=ReviewStatus.OPEN,
            created_at__range=(taken.started_at, taken.finished_at + dt.timedelta(seconds=1)),
            proposed__provenance__id__startswith=taken.file_name,
        ).update(status=ReviewStatus.SETTLED, decided_at=Now(), reason="The import that proposed it was undone.")


def _tell_rows(taken: SheetImport, found: Sequence[Undone]) -> None:
    gone = "Withdrawn" if taken.kind == Kind.EVENTS else "Archived again"
    by_subject = {undone.row.pk: undone for undone in found}
    # A row that corrects a signal is about the one that it corrects.
    by_subject |= {
        row.supersedes_id: undone
        for row, undone in ((each.row, each) for each in found)
        if getattr(row, "supersedes_id", None)
    }
    rows = list(SheetImportRow.objects.filter(sheet_import=taken, subject__in=list(by_subject)))
    for row in rows:
        undone = by_subject[row.subject]
        told = gone if undone.archives else "Taken back" if undone.values else ""
        row.notes = [*row.notes, *([told] if told else []), *undone.stays]
    SheetImportRow.objects.bulk_update(rows, ["notes"], batch_size=1000)
