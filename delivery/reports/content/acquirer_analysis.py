"""The acquirer analysis: who could buy whom, how well they fit, at what value, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from delivery.reports.content import fits, reading
from delivery.reports.content.parts import Fit, Frame, HeatMap, LeftOut, Standing, Who
from delivery.reports.content.sources import origins
from delivery.reports.content.standings import Ranking, frame, gone, standings
from delivery.reports.content.words import count, score
from delivery.reports.orders import Order

TARGETS, EACH, PAIRS = 12, 5, 20
OF_ACQUIRER = 25


@dataclass(frozen=True, slots=True)
class AcquirerAnalysis:
    """The content: the pairs, best first by target, and the same as a grid."""

    frame: Frame
    pairs: tuple[Fit, ...]
    heat_map: HeatMap
    targets: tuple[Standing, ...]
    left_out: tuple[LeftOut, ...]


def build(order: Order) -> AcquirerAnalysis:
    """Return the pairs of the order's companies: targets with their acquirers, acquirers with their targets.

    Without companies: of the first targets of the ranking.
    """
    ranking = Ranking.read(order.day, order.day, order.left_out)
    buyers = [company for company in order.companies if company.role == "acquirer"]
    own = [company.pk for company in order.companies if company.role != "acquirer"]
    if own:
        picked = [one for one in reading.of_companies(order.day, own) if one.company_id not in ranking.under_offer]
    else:
        picked = [] if buyers else list(ranking.scores[:TARGETS])
    by_target = fits.of_targets(order.day, [one.company_id for one in picked], most=PAIRS, left_out=order.left_out)
    pairs = [pair for one in picked for pair in by_target.get(one.company_id, ())]
    if buyers:
        offered = {named for named, _ in ranking.under_offer.values()}
        of_buyers = fits.of_acquirers(order.day, buyers, most=OF_ACQUIRER, left_out=order.left_out)
        pairs += [pair for pair in of_buyers if pair.target not in offered and pair not in pairs]
    out = {key: offer for key, offer in ranking.under_offer.items() if key in own}
    return AcquirerAnalysis(
        frame=frame(
            ranking,
            report_type=order.report_type,
            title=_title(order),
            period=(order.period_start, order.period_end),
            findings=_findings(pairs, picked_number=len(picked)),
            notes=[*gone(order), *_stale(pairs, ranking)],
            sources=origins(reading.newest_by_source(order.day)),
        ),
        pairs=tuple(_shown(pairs, is_single=len(picked) + len(buyers) == 1)),
        heat_map=fits.grid(pairs),
        targets=standings(ranking, picked),
        left_out=reading.left_out(out),
    )


def _shown(pairs: Sequence[Fit], *, is_single: bool) -> list[Fit]:
    if is_single:
        return list(pairs)
    kept: dict[Who, int] = defaultdict(int)
    shown = []
    for pair in pairs:
        kept[pair.target] += 1
        if kept[pair.target] <= EACH:
            shown.append(pair)
    return shown


def _title(order: Order) -> str:
    named = [company.ticker or company.name for company in order.companies]
    return f"Acquirer analysis: {', '.join(named)}" if named else "Acquirer analysis"


def _stale(pairs: Sequence[Fit], ranking: Ranking) -> list[str]:
    days = {pair.day for pair in pairs if pair.day < (ranking.score_day or ranking.day)}
    return [f"Some matches are older than the scores: the oldest are of {min(days)}."] if days else []


def _findings(pairs: Sequence[Fit], *, picked_number: int) -> list[str]:
    if not pairs:
        return ["No match was made by this day: the command match makes them."]
    found = []
    best = max(pairs, key=lambda pair: (pair.fit, str(pair.target)))
    found.append(f"Best fit: {best.acquirer} for {best.target}, {score(best.fit)} of 10.")
    buyers: dict[Who, int] = defaultdict(int)
    for pair in pairs:
        if pair.rank is not None and pair.rank <= 3:  # noqa: PLR2004 - the best three
            buyers[pair.acquirer] += 1
    if picked_number > 1 and buyers:
        name, times = sorted(buyers.items(), key=lambda item: (-item[1], str(item[0])))[0]
        found.append(f"{name} is among the best three for {count(times, 'target')}, more than any other.")
    short = sum(pair.is_feasible is False for pair in pairs)
    if short:
        found.append(f"{count(short, 'pair')} beyond the acquirer's means, and marked so.")
    return found
