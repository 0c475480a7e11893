"""The verb that matches a day: reads what was known, ranks the acquirers of every target, writes the best."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from biotech_ma.core.news import tell
from scoring.computing import check_known
from scoring.engine.acquirers import Match, match_universe
from scoring.engine.parties import Acquirer
from scoring.engine.total import RANKED_FROM_CONFIDENCE
from scoring.matching.parties import Parties, parties
from scoring.matching.record import rows_of
from scoring.matching.store import flag_top, write_day
from scoring.services import MATCHES, ComputedDay, ScoringError, compute_day
from signals_app.offers import refresh_offers

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('biotech_ma.match', 0))"

Say = Callable[[str], None]


@dataclass(frozen=True)
class MatchedDay:
    """What was matched on a day, and the scores that say which targets are ranked."""

    day: dt.date
    targets: int
    acquirers: int
    matches: int
    computed: ComputedDay


def match_day(*, day: dt.date, say: Say = lambda line: None) -> MatchedDay:
    """Match every target of the day with every acquirer and keep the best; all or nothing.

    Again for the same day changes nothing unless what was known by then has changed. Two at a time wait for each other.
    Tells of them: whether any row differs is for the listener to see. Raises ScoringError, with nothing written, when
    there is nobody to match.
    """
    check_known(day)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK)
        refresh_offers()
        say(f"Reading what was known on {day} …")
        found = parties(day)
        _refuse_nobody(found)
        say(f"Matching {len(found.targets):,} targets with {len(found.acquirers):,} acquirers …")
        matches = match_universe(found.targets, found.acquirers)
        number = sum(len(of_target) for of_target in matches)
        say(f"Writing {number:,} matches …")
        write_day(rows_of(_spoken(matches, say), found.premiums, day), day=day)
        say("Flagging the best of the ranked targets …")
        computed = compute_day(day=day)
        flag_top(day, _ranked(computed))
        tell(MATCHES, match_date=day.isoformat())
    return MatchedDay(day, len(found.targets), len(found.acquirers), number, computed)


def _refuse_nobody(found: Parties) -> None:
    if not found.targets:
        raise ScoringError(f"there is no target to match on {found.day}; load data first, with quickstart or ingest")
    if not found.acquirers:
        raise ScoringError(f"there is no acquirer on {found.day}; give a company the role acquirer first")
    if twins := _twins(found.acquirers):
        raise ScoringError(f"two acquirers without a ticker are named {twins[0]!r}: archive or rename one of them")


def _twins(acquirers: Iterable[Acquirer]) -> list[str]:
    names = Counter((acquirer.ticker or "", acquirer.name) for acquirer in acquirers)
    return sorted(name for (_, name), number in names.items() if number > 1)


def _ranked(computed: ComputedDay) -> Collection[UUID]:
    return [row.company_id for row in computed.rows if row.confidence >= RANKED_FROM_CONFIDENCE]


# A line for each so many targets.
TOLD_EVERY = 1000


def _spoken(matches: Collection[list[Match]], say: Say) -> Iterable[list[Match]]:
    """Yield the matches, telling how far it is now and then."""
    for number, of_target in enumerate(matches, start=1):
        yield of_target
        if number % TOLD_EVERY == 0:
            say(f"  {number:,} of {len(matches):,} targets")
