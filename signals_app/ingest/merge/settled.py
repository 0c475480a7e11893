"""Closes open proposals that the data have decided meanwhile: nobody should read a question that has its answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from biotech_ma.core.services import recorded
from companies.choices import AliasKind
from companies.identity import Identities
from companies.models import Company, DrugCandidate
from signals_app.ingest.edgar.forms import OFFERS
from signals_app.ingest.merge.authority import CURATED
from signals_app.ingest.merge.prices import SHARES
from signals_app.ingest.merge.refused import json_value
from signals_app.ingest.sponsors import Sponsors
from signals_app.models import FinancialFact, ReviewItem, Signal
from signals_app.offers import OFFER_TYPES
from signals_app.review_models import CANDIDATE_VALUES, COMPANY_VALUES, ReviewKind, ReviewStatus

# How far apart two sources may date one event. A takeover has one day in each filing that tells of it.
TAKEOVER_DAYS, EVENT_DAYS = 45, 7
TOPLINE = ("topline_positive", "topline_mixed", "topline_negative")
# A source that tells of one of these has answered what another one only suggested.
ANSWERED_BY: dict[str, tuple[str, ...]] = {
    **{kind: (kind,) for kind in (*OFFER_TYPES, "fda_complete_response", "clinical_hold", "clinical_hold_lifted")},
    **{kind: (kind,) for kind in ("strategic_review", "pdufa_date", "advisory_committee", "going_concern")},
    **dict.fromkeys(TOPLINE, TOPLINE),
}
# The fields of companies and candidates that sources propose.
VALUES = frozenset({*COMPANY_VALUES, *CANDIDATE_VALUES})

EDGAR = "edgar"
# What these mean for a company depends on its part, which EDGAR's indexes leave out.
TOLD_BY_THE_PART = OFFERS | {"SC 13D"}

Settled = Iterator[tuple[ReviewItem, str]]


def settle_reviews() -> int:
    """Close the open proposals that are decided by what stands in the database, with the reason; return how many.

    Nobody is noted as having decided. A value or alias that a source proposes again is open again (`merge_reviews`).
    """
    with recorded("settle proposals"):
        waiting = ReviewItem.objects.open().select_for_update(skip_locked=True)
        by_kind: dict[str, list[ReviewItem]] = {kind: [] for kind in ReviewKind.values}
        for item in waiting:
            by_kind[item.kind].append(item)
        now, closed = timezone.now(), []
        for kind, settled in _RULES.items():
            items = by_kind[kind]
            for item, reason in settled(items) if items else ():
                item.status, item.decided_at, item.reason = ReviewStatus.SETTLED, now, reason
                closed.append(item)
        ReviewItem.objects.bulk_update(closed, ["status", "decided_at", "reason"], batch_size=500)
    return len(closed)


def _aliases(items: Sequence[ReviewItem]) -> Settled:
    """Yield names that lead to one company by the names known now."""
    sponsors = Sponsors.load()
    for item in items:
        if item.proposed.get("kind") == AliasKind.NAME and item.proposed.get("alias"):
            company = sponsors.match(str(item.proposed["alias"])).company
            if company is not None:
                yield item, f"The name leads to {company.name} now."


def _values(items: Sequence[ReviewItem]) -> Settled:
    """Yield values that stand already, that no analyst's value refuses any more, or that the source has replaced."""
    rows = _rows(items)
    # What was refused names the value that it was refused for.
    refused = [item for item in items if "held" in item.proposed]
    newest = {_field(item): item for item in sorted(refused, key=lambda item: (item.updated_at, item.pk))}
    for item in items:
        said, name = item.proposed, str(item.proposed.get("field", ""))
        row = rows.get(str(said.get("candidate") or item.company_id))
        if row is None or name not in VALUES:
            continue
        if json_value(getattr(row, name)) == json_value(said.get("value")):
            yield item, "The value stands by now."
        elif "held" in said and row.field_sources.get(name, {"source": CURATED}).get("source") != CURATED:
            yield item, "No analyst's value stands against it any more."
        elif newest.get(_field(item), item) is not item:
            yield item, f"{item.source} says otherwise since."


def _rows(items: Sequence[ReviewItem]) -> dict[str, Any]:
    """Return the companies and candidates that the items speak of, archived ones too, by key as text."""
    candidates = [item.proposed["candidate"] for item in items if item.proposed.get("candidate")]
    companies = [item.company_id for item in items if item.company_id]
    found: list[Any] = [
        *DrugCandidate.all_objects.filter(pk__in=candidates),
        *Company.all_objects.filter(pk__in=companies).defer("search_vector"),
    ]
    return {str(row.pk): row for row in found}


