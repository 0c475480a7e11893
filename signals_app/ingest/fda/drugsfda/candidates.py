"""Which candidates an original approval is of: by brand or ingredient, and never by guessing the indication."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from companies.choices import Phase
from companies.models import DrugCandidate
from signals_app.ingest.merge.protection import ApprovalRecord
from signals_app.ingest.merge.reviews import Proposal
from signals_app.review_models import ReviewKind

# What follows an ingredient's name in the FDA's tables: the salt or ester, not another drug.
_SALTS = """
acetate acid aspartate benzoate besylate bitartrate bromide calcium camsylate carbonate chloride citrate dihydrate
dihydrochloride dimaleate disodium edisylate esylate ethanolate fumarate gluconate hcl hemihydrate hydrobromide
hydrochloride hydroxide isethionate lactate lysine magnesium malate maleate meglumine mesylate monohydrate
monohydrochloride napsylate nitrate oxalate palmitate pamoate phosphate potassium sesquihydrate sodium stearate
succinate sulfate tartrate tosylate trihydrate tromethamine xinafoate zinc
"""
SALTS = frozenset(_SALTS.split())
# The four letters that tell biologics of one name apart: TREMELIMUMAB-ACTL.
BIOLOGIC_SUFFIX = re.compile(r"-[a-z]{4}$")


def plain(name: str) -> str:
    """Return a drug's name in lower case, without salts and a biologic's four letters."""
    words = BIOLOGIC_SUFFIX.sub("", " ".join(name.casefold().split())).split()
    while len(words) > 1 and words[-1].strip(",") in SALTS:
        words.pop()
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class Original:
    """An original approval of a company's drug."""

    company_id: UUID
    application: str
    brand: str
    ingredients: str
    decided: date
    source_url: str


@dataclass
class Approved:
    """The live candidates of some companies, by the names that an approval may use."""

    rows: dict[tuple[UUID, str], list[DrugCandidate]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def load(cls, company_ids: Iterable[UUID]) -> Approved:
        """Read the candidates of the companies."""
        found = cls()
        for row in DrugCandidate.objects.filter(company_id__in=set(company_ids)).order_by("id"):
            for name in {plain(text) for text in (row.name, *_noted(row, "brands"))} - {""}:
                found.rows[row.company_id, name].append(row)
        return found

    def of(self, original: Original) -> list[DrugCandidate]:
        """Return the candidates of the drug, whatever their indication."""
        names = {plain(original.brand), plain(original.ingredients)} - {""}
        found = {row.pk: row for name in sorted(names) for row in self.rows.get((original.company_id, name), ())}
        return list(found.values())

    def records(self, originals: Iterable[Original]) -> Iterator[ApprovalRecord]:
        """Yield what the approvals add to candidates that are approved already."""
        for original in originals:
            for row in _meant([row for row in self.of(original) if row.phase == Phase.APPROVED], original):
                yield ApprovalRecord(row, original.application, original.decided)

    def questions(self, originals: Iterable[Original], source: str) -> Iterator[Proposal]:
        """Yield a question for each candidate of a drug of which none is approved yet: is this what was approved?

        An approval does not name its indication, so that even a drug's only candidate may be a new use of it.
        """
        for original in originals:
            rows = self.of(original)
            if any(row.phase == Phase.APPROVED for row in rows):
                continue
            for row in rows:
                yield _question(original, row, source)


def _meant(approved: list[DrugCandidate], original: Original) -> list[DrugCandidate]:
    """Return which of a drug's approved candidates the application is of.

    Those that name the application; else those that are sold under its brand; else those whose brand is not known.
    One ingredient has several products: another's day of approval is not theirs.
    """
    brand = plain(original.brand)
    naming = [row for row in approved if original.application in _noted(row, "applications")]
    branded = [row for row in approved if brand and brand in {plain(name) for name in _noted(row, "brands")}]
    unnamed = [row for row in approved if not _noted(row, "brands")]
    return naming or branded or unnamed


def _noted(row: DrugCandidate, name: str) -> list[str]:
    held = row.additional_data.get(name)
    return [str(text) for text in held] if isinstance(held, list) else []


def _question(original: Original, row: DrugCandidate, source: str) -> Proposal:
    named = f"{original.brand or original.ingredients} ({original.application})"
    return Proposal(
        kind=ReviewKind.VALUE,
        company_id=row.company_id,
        title=f"Is {row} approved? FDA approved {named} on {original.decided}",
        proposed={
            "field": "phase", "value": Phase.APPROVED.value, "candidate": str(row.pk),
            "provenance": {"source": source, "id": f"{original.application} {original.decided}"},
        },
        evidence=f"FDA approved {named}, {original.ingredients}, on {original.decided}; it does not say for which "
        f"indication. {row} stands at {row.get_phase_display()}.",
        source=source,
        source_id=f"{row.pk}:phase:{original.application}",
        source_url=original.source_url,
    )  # fmt: skip
