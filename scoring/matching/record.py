"""How a match of the engine becomes a row of `acquirer_matches`, figures as decimal strings in its JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from scoring.engine.acquirers import Match
from scoring.engine.inputs import Evidence
from scoring.engine.parties import Relation
from scoring.engine.rationale import Asset, Overlap, antitrust_overlaps, key_assets, rationale
from scoring.engine.terms import Term, terms
from scoring.engine.valuation import Premiums, Valuation, value
from scoring.models import AcquirerMatch

METHODOLOGY = "weights and constants are judgement, not fitted"
# The terms that have a column of their own, of ten there.
COLUMNS: dict[str, str] = {
    "therapeutic": "therapeutic_overlap_score",
    "geography": "geographic_fit_score",
    "capacity": "financial_capacity_score",
    "history": "historical_ma_score",
}
FEASIBLE = {True: "feasible", False: "infeasible", None: "unknown"}
MOST_RATIONALE = 20_000


def rows_of(matches: Iterable[Sequence[Match]], premiums: Premiums, day: date) -> Iterator[AcquirerMatch]:
    """Yield the unsaved rows of a day, target by target; a target's matches share its valuation."""
    for of_target in matches:
        if of_target:
            worth = _valuation(value(of_target[0].seller.target, premiums))
            for match in of_target:
                yield _row(match, worth, day)


def _row(match: Match, worth: dict[str, Any], day: date) -> AcquirerMatch:
    acquirer, found = match.buyer.acquirer, terms(match)
    assets, overlaps = key_assets(match), antitrust_overlaps(match)
    return AcquirerMatch(
        target_company_id=UUID(match.seller.target.key),
        acquirer_company_id=UUID(acquirer.key),
        acquirer_ticker=acquirer.ticker or "",
        acquirer_name=acquirer.name,
        match_date=day,
        strategic_fit_score=match.fit,
        synergy_rationale=rationale(match, found)[:MOST_RATIONALE],
        key_assets_of_interest=[asset.programme.name for asset in assets],
        estimated_valuation_range_usd=worth,
        match_rank=match.rank,
        metadata=_metadata(match, found, assets, overlaps),
        **{column: _of_ten(match.values.get(name)) for name, column in COLUMNS.items()},
    )


def _of_ten(term: Decimal | None) -> Decimal | None:
    return None if term is None else term * 10


def _metadata(
    match: Match, found: Sequence[Term], assets: Sequence[Asset], overlaps: Sequence[Overlap]
) -> dict[str, Any]:
    return {
        "terms": [_term(term) for term in found],
        "left_out": list(match.left_out),
        "coverage": str(match.coverage),
        "feasibility": FEASIBLE[match.is_feasible],
        "antitrust": [_overlap(overlap) for overlap in overlaps],
        "relations": [_relation(relation) for relation in match.relations],
        "key_assets": [_asset(asset) for asset in assets],
        "methodology": METHODOLOGY,
    }


def _term(term: Term) -> dict[str, Any]:
    return {
        "term": term.name,
        "label": term.label,
        "value": None if term.value is None else str(term.value),
        "weight": str(term.weight),
        "detail": term.words,
        "evidence": [proof_of(evidence) for evidence in term.evidence],
    }


def proof_of(evidence: Evidence) -> dict[str, Any]:
    """Return evidence as it is kept: what it does not have is left out."""
    proof: dict[str, Any] = {
        "source": evidence.source,
        "source_url": evidence.url,
        "date": evidence.day.isoformat() if evidence.day else None,
        "signal_ids": list(evidence.signal_ids),
        "accessions": list(evidence.accessions),
    }
    return {name: said for name, said in proof.items() if said}


def _overlap(overlap: Overlap) -> dict[str, Any]:
    return {
        "indication": overlap.programme.indication,
        "approved_drug": overlap.approved.name,
        "drug": overlap.programme.name,
        "phase": overlap.programme.phase,
    }


def _relation(relation: Relation) -> dict[str, Any]:
    return {
        "kind": relation.kind,
        "since": relation.since.isoformat(),
        "drug": relation.drug,
        "percent": None if relation.percent is None else str(relation.percent),
    }


def _asset(asset: Asset) -> dict[str, Any]:
    drug = asset.programme
    return {
        "drug": drug.name, "phase": drug.phase, "indication": drug.indication, "area": drug.area, "why": asset.why,
    }  # fmt: skip


def _valuation(worth: Valuation) -> dict[str, Any]:
    """Return the range as it is kept; `low`, `mid` and `high` are null where no method has inputs."""
    return {
        **{end: _text(getattr(worth, end)) for end in ("low", "mid", "high")},
        "methods": [
            {
                "method": method.name,
                "label": method.label,
                **{end: str(getattr(method, end)) for end in ("low", "mid", "high")},
                "detail": method.words,
                "evidence": [proof_of(evidence) for evidence in method.evidence],
            }
            for method in worth.methods
        ],
        "left_out": dict(worth.left_out),
        "market_cap": _text(worth.market_cap),
        "caveat": worth.caveat,
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
