"""The only door from the database to the engine: what was known of the targets by the end of a day, in six queries.

The ledger (signals, facts) is read point in time. Companies and drug candidates are kept as they are now; an approval
that the ledger knows to be later than the day is undone. docs/scoring.md says what that leaves open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, IntegerField, OuterRef, TextField, Value, When
from django.db.models.functions import Coalesce, Collate

from companies.choices import Phase
from companies.models import Company, DrugCandidate
from scoring import evidence
from scoring.engine.inputs import Amount, CompanyInputs, Evidence, Programme
from scoring.states import STATE_TYPES, Event, is_under_offer, states
from signals_app.figures import (
    HORIZON_DAYS,
    MARKET_CAP,
    MARKET_CAP_STALE_AFTER_DAYS,
    RESEARCH,
    CompanyFigures,
    figures,
)
from signals_app.market_day import NEW_YORK, end_of
from signals_app.models import FinancialFact, Signal
from signals_app.periods import CURATED_FORM, FIELDS, LOWEST_SOURCE, USD, Fact

APPROVAL = "fda_approval"
# Runway, funds and debt are shown, filtered and alerted on, and do not score: docs/scoring.md says why.
SCORED_CONCEPTS = (RESEARCH,)
# Words of the registry's status under which a programme does not count, unless an analyst set its phase.
INACTIVE = frozenset({"unknown", "ended", "terminated", "withdrawn"})
CANDIDATE_FIELDS = (
    "company_id", "name", "phase", "indication", "patent_expiry", "orphan_designation", "fast_track",
    "breakthrough_therapy", "next_milestone_date", "additional_data", "field_sources",
)  # fmt: skip
EVIDENT_FIELDS = (
    "phase", "patent_expiry", "orphan_designation", "fast_track", "breakthrough_therapy", "next_milestone_date",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger says of one company by the day, and the approvals that came after it."""

    events: Sequence[Event]
    later_approvals: Sequence[Event]
    facts: Sequence[Fact]


def universe_inputs(day: date, *, company_ids: Collection[UUID] | None = None) -> list[CompanyInputs]:
    """Return the inputs of every live target on the day (or of these companies), in a fixed number of queries.

    A company whose takeover was announced by then, and not called off, is out of the universe.
    """
    priced = FinancialFact.objects.filter(company_id=OuterRef("pk"), concept=MARKET_CAP, unit=USD)
    companies = Company.objects.targets().order_by("id").defer("search_vector", "metadata")
    companies = companies.annotate(is_priced=Exists(priced))
    if company_ids is not None:
        companies = companies.filter(pk__in=company_ids)
    rows = list(companies)
    ids = {company.pk for company in rows}
    pipelines = _pipelines(ids)
    events, later, facts = _events(ids, day), _later_approvals(ids, day), _facts(ids, day)
    return [
        _inputs(company, pipelines[company.pk], Known(events[company.pk], later[company.pk], facts[company.pk]), day)
        for company in rows
        if not is_under_offer(events[company.pk])
    ]


def inputs(company: Company, day: date) -> CompanyInputs | None:
    """Return the inputs of one company on the day; None when it is no target in the universe of that day."""
    return next(iter(universe_inputs(day, company_ids=[company.pk])), None)


def _inputs(company: Company, pipeline: Sequence[dict[str, Any]], known: Known, day: date) -> CompanyInputs:
    # Once the ledger has a market cap of the company, of whatever day, it speaks alone: the present one is of now.
    is_priced: bool = company.is_priced  # type: ignore[attr-defined]
    found = figures(
        known.facts,
        day,
        market_cap_usd=None if is_priced else company.market_cap_usd,
        market_cap_as_of=company.market_cap_as_of,
        history_starts=company.history_starts,
    )
    return CompanyInputs(
        key=str(company.pk),
        day=day,
        programmes=tuple(_programme(row, known, day) for row in pipeline),
        market_cap=_market_cap(company, found),
        research_spending=(
            Amount(found.research_spending.value, evidence.of_figure(found.research_spending, company.cik))
            if found.research_spending
            else None
        ),
        states=states(known.events),
        why_unknown={name: str(reason) for name, reason in found.unknown.items()},
    )


def _market_cap(company: Company, found: CompanyFigures) -> Amount | None:
    if found.market_cap_usd is None:
        return None
    if found.market_cap is not None:
        return Amount(found.market_cap_usd, evidence.of_price(found.market_cap))
    source = evidence.of_field(company.field_sources, "market_cap_usd")
    return Amount(found.market_cap_usd, Evidence(source.source, source.url, found.market_cap_as_of))


