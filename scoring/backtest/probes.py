"""Controls over the database: later facts and a takeover are put in, the day is read again, all is rolled back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from biotech_ma.core.market_day import end_of, start_of
from companies.models import Company, DrugCandidate
from scoring.engine.inputs import CompanyInputs
from scoring.inputs import universe_inputs
from signals_app.concepts import MARKET_CAP, RESEARCH
from signals_app.models import FinancialFact, Signal
from signals_app.offers import OFFER
from signals_app.periods import USD

MOST_COMPANIES = 50
GENERATED_COMPANIES = 3
SOURCE = "back-test control"
LATER_TYPES = (OFFER, "clinical_hold", "designation_breakthrough", "fda_approval", "partnership", "activist_stake")
A_YEAR, A_QUARTER = timedelta(days=364), timedelta(days=91)
LARGE_USD = Decimal(9_000_000_000)


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found: on how many companies (real ones, or generated where there are none), and what holds."""

    day: date
    companies: int
    is_generated: bool
    future_changes_nothing: bool
    acquired_leaves: bool


def probe(day: date) -> Probed:
    """Return whether later facts leave the day's inputs as they are, and an announced takeover ends them.

    Nothing stays: the facts are rolled back, whatever happens.
    """
    with _rolled_back():
        before = universe_inputs(day)
        is_generated = not before
        if is_generated:
            _generate(day)
            before = universe_inputs(day)
        ids = [UUID(inputs.key) for inputs in before[:MOST_COMPANIES]]
        _insert_later_facts(ids, day)
        after = universe_inputs(day)
        _announce(ids[0], day)
        left = universe_inputs(day)
    return Probed(
        day=day,
        companies=len(ids),
        is_generated=is_generated,
        future_changes_nothing=_sorted(after) == _sorted(before),
        acquired_leaves=_sorted(left) == _sorted(inputs for inputs in after if inputs.key != str(ids[0])),
    )


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _sorted(universe: Sequence[CompanyInputs] | Iterator[CompanyInputs]) -> list[CompanyInputs]:
    return sorted(universe, key=lambda inputs: inputs.key)


def _generate(day: date) -> None:
    """Make a few companies as a source would have told of them before the day."""
    for number in range(GENERATED_COMPANIES):
        company = Company.objects.create(name=f"Generated Bio {number}")
        DrugCandidate.objects.create(
            company=company, name=f"GB-{number}", phase="phase_2", indication="Generated", therapeutic_area="other"
        )
        _research(company.pk, day, LARGE_USD / (10 * (number + 1)), start_of(day)).save()


def _insert_later_facts(ids: Sequence[UUID], day: date) -> None:
    """Put in what becomes public with the first instant after the day, about the day and before."""
    known = end_of(day)
    FinancialFact.objects.bulk_create(
        fact for key in ids for fact in (_research(key, day, LARGE_USD, known), _market_cap(key, day, known))
    )
    Signal.objects.bulk_create(_signal(key, kind, start_of(day), known) for key in ids for kind in LATER_TYPES)


def _announce(key: UUID, day: date) -> None:
    _signal(key, OFFER, start_of(day), start_of(day)).save()


def _research(key: UUID, day: date, usd: Decimal, known: datetime) -> FinancialFact:
    end = day - A_QUARTER
    return FinancialFact(
        company_id=key, concept=RESEARCH, period_start=end - A_YEAR, period_end=end, value=usd, unit=USD, form="10-K",
        available_at=known, source=SOURCE,
    )  # fmt: skip


def _market_cap(key: UUID, day: date, known: datetime) -> FinancialFact:
    return FinancialFact(
        company_id=key, concept=MARKET_CAP, period_end=day, value=LARGE_USD, unit=USD, available_at=known, source=SOURCE
    )


def _signal(key: UUID, kind: str, happened: datetime, known: datetime) -> Signal:
    return Signal(
        company_id=key, signal_type=kind, event_date=happened, available_at=known, title="Back-test control",
        source=SOURCE,
    )  # fmt: skip
