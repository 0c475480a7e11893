"""Writes drug candidates: one row a drug and indication; what an analyst renamed or archived stays as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from companies.identity import Identities
from companies.models import DrugCandidate
from signals_app.ingest.base import Outcome
from signals_app.ingest.merge.authority import Said, apply, withdraw

ORIGIN = "origin"
# What several sources know a part of each: a source adds to these, and never takes away what another said.
GATHERED = ("applications", "brands")


def origin_of(name: str, indication: str | None) -> str:
    """Return the key under which the sources know a drug in an indication, whatever analysts call it since."""
    return f"{name}|{indication or ''}".casefold()


@dataclass(frozen=True)
class CandidateRecord:
    """What a source says of a drug in an indication. `rows` is how many rows of the source went into it.

    `ended` names the fields that no longer hold by this source: what it set there itself is emptied.
    """

    company_id: UUID
    ticker: str
    name: str
    indication: str | None
    phase: str
    therapeutic_area: str | None
    patent_expiry: date | None = None
    orphan_designation: bool | None = None
    next_milestone: str | None = None
    next_milestone_date: date | None = None
    additional: dict[str, Any] = field(default_factory=dict)
    identifiers: dict[str, str] = field(default_factory=dict)
    rows: int = 1
    ended: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """The key under which the sources know the row."""
        return origin_of(self.name, self.indication)


def merge_candidates(records: Iterable[CandidateRecord], *, source: str, outcome: Outcome) -> None:
    """Create and update candidates in one statement each, and count every source row's fate.

    The drugs of a duplicate that was merged are the kept company's.
    """
    same = Identities.load()
    pending = [
        replace(record, company_id=same.of(record.company_id)) if record.company_id in same.kept else record
        for record in records
    ]
    held = _held({record.company_id for record in pending})
    new: list[DrugCandidate] = []
    changed: dict[DrugCandidate, set[str]] = {}
    fates: Counter[str] = Counter()
    for record in pending:
        candidate = held.get((record.company_id, record.origin))
        if candidate is not None and candidate.deleted_at is not None:
            fates["skipped"] += record.rows
        elif candidate is None:
            candidate = DrugCandidate(company_id=record.company_id, name=record.name, indication=record.indication)
            candidate.field_sources = {"name": {"source": source}, "indication": {"source": source}}
            candidate.phase = ""
            _apply(candidate, record, source, outcome)
            held[record.company_id, record.origin] = candidate
            new.append(candidate)
            fates["created"] += record.rows
        else:
            fields = _apply(candidate, record, source, outcome)
            if fields and candidate.pk is not None:
                changed.setdefault(candidate, set()).update(fields)
            fates["updated" if fields else "unchanged"] += record.rows
    DrugCandidate.objects.bulk_create(new)
    if changed:
        DrugCandidate.objects.bulk_update(list(changed), sorted(set().union(*changed.values())))
    outcome.count_all(fates)


def gathered(held: Any, said: Iterable[str]) -> list[str]:
    """Return what is held and then what is new, each once; what is held counts where it is a list."""
    return list(dict.fromkeys([*(held if isinstance(held, list) else ()), *said]))


def _held(company_ids: set[UUID]) -> dict[tuple[UUID, str], DrugCandidate]:
    """Return the candidates of the companies, live and archived, by origin; a live one before an archived one."""
    found: dict[tuple[UUID, str], DrugCandidate] = {}
    for candidate in DrugCandidate.all_objects.filter(company_id__in=company_ids).order_by("-deleted_at", "id"):
        origin = candidate.additional_data.get(ORIGIN) or origin_of(candidate.name, candidate.indication)
        key = candidate.company_id, str(origin)
        if key not in found or found[key].deleted_at is not None:
            found[key] = candidate
    return found


def _apply(candidate: DrugCandidate, record: CandidateRecord, source: str, outcome: Outcome) -> list[str]:
    additional = {**candidate.additional_data, **record.additional, ORIGIN: record.origin}
    for name in GATHERED:
        if name in record.additional:
            additional[name] = gathered(candidate.additional_data.get(name), record.additional[name])
    said = {
        "phase": record.phase,
        "therapeutic_area": record.therapeutic_area,
        "patent_expiry": record.patent_expiry,
        "orphan_designation": record.orphan_designation,
        "additional_data": additional,
        "next_milestone": record.next_milestone,
        "next_milestone_date": record.next_milestone_date,
    }
    changed = apply(
        candidate,
        {name: Said(value, record.identifiers.get(name, "")) for name, value in said.items()},
        source=source,
        label=f"{record.ticker} {record.name}",
        refusals=outcome.refusals,
    )
    return [*changed, *withdraw(candidate, record.ended, source=source)]
