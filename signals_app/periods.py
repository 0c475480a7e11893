"""What the ledger says of a concept on a day: the value in force for each period, and sums over a year or a quarter.

Pure functions of facts; no database. Periods are half-open inside: a flow from its first day to the day after its last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from biotech_ma.core.market_day import end_of

ONE_DAY = timedelta(days=1)
CURATED_FORM = "curated"
LOWEST_SOURCE = "starter"
USD = "USD"
SHARES = "shares"

# Spans in days. 52- and 53-week years have 364 and 371 days, their quarters 91 and 98.
YEAR_DAYS = range(357, 375)
QUARTER_DAYS = range(80, 101)
# Last year + this year to date - last year to the same date takes three facts; four quarters take four.
FACTS_A_YEAR = 4
# Q4 = year - nine months.
FACTS_A_QUARTER = 2


@dataclass(frozen=True, slots=True)
class Fact:
    """One reported figure of one period, as one filing states it: a row of `financial_facts`."""

    concept: str
    period_start: date | None
    period_end: date
    value: Decimal
    unit: str | None
    form: str | None
    accession: str | None
    available_at: datetime
    source: str


FIELDS: tuple[str, ...] = tuple(Fact.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount in USD with its period, and the filings behind it; known from `available_at`, the last of theirs."""

    value: Decimal
    period_start: date | None
    period_end: date
    available_at: datetime
    accessions: tuple[str, ...]
    sources: tuple[str, ...]

    @classmethod
    def of(cls, value: Decimal, facts: Iterable[Fact], *, start: date | None, end: date) -> Figure:
        """Return the amount together with where its facts come from."""
        used = tuple(facts)
        return cls(
            value=value,
            period_start=start,
            period_end=end,
            available_at=max(fact.available_at for fact in used),
            accessions=tuple(sorted({fact.accession for fact in used if fact.accession})),
            sources=tuple(sorted({fact.source for fact in used})),
        )


def precedence(fact: Fact) -> tuple[int, datetime, str, Decimal]:
    """Order facts of one period: curated over reported over the starter data set, then the one filed last.

    Two filings of one moment are ordered by accession number and value: the order of rows does not matter.
    """
    rank = 2 if fact.form == CURATED_FORM else 0 if fact.source == LOWEST_SOURCE else 1
    return rank, fact.available_at, fact.accession or "", fact.value


Period = tuple[date | None, date]
Series = Mapping[Period, Fact]


def in_force(facts: Iterable[Fact], day: date, *, history_starts: date | None = None) -> dict[str, dict[Period, Fact]]:
    """Return, by concept and period, the fact that held at the end of the day in New York.

    Facts that were not public yet, and those of periods that ended before the company's history starts, are left out.
    """
    cutoff = end_of(day)
    chosen: dict[str, dict[Period, Fact]] = {}
    for fact in facts:
        if fact.available_at >= cutoff or (history_starts and fact.period_end < history_starts):
            continue
        series = chosen.setdefault(fact.concept, {})
        period = (fact.period_start, fact.period_end)
        other = series.get(period)
        if other is None or precedence(fact) > precedence(other):
            series[period] = fact
    return chosen


def trailing_year(series: Series) -> Figure | None:
    """Return the newest sum over twelve months: the year, last year + year to date - last year to date, or quarters."""
    return _newest_span(series, days=YEAR_DAYS, most=FACTS_A_YEAR, ideal=365)


def last_quarter(series: Series) -> Figure | None:
    """Return the newest quarter, as reported or as a difference (the fourth quarter is the year less nine months)."""
    return _newest_span(series, days=QUARTER_DAYS, most=FACTS_A_QUARTER, ideal=91)


def _newest_span(series: Series, *, days: range, most: int, ideal: int) -> Figure | None:
    flows = [fact for (start, _), fact in series.items() if start is not None]
    steps = _steps(flows)
    for last in sorted({fact.period_end for fact in flows}, reverse=True):
        found = _span_ending(last + ONE_DAY, steps, days=days, most=most, ideal=ideal)
        if found:
            return found
    return None


@dataclass(frozen=True, slots=True)
class _Step:
    """A walk over one fact, backwards in time (its value is added) or forwards (subtracted)."""

    to: date
    sign: int
    fact: Fact


def _steps(flows: Iterable[Fact]) -> dict[date, list[_Step]]:
    """Return the steps from each boundary between periods, in an order that does not depend on that of the facts."""
    steps: dict[date, list[_Step]] = {}
    for fact in sorted(flows, key=lambda fact: (fact.period_end, fact.period_start or date.min), reverse=True):
        first, after = fact.period_start or date.min, fact.period_end + ONE_DAY
        steps.setdefault(after, []).append(_Step(first, 1, fact))
        steps.setdefault(first, []).append(_Step(after, -1, fact))
    return steps


def _span_ending(
    after: date, steps: Mapping[date, list[_Step]], *, days: range, most: int, ideal: int
) -> Figure | None:
    """Return the sum of the fewest facts whose periods, added and subtracted, leave one span that ends before `after`.

    A breadth-first walk over the boundaries of the periods; of spans of equally many facts the one nearest to the ideal
    length is taken. Facts that reach beyond the end are not used: they would be a later period's.
    """
    paths: dict[date, tuple[_Step, ...]] = {after: ()}
    queue = deque([after])
    hits: list[date] = []
    while queue:
        here = queue.popleft()
        if hits and len(paths[here]) >= len(paths[hits[0]]):
            break
        if len(paths[here]) == most:
            continue
        for step in steps.get(here, ()):
            if step.to in paths or step.to > after:
                continue
            paths[step.to] = (*paths[here], step)
            queue.append(step.to)
            if (after - step.to).days in days:
                hits.append(step.to)
    if not hits:
        return None
    start = min(hits, key=lambda first: (len(paths[first]), abs((after - first).days - ideal), first))
    value = sum((step.sign * step.fact.value for step in paths[start]), Decimal(0))
    return Figure.of(value, (step.fact for step in paths[start]), start=start, end=after - ONE_DAY)
