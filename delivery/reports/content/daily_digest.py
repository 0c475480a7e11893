"""The daily digest: what became known on a day, which scores moved, which alerts went off, what is next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from delivery.reports.content import reading
from delivery.reports.content.alerts import Triggered, triggers
from delivery.reports.content.parts import Ahead, Frame, LeftOut, News, Standing
from delivery.reports.content.sources import origins
from delivery.reports.content.standings import (
    Ranking,
    ahead,
    data_note,
    frame,
    gone,
    own_points,
    since,
    standings,
)
from delivery.reports.content.words import count, own_sentence, score
from delivery.reports.orders import Order
from scoring.changes import Since
from scoring.models import MAScore

LISTED, MOST_NEWS, LATEST_NEWS, MOST_ALERTS, MOST_MOVES = 10, 60, 5, 30, 10
AHEAD_DAYS = 30


@dataclass(frozen=True, slots=True)
class DailyDigest:
    """The content. `latest` is what was last known where nothing became known on the day.

    `steps` are the companies whose own values moved their score since the ranking before, the sharpest first.
    """

    frame: Frame
    news: tuple[News, ...]
    latest: tuple[News, ...]
    by_severity: tuple[tuple[str, int], ...]
    steps: tuple[Standing, ...]
    compared_with: dt.date | None
    alerts: tuple[Triggered, ...]
    listed: tuple[Standing, ...]
    ahead: tuple[Ahead, ...]
    left_out: tuple[LeftOut, ...]


def build(order: Order) -> DailyDigest:
    """Return the digest of the order's day, of its companies or of all."""
    first, last = order.period_start, order.period_end
    ranking = Ranking.read(order.day, first - dt.timedelta(days=1), order.left_out)
    own = [company.pk for company in order.companies] or None
    scores = [one for one in ranking.scores if own is None or one.company_id in own]
    shifts, then = _shifts(ranking, order, scores)
    steps = _sharpest(scores, shifts, order.move)
    listed = standings(ranking, scores[:LISTED])
    out = order.left_out
    news = reading.signals(order.day, since=first, until=last, companies=own, left_out=out, limit=MOST_NEWS)
    counts = reading.counts_of_signals(order.day, first, last, own, out)
    alerts = triggers(since=first, until=last, companies=own, left_out=out, limit=MOST_ALERTS)
    watched = {one.company_id: reading.who(one.company) for one in scores[:LISTED]}
    watched |= {company.pk: reading.who(company) for company in order.companies}
    moved = standings(ranking, steps, then)
    offers = {key: offer for key, offer in ranking.under_offer.items() if first <= offer[1] <= last}
    leader = listed[0] if listed and own is None else None
    return DailyDigest(
        frame=frame(
            ranking,
            report_type=order.report_type,
            title="Daily digest",
            period=(first, last),
            findings=_findings(counts, len(alerts), moved, leader),
            notes=[*gone(order), *data_note(shifts)],
            sources=origins(reading.newest_by_source(order.day)),
        ),
        news=tuple(news),
        latest=() if news else tuple(reading.signals(order.day, companies=own, left_out=out, limit=LATEST_NEWS)),
        by_severity=tuple(counts.items()),
        steps=moved,
        compared_with=ranking.day_before,
        alerts=alerts,
        listed=listed,
        ahead=ahead(order.day, order.day + dt.timedelta(days=AHEAD_DAYS), watched),
        left_out=reading.left_out({key: offer for key, offer in offers.items() if own is None or key in own}),
    )


def _shifts(ranking: Ranking, order: Order, scores: Sequence[MAScore]) -> tuple[dict[UUID, Since], dict[UUID, MAScore]]:
    """Return what moved the scores since the ranking before, and its scores; nothing where the day has no new one."""
    if ranking.day_before is None or ranking.score_day is None or ranking.score_day < order.period_start:
        return {}, {}
    then = reading.in_full(ranking.before)
    now = reading.in_full([one for one in scores if one.company_id in then])
    found = {key: since(then[key], score_) for key, score_ in now.items()}
    return {key: shift for key, shift in found.items() if shift is not None}, then


def _sharpest(scores: Sequence[MAScore], shifts: Mapping[UUID, Since], move: Decimal) -> list[MAScore]:
    points = {key: own_points(shift) for key, shift in shifts.items()}
    wanted = [one for one in scores if abs(points.get(one.company_id, Decimal(0))) >= move]
    return sorted(wanted, key=lambda one: (-abs(points[one.company_id]), -one.total_score))[:MOST_MOVES]


def _findings(counts: Mapping[str, int], alerts: int, steps: Sequence[Standing], leader: Standing | None) -> list[str]:
    total, grave = sum(counts.values()), counts["high"] + counts["critical"]
    told = f"{count(total, 'signal')} became known, {grave} of them high or critical."
    found = [told if total else "A quiet day: nothing became known."]
    if steps:
        found.append(f"{count(len(steps), 'score')} moved by news; most: {steps[0].who}, {own_sentence(steps[0])}.")
    if alerts:
        found.append(f"{count(alerts, 'alert')} went off.")
    if leader:
        found.append(f"{leader.who} leads the ranking at {score(leader.total)}.")
    return found
