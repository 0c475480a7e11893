"""Takes events back: the ledger keeps each, and a row that supersedes it says that it does not stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from biotech_ma.core.services import Refused, recorded
from signals_app.appending import append_signals
from signals_app.catalogue import Severity
from signals_app.models import Signal
from signals_app.querysets import NO_EVENT, WITHDRAWN

MOST_OF_A_TITLE = 500


def withdrawal_of(signal: Signal) -> dict[str, Any]:
    """Return what supersedes an event that is withdrawn: its type counts nowhere, no list of what stands has it."""
    return {
        "supersedes": signal,
        "signal_type": NO_EVENT,
        "title": f"Withdrawn: {signal.title}"[:MOST_OF_A_TITLE],
        "severity": Severity.LOW,
        "ma_impact_score": Decimal(0),
        "signal_data": {WITHDRAWN: True, "signal_type": signal.signal_type},
    }


def supersede(rows: Collection[Mapping[str, Any]], *, action: str, reason: str) -> None:
    """Append rows that supersede others, as `append_signals` takes them: all of them or none.

    They are known from now on (of an event still to be known, from then on); what was scored before stays as it was.
    Raises Refused where somebody has corrected one of them meanwhile.
    """
    if not rows:
        return
    with recorded(action, reason=reason):
        for row, fate in zip(rows, append_signals(list(rows)), strict=True):
            if fate.id is None:
                why = fate.refusal or next(
                    (str(broken.get_violation_error_message()) for broken in fate.broken), "it cannot be superseded."
                )
                raise Refused(f"{row['supersedes']}: {why}")


def free_keys(keys: Iterable[str], source: str) -> dict[str, str]:
    """Return for each key the one under which its event may be added, "" where it is in the ledger and stands.

    An event that was withdrawn may be told again, as another row: its key gets a number.
    """
    found: dict[str, str] = {}
    asked = {key: key for key in keys}
    number = 1
    while asked:
        held = dict(Signal.objects.filter(source=source, source_id__in=asked.values()).values_list("source_id", "pk"))
        withdrawn = _withdrawn(held.values())
        again = {}
        for key, name in asked.items():
            if name not in held:
                found[key] = name
            elif held[name] not in withdrawn:
                found[key] = ""
            else:
                again[key] = f"{key}:{number + 1}"
        asked, number = again, number + 1
    return found


def _withdrawn(keys: Iterable[UUID]) -> set[UUID]:
    rows = Signal.objects.filter(supersedes__in=list(keys)).withdrawn()
    return set(rows.values_list("supersedes_id", flat=True))
