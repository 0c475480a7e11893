"""What moved a score since about thirty days earlier: each contribution's change and its reason, adding up exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scoring.explanation import Explanation, Line, NotExplained, explanation_of
from scoring.models import MAScore

DAYS, LATEST_BY_DAYS = 30, 40
ZERO = Decimal(0)
FOUR_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Moved:
    """One input whose contribution is another than then: by so many points, why, and what it was and is in words.

    `own_points` is what the company's own value did, where it was known on both days: no change of a median or weight.
    `is_data`: the input became known or went missing, which is no news of the company.
    """

    component: str
    feature: str
    label: str
    points: Decimal
    why: str
    before: str
    after: str
    source: str | None
    source_url: str | None
    date: dt.date | None
    own_points: Decimal
    is_data: bool

    def to_json(self) -> dict[str, Any]:
        """Return the move with figures as decimal strings."""
        return {
            "component": self.component,
            "feature": self.feature,
            "label": self.label,
            "points": str(self.points),
            "why": self.why,
            "before": self.before,
            "after": self.after,
            "source": self.source,
            "source_url": self.source_url,
            "date": self.date.isoformat() if self.date else None,
        }


@dataclass(frozen=True, slots=True)
class Since:
    """The change since a day: `baseline_points` plus the points of all that moved is `points`, exactly.

    `is_comparable`: False where the earlier score had insufficient data, or nobody then had an input that is known now:
    the change is data becoming known.
    """

    day: dt.date
    points: Decimal
    baseline_points: Decimal
    moved: tuple[Moved, ...]
    is_comparable: bool

    def to_json(self) -> dict[str, Any]:
        """Return the change with figures as decimal strings."""
        return {
            "since": self.day.isoformat(),
            "points": str(self.points),
            "baseline_points": str(self.baseline_points),
            "comparable": self.is_comparable,
            "moved": [moved.to_json() for moved in self.moved],
        }


def changes_of(score: MAScore) -> Since | None:
    """Return what moved the score since the latest one 30 to 40 days earlier, of the same version; None without one.

    Reads the earlier score. The largest moves come first.
    """
    first, last = (score.score_date - dt.timedelta(days=days) for days in (LATEST_BY_DAYS, DAYS))
    held = MAScore.objects.filter(
        company_id=score.company_id, score_version=score.score_version, score_date__range=(first, last)
    )
    earlier = held.select_related("company").order_by("-score_date").first()
    return None if earlier is None else changes_between(earlier, score)


def changes_between(earlier: MAScore, score: MAScore) -> Since | None:
    """Return what moved a company's score since an earlier one; None where one of them carries no explanation."""
    try:
        before, after = explanation_of(earlier), explanation_of(score)
    except NotExplained:
        return None
    moved = sorted(_moved(before, after), key=lambda each: (-abs(each.points), each.component, each.feature))
    return Since(
        day=earlier.score_date,
        points=after.total_score - before.total_score,
        baseline_points=after.baseline - before.baseline,
        moved=tuple(moved),
        is_comparable=before.is_ranked and _known(earlier) == _known(score),
    )


def _known(score: MAScore) -> tuple[object, object]:
    """Return which components and graded inputs nobody had on the score's day."""
    return score.metadata.get("unfed"), score.metadata.get("unknown")


def _moved(before: Explanation, after: Explanation) -> Iterator[Moved]:
    then = {(line.component, line.feature): line for line in before.lines}
    now = {(line.component, line.feature): line for line in after.lines}
    for key in dict.fromkeys([*now, *then]):
        old, new = then.get(key), now.get(key)
        points = (new.contribution if new else ZERO) - (old.contribution if old else ZERO)
        if points:
            yield _described(old, new, points)


def _described(old: Line | None, new: Line | None, points: Decimal) -> Moved:
    shown = new or old
    if shown is None:
        raise ValueError("a move needs a line on one side")
    return Moved(
        component=shown.component,
        feature=shown.feature,
        label=shown.label,
        points=points,
        why=_why(old, new),
        before=old.detail if old else "",
        after=new.detail if new else "",
        source=new.source if new else None,
        source_url=new.source_url if new else None,
        date=new.date if new else None,
        own_points=_own_points(old, new),
        is_data=old is None or new is None or old.imputed != new.imputed,
    )


def _own_points(old: Line | None, new: Line | None) -> Decimal:
    if old is None or new is None or old.imputed or new.imputed:
        return ZERO
    return (new.weight * (new.value - old.value)).quantize(FOUR_PLACES)


def _why(old: Line | None, new: Line | None) -> str:
    """Return in words which parts of weight x (value - median) are others than then."""
    if old is None:
        return "counts now"
    if new is None:
        return "counts no longer"
    reasons = []
    if old.imputed != new.imputed:
        reasons.append("the input went missing" if new.imputed else "the input became known")
    elif old.value != new.value and not new.imputed:
        reasons.append(f"the company's value went from {_plain(old.value)} to {_plain(new.value)}")
    if old.median != new.median:
        reasons.append(f"the median went from {_plain(old.median)} to {_plain(new.median)}")
    if old.weight != new.weight:
        reasons.append("its weight changed with the components that are fed")
    return "; ".join(reasons) or "rounding"


def _plain(figure: Decimal) -> str:
    return f"{figure:.1f}"