def _programme(row: dict[str, Any], known: Known, day: date) -> Programme:
    data, sources = row["additional_data"], row["field_sources"]
    phase, approved_on, approval = _phase(row, known, day)
    proofs = {name: evidence.of_field(sources, name) for name in EVIDENT_FIELDS if row.get(name) is not None}
    if approval is not None:
        proofs["approved_on"] = approval
    by_analyst = proofs["phase"].source.startswith(evidence.CURATED)
    applications = _texts(data, "applications")
    return Programme(
        name=row["name"],
        indication=row["indication"],
        phase=phase,
        is_active=phase != Phase.DISCONTINUED and (by_analyst or data.get("status") not in INACTIVE),
        protected_until=row["patent_expiry"],
        approved_on=approved_on,
        is_biologic=any(text.startswith("BLA") for text in applications) if applications else None,
        orphan=row["orphan_designation"],
        fast_track=row["fast_track"],
        breakthrough=row["breakthrough_therapy"],
        next_completion=row["next_milestone_date"],
        evidence=proofs,
    )


def _phase(row: dict[str, Any], known: Known, day: date) -> tuple[str, date | None, Evidence | None]:
    """Return the phase on the day, the day of approval, and its evidence.

    A drug approved by now counts as filed on days before the approval; where no approval day is known, as approved.
    """
    if row["phase"] != Phase.APPROVED:
        return row["phase"], None, None
    names = {text.casefold() for text in [row["name"], *_texts(row["additional_data"], "brands")]}
    applications = set(_texts(row["additional_data"], "applications"))
    ours = [event for event in known.events if event.type == APPROVAL and event.concerns(names, applications)]
    if ours:
        first = min(ours, key=lambda event: (event.day, event.signal_id))
        return Phase.APPROVED, first.day, first.evidence
    noted = evidence.as_day(row["additional_data"].get("approved_on"))
    if noted is not None and noted <= day:
        return Phase.APPROVED, noted, evidence.of_field(row["field_sources"], "phase")
    if noted is not None or any(event.concerns(names, applications) for event in known.later_approvals):
        return Phase.NDA_BLA, None, None
    return Phase.APPROVED, None, None


def _texts(data: dict[str, Any], name: str) -> list[str]:
    found = data.get(name)
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _pipelines(ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in DrugCandidate.objects.filter(company_id__in=ids).order_by("id").values(*CANDIDATE_FIELDS):
        found[row["company_id"]].append(row)
    return found


def _events(ids: Collection[UUID], day: date) -> dict[UUID, list[Event]]:
    signals = Signal.objects.known_by_day(day).filter(signal_type__in=STATE_TYPES, event_date__lt=end_of(day))
    return _by_company(signals.filter(company_id__in=ids))


def _later_approvals(ids: Collection[UUID], day: date) -> dict[UUID, list[Event]]:
    return _by_company(Signal.objects.filter(signal_type=APPROVAL, available_at__gte=end_of(day), company_id__in=ids))


def _by_company(signals: Any) -> dict[UUID, list[Event]]:
    found: dict[UUID, list[Event]] = defaultdict(list)
    columns = "company_id", "id", "signal_type", "event_date", "source", "source_url", "signal_data"
    for company_id, key, kind, event_date, source, url, data in (
        signals.order_by("event_date", "available_at", "id").values_list(*columns).iterator(chunk_size=5000)
    ):
        day = event_date.astimezone(NEW_YORK).date()
        found[company_id].append(Event(str(key), kind, day, data, Evidence(source, url, day, (str(key),))))
    return found


def _facts(ids: Collection[UUID], day: date) -> dict[UUID, list[Fact]]:
    """Return by company the facts in force on the day: the one of the highest precedence a period and unit."""
    found: dict[UUID, list[Fact]] = defaultdict(list)
    for company_id, *values in chain(_facts_in_force(ids, day), _market_caps(ids, day)):
        found[company_id].append(Fact(*values))
    return found


def _facts_in_force(ids: Collection[UUID], day: date) -> Iterator[tuple[Any, ...]]:
    period = "company_id", "concept", "period_start", "period_end", "unit"
    facts = FinancialFact.objects.known_by_day(day).filter(
        company_id__in=ids, concept__in=SCORED_CONCEPTS, period_end__gte=day - timedelta(days=HORIZON_DAYS)
    )
    return _first(facts, ordering=period, distinct=period)


def _market_caps(ids: Collection[UUID], day: date) -> Iterator[tuple[Any, ...]]:
    """Return the newest market cap of each company, of the day or before."""
    oldest = day - timedelta(days=MARKET_CAP_STALE_AFTER_DAYS)
    facts = FinancialFact.objects.known_by_day(day).filter(
        company_id__in=ids, concept=MARKET_CAP, unit=USD, period_start=None, period_end__range=(oldest, day)
    )
    return _first(facts, ordering=("company_id", "-period_end"), distinct=("company_id",))


def _first(facts: Any, *, ordering: Sequence[str], distinct: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    # The same order as signals_app.periods.precedence, so that one row a period has to leave the database.
    rank = Case(
        When(form=CURATED_FORM, then=Value(2)),
        When(source=LOWEST_SOURCE, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    accession = Collate(Coalesce(F("accession"), Value(""), output_field=TextField()), "C")
    rows: Iterator[tuple[Any, ...]] = (
        facts.order_by(*ordering, rank.desc(), "-available_at", accession.desc(), "-value")
        .distinct(*distinct)
        .values_list("company_id", *FIELDS)
        .iterator(chunk_size=20_000)
    )
    return rows
