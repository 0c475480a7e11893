"""From a sponsor's studies to its candidates: one row a drug and indication, at its furthest phase."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from companies.choices import PHASE_ORDER, Phase
from companies.models import Company, DrugCandidate
from companies.starter import curated
from companies.starter.curated import Indication
from companies.starter.trials import Trial, furthest
from signals_app.ingest.clinicaltrials.areas import area_of
from signals_app.ingest.clinicaltrials.history import History
from signals_app.ingest.clinicaltrials.parse import Study
from signals_app.ingest.clinicaltrials.versions import PIVOTAL, RUNNING, State
from signals_app.ingest.merge.candidates import ORIGIN, CandidateRecord, origin_of

TRIALS = "trials"
MOST_CONDITIONS = 20
# What approvals and filings say of a phase is not taken back by a trial.
BEYOND_TRIALS = frozenset({Phase.NDA_BLA.value, Phase.APPROVED.value})

Key = tuple[UUID, str]


@dataclass
class Entry:
    """One drug in one indication: the row that is there (if any), its trials' states, and how many studies are new."""

    company: Company
    name: str
    indication: Indication
    held: DrugCandidate | None
    states: dict[str, dict[str, Any]]
    studies: int = 0


@dataclass
class Pipelines:
    """The candidates of some companies, the history of their studies, and what new versions add to them."""

    companies: dict[UUID, Company]
    today: date
    history: History = field(default_factory=History)
    held: dict[Key, DrugCandidate] = field(default_factory=dict)
    drugs: dict[tuple[UUID, str], list[DrugCandidate]] = field(default_factory=dict)
    changed: dict[Key, Entry] = field(default_factory=dict)

    def load(self) -> None:
        """Read the candidates of the companies, live and archived, and what the ledger holds of their studies."""
        self.history = History.load(self.companies)
        rows = DrugCandidate.all_objects.filter(company_id__in=self.companies).order_by("-deleted_at", "id")
        for row in rows:
            origin = str(row.additional_data.get(ORIGIN) or origin_of(row.name, row.indication))
            self.held[row.company_id, origin] = row
            self.drugs.setdefault((row.company_id, origin.split("|", maxsplit=1)[0]), []).append(row)
            for nct_id, data in _trials(row).items():
                state = State.from_json(data)
                if state is not None:
                    self.history.see(row.company_id, nct_id, state)

    def add(self, study: Study, company: Company, drugs: Iterable[str], *, is_last: bool) -> list[tuple[str, str]]:
        """Take a version of a study in; return the drugs and indications that it concerns.

        Candidates are as the last version says: an older one, which came late, leaves them as they are.
        """
        concerned: list[tuple[str, str]] = []
        for drug in drugs:
            named = self._indication(study, company, drug)
            if named is None:
                continue
            entry = self._entry(company, drug, named)
            if is_last:
                entry.states[study.nct_id] = {**State.of(study).to_json(), **_particulars(study)}
                # A study counts once, however many drugs it tries.
                entry.studies += not concerned
            concerned.append((entry.name, entry.indication.name))
        if concerned:
            self.history.add(company.pk, study.nct_id, State.of(study))
        return concerned

    def _indication(self, study: Study, company: Company, drug: str) -> Indication | None:
        """Return the first condition that is a disease, with its area; None where analysts left the row out."""
        found = next((named for text in study.conditions if (named := curated.indication(text)).name), None)
        if found is None:
            return curated.NO_INDICATION
        if not found.area:
            found = Indication(found.name, area_of(study.mesh) or "")
        return curated.corrected(company.ticker or "", drug, found)

    def _entry(self, company: Company, drug: str, named: Indication) -> Entry:
        if not named.name:
            named = self._home_of_healthy(company, drug)
        key = company.pk, origin_of(drug, named.name)
        if key not in self.changed:
            row = self.held.get(key)
            self.changed[key] = Entry(company, drug, named, row, dict(_trials(row)) if row else {})
        return self.changed[key]

    def _home_of_healthy(self, company: Company, drug: str) -> Indication:
        """Return the indication under which a study in healthy people is kept: one that the drug has, or none."""
        rows = self.drugs.get((company.pk, drug.casefold()), [])
        named = sorted(row.indication for row in rows if row.indication and row.deleted_at is None)
        entered = sorted(
            entry.indication.name
            for entry in self.changed.values()
            if entry.company.pk == company.pk and entry.name.casefold() == drug.casefold() and entry.indication.name
        )
        known = {entry.indication.name: entry.indication for entry in self.changed.values()}
        name = next(iter([*named, *entered]), "")
        area = next((row.therapeutic_area or "" for row in rows if row.indication == name), "")
        return known.get(name, Indication(name, area))

    def records(self) -> Iterator[tuple[CandidateRecord, int]]:
        """Yield the rows that new versions change; rows without any phase are left out, with their studies counted."""
        for entry in self.changed.values():
            phase, status = self._phase(entry)
            milestone = self._milestone(entry)
            held = entry.held
            record = CandidateRecord(
                company_id=entry.company.pk, ticker=entry.company.ticker or entry.company.name, name=entry.name,
                indication=entry.indication.name or None, phase=phase,
                therapeutic_area=entry.indication.area or None,
                additional={
                    "nct_ids": sorted({*_texts(held, "nct_ids"), *entry.states}), "status": status,
                    TRIALS: entry.states,
                },
                identifiers={"phase": " ".join(sorted(entry.states)[:10])}, rows=entry.studies,
                next_milestone=milestone[1] if milestone else None,
                next_milestone_date=milestone[0] if milestone else None,
                ended=() if milestone else ("next_milestone", "next_milestone_date"),
            )  # fmt: skip
            yield record, entry.studies

    def _phase(self, entry: Entry) -> tuple[str, str]:
        """Return phase and status: the furthest of the trials that are known; others' evidence is not taken back."""
        trials = [Trial(nct_id, str(s.get("phase")), str(s.get("status"))) for nct_id, s in entry.states.items()]
        found = furthest(trials)
        held = entry.held
        if held is None:
            return found or ("", "")
        before = held.phase, str(held.additional_data.get("status") or "")
        others = set(_texts(held, "nct_ids")) - set(entry.states)
        if found is None or held.phase in BEYOND_TRIALS:
            return before
        if others and PHASE_ORDER[before[0]] > PHASE_ORDER[found[0]] and before[0] != Phase.DISCONTINUED.value:
            return before
        if others and found[0] == Phase.DISCONTINUED.value:
            return before
        return found

    def _milestone(self, entry: Entry) -> tuple[date, str] | None:
        """Return the next primary completion of a running P2 or P3 trial, and its name."""
        coming = []
        for nct_id, data in entry.states.items():
            state = State.from_json(data)
            due = state.primary_completion if state else None
            if state is None or due is None or due.is_actual or due.day < self.today:
                continue
            if state.phase in PIVOTAL and state.status in (RUNNING | {"NOT_YET_RECRUITING"}):
                coming.append((due.day, f"Primary completion of {nct_id}"))
        return min(coming, default=None)


def without_phase(records: Iterable[tuple[CandidateRecord, int]]) -> tuple[list[CandidateRecord], int]:
    """Return the records that have a phase, and how many studies belong to the others."""
    kept, left_out = [], 0
    for record, studies in records:
        if record.phase:
            kept.append(record)
        else:
            left_out += studies
    return kept, left_out


def _trials(row: DrugCandidate) -> dict[str, dict[str, Any]]:
    found = row.additional_data.get(TRIALS)
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


def _texts(row: DrugCandidate | None, name: str) -> list[str]:
    found = row.additional_data.get(name) if row is not None else None
    return [str(item) for item in found] if isinstance(found, list) else []


def _particulars(study: Study) -> dict[str, Any]:
    found: dict[str, Any] = {"conditions": list(study.conditions[:MOST_CONDITIONS]), "countries": list(study.countries)}
    return {key: value for key, value in found.items() if value}
