"""Verbs that write scores, and the questions that must be settled before one can be asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.news import tell
from companies.models import Company
from companies.querysets import merged_at
from scoring.computing import ComputedDay, ScoringError, compute_day, weights_of
from scoring.models import MAScore
from scoring.querysets import version_in_force
from scoring.store import write_day
from signals_app.offers import refresh_offers
from signals_app.refresh import ledger_day

__all__ = [
    "MATCHES", "SCORES", "ComputedDay", "ScoringError", "checked_day", "compute_day", "data_day", "find_company",
    "find_target", "market_today", "score_of", "score_universe", "store", "take_turn", "weights_of",
]  # fmt: skip

# The topics of the news that scores and that matches were written.
SCORES, MATCHES = "scores", "matches"
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('biotech_ma.score ' || %s, 0))"
# A score looks back 30 (90) days and at most ten further: these later days compare with the one just written.
LATER_DAYS = ((30, 40), (90, 100))


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
    """Return the live company of this ticker (any case) or id, of a merged duplicate the one that was kept.

    Raises ScoringError, naming near tickers.
    """
    company = Company.objects.by_ref(ref).first()
    if company is not None:
        return company
    duplicate = merged_at(ref)
    if duplicate is not None and not duplicate.survivor.is_archived:
        return duplicate.survivor
    near = Company.objects.near_tickers(ref)
    hint = f"; near: {', '.join(near)}" if near else ""
    raise ScoringError(f"no live company has the ticker or id {ref!r}{hint}")


def find_target(ref: str) -> Company:
    """Return the live target of this ticker or id. Raises ScoringError for another role too."""
    company = find_company(ref)
    if company.role != "target":
        raise ScoringError(f"{company} is not scored: its role is {company.role}, and only targets are ranked")
    return company


def score_universe(*, day: dt.date, version: str | None = None, required: Iterable[Company] = ()) -> ComputedDay:
    """Score every target of the day, rank them, and set changes and latest flags; all or nothing.

    Every target, because medians and percentiles are the universe's. Again for the same day changes nothing unless what
    was known by then has changed. Two at a time of one version wait for each other. Raises ScoringError, also where one
    of the `required` companies has no score of the day.
    """
    with transaction.atomic():
        name, _ = weights_of(version)
        take_turn(name)
        refresh_offers()
        computed = compute_day(day=day, version=name)
        reasons = [reason for company in required if (reason := computed.why_absent(company))]
        if reasons:
            raise ScoringError("; ".join(reasons))
        store(computed)
    return computed


def take_turn(version: str) -> None:
    """Wait until no other scorer of the version is at work, for the length of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [version])


def store(computed: ComputedDay, *, is_analyzed: bool = True) -> None:
    """Write a day's scores, ranks, the changes that compare with it and the latest flags, in the open transaction.

    And tell of them: whether any row differs is for the listener to see.
    """
    day, version = computed.day, computed.version
    write_day(computed.rows, day=day, version=version, is_analyzed=is_analyzed)
    scores = MAScore.objects.all()
    scores.update_percentiles(day, version)
    for affected in [day, *_later_days(day, version)]:
        scores.update_changes(affected, version)
    scores.refresh_latest(weights_of(None)[0])
    tell(SCORES, score_date=day.isoformat(), score_version=version)


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
