"""The weekly watchlist: who leads, who moved and why, what became known, what is ahead, who could buy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from delivery.reports.content import fits, reading
from delivery.reports.content.parts import Ahead, Fit, Frame, HeatMap, LeftOut, News, Standing
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
from delivery.reports.content.words import count, named, own_sentence, score
from delivery.reports.orders import Order
from scoring.changes import Since
from scoring.models import MAScore

LISTED, FOCUS, MOST_NEWS, LATEST_NEWS, MOVERS, BUYERS, PAIRS, MOST_AHEAD = 15, 3, 40, 8, 5, 3, 20, 20
AHEAD_DAYS, RECENT_OFFER_DAYS = 365, 180
TITLE = "Weekly watchlist"


@dataclass(frozen=True, slots=True)
class WeeklyWatchlist:
    """The content. `latest` is what was last known where nothing became known in the week.

    Rises and falls are of what the companies' own values did in 30 days, not of medians or of data becoming known.
    """

    frame: Frame
    listed: tuple[Standing, ...]
    focus: tuple[Standing, ...]
    risers: tuple[Standing, ...]
    fallers: tuple[Standing, ...]
    entered: tuple[str, ...]
    gone: tuple[str, ...]
    compared_with: dt.date | None
    news: tuple[News, ...]
    latest: tuple[News, ...]
    ahead: tuple[Ahead, ...]
    buyers: tuple[Fit, ...]
    heat_map: HeatMap
    left_out: tuple[LeftOut, ...]
    is_own_list: bool


def build(order: Order) -> WeeklyWatchlist:
    """Return the watchlist of the week that ends on the order's day."""
    ranking = Ranking.read(order.day, order.period_start - dt.timedelta(days=1), order.left_out)
    own = [company.pk for company in order.companies]
    picked = _picked(ranking, order, own)
    then = reading.earlier(ranking.scores)
    shifts = _shifts(ranking, then)
    movers = _movers(ranking, order, own, shifts)
    shown = list({one.company_id: one for one in [*picked, *movers]}.values())
    rows = dict(zip((one.company_id for one in shown), standings(ranking, shown), strict=True))
    watched = {one.company_id: reading.who(one.company) for one in picked}
    watched |= {company.pk: reading.who(company) for company in order.companies}
    news = reading.signals(
        order.day, since=order.period_start, until=order.period_end, companies=list(watched), limit=MOST_NEWS
    )
    moved = [rows[one.company_id] for one in movers]
    found = fits.of_targets(order.day, [one.company_id for one in picked], most=PAIRS, left_out=order.left_out)
    pairs = [pair for one in picked for pair in found.get(one.company_id, ())]
    coming = ahead(order.day, order.day + dt.timedelta(days=AHEAD_DAYS), watched)[:MOST_AHEAD]
    listed = tuple(rows[one.company_id] for one in picked)
    entered, left = _changes(ranking) if not own else ((), ())
    risers = tuple(row for row in moved if (row.own_points or 0) > 0)
    fallers = tuple(row for row in moved if (row.own_points or 0) < 0)
    findings = [
        *_leader(listed, ranking, is_own_list=bool(own)),
        *_sharpest(risers, fallers),
        *_entered(entered, left, ranking.day_before),
        *_told(news, coming),
    ]
    return WeeklyWatchlist(
        frame=frame(
            ranking,
            report_type=order.report_type,
            title=TITLE,
            period=(order.period_start, order.period_end),
            findings=findings,
            notes=[*gone(order), *data_note(shifts)],
            sources=origins(reading.newest_by_source(order.day)),
        ),
        listed=listed,
        focus=listed[:FOCUS],
        risers=risers,
        fallers=fallers,
        entered=entered,
        gone=left,
        compared_with=ranking.day_before,
        news=tuple(news),
        latest=() if news else tuple(_latest(order.day, list(watched))),
        ahead=coming,
        buyers=tuple(pair for one in picked for pair in found.get(one.company_id, ())[:BUYERS]),
        heat_map=fits.grid(pairs),
        left_out=_left_out(ranking, order, own),
        is_own_list=bool(own),
    )


def _picked(ranking: Ranking, order: Order, own: Sequence[UUID]) -> list[MAScore]:
    if own:
        return [one for one in reading.of_companies(order.day, own) if one.company_id not in ranking.under_offer]
    least = order.min_score
    return [one for one in ranking.scores[:LISTED] if least is None or one.total_score >= least]


