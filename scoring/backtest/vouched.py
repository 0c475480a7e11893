"""What of a company's inputs was surely so on the day: the rest, which the live score marks, is left out. Pure.

A programme that no dated source speaks of, or whose state was recorded after the day, may be what it is because of what
happened since: the drugs of companies that were bought are the ones whose later stage is on record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scoring.engine.inputs import CompanyInputs, Programme

# Field of a programme -> the name of its evidence.
FIELDS = {
    "protected_until": "patent_expiry",
    "is_new_chemical_entity": "new_chemical_entity",
    "orphan": "orphan_designation",
    "fast_track": "fast_track",
    "breakthrough": "breakthrough_therapy",
    "next_completion": "next_milestone_date",
}


def vouched_for(inputs: CompanyInputs) -> CompanyInputs:
    """Return the inputs without undated programmes, and without undated fields of programmes recorded after the day."""
    certain = tuple(_dated_fields(item, inputs) for item in inputs.programmes if not item.is_assumed)
    return replace(inputs, programmes=certain)


def _dated_fields(item: Programme, inputs: CompanyInputs) -> Programme:
    if not item.is_later_row:
        return item
    undated: dict[str, Any] = {}
    for name, evidence in FIELDS.items():
        day = item.evidence_of(evidence).day
        if day is None or day > inputs.day:
            undated[name] = None
    return replace(item, **undated)
