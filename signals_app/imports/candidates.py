"""Plans what a file says of drug candidates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from companies.choices import Phase
from companies.models import Company, DrugCandidate
from signals_app.imports.companies import refuse_doubts, today
from signals_app.imports.identity import Companies
from signals_app.imports.keys import new_key
from signals_app.imports.plan import Change, Options, Plan
from signals_app.imports.reading import ReadRow
from signals_app.ingest.merge.aliases import letters
from signals_app.ingest.merge.candidates import ORIGIN, origin_of

PLAIN = (
    "phase", "therapeutic_area", "mechanism", "next_milestone", "next_milestone_date", "patent_expiry",
    "orphan_designation", "fast_track", "breakthrough_therapy", "market_potential_usd",
)  # fmt: skip

# Marks a row that an import added and that was archived by undoing it: it keeps nobody from adding the drug.
UNDONE = "import_undone"

type Held = dict[tuple[UUID, str], list[DrugCandidate]]


def plan_candidates(rows: Iterable[ReadRow], *, options: Options, file: str) -> Plan:
    """Return what becomes of each row, in as many queries for many rows as for one."""
    plan, day = Plan(), today()
    known = Companies.load(day)
    found = [(row, known.find(row, "company")) for row in plan.own(rows)]
    held = _held({company.pk for _, company in found if company is not None})
    met: dict[UUID, int] = {}
    for row, company in found:
        candidate = _found(row, company, held, options)
        if candidate is not None and (first := met.setdefault(candidate.pk, row.row)) != row.row:
            row.refuse("name", f"is about {candidate}, as row {first + 1} is: one row a drug and indication")
        refuse_doubts(row, candidate)
        if row.faults or company is None:
            plan.refuse(row, _label_of(row, company))
            continue
        is_new = candidate is None
        if candidate is None:
            candidate = _created(row, company, options, file, day.isoformat())
            held[company.pk, letters(candidate.name)].append(candidate)
            met[candidate.pk] = row.row
        change = Change(candidate, options, plan, row, file=file, today=day)
        for name in PLAIN:
            if name in row.values and not (is_new and name == "phase"):
                change.say(name, row.values[name])
        if is_new:
            change.changes.insert(0, ("Phase", "—", str(candidate.get_phase_display())))
        change.done(_label_of(row, company), is_new=is_new)
    return plan


def _held(company_ids: set[UUID]) -> Held:
    found: Held = defaultdict(list)
    rows = DrugCandidate.all_objects.filter(company_id__in=company_ids).exclude(additional_data__has_key=UNDONE)
    for candidate in rows.order_by("id"):
        found[candidate.company_id, letters(candidate.name)].append(candidate)
    return found


def _found(row: ReadRow, company: Company | None, held: Held, options: Options) -> DrugCandidate | None:
    """Return the candidate that the row is about, None for a new one. A doubt refuses the cell."""
    name, indication = row.values.get("name"), row.values.get("indication")
    if company is None:
        if not row.faults:
            row.refuse("company", "is no company of the desk: import it first")
        return None
    if not name:
        row.refuse("name", "names no drug")
        return None
    same = held.get((company.pk, letters(name)), [])
    if indication is not None:
        same = [one for one in same if letters(one.indication or "") == letters(indication)]
    live = [one for one in same if one.deleted_at is None]
    if len(live) > 1:
        several = ", ".join(sorted(str(one.indication or "not stated") for one in live))
        row.refuse("indication", f"{name} has several rows here ({several}): give the indication")
    elif not live and same:
        row.refuse("name", f"{same[0]} is archived: restore it first")
    elif not live and not options.adds:
        row.refuse("name", f"{name} is no drug of {company.name} here, and this import adds none")
    return live[0] if len(live) == 1 else None


def _created(row: ReadRow, company: Company, options: Options, file: str, day: str) -> DrugCandidate:
    values = row.values
    candidate = DrugCandidate(
        id=new_key(),
        company=company,
        name=values["name"],
        indication=values.get("indication"),
        phase=values.get("phase", Phase.PRECLINICAL),
    )
    candidate.additional_data = {ORIGIN: origin_of(candidate.name, candidate.indication)}
    notes: dict[str, Any] = {}
    for name in ("name", "indication", "phase"):
        if name in values:
            notes[name] = {"source": options.authority, "id": f"{file} {row.cells[name]}".strip(), "as_of": day}
    candidate.field_sources = notes
    if "phase" not in values:
        row.notes.append("No phase is given: it starts as preclinical")
    return candidate


def _label_of(row: ReadRow, company: Company | None) -> str:
    drug = row.values.get("name") or f"Row {row.row + 1}"
    return f"{company.ticker or company.name}: {drug}" if company is not None else str(drug)
