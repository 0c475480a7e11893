"""Writes what the FDA says of drugs that are there: application numbers, day of approval, last protected day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from companies.models import DrugCandidate
from signals_app.ingest.base import Outcome
from signals_app.ingest.merge.authority import Said, apply
from signals_app.ingest.merge.candidates import gathered

APPROVED = "approved"
# In the additional data: the last day of a new chemical entity's exclusivity, or true, where an analyst says so.
NEW_ENTITY = "new_chemical_entity"


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """An original approval of a candidate's drug."""

    candidate: DrugCandidate
    application: str
    approved: date


@dataclass(frozen=True, slots=True)
class ExpiryRecord:
    """The last protected day of a candidate's drug, what protects it until then, and the edition that says so.

    `is_whole` is false where only patents or only exclusivities were read: the last day may then be later, not earlier.
    """

    candidate: DrugCandidate
    expires: date
    identifier: str
    edition: date | None
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class EntityRecord:
    """The five years of a new chemical entity as the Orange Book lists them for a candidate's application."""

    candidate: DrugCandidate
    until: date
    identifier: str
    edition: date | None


def merge_approvals(records: Iterable[ApprovalRecord], *, source: str, outcome: Outcome) -> int:
    """Add application numbers and the first day of approval to candidates; return how many changed.

    Whatever its trials came to, an approved drug is no ended programme.
    """
    changed: dict[DrugCandidate, None] = {}
    for record in records:
        row, data = record.candidate, record.candidate.additional_data
        applications = gathered(data.get("applications"), [record.application])
        noted = str(data.get("approved_on") or "")
        first = min(filter(None, (noted, record.approved.isoformat())))
        news: dict[str, Any] = {**data, "applications": applications, "approved_on": first, "status": APPROVED}
        if apply(row, {"additional_data": Said(news)}, source=source, label=str(row), refusals=outcome.refusals):
            changed[row] = None
    DrugCandidate.objects.bulk_update(changed, ["additional_data", "field_sources"])
    return len(changed)


def merge_expiries(records: Iterable[ExpiryRecord], *, source: str, outcome: Outcome) -> set[Any]:
    """Set the last protected days; return the keys of the candidates that changed. An older edition changes nothing."""
    changed: list[DrugCandidate] = []
    for record in records:
        row = record.candidate
        if not record.is_whole and row.patent_expiry is not None and row.patent_expiry >= record.expires:
            continue
        held_as_of = str(row.field_sources.get("patent_expiry", {}).get("as_of") or "")
        as_of = record.edition.isoformat() if record.edition else held_as_of
        said = {"patent_expiry": Said(record.expires, record.identifier, as_of)}
        if apply(row, said, source=source, label=str(row), refusals=outcome.refusals):
            changed.append(row)
    DrugCandidate.objects.bulk_update(changed, ["patent_expiry", "field_sources"])
    return {row.pk for row in changed}


def merge_new_entities(records: Iterable[EntityRecord], *, source: str, outcome: Outcome) -> set[Any]:
    """Note the last day of a new chemical entity's exclusivity; return the keys of the candidates that changed.

    It stays when later editions do not list it any more: which approval was that of the entity does not change.
    """
    changed: list[DrugCandidate] = []
    for record in records:
        row, until = record.candidate, record.until.isoformat()
        if row.additional_data.get(NEW_ENTITY) == until:
            continue
        news = {**row.additional_data, NEW_ENTITY: until}
        if apply(row, {"additional_data": Said(news)}, source=source, label=str(row), refusals=outcome.refusals):
            note = Said(until, record.identifier, record.edition.isoformat() if record.edition else "")
            row.field_sources = {**row.field_sources, NEW_ENTITY: note.provenance(source)}
            changed.append(row)
    DrugCandidate.objects.bulk_update(changed, ["additional_data", "field_sources"])
    return {row.pk for row in changed}
