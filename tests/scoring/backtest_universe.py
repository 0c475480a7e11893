"""A generated universe in the database, with takeovers planted where research spending is high. None of it is real."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from biotech_ma.core.market_day import start_of
from companies.models import Company, DrugCandidate
from scoring.backtest.calendar import quarter_ends
from signals_app.models import FinancialFact, Signal

FIRST = dt.date(2005, 3, 31)
FILED_AFTER = dt.timedelta(days=40)
A_YEAR = dt.timedelta(days=364)
PHASES = {"phase_1": "PHASE1", "phase_2": "PHASE2", "phase_3": "PHASE3"}


@dataclass(frozen=True)
class Generated:
    """The companies by name, and of those bought the day of the announcement by CIK."""

    companies: list[Company]
    deals: dict[str, dt.date]
    days: list[dt.date]

    def labels(self) -> str:
        """Return the takeovers as a labels file."""
        return "cik,announced,acquirer\n" + "".join(f"{cik},{day},Buyer\n" for cik, day in self.deals.items())


def generate(*, companies: int, quarters: int, deals: int, seed: int = 1, pull: float = 2.0) -> Generated:
    """Fill the database: a filing and a price a quarter, a programme, and `deals` takeovers in the later quarters.

    A company's chance to be bought rises with its research spending by `pull`; 0 = by chance alone.
    """
    rng = random.Random(seed)
    # Two quarters of filings before the first takeover, and filings to the end: nobody vanishes.
    days = list(islice(quarter_ends(FIRST, dt.date.max), quarters))
    rows = [
        Company(name=f"Generated {number:04d}", ticker=f"G{number:04d}", cik=f"{7_000_000_000 + number:010d}")
        for number in range(companies)
    ]
    made = Company.objects.bulk_create(rows)
    spending = {company.pk: 10 ** rng.uniform(6.6, 8.4) for company in made}
    order = sorted(made, key=lambda company: -(spending[company.pk] ** pull * rng.expovariate(1.0)))
    bought = {company.pk: rng.choice(days[2:]) - dt.timedelta(days=rng.randrange(80)) for company in order[:deals]}
    FinancialFact.objects.bulk_create(
        (fact for company in made for fact in _facts(company, days, spending, bought, rng)), batch_size=5000
    )
    phases = {company.pk: rng.choice(list(PHASES)) for company in made}
    DrugCandidate.objects.bulk_create(
        DrugCandidate(
            company=company,
            name=f"GX-{company.ticker}",
            phase=phases[company.pk],
            indication="Generated",
            therapeutic_area="other",
            field_sources={"phase": {"source": "clinicaltrials"}},
        )
        for company in made
    )
    Signal.objects.bulk_create(_study(company, PHASES[phases[company.pk]]) for company in made)
    return Generated(made, {company.cik: bought[company.pk] for company in made if company.pk in bought}, days)


def _study(company: Company, phase: str) -> Signal:
    """Return the version of a study that dates the company's programme."""
    posted = FIRST - dt.timedelta(days=200)
    trial = {"version": posted.isoformat(), "first_posted": posted.isoformat(), "phase": phase, "status": "RECRUITING"}
    drug = f"GX-{company.ticker}"
    return Signal(
        company=company,
        signal_type="trial_updated",
        event_date=start_of(posted),
        available_at=start_of(posted),
        title="Generated study",
        source="clinicaltrials",
        signal_data={
            "nct_id": f"NCT{int(company.cik) % 100_000_000:08d}",
            "trial": trial,
            "candidates": [{"drug": drug, "indication": "Generated", "origin": f"{drug}|generated".casefold()}],
        },
    )


def _facts(
    company: Company, days: list[dt.date], spending: dict, bought: dict, rng: random.Random
) -> Iterator[FinancialFact]:
    cap = 10 ** rng.uniform(7.9, 10.4)
    for end in days:
        filed = end + FILED_AFTER
        if filed > bought.get(company.pk, dt.date.max):
            return
        growth = 1 + 0.02 * ((end - FIRST).days / 365)
        yield FinancialFact(
            company=company, concept="research_and_development", period_start=end - A_YEAR, period_end=end,
            value=Decimal(round(spending[company.pk] * growth)), unit="USD", form="10-K",
            accession=f"{company.cik}-{end:%y}-{end:%m%d}", available_at=start_of(filed), source="edgar",
        )  # fmt: skip
        yield FinancialFact(
            company=company, concept="market_cap", period_end=end, value=Decimal(round(cap)), unit="USD",
            available_at=start_of(end), source="prices",
        )  # fmt: skip


def announce(generated: Generated) -> None:
    """Put the takeovers into the ledger."""
    by_cik = {company.cik: company for company in generated.companies}
    Signal.objects.bulk_create(
        Signal(
            company=by_cik[cik], signal_type="takeover_target", event_date=start_of(day), available_at=start_of(day),
            title="Generated takeover", source="generated",
        )
        for cik, day in generated.deals.items()
    )  # fmt: skip
