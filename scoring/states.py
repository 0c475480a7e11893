"""What holds on a day because of events: designations, clinical holds, complete responses, announced takeovers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from scoring.engine.inputs import Evidence, State
from signals_app.offers import OFFER, OFFER_ENDED, OFFER_TYPES

DESIGNATIONS = {
    "designation_breakthrough": "breakthrough",
    "designation_rmat": "breakthrough",
    "designation_orphan": "orphan",
    "designation_fast_track": "fast_track",
}
# state: (types that begin it, types that end it)
TOGGLES = {
    "clinical_hold": ({"clinical_hold"}, {"clinical_hold_lifted"}),
    "complete_response": ({"fda_complete_response"}, {"fda_approval"}),
}
STATE_TYPES: tuple[str, ...] = (
    *DESIGNATIONS,
    *sorted({kind for begins, ends in TOGGLES.values() for kind in begins | ends}),
    *OFFER_TYPES,
)


@dataclass(frozen=True, slots=True)
class Event:
    """A signal as far as states depend on it. Sequences of events are in the order in which they happened."""

    signal_id: str
    type: str
    day: date
    data: dict[str, Any]
    evidence: Evidence

    @property
    def drug(self) -> str:
        """Return the drug it is about, in lower case; empty where the signal does not say."""
        return str(self.data.get("drug") or "").casefold()

    @property
    def application(self) -> str:
        """Return the application number it is about; empty where the signal does not say."""
        return str(self.data.get("application_number") or "")

    def concerns(self, names: Iterable[str], applications: Iterable[str]) -> bool:
        """Return whether it is about a drug of one of these names (lower case) or application numbers."""
        return self.drug in names or self.application in applications


def states(events: Sequence[Event]) -> dict[str, State]:
    """Return what the events say of each state; a state that no event began is absent, for nobody recorded it."""
    found: dict[str, State] = {}
    for event in events:
        if event.type in DESIGNATIONS:
            found[DESIGNATIONS[event.type]] = State(True, event.evidence)
    for name, (begins, ends) in TOGGLES.items():
        state = _toggled(events, begins, ends)
        if state is not None:
            found[name] = state
    return found


def _toggled(events: Sequence[Event], begins: set[str], ends: set[str]) -> State | None:
    """Return whether a state is open for any drug; None when no event ever began it."""
    open_events: list[Event] = []
    last: Event | None = None
    for event in events:
        if event.type in begins:
            open_events.append(event)
            last = event
        elif event.type in ends and last is not None:
            open_events = [begun for begun in open_events if not _ends(event, begun)]
            last = event
    if last is None:
        return None
    return State(True, open_events[-1].evidence) if open_events else State(False, last.evidence)


def _ends(event: Event, begun: Event) -> bool:
    """Return whether the end is about the same drug or application, or one of the two does not say which."""
    if not (event.drug or event.application) or not (begun.drug or begun.application):
        return True
    return bool(event.drug and event.drug == begun.drug) or bool(
        event.application and event.application == begun.application
    )


def is_under_offer(events: Sequence[Event]) -> bool:
    """Return whether a takeover of the company is announced and not called off."""
    offers = [event.type for event in events if event.type in (OFFER, OFFER_ENDED)]
    return bool(offers) and offers[-1] == OFFER
