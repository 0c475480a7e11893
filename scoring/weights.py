"""Versions of the weights: drafted from one that stands, previewed against the one in force, then published for good.

A published version never changes, here and in the database: what was scored under it stays explained by it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from biotech_ma.core.services import Refused, locked, recorded
from companies.models import Company
from scoring.computing import compare_versions
from scoring.jobs import queue_history
from scoring.models import COMPONENTS, MAScore, ScoreVersion, ScoreWeight, VersionStatus
from scoring.querysets import RANKED_CONFIDENCE
from scoring.services import data_day, score_universe, weights_of

TOP = 20


def check_weights(weights: Mapping[str, Decimal]) -> None:
    """Raise ValidationError unless there is one weight for each component, none below zero, and they sum to one."""
    missing = [name for name in COMPONENTS if name not in weights]
    if missing:
        raise ValidationError(f"No weight is given for {', '.join(missing)}.")
    below = [name for name, weight in weights.items() if weight < 0]
    if below:
        raise ValidationError(f"A weight lies between 0 and 1: {', '.join(sorted(below))}.")
    total = sum(weights.values(), Decimal(0))
    if total != 1:
        way = "too much" if total > 1 else "missing"
        raise ValidationError(f"The weights sum to {_plain(total)}, not to 1: {_plain(abs(total - 1))} is {way}.")


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def draft_from(*, version: ScoreVersion, reason: str = "") -> ScoreVersion:
    """Return a new draft with the weights and reasons of a version, under the next free number."""
    with recorded("draft weights", reason=reason):
        draft = ScoreVersion(version=_next_name(), note=reason)
        draft.full_clean()
        draft.save(force_insert=True)
        copies = [
            ScoreWeight(score_version=draft, component=held.component, weight=held.weight, reason=held.reason)
            for held in ScoreWeight.objects.filter(score_version=version)
        ]
        ScoreWeight.objects.bulk_create(copies)
    return draft


def _next_name() -> str:
    numbers = [int(name) for name in ScoreVersion.objects.values_list("version", flat=True) if name.isdecimal()]
    return str(max(numbers, default=0) + 1)


def discard_draft(*, version: ScoreVersion, reason: str = "") -> None:
    """Delete a draft with what was scored under it. Raises Refused for a published version."""
    with recorded("discard draft", reason=reason):
        current = locked(version)
        _must_be_draft(current)
        MAScore.objects.filter(score_version=current.version).delete()
        current.delete()


def publish_version(*, version: ScoreVersion, reason: str = "") -> dt.date:
    """Bring a draft into force: score the newest day under it, make it the latest, and queue the earlier days.

    Returns the day scored. All or nothing. Raises Refused for a version that is published already, ValidationError for
    weights that do not sum to one, ScoringError where the day cannot be scored.
    """
    with recorded("publish weights", reason=reason):
        current = locked(version)
        _must_be_draft(current)
        check_weights(_held(current))
        day = newest_day()
        ScoreVersion.objects.filter(pk=current.pk).update(status=VersionStatus.PUBLISHED, published_at=timezone.now())
        score_universe(day=day, version=current.version)
        queue_history(version=current.version)
    version.refresh_from_db()
    return day


def _must_be_draft(version: ScoreVersion) -> None:
    if version.status != VersionStatus.DRAFT:
        raise Refused(f"{version} is published: it never changes. Draft a new version from it.", field="status")


def _held(version: ScoreVersion) -> dict[str, Decimal]:
    return dict(ScoreWeight.objects.filter(score_version=version).values_list("component", "weight"))


def newest_day() -> dt.date:
    """Return the day of the latest scores; where nothing is scored yet, the data's own."""
    return MAScore.objects.latest().aggregate(day=Max("score_date"))["day"] or data_day()


@dataclass(frozen=True, slots=True)
class Move:
    """How one company moves from the version in force to the other: totals 0-100, ranks from 1 (None: not ranked)."""

    company: Company
    total_before: Decimal
    total_after: Decimal
    rank_before: int | None
    rank_after: int | None

    @property
    def points(self) -> Decimal:
        """Return the points gained."""
        return self.total_after - self.total_before

    @property
    def places(self) -> int | None:
        """Return the places won (lost: below zero); None where it is not ranked on both sides."""
        if self.rank_before is None or self.rank_after is None:
            return None
        return self.rank_before - self.rank_after


@dataclass(frozen=True, slots=True)
class Preview:
    """What a version would change on a day against the one in force. `moves`: every target, best new rank first."""

    day: dt.date
    version: str
    against: str
    moves: tuple[Move, ...]

    @property
    def entering(self) -> tuple[Move, ...]:
        """Return who would enter the first twenty."""
        return tuple(move for move in self.moves if _is_top(move.rank_after) and not _is_top(move.rank_before))

    @property
    def leaving(self) -> tuple[Move, ...]:
        """Return who would leave the first twenty."""
        return tuple(move for move in self.moves if _is_top(move.rank_before) and not _is_top(move.rank_after))

    def largest(self, number: int) -> list[Move]:
        """Return the targets that would move by the most points, the largest move first."""
        return sorted(self.moves, key=lambda move: (-abs(move.points), move.company.name))[:number]


def _is_top(rank: int | None) -> bool:
    return rank is not None and rank <= TOP


def preview(*, version: ScoreVersion, day: dt.date | None = None) -> Preview:
    """Return who would move, and by how much, on the day (by default that of the latest scores). Writes nothing.

    Raises ValidationError for weights that do not sum to one, ScoringError where the day cannot be scored.
    """
    check_weights(_held(version))
    on = day or newest_day()
    in_force, _ = weights_of(None)
    present, other = compare_versions(day=on, versions=(in_force, version.version))
    before, after = _placed(present.rows), _placed(other.rows)
    companies = Company.all_objects.defer("search_vector", "metadata").in_bulk(list(after))
    moves = [Move(companies[key], before[key][0], total, before[key][1], rank) for key, (total, rank) in after.items()]
    moves.sort(key=lambda move: (move.rank_after is None, move.rank_after or 0, -move.total_after, move.company.name))
    return Preview(on, version.version, in_force, tuple(moves))


def _placed(rows: Iterable[MAScore]) -> dict[Any, tuple[Decimal, int | None]]:
    """Return total and rank by company; equal totals share the better rank."""
    scores = list(rows)
    totals = sorted((row.total_score for row in scores if row.confidence >= RANKED_CONFIDENCE), reverse=True)
    first: dict[Decimal, int] = {}
    for place, total in enumerate(totals, start=1):
        first.setdefault(total, place)
    return {
        row.company_id: (row.total_score, first[row.total_score] if row.confidence >= RANKED_CONFIDENCE else None)
        for row in scores
    }
