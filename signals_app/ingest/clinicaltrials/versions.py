"""What a new version of a study says that the last one did not. Pure: two states in, events out.

A version is the day on which the update was posted: what it says is known from that day on, no earlier, however long
ago it happened. The first version that is seen gives the state as it then stands. Every version says something, if
only that the study was updated: so the ledger holds the study's state on any day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from companies.choices import PHASE_ORDER
from companies.starter.trials import PHASES
from signals_app.ingest.clinicaltrials.parse import PartialDate, Study

RUNNING = frozenset({"RECRUITING", "ACTIVE_NOT_RECRUITING", "ENROLLING_BY_INVITATION", "AVAILABLE"})
NOT_STARTED = frozenset({"NOT_YET_RECRUITING", "WITHHELD"})
ENDINGS = {
    "COMPLETED": "trial_completed", "TERMINATED": "trial_terminated", "SUSPENDED": "trial_suspended",
    "WITHDRAWN": "trial_withdrawn",
}  # fmt: skip
PIVOTAL = frozenset({"PHASE1|PHASE2", "PHASE2", "PHASE2|PHASE3", "PHASE3"})
SOON = timedelta(days=90)
UPDATED, RESULTS = "trial_updated", "trial_results_posted"


@dataclass(frozen=True, slots=True)
class State:
    """A study as far as its versions are compared: words of the registry and days."""

    version: date | None
    first_posted: date | None
    status: str
    phase: str
    start: PartialDate | None
    primary_completion: PartialDate | None
    completion: PartialDate | None
    results_posted: date | None
    enrolment: int | None
    why_stopped: str
    countries: tuple[str, ...]

    @classmethod
    def of(cls, study: Study) -> State:
        """Return a study's state."""
        return cls(**{name: getattr(study, name) for name in cls.__slots__})

    @classmethod
    def from_json(cls, data: Any) -> State | None:
        """Return the state kept in the ledger and beside a candidate; None for what is none (analysts edit those)."""
        try:
            return cls(
                version=_day(data["version"]), first_posted=_day(data.get("first_posted")),
                status=str(data["status"]), phase=str(data["phase"]),
                start=_partial(data.get("start")), primary_completion=_partial(data.get("primary_completion")),
                completion=_partial(data.get("completion")), results_posted=_day(data.get("results_posted")),
                enrolment=data.get("enrolment"), why_stopped=str(data.get("why_stopped") or ""),
                countries=tuple(str(name) for name in data.get("countries") or ()),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def to_json(self) -> dict[str, Any]:
        """Return the state as it is kept in the ledger and beside a candidate, without what is unknown."""
        partial = {
            name: found.to_json()
            for name in ("start", "primary_completion", "completion")
            if (found := getattr(self, name)) is not None
        }
        found = {
            "version": self.version.isoformat() if self.version else None,
            "first_posted": self.first_posted.isoformat() if self.first_posted else None,
            "status": self.status, "phase": self.phase,
            "results_posted": self.results_posted.isoformat() if self.results_posted else None,
            "enrolment": self.enrolment, "why_stopped": self.why_stopped or None,
            "countries": list(self.countries) or None, **partial,
        }  # fmt: skip
        return {key: value for key, value in found.items() if value is not None or key == "version"}

    def is_before(self, other: State) -> bool:
        """Return whether the other version is a later one. One without a day is older than every other."""
        return (self.version or date.min) < (other.version or date.min)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a study: a type of the catalogue, the day it happened, the day it was known, particulars."""

    signal_type: str
    happened: date
    known: date
    words: str
    data: Mapping[str, Any]


def events(old: State | None, new: State) -> Iterator[Event]:
    """Yield what the new version says. A version without its day says nothing that could be dated."""
    if new.version is None:
        return
    found = [
        *_of_status(old, new, new.version),
        *_of_phase(old, new, new.version),
        *_of_completion(old, new, new.version),
    ]
    yield from found or [update(old, new, new.version)]
    if new.results_posted and (old is None or not old.results_posted):
        day = new.results_posted
        yield Event(RESULTS, day, day, "results posted", {"results_posted": day.isoformat()})


def late(new: State) -> Iterator[Event]:
    """Yield what an older version says that comes after a newer one: how things stood, no more."""
    if new.version is not None:
        yield update(None, new, new.version)


def update(old: State | None, new: State, version: date) -> Event:
    """Return that the study was registered or updated: what a version says of which the catalogue knows no more."""
    status = new.status.lower().replace("_", " ")
    if old is not None and old.status != new.status:
        return Event(UPDATED, version, version, f"now {status}", {"from_status": old.status})
    return Event(UPDATED, version, version, f"updated, {status}" if old else f"{status} as of {version}", {})


def _of_status(old: State | None, new: State, version: date) -> Iterator[Event]:
    if old is not None and old.status == new.status:
        return
    data: dict[str, Any] = {"from_status": old.status} if old else {}
    if new.why_stopped:
        data["why_stopped"] = new.why_stopped
    if new.status in ENDINGS:
        kind = ENDINGS[new.status]
        ended = new.completion or new.primary_completion
        stopped = kind != "trial_suspended" and ended is not None and ended.is_actual and ended.day <= version
        happened = ended.day if ended and stopped else version
        yield Event(kind, happened, version, new.status.lower(), data)
    elif new.status in RUNNING and (old is None or old.status in NOT_STARTED):
        started = new.start.day if new.start and new.start.day <= version else version
        yield Event("trial_started", started, version, "started", data)


def _of_phase(old: State | None, new: State, version: date) -> Iterator[Event]:
    before, after = (PHASES.get(state.phase) if state else None for state in (old, new))
    if old and before and after and PHASE_ORDER[after] > PHASE_ORDER[before]:
        yield Event("trial_phase_up", version, version, f"now {after}", {"from_phase": before, "to_phase": after})


def _of_completion(old: State | None, new: State, version: date) -> Iterator[Event]:
    for name in ("primary_completion", "completion"):
        before, after = (getattr(state, name) if state else None for state in (old, new))
        if before and after and _has_moved(before, after):
            data = {
                "date": name, "from": before.day.isoformat(), "to": after.day.isoformat(),
                "days": (after.day - before.day).days,
            }  # fmt: skip
            words = f"{name.replace('_', ' ')} moved from {before.day} to {after.day}"
            yield Event("trial_date_moved", version, version, words, data)
            break
    yield from _coming(old, new, version)


def _has_moved(before: PartialDate, after: PartialDate) -> bool:
    """Whether a date is another one, beyond what a month leaves open; a date that has come true has not moved."""
    if after.is_actual and not before.is_actual:
        return False
    if before.by_month or after.by_month:
        return (before.day.year, before.day.month) != (after.day.year, after.day.month)
    return before.day != after.day


def _coming(old: State | None, new: State, version: date) -> Iterator[Event]:
    """Yield the primary completion of a running P2 or P3 study that comes within 90 days, once for each date."""
    due = new.primary_completion
    if due is None or due.is_actual or new.phase not in PIVOTAL or new.status not in RUNNING:
        return
    is_known = old is not None and old.version and old.primary_completion == due and due.day - old.version <= SOON
    if version < due.day <= version + SOON and not is_known:
        yield Event("primary_completion", due.day, version, f"primary completion due {due.day}", due.to_json())


def _partial(data: Any) -> PartialDate | None:
    if not data:
        return None
    return PartialDate(date.fromisoformat(data["date"]), data["precision"] == "month", data["type"] == "actual")


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None
