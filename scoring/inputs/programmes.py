"""A programme as it stood on a day: its row's version of the day, its studies' versions, the approvals by then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from biotech_ma.core.market_day import end_of
from companies.choices import Phase
from scoring import evidence
from scoring.engine.components import CHEMICAL_EXCLUSIVITY_YEARS
from scoring.engine.features import years_later
from scoring.engine.inputs import Amount, Evidence, Programme
from scoring.inputs.trials import Registered, Studies, registered
from scoring.inputs.versions import Version
from scoring.states import Event
from signals_app.ingest.clinicaltrials.pipeline import TRIALS
from signals_app.ingest.clinicaltrials.versions import State
from signals_app.ingest.merge.candidates import ORIGIN
from signals_app.ingest.merge.protection import NEW_ENTITY

APPROVAL = "fda_approval"
CLINICALTRIALS = "clinicaltrials"
# Words of the registry's status under which a programme does not count, unless an analyst set its phase.
INACTIVE = frozenset({"unknown", "ended", "terminated", "withdrawn"})
# What approvals and filings say of a phase is not taken back by a trial.
BEYOND_TRIALS = frozenset({Phase.NDA_BLA.value, Phase.APPROVED.value})
# The exclusivity of a controlled substance runs from its scheduling, some months after the approval (21 U.S.C. 355(x)).
SCHEDULED_WITHIN = timedelta(days=183)
COLUMNS = (
    "company_id", "name", "phase", "indication", "patent_expiry", "orphan_designation", "fast_track",
    "breakthrough_therapy", "next_milestone_date", "additional_data", "field_sources", "deleted_at",
    "therapeutic_area", "market_potential_usd",
)  # fmt: skip
EVIDENT = (
    "phase", "patent_expiry", "orphan_designation", "fast_track", "breakthrough_therapy", "next_milestone_date",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate's row on a day. `is_later`: it was first recorded after the day."""

    version: Version
    day: date
    is_later: bool

    @property
    def data(self) -> dict[str, Any]:
        """Return what has no column of its own."""
        found: dict[str, Any] = self.version.values["additional_data"]
        return found

    @property
    def sources(self) -> dict[str, Any]:
        """Return the notes on where the fields came from."""
        found: dict[str, Any] = self.version.values["field_sources"]
        return found

    def get(self, name: str) -> Any:
        """Return a field's value, None where it is unknown on the day: also what an analyst entered later."""
        return self.version.values[name] if self.is_known(name) else None

    def is_known(self, name: str) -> bool:
        """Return whether the field was known on the day, unless its source is undated, which counts on every day."""
        return not (self.is_later and self.is_curated(name) and self._entered_on(name) > self.day)

    def is_curated(self, name: str) -> bool:
        """Return whether the field is an analyst's: without a note of its origin it is."""
        note = self.sources.get(name)
        return not isinstance(note, dict) or note.get("source", evidence.CURATED) == evidence.CURATED

    def _entered_on(self, name: str) -> date:
        note = self.sources.get(name)
        noted = evidence.as_day(note.get("as_of")) if isinstance(note, dict) else None
        return noted or self.version.recorded_on

    @property
    def origin(self) -> str:
        """Return the key under which the sources know the row, whatever analysts call it since."""
        named = f"{self.version.values['name']}|{self.version.values['indication'] or ''}".casefold()
        return str(self.data.get(ORIGIN) or named)

    @property
    def is_of_registry(self) -> bool:
        """Return whether the row holds studies of the registry, so that its state is theirs."""
        return bool(self.data.get(TRIALS))

    def first_posted(self) -> list[date]:
        """Return the days on which its studies were first posted, as far as the row says."""
        held = self.data.get(TRIALS)
        states = (State.from_json(each) for each in (held.values() if isinstance(held, dict) else ()))
        return [state.first_posted for state in states if state is not None and state.first_posted is not None]


@dataclass(frozen=True, slots=True)
class Stage:
    """How far the programme was, and what says so."""

    phase: str
    status: object
    evidence: Evidence
    is_curated: bool = False
    approved_on: date | None = None
    known_from: date | None = None
    is_later_state: bool = False


def programme(version: Version, studies: Studies, approvals: Sequence[Event], day: date) -> Programme | None:
    """Return the programme as it was known on the day; None where it was not there yet, or not any more."""
    row = Row(version, day, version.recorded_at >= end_of(day))
    if version.is_deleted or version.values["deleted_at"] is not None:
        return None
    bought = evidence.as_day(row.data.get("owned_from"))
    if bought is not None and bought > day:
        return None
    trials = registered(studies.get(row.origin, ()), day)
    stage = _stage(row, trials, approvals)
    if stage is None:
        return None
    completion, completion_evidence = _completion(row, trials)
    applications = _texts(row.data, "applications")
    proofs = {name: evidence.of_field(row.sources, name) for name in EVIDENT if row.get(name) is not None}
    proofs["phase"] = stage.evidence
    if stage.approved_on is not None:
        proofs["approved_on"] = stage.evidence
    if row.sources.get(NEW_ENTITY):
        proofs[NEW_ENTITY] = evidence.of_field(row.sources, NEW_ENTITY)
    if completion_evidence is not None:
        proofs["next_milestone_date"] = completion_evidence
    return Programme(
        name=row.version.values["name"],
        indication=row.version.values["indication"],
        phase=stage.phase,
        is_active=stage.phase != Phase.DISCONTINUED and (stage.is_curated or stage.status not in INACTIVE),
        protected_until=row.get("patent_expiry"),
        approved_on=stage.approved_on,
        is_biologic=any(text.startswith("BLA") for text in applications) if applications else None,
        is_new_chemical_entity=_is_new_entity(row, stage),
        orphan=row.get("orphan_designation"),
        fast_track=row.get("fast_track"),
        breakthrough=row.get("breakthrough_therapy"),
        next_completion=completion,
        known_from=stage.known_from,
        is_later_state=stage.is_later_state,
        is_later_row=row.is_later,
        area=row.get("therapeutic_area"),
        peak_sales=_peak_sales(row),
        evidence=proofs,
    )


