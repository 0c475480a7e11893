"""Scores of days before they are written: weights and ledger read once for many days, each day computed by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db.models import Min, Q

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from scoring.engine import total
from scoring.engine.inputs import CompanyInputs
from scoring.inputs import Window
from scoring.models import MAScore, ScoreVersion, ScoreWeight
from scoring.querysets import version_in_force
from scoring.record import rows_of
from signals_app.knowledge import Unknown
from signals_app.models import FinancialFact

# One window holds the ledger of this many days at most: a quarter's prices of thousands of companies fit in memory.
LONGEST_WINDOW = dt.timedelta(days=92)


class ScoringError(Exception):
    """Why there can be no score, in one line; nothing was written."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How a company was called on a day."""

    ticker: str | None
    cik: str | None
    name: str

    def __str__(self) -> str:
        return self.ticker or self.name


@dataclass(frozen=True)
class ComputedDay:
    """The scores of a day before they are written, in no particular order, and what they rest on.

    `stale_targets` of `reporting_targets` have reported figures that are all older than 200 days. `blank` are the
    targets of which nothing was known: they get no score.
    """

    day: dt.date
    version: str
    rows: list[MAScore]
    unfed: tuple[str, ...]
    stale_targets: int
    reporting_targets: int
    companies: Mapping[UUID, Identity] = field(default_factory=dict)
    blank: Mapping[UUID, Identity] = field(default_factory=dict)

    @property
    def is_stale(self) -> bool:
        """Return whether most targets' figures are too old for the day."""
        return self.stale_targets * 2 > self.reporting_targets

    def why_absent(self, company: Company) -> str | None:
        """Return in one line why the company has no score of the day; None where it has one."""
        if company.pk in self.companies:
            return None
        if company.pk in self.blank:
            return (
                f"nothing is known of {company} by {self.day}: no figure, market cap, candidate or event; "
                "ingest its figures (edgar-facts) or add its candidates"
            )
        return (
            f"{company} was not in the ranking on {self.day}: a takeover was announced, or it was archived or no target"
        )


def weights_of(version: str | None) -> tuple[str, dict[str, Decimal]]:
    """Return the name and the weights of a version, without a name of the one in force. Raises ScoringError."""
    wanted = Q(score_version__version=version_in_force() if version is None else version)
    held = list(ScoreWeight.objects.filter(wanted).values_list("score_version__version", "component", "weight"))
    if not held:
        known = ", ".join(ScoreVersion.objects.order_by("version").values_list("version", flat=True)) or "none"
        raise ScoringError(f"no weights of version {version or 'in force'!r}; versions: {known}")
    return held[0][0], {component: weight for _, component, weight in held}


def compute_day(*, day: dt.date, version: str | None = None) -> ComputedDay:
    """Return the scores of every target on the day, unsaved. Raises ScoringError when there can be none."""
    return next(compute_days([day], version=version))


def compute_days(days: Sequence[dt.date], *, version: str | None = None) -> Iterator[ComputedDay]:
    """Yield the scores of each of the days, which rise, unsaved. Raises ScoringError at the first that has none.

    Weights are read once, and the ledger once for each window of days.
    """
    name, weights = _checked_weights(version)
    check_known(days[0])
    for window_days in windows(days):
        window = Window.load(window_days[0], window_days[-1])
        for day in window_days:
            yield _computed(list(window.on(day)), day, name, weights)


def compare_versions(*, day: dt.date, versions: Sequence[str]) -> list[ComputedDay]:
    """Return the scores of the day under each of the versions, unsaved, all from one reading of what was known.

    Raises ScoringError when there can be none.
    """
    weighed = [_checked_weights(version) for version in versions]
    check_known(day)
    universe = list(Window.load(day, day).on(day))
    return [_computed(universe, day, name, weights) for name, weights in weighed]


def _checked_weights(version: str | None) -> tuple[str, dict[str, Decimal]]:
    """Return a version's name and weights. Raises ScoringError for weights that the engine cannot take, too."""
    name, weights = weights_of(version)
    try:
        total.check_weights(weights)
    except ValueError as error:
        raise ScoringError(f"version {name}: {error}") from error
    return name, weights


def windows(days: Sequence[dt.date]) -> Iterator[list[dt.date]]:
    """Yield the days in groups that span no more than the longest window."""
    group: list[dt.date] = []
    for day in days:
        if group and day - group[0] >= LONGEST_WINDOW:
            yield group
            group = []
        group.append(day)
    if group:
        yield group


def check_known(day: dt.date) -> None:
    """Raise ScoringError for a day before the first figure of the ledger: nothing was known on it."""
    first = FinancialFact.objects.aggregate(first=Min("available_at"))["first"]
    if first is not None and day < first.astimezone(NEW_YORK).date():
        known = first.astimezone(NEW_YORK).date()
        raise ScoringError(f"nothing was known on {day}: the first figure is of {known}; name a day from then on")


def _computed(
    universe: Sequence[CompanyInputs], day: dt.date, version: str, weights: Mapping[str, Decimal]
) -> ComputedDay:
    known = [inputs for inputs in universe if not inputs.is_blank]
    if not known:
        raise ScoringError(
            f"there is no target of which anything is known by {day}; load data first, with quickstart or ingest"
            if universe
            else f"there is no target to score on {day}; load data first, with quickstart or ingest"
        )
    try:
        result = total.score_universe(known, weights)
    except ValueError as error:
        raise ScoringError(f"version {version}: {error}") from error
    stale, reporting = _staleness(known)
    return ComputedDay(
        day=day,
        version=version,
        rows=rows_of(result, day=day, version=version),
        unfed=result.unfed,
        stale_targets=stale,
        reporting_targets=reporting,
        companies=_identities(known),
        blank=_identities(inputs for inputs in universe if inputs.is_blank),
    )


def _identities(universe: Iterable[CompanyInputs]) -> dict[UUID, Identity]:
    return {UUID(inputs.key): Identity(inputs.ticker, inputs.cik, inputs.name) for inputs in universe}


def _staleness(universe: Iterable[CompanyInputs]) -> tuple[int, int]:
    reasons = [inputs.why_unknown.get("research_spending") for inputs in universe]
    reporting = [reason for reason in reasons if reason in (None, Unknown.STALE)]
    return sum(reason == Unknown.STALE for reason in reporting), len(reporting)
