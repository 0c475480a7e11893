"""What reports read, set-wise: each function is a fixed number of queries, however many companies there are.

Everything is as it was known by the end of the report's day in New York. Archived companies never show; those under
offer by that day are out of the ranking and named.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Max, Q

from biotech_ma.core.market_day import NEW_YORK, end_of, start_of
from companies.identity import Identities
from companies.models import Company
from delivery.reports.content.parts import DayScore, LeftOut, Link, News, Who
from delivery.reports.content.sources import called
from scoring.changes import DAYS, LATEST_BY_DAYS
from scoring.models import MAScore
from scoring.querysets import version_in_force
from signals_app.catalogue import CATALOGUE, at_least
from signals_app.concepts import CONCEPTS
from signals_app.figures import HORIZON_DAYS, CompanyFigures, figures
from signals_app.models import FinancialFact, Signal
from signals_app.offers import OFFER, OFFER_TYPES
from signals_app.periods import FIELDS, Fact

HISTORY_DAYS = 400
# What stands in every chart and table of scores; the explanation is read for those that are shown.
_LIGHT = ("metadata", "key_drivers", "risk_factors", "company__search_vector")


def who(company: Company) -> Who:
    """Return a company as reports name it: a duplicate as the one that was kept."""
    named = company.survivor
    return Who(named.ticker, named.name)


def offers(day: dt.date) -> dict[UUID, tuple[Who, dt.date]]:
    """Return the live companies under offer by the end of the day, each with the day of the announcement."""
    rows = Signal.objects.of_live_companies().known_by_day(day).of_types(*OFFER_TYPES).with_company()
    last: dict[UUID, Signal] = {}
    for signal in rows.defer("company__search_vector").order_by("event_date", "id"):
        last[signal.company.survivor.pk] = signal
    return {
        key: (who(signal.company), signal.event_date.astimezone(NEW_YORK).date())
        for key, signal in sorted(last.items(), key=lambda item: (item[1].event_date, item[0]))
        if signal.signal_type == OFFER
    }


def ranked(day: dt.date, under_offer: Collection[UUID]) -> list[MAScore]:
    """Return the ranking of the last scored day by this one, best first, without the long columns."""
    rows = MAScore.objects.on_day(day).ranked_targets().exclude(company_id__in=under_offer).select_related("company")
    return list(rows.defer(*_LIGHT).order_by("-total_score", "id"))


def places(scores: Sequence[MAScore]) -> dict[UUID, int]:
    """Return the place of each company in a ranking, from 1."""
    return {score.company_id: place for place, score in enumerate(scores, start=1)}


def in_full(scores: Iterable[MAScore]) -> dict[UUID, MAScore]:
    """Return these scores by company, with what explains them."""
    rows = MAScore.objects.filter(pk__in=[score.pk for score in scores]).select_related("company")
    return {score.company_id: score for score in rows.defer("company__search_vector")}


def of_companies(day: dt.date, companies: Collection[UUID]) -> list[MAScore]:
    """Return the scores of these companies on the last scored day by this one, ranked or not, best first."""
    rows = MAScore.objects.on_day(day).live().filter(company_id__in=companies).select_related("company")
    return list(rows.defer(*_LIGHT).order_by("-total_score", "id"))


def last_scores(day: dt.date, companies: Collection[UUID]) -> dict[UUID, MAScore]:
    """Return each company's last score by the day, of the version of `day`'s ranking, with what explains it."""
    rows = MAScore.objects.filter(company_id__in=companies, score_version=version_in_force(), score_date__lte=day)
    newest = rows.select_related("company").defer("company__search_vector").order_by("company_id", "-score_date")
    return {score.company_id: score for score in newest.distinct("company_id")}


def earlier(scores: Collection[MAScore]) -> dict[UUID, MAScore]:
    """Return by company the last score of 30 to 40 days before these, which are of one day and version."""
    if not scores:
        return {}
    one = next(iter(scores))
    first, last = (one.score_date - dt.timedelta(days=days) for days in (LATEST_BY_DAYS, DAYS))
    rows = MAScore.objects.filter(
        company_id__in=[score.company_id for score in scores],
        score_version=one.score_version,
        score_date__range=(first, last),
    )
    newest = rows.select_related("company").defer("company__search_vector").order_by("company_id", "-score_date")
    return {score.company_id: score for score in newest.distinct("company_id")}


def histories(day: dt.date, version: str, companies: Collection[UUID]) -> dict[UUID, tuple[DayScore, ...]]:
    """Return by company the totals of thirteen months up to the day, oldest first."""
    since = day - dt.timedelta(days=HISTORY_DAYS)
    rows = MAScore.objects.filter(
        company_id__in=companies, score_version=version, score_date__range=(since, day)
    ).order_by("score_date")
    found: dict[UUID, list[DayScore]] = defaultdict(list)
    for company_id, on, total in rows.values_list("company_id", "score_date", "total_score"):
        found[company_id].append(DayScore(on, total))
    return {key: tuple(points) for key, points in found.items()}


def figures_of(day: dt.date, companies: Collection[UUID]) -> dict[UUID, CompanyFigures]:
    """Return liquid funds, burn, runway and debt of these companies, from the filings of the day or before."""
    same = Identities.load()
    rows = FinancialFact.objects.filter(
        company_id__in=same.ids_of(companies),
        concept__in=CONCEPTS,
        period_end__gte=day - dt.timedelta(days=HORIZON_DAYS),
    ).known_by_day(day)
    facts: dict[UUID, list[Fact]] = defaultdict(list)
    for company_id, *values in rows.order_by("id").values_list("company_id", *FIELDS):
        fact = Fact(*values)
        if fact.value.is_finite():
            facts[same.of(company_id)].append(fact)
    return {key: figures(found, day) for key, found in facts.items()}


def signals(
    day: dt.date,
    *,
    since: dt.date | None = None,
    until: dt.date | None = None,
    companies: Collection[UUID] | None = None,
    severity: str = "low",
    left_out: Collection[UUID] = (),
    limit: int,
) -> list[News]:
    """Return what became known between two days (both included) and stands on the day: the weightiest, newest first."""
    rows = Signal.objects.of_live_companies().known_by_day(day).filter(severity__in=at_least(severity))
    rows = rows.exclude(company_id__in=left_out) if left_out else rows
    if since is not None:
        rows = rows.filter(available_at__gte=start_of(since))
    if until is not None:
        rows = rows.filter(available_at__lt=end_of(until))
    if companies is not None:
        rows = rows.filter(company_id__in=Identities.load().ids_of(companies))
    picked = rows.with_company().defer("company__search_vector", "signal_data")
    return [_news(signal) for signal in picked.order_by("-available_at", "-id")[:limit]]


def _news(signal: Signal) -> News:
    return News(
        day=signal.available_at.astimezone(NEW_YORK).date(),
        who=who(signal.company),
        kind=CATALOGUE[signal.signal_type].label,
        severity=signal.severity,
        title=signal.title,
        source=Link(called(signal.source), signal.source_url),
    )


def counts_of_signals(
    day: dt.date,
    since: dt.date,
    until: dt.date,
    companies: Collection[UUID] | None,
    left_out: Collection[UUID] = (),
) -> dict[str, int]:
    """Return how many signals of each severity became known between two days, both included."""
    rows = Signal.objects.of_live_companies().known_by_day(day)
    rows = rows.exclude(company_id__in=left_out) if left_out else rows
    if companies is not None:
        rows = rows.filter(company_id__in=Identities.load().ids_of(companies))
    return rows.filter(available_at__gte=start_of(since), available_at__lt=end_of(until)).counts_by_severity()


def newest_by_source(day: dt.date, companies: Collection[UUID] | None = None) -> dict[str, dt.date]:
    """Return the sources of the signals known on the day, each with the day on which it last told something."""
    rows = Signal.objects.filter(available_at__lt=end_of(day))
    if companies is not None:
        rows = rows.filter(company_id__in=Identities.load().ids_of(companies))
    found = rows.order_by().values_list("source").annotate(newest=Max("available_at"))
    return {source: newest.astimezone(NEW_YORK).date() for source, newest in sorted(found)}


def medians(scores: Sequence[MAScore], names: Iterable[str]) -> Mapping[str, Decimal | None]:
    """Return the median of each component over the ranking."""
    found: dict[str, Decimal | None] = {}
    for name in names:
        values = sorted(value for score in scores if (value := getattr(score, f"{name}_score")) is not None)
        middle = len(values) // 2
        if not values:
            found[name] = None
        elif len(values) % 2:
            found[name] = values[middle]
        else:
            found[name] = (values[middle - 1] + values[middle]) / 2
    return found


def left_out(under_offer: Mapping[UUID, tuple[Who, dt.date]]) -> tuple[LeftOut, ...]:
    """Return the companies under offer, each with the day of the announcement: the newest first."""
    recent = sorted(under_offer.values(), key=lambda item: (item[1], str(item[0])), reverse=True)
    return tuple(LeftOut(named, f"under offer since {since}: out of the ranking") for named, since in recent)


def announced(day: dt.date, until: dt.date, companies: Collection[UUID] | None) -> list[Signal]:
    """Return the signals known on the day that announce a coming event by `until`, soonest first."""
    rows = (
        Signal.objects.of_live_companies()
        .known_by_day(day)
        .filter(
            Q(signal_type__in=("pdufa_date", "advisory_committee", "primary_completion", "patent_expiry")),
            event_date__gte=end_of(day),
            event_date__lt=end_of(until),
        )
    )
    if companies is not None:
        rows = rows.filter(company_id__in=Identities.load().ids_of(companies))
    return list(rows.with_company().defer("company__search_vector", "signal_data").order_by(F("event_date"), "id"))