def _is_new_entity(row: Row, stage: Stage) -> bool | None:
    """Return whether the approval is that of a new chemical entity; an analyst's word holds for what is not approved.

    The Orange Book lists the last of the five years. Of a later product of the entity the approval is another one: its
    own would make the years too many.
    """
    said = row.data.get(NEW_ENTITY) if row.is_known("additional_data") else None
    if isinstance(said, bool):
        return said
    until = evidence.as_day(said)
    if until is None or stage.approved_on is None:
        return None
    return abs(until - years_later(stage.approved_on, CHEMICAL_EXCLUSIVITY_YEARS)) <= SCHEDULED_WITHIN or None


def _peak_sales(row: Row) -> Amount | None:
    usd = row.get("market_potential_usd")
    return None if usd is None else Amount(usd, evidence.of_field(row.sources, "market_potential_usd"))


def _stage(row: Row, trials: Registered | None, approvals: Sequence[Event]) -> Stage | None:
    """Return how far the programme was: an analyst's word by the day, an approval, its studies, its row."""
    phase, status = row.get("phase"), row.data.get("status")
    recorded = None if row.is_later else row.version.recorded_on
    said = evidence.of_field(row.sources, "phase")
    posted = [day for day in (*row.first_posted(), *([trials.public_from] if trials else [])) if day <= row.day]
    known_from = min([*posted, *([recorded] if recorded else [])], default=None)
    if phase in BEYOND_TRIALS and (approved := _approval(row, approvals)):
        first, proof = approved
        since = min(first, known_from) if known_from else first
        return Stage(Phase.APPROVED, status, proof or said, row.is_curated("phase"), first, since)
    if phase is not None and row.is_curated("phase"):
        return Stage(phase, status, said, True, None, known_from or _noted(row), row.is_later)
    if trials is not None and trials.phase and (row.is_later or phase not in BEYOND_TRIALS):
        return Stage(trials.phase, trials.status, trials.evidence, known_from=known_from)
    # A study registered long ago whose version became known later tells that day nothing: neither may the row it made.
    if phase is None or (row.is_later and trials is None and row.is_of_registry):
        return None
    if phase == Phase.APPROVED and _approved_later(row):
        phase = Phase.NDA_BLA
    return Stage(phase, status, said, known_from=known_from, is_later_state=row.is_later)


def _approval(row: Row, approvals: Sequence[Event]) -> tuple[date, Evidence | None] | None:
    """Return the day of the first approval by the day, and the event behind it where the ledger has one.

    An indication that was added to the label later is not dated by the approval of the first.
    """
    if row.data.get("later_indication") is True:
        return None
    names = {text.casefold() for text in [row.version.values["name"], *_texts(row.data, "brands")]}
    applications = set(_texts(row.data, "applications"))
    ours = [event for event in approvals if event.type == APPROVAL and event.concerns(names, applications)]
    if ours:
        first = min(ours, key=lambda event: (event.day, event.signal_id))
        return first.day, first.evidence
    noted = evidence.as_day(row.data.get("approved_on"))
    return (noted, None) if noted is not None and noted <= row.day else None


def _approved_later(row: Row) -> bool:
    """Return whether the row itself dates the approval after the day: until then the drug counts as filed."""
    noted = evidence.as_day(row.data.get("approved_on"))
    return noted is not None and noted > row.day


def _noted(row: Row) -> date | None:
    """Return the day on which an analyst set the phase, where the note says."""
    note = row.sources.get("phase")
    return evidence.as_day(note.get("as_of")) if isinstance(note, dict) else None


def _completion(row: Row, trials: Registered | None) -> tuple[date | None, Evidence | None]:
    """Return the next completion or decision: an analyst's, else the registry's of the day, else the row's."""
    name = "next_milestone_date"
    held = row.get(name)
    if held is not None and row.is_curated(name):
        return held, None
    if trials is None:
        return held, None
    if trials.next_completion is not None:
        return trials.next_completion, trials.completion_evidence
    is_registrys = (row.sources.get(name) or {}).get("source") == CLINICALTRIALS
    return (None, None) if is_registrys else (held, None)


def programmes(
    rows: Sequence[Version], studies: Mapping[str, Any], approvals: Sequence[Event], day: date
) -> Iterator[Programme]:
    """Yield the programmes that a company had on the day."""
    for version in rows:
        found = programme(version, studies, approvals, day)
        if found is not None:
            yield found


def _texts(data: dict[str, Any], name: str) -> list[str]:
    found = data.get(name)
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []
