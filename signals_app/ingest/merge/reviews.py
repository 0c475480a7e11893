"""Writes the review queue: a proposal comes once, whatever became of it; decided ones stay decided.

What was settled without anybody deciding is open again when the source says it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from signals_app.ingest.merge.ledger import Written
from signals_app.models import ReviewItem
from signals_app.review_models import ReviewKind, ReviewStatus

LONGEST_TITLE = 500
LONGEST_EVIDENCE = 20_000
BATCH = 1000
# An event that was told is told; a value may be refused again, and a name may lead nowhere again.
COMES_AGAIN = frozenset({ReviewKind.ALIAS, ReviewKind.VALUE})


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a source suggests: the fields that accepting would write, and the words that suggest it."""

    kind: str
    company_id: UUID | None
    title: str
    proposed: dict[str, Any] = field(hash=False)
    evidence: str
    source: str
    source_id: str
    source_url: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same proposal."""
        return self.source, self.kind, self.source_id


def merge_reviews(proposals: Iterable[Proposal]) -> Written:
    """Queue the proposals that are new by source, kind and source id, and those that were settled and come again."""
    staged = created = 0
    batch: dict[tuple[str, str, str], Proposal] = {}
    for proposal in proposals:
        staged += 1
        batch.setdefault(proposal.key, proposal)
        if len(batch) >= BATCH:
            created += _insert(batch)
            batch = {}
    return Written(staged, created + _insert(batch))


def _insert(batch: dict[tuple[str, str, str], Proposal]) -> int:
    if not batch:
        return 0
    known = ReviewItem.objects.filter(source_id__in=[key[2] for key in batch])
    held = {(item.source, item.kind, item.source_id): item for item in known}
    rows = [
        ReviewItem(
            kind=new.kind,
            company_id=new.company_id,
            title=new.title[:LONGEST_TITLE],
            proposed=new.proposed,
            evidence=new.evidence[:LONGEST_EVIDENCE],
            source=new.source,
            source_id=new.source_id,
            source_url=new.source_url,
        )
        for key, new in batch.items()
        if key not in held
    ]
    ReviewItem.objects.bulk_create(rows, ignore_conflicts=True)
    _reopen(item for key, item in held.items() if key in batch)
    return len(rows)


def _reopen(items: Iterable[ReviewItem]) -> None:
    again = [item for item in items if item.status == ReviewStatus.SETTLED and item.kind in COMES_AGAIN]
    for item in again:
        item.status, item.decided_at, item.reason = ReviewStatus.OPEN, None, ""
    ReviewItem.objects.bulk_update(again, ["status", "decided_at", "reason"])
