"""Queues what analysts' values refused: each value that a source says of a field comes once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from companies.models import Company, DrugCandidate
from signals_app.ingest.merge.authority import Refusal
from signals_app.ingest.merge.ledger import Written
from signals_app.ingest.merge.reviews import Proposal, merge_reviews
from signals_app.review_models import ReviewKind

# The day goes with the amount: neither is right without the other.
CAP, CAP_DAY = "market_cap_usd", "market_cap_as_of"


def queue_refusals(refusals: Iterable[Refusal]) -> Written:
    """Queue the refused values of companies and candidates; of one field what the source said last."""
    last = {(refusal.row.pk, refusal.name): refusal for refusal in refusals}
    proposals = []
    for (key, name), refusal in last.items():
        if name == CAP_DAY and (key, CAP) in last:
            continue
        also = last.get((key, CAP_DAY)) if name == CAP else None
        proposals.append(_proposal(refusal, {CAP_DAY: json_value(also.said.value)} if also else {}))
    return merge_reviews(proposals)


def _proposal(refusal: Refusal, also: dict[str, Any]) -> Proposal:
    row: Company | DrugCandidate = refusal.row
    value = json_value(refusal.said.value)
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]
    proposed = {
        "field": refusal.name,
        "value": value,
        "held": json_value(refusal.held),
        "provenance": refusal.said.provenance(refusal.source),
    }
    if also:
        proposed["with"] = also
    if isinstance(row, DrugCandidate):
        proposed["candidate"] = str(row.pk)
    label = str(row._meta.get_field(refusal.name).verbose_name)  # type: ignore[union-attr]
    return Proposal(
        kind=ReviewKind.VALUE,
        company_id=row.company_id if isinstance(row, DrugCandidate) else row.pk,
        title=f"{refusal.label}: {label} {refusal.said.value} by {refusal.source}, {refusal.held} by an analyst",
        proposed=proposed,
        evidence=str(refusal),
        source=refusal.source,
        source_id=f"{row.pk}:{refusal.name}:{digest}",
    )


def json_value(value: Any) -> Any:
    """Return a field's value as a proposal holds it."""
    return value if isinstance(value, bool | int | list | dict | None) else str(value)
