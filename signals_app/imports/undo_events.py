"""Takes back what an import told the ledger: each event is superseded by a row that says so, from now on."""

from __future__ import annotations

from collections.abc import Iterable

from signals_app.import_models import SheetImport
from signals_app.imports.events import SAID
from signals_app.imports.undone import Undone
from signals_app.models import Signal
from signals_app.withdrawals import supersede, withdrawal_of

CORRECTED = "stays: it has been corrected since"


def plan_events_undo(taken: SheetImport) -> list[Undone]:
    """Return what becomes of each event that the import has added or corrected, in a fixed number of queries."""
    written = Signal.objects.filter(entries__pgh_context=taken.history_context)
    signals = list(written.select_related("company__merged_into", "supersedes").order_by("id"))
    newer = set(Signal.objects.filter(supersedes__in=signals).values_list("supersedes_id", flat=True))
    return [_of(signal, is_corrected=signal.pk in newer) for signal in signals]


def _of(signal: Signal, *, is_corrected: bool) -> Undone:
    undone = Undone(signal, is_new=signal.supersedes is None)
    if is_corrected:
        undone.stays.append(CORRECTED)
    elif signal.supersedes is None:
        undone.archives = True
    else:
        former = signal.supersedes
        undone.values = {name: getattr(former, name) for name in SAID if getattr(former, name) != getattr(signal, name)}
    return undone


def write_events_undo(found: Iterable[Undone], *, reason: str) -> None:
    """Withdraw what was added, and give what was corrected its former values. Raises Refused, and then nothing is."""
    rows = [
        withdrawal_of(undone.row) if undone.archives else {"supersedes": undone.row, **undone.values}
        for undone in found
        if undone.archives or undone.values
    ]
    supersede(rows, action="undo import", reason=reason)