def _shifts(ranking: Ranking, then: Mapping[UUID, MAScore]) -> dict[UUID, Since]:
    """Return what moved each ranked score in 30 days, where the two can be compared."""
    full = reading.in_full([one for one in ranking.scores if one.company_id in then])
    found = {key: since(then[key], now) for key, now in full.items()}
    return {key: shift for key, shift in found.items() if shift is not None}


def _movers(ranking: Ranking, order: Order, own: Collection[UUID], shifts: Mapping[UUID, Since]) -> list[MAScore]:
    """Return who moved most by values of their own, rises first: of the list asked for, or of the whole ranking."""
    points: dict[UUID, Decimal] = {key: own_points(shift) for key, shift in shifts.items() if not own or key in own}
    wanted = [one for one in ranking.scores if abs(points.get(one.company_id, Decimal(0))) >= order.move]
    wanted.sort(key=lambda one: (-points[one.company_id], -one.total_score))
    rises = [one for one in wanted if points[one.company_id] > 0][:MOVERS]
    falls = [one for one in reversed(wanted) if points[one.company_id] < 0][:MOVERS]
    return [*rises, *falls]


def _changes(ranking: Ranking) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return who entered the first of the ranking since the one before, and who left them."""
    if ranking.day_before is None:
        return (), ()
    now, before = ranking.scores[:LISTED], ranking.before[:LISTED]
    held, kept = {one.company_id for one in before}, {one.company_id for one in now}
    return (
        tuple(named(one.company) for one in now if one.company_id not in held),
        tuple(named(one.company) for one in before if one.company_id not in kept),
    )


def _latest(day: dt.date, companies: Collection[UUID]) -> list[News]:
    """Return what was last known of weight; where nothing was, whatever was."""
    found = reading.signals(day, companies=companies, severity="medium", limit=LATEST_NEWS)
    return found or reading.signals(day, companies=companies, limit=LATEST_NEWS)


def _left_out(ranking: Ranking, order: Order, own: Sequence[UUID]) -> tuple[LeftOut, ...]:
    if not own:
        recent = order.day - dt.timedelta(days=RECENT_OFFER_DAYS)
        offers = {key: offer for key, offer in ranking.under_offer.items() if offer[1] >= recent}
        return reading.left_out(offers)
    scored = {one.company_id for one in reading.of_companies(order.day, own)}
    found = list(reading.left_out({key: offer for key, offer in ranking.under_offer.items() if key in own}))
    for company in order.companies:
        if company.pk not in scored and company.pk not in ranking.under_offer:
            role = f"its role is {company.role}: only targets are ranked"
            why = "not scored by this day" if company.role == "target" else role
            found.append(LeftOut(reading.who(company), why))
    return tuple(found)


def _leader(listed: Sequence[Standing], ranking: Ranking, *, is_own_list: bool) -> list[str]:
    if not listed:
        return []
    place = "leads this list" if is_own_list else f"leads {count(len(ranking.scores), 'ranked target')}"
    return [f"{listed[0].who} {place} at {score(listed[0].total)}."]


def _sharpest(risers: Sequence[Standing], fallers: Sequence[Standing]) -> list[str]:
    found = [
        f"Sharpest {word} in 30 days by news of its own: {rows[0].who}, {own_sentence(rows[0])}."
        for rows, word in ((risers, "rise"), (fallers, "fall"))
        if rows
    ]
    return found or ["No score moved sharply in 30 days by news of its own."]


def _entered(entered: Sequence[str], left: Sequence[str], day: dt.date | None) -> list[str]:
    found = [f"New among the first {LISTED} since {day}: {', '.join(entered)}."] if entered else []
    return [*found, f"No longer among them: {', '.join(left)}."] if left else found


def _told(news: Sequence[News], coming: Sequence[Ahead]) -> list[str]:
    grave = sum(each.severity in ("high", "critical") for each in news)
    told = (
        f"{count(len(news), 'signal')} became known of these companies in the week, {grave} of them high or critical."
    )
    found = [told if news else "Nothing became known of these companies in the week."]
    return [*found, f"Next ahead: {coming[0].kind.lower()}, {coming[0].who}, {coming[0].day}."] if coming else found
