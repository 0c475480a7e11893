"""Verbs that write scores, and the questions that must be settled before one can be computed."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Min, Q
from django.utils import timezone

from companies.models import Company
from scoring.engine import total
from scoring.engine.inputs import CompanyInputs
from scoring.inputs import universe_inputs
from scoring.models import MAScore, ScoreVersion, ScoreWeight
from scoring.querysets import version_in_force
from scoring.record import rows_of
from scoring.store import write_day
from signals_app.figures import Unknown
from signals_app.market_day import NEW_YORK
from signals_app.models import FinancialFact
from signals_app.offers import refresh_offers
from signals_app.refresh import ledger_day

NEAR_ONES = 3
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('biotech_ma.score ' || %s, 0))"
# A score looks back 30 (90) days and at most ten further: these later days compare with the one just written.
LATER_DAYS = ((30, 40), (90, 100))


class ScoringError(Exception):
    """Why there can be no score, in one line; nothing was written."""


@dataclass(frozen=True)
class ComputedDay:
    """The scores of a day before they are written, best first in no particular order, and what they rest on.

    `stale_targets` of `reporting_targets` have reported figures that are all older than 200 days.
    """

    day: dt.date
    version: str
    rows: list[MAScore]
    unfed: tuple[str, ...]
    stale_targets: int
    reporting_targets: int

    @property
    def is_stale(self) -> bool:
        """Return whether most targets' figures are too old for the day."""
        return self.stale_targets * 2 > self.reporting_targets


def market_today() -> dt.date:
    """Return today's date in New York."""
    return timezone.localdate(timezone=NEW_YORK)


def data_day() -> dt.date:
    """Return the data's own day: the last one on which a figure or a market cap became known."""
    return ledger_day()


def checked_day(text: str) -> dt.date:
    """Return the day that a text names. Raises ScoringError when it is none, or lies in the future."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise ScoringError(f"{text!r} is not a day; write it as YYYY-MM-DD, such as {data_day()}") from None
    if day > market_today():
        raise ScoringError(f"{day} lies in the future; today is {market_today()} in New York")
    return day


def find_company(ref: str) -> Company:
    """Return the live company of this ticker (any case) or id. Raises ScoringError, naming near tickers."""
    company = Company.objects.by_ref(ref).first()
    if company is not None:
        return company
    tickers = [ticker for ticker in Company.objects.values_list("ticker", flat=True) if ticker]
    near = difflib.get_close_matches(ref.strip().upper(), tickers, n=NEAR_ONES, cutoff=0.5)
    hint = f"; near: {', '.join(near)}" if near else ""
    raise ScoringError(f"no live company has the ticker or id {ref!r}{hint}")


def find_target(ref: str) -> Company:
    """Return the live target of this ticker or id. Raises ScoringError for another role too."""
    company = find_company(ref)
    if company.role != "target":
        raise ScoringError(f"{company} is not scored: its role is {company.role}, and only targets are ranked")
    return company


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
    name, weights = weights_of(version)
    first = FinancialFact.objects.aggregate(first=Min("available_at"))["first"]
    if first is not None and day < first.astimezone(NEW_YORK).date():
        raise ScoringError(f"nothing was known on {day}: the first figure is of {first.astimezone(NEW_YORK).date()}")
    universe = universe_inputs(day)
    if not universe:
        raise ScoringError(f"there is no target to score on {day}; load data first, with quickstart or ingest")
    try:
        result = total.score_universe(universe, weights)
    except ValueError as error:
        raise ScoringError(f"version {name}: {error}") from error
    stale, reporting = _staleness(universe)
    return ComputedDay(day, name, rows_of(result, day=day, version=name), result.unfed, stale, reporting)


def _staleness(universe: Iterable[CompanyInputs]) -> tuple[int, int]:
    reasons = [inputs.why_unknown.get("research_spending") for inputs in universe]
    reporting = [reason for reason in reasons if reason in (None, Unknown.STALE)]
    return sum(reason == Unknown.STALE for reason in reporting), len(reporting)


def score_universe(*, day: dt.date, version: str | None = None) -> ComputedDay:
    """Score every live target as of the day, rank them, and set changes and latest flags; all or nothing.

    Every target, because medians and percentiles are the universe's. Again for the same day changes nothing unless what
    was known by then has changed. Two at a time of one version wait for each other. Raises ScoringError.
    """
    with transaction.atomic():
        name, _ = weights_of(version)
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [name])
        refresh_offers()
        computed = compute_day(day=day, version=name)
        write_day(computed.rows, day=day, version=name)
        scores = MAScore.objects.all()
        scores.update_percentiles(day, name)
        for affected in [day, *_later_days(day, name)]:
            scores.update_changes(affected, name)
        scores.refresh_latest(weights_of(None)[0])
    return computed


def _later_days(day: dt.date, version: str) -> list[dt.date]:
    """Return the days scored already whose changes compare with this day's scores."""
    windows = Q()
    for first, last in LATER_DAYS:
        windows |= Q(score_date__range=(day + dt.timedelta(days=first), day + dt.timedelta(days=last)))
    days = MAScore.objects.filter(windows, score_version=version).order_by("score_date")
    return list(days.values_list("score_date", flat=True).distinct())


def score_of(company: Company, day: dt.date | None) -> MAScore | ComputedDay:
    """Return the company's latest score; for a day the stored one, or that day worked out anew, unsaved.

    Raises ScoringError when there is none.
    """
    held = MAScore.objects.filter(company=company, score_version=version_in_force()).select_related("company")
    score = held.filter(score_date=day).first() if day else held.filter(is_latest=True).first()
    if score is not None:
        return score
    if day is None:
        raise ScoringError(f"{company} has no score yet: run score, or name a day with --as-of")
    return compute_day(day=day)