def _field(item: ReviewItem) -> tuple[Any, str, str]:
    return item.proposed.get("candidate") or str(item.company_id), str(item.proposed.get("field")), item.source


def _whose(item: ReviewItem, same: Identities) -> Any:
    """Return the company that a proposal concerns: of a duplicate the one that was kept."""
    return same.of(item.company_id) if item.company_id else None


def _theirs(items: Sequence[ReviewItem], same: Identities) -> list[Any]:
    """Return the ids under which the ledger has rows of the proposals' companies."""
    return same.ids_of({_whose(item, same) for item in items if item.company_id})


def _splits(items: Sequence[ReviewItem]) -> Settled:
    """Yield jumps in the number of shares on days that were priced without one since."""
    same = Identities.load()
    facts = FinancialFact.objects.filter(company_id__in=_theirs(items, same), concept=SHARES)
    priced = {
        (same.of(company_id), day.isoformat()) for company_id, day in facts.values_list("company_id", "period_end")
    }
    for item in items:
        if (_whose(item, same), item.proposed.get("day")) in priced:
            yield item, f"{item.proposed['day']} is priced without the jump by now."


def _parts(items: Sequence[ReviewItem]) -> Settled:
    """Yield filings of which a list did not tell whose they are, where another source has told by now."""
    same = Identities.load()
    asked = {
        (_whose(item, same), str(item.proposed.get("signal_data", {}).get("accession"))): item
        for item in items
        if item.source == EDGAR and item.proposed.get("signal_data", {}).get("form") in TOLD_BY_THE_PART
    }
    rows = Signal.objects.filter(
        company_id__in=same.ids_of({company_id for company_id, _ in asked if company_id}),
        source=EDGAR,
        signal_data__accession__in=[accession for _, accession in asked],
        signal_data__has_key="part",
    )
    for company_id, accession, part in rows.values_list(
        "company_id", "signal_data__accession", "signal_data__part"
    ).order_by("id"):
        item = asked.pop((same.of(company_id), accession), None)
        if item is not None:
            yield item, f"The company's part in the filing is known by now: {part}."


def _signals(items: Sequence[ReviewItem]) -> Settled:
    """Yield events of which another source, or an analyst, has told."""
    decided = set()
    for item, reason in _parts(items):
        decided.add(item.pk)
        yield item, reason
    items = [item for item in items if item.pk not in decided]
    items = [item for item in items if item.proposed.get("signal_type") in ANSWERED_BY and item.company_id]
    kinds = {kind for item in items for kind in ANSWERED_BY[item.proposed["signal_type"]]}
    same = Identities.load()
    rows = Signal.objects.current().filter(company_id__in=_theirs(items, same), signal_type__in=kinds)
    told: dict[Any, list[Signal]] = {}
    for row in rows.order_by("event_date", "id").only(
        "company_id", "signal_type", "event_date", "source", "signal_data"
    ):
        told.setdefault(same.of(row.company_id), []).append(row)
    for item in items:
        answer = next((row for row in told.get(_whose(item, same), ()) if _answers(row, item)), None)
        if answer is not None:
            yield (
                item,
                f"{answer.source} tells of it: {answer.get_signal_type_display()}, {answer.event_date:%Y-%m-%d}.",
            )


def _answers(row: Signal, item: ReviewItem) -> bool:
    """Whether a signal is the proposed event: of its kind, at about its time, of a drug that the proposal may mean."""
    kind = item.proposed["signal_type"]
    happened = parse_datetime(str(item.proposed.get("event_date") or ""))
    if row.signal_type not in ANSWERED_BY[kind] or happened is None or happened.tzinfo is None:
        return False
    days = TAKEOVER_DAYS if kind in OFFER_TYPES else EVENT_DAYS
    if abs(row.event_date - happened) > dt.timedelta(days=days):
        return False
    drug = str(row.signal_data.get("drug") or "").casefold()
    return not drug or drug in f"{item.title} {item.evidence} {item.proposed.get('signal_data')}".casefold()


_RULES: dict[str, Callable[[Sequence[ReviewItem]], Settled]] = {
    ReviewKind.ALIAS.value: _aliases,
    ReviewKind.VALUE.value: _values,
    ReviewKind.SPLIT.value: _splits,
    ReviewKind.SIGNAL.value: _signals,
}
