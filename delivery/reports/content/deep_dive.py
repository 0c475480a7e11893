"""The deep dive: one company, down to the source of each number."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from companies.choices import Phase
from companies.models import Company
from delivery.reports.content import fits, reading
from delivery.reports.content.parts import Ahead, ComponentScore, Fit, Frame, Link, Move, News, Reason, Standing, Who
from delivery.reports.content.sources import origins
from delivery.reports.content.standings import (
    Ranking,
    ahead,
    explained_of,
    frame,
    inputs_of,
    moves,
    reason,
    restricted,
    since,
    standings,
)
from delivery.reports.content.words import change, count, move_sentence, score
from delivery.reports.orders import Order
from scoring.engine.inputs import CompanyInputs, Programme
from scoring.engine.total import RANKED_FROM_CONFIDENCE
from scoring.explanation import label_of
from scoring.models import COMPONENTS, MAScore
from signals_app.figures import CompanyFigures

MOST_NEWS, BUYERS = 60, 10
NEWS_DAYS, AHEAD_DAYS = 730, 730
STAGES = {phase: place for place, phase in enumerate(Phase.values)}


@dataclass(frozen=True, slots=True)
class Asset:
    """One of the company's own programmes as it was known on the day."""

    name: str
    indication: str | None
    phase: str
    next_completion: dt.date | None
    protected_until: dt.date | None
    designations: tuple[str, ...]
    source: Link


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the company: its name, the amount (USD, or quarters), and its source with the day."""

    label: str
    value: Decimal | None
    unit: str
    note: str


@dataclass(frozen=True, slots=True)
class DeepDive:
    """The content. `standing` is None for a company that was never scored."""

    frame: Frame
    who: Who
    status: str
    areas: tuple[str, ...]
    standing: Standing | None
    baseline: Decimal | None
    components: tuple[ComponentScore, ...]
    reasons: tuple[Reason, ...]
    moved: tuple[Move, ...]
    missing: tuple[str, ...]
    figures: tuple[Figure, ...]
    assets: tuple[Asset, ...]
    news: tuple[News, ...]
    ahead: tuple[Ahead, ...]
    buyers: tuple[Fit, ...]


def build(order: Order) -> DeepDive:
    """Return the dive into the order's one company."""
    company = order.companies[0]
    ranking = Ranking.read(order.day, order.day, order.left_out)
    held = reading.last_scores(order.day, [company.pk]).get(company.pk)
    standing = standings(ranking, [held])[0] if held else None
    explained = explained_of(held) if held else None
    then = reading.earlier([held]).get(company.pk) if held else None
    inputs = inputs_of(order.day, [company.pk]).get(company.pk)
    funds = reading.figures_of(order.day, [company.pk]).get(company.pk)
    news = reading.signals(
        order.day, since=order.day - dt.timedelta(days=NEWS_DAYS), companies=[company.pk], limit=MOST_NEWS
    )
    buyers = fits.of_targets(order.day, [company.pk], most=BUYERS, left_out=order.left_out).get(company.pk, ())
    offer = ranking.under_offer.get(company.pk)
    status = _status(company, held, ranking, offer[1] if offer else None)
    return DeepDive(
        frame=frame(
            ranking,
            report_type=order.report_type,
            title=f"Deep dive: {company.name}",
            period=(order.period_start, order.period_end),
            findings=_findings(standing, status, news, buyers),
            notes=[*_notes(held, ranking), *restricted(order)],
            sources=origins(reading.newest_by_source(order.day, [company.pk])),
        ),
        who=reading.who(company),
        status=status,
        areas=tuple(area.replace("_", " ").capitalize() for area in company.therapeutic_areas),
        standing=standing,
        baseline=explained.baseline if explained else None,
        components=_components(held, ranking),
        reasons=tuple(reason(line) for line in explained.lines if line.contribution) if explained else (),
        moved=moves(since(then, held), None) if held else (),
        missing=tuple(f"{gap.label}: {gap.why}" for gap in explained.missing) if explained else (),
        figures=_figures(inputs, funds),
        assets=_assets(inputs),
        news=tuple(news),
        ahead=ahead(order.day, order.day + dt.timedelta(days=AHEAD_DAYS), {company.pk: reading.who(company)}),
        buyers=buyers,
    )


def _status(company: Company, held: MAScore | None, ranking: Ranking, offered: dt.date | None) -> str:
    if offered:
        return f"Under offer since {offered}: out of the ranking"
    if company.role != "target":
        return f"Its role is {company.role}: only targets are ranked"
    if held is None:
        return "Not scored by this day"
    if held.confidence < RANKED_FROM_CONFIDENCE:
        return "Insufficient data: scored, not ranked"
    place = reading.places(ranking.scores).get(company.pk)
    return f"Ranked {place} of {len(ranking.scores)}" if place else "Not in the ranking of this day"


def _notes(held: MAScore | None, ranking: Ranking) -> list[str]:
    if held and ranking.score_day and held.score_date < ranking.score_day:
        return [f"The last score of this company is of {held.score_date}."]
    return []


def _components(held: MAScore | None, ranking: Ranking) -> tuple[ComponentScore, ...]:
    if held is None:
        return ()
    middle = reading.medians(ranking.scores, COMPONENTS)
    return tuple(ComponentScore(label_of(name), getattr(held, f"{name}_score"), middle[name]) for name in COMPONENTS)


def _figures(inputs: CompanyInputs | None, funds: CompanyFigures | None) -> tuple[Figure, ...]:
    cap = inputs.market_cap if inputs else None
    rows = [
        Figure(
            "Public float (no price is known)" if inputs and inputs.market_cap_is_float else "Market cap",
            cap.usd if cap else None,
            "usd",
            _origin(cap.evidence.source, cap.evidence.day) if cap else "",
        )
    ]
    named = (
        ("Liquid funds", funds.liquid_funds if funds and funds.liquidity_complete else None),
        ("Burn a quarter", funds.quarterly_burn if funds else None),
        ("Total debt", funds.total_debt if funds else None),
        ("Research spending, twelve months", funds.research_spending if funds else None),
    )
    rows += [
        Figure(label, figure.value, "usd", _origin(", ".join(figure.sources), figure.period_end)) if figure
        else Figure(label, None, "usd", "")
        for label, figure in named
    ]  # fmt: skip
    rows.append(Figure("Runway", funds.runway_quarters if funds else None, "quarters", "liquid funds over burn"))
    return tuple(rows)


def _origin(source: str, day: dt.date | None) -> str:
    return f"{source}, {day}" if day else source


def _assets(inputs: CompanyInputs | None) -> tuple[Asset, ...]:
    found = [_asset(programme) for programme in inputs.programmes if programme.is_active] if inputs else []
    order = {Phase(phase).label: place for phase, place in STAGES.items()}
    return tuple(sorted(found, key=lambda each: (-order[each.phase], each.name, each.indication or "")))


def _asset(programme: Programme) -> Asset:
    marks = (
        ("orphan", programme.orphan), ("fast track", programme.fast_track), ("breakthrough", programme.breakthrough)
    )  # fmt: skip
    source = programme.evidence_of("phase", "approved_on", "name")
    return Asset(
        programme.name, programme.indication, Phase(programme.phase).label, programme.next_completion,
        programme.protected_until, tuple(name for name, holds in marks if holds), Link(source.source, source.url),
    )  # fmt: skip


def _findings(standing: Standing | None, status: str, news: list[News], buyers: tuple[Fit, ...]) -> list[str]:
    found = [f"{status}."]
    if standing:
        found.append(
            f"Score {score(standing.total)} of 100; {standing.confidence:.0%} of the inputs by weight are known."
        )
        if standing.change_30d is not None:
            found.append(f"Over 30 days {change(standing.change_30d)}{move_sentence(standing)}.")
        if standing.drivers:
            best = standing.drivers[0]
            found.append(f"Lifts it most: {best.label} ({best.detail}), {best.points:+.1f} points.")
        if standing.risks:
            worst = standing.risks[0]
            found.append(f"Holds it back most: {worst.label} ({worst.detail}), {worst.points:+.1f} points.")
    if buyers:
        found.append(f"Best fit among acquirers: {buyers[0].acquirer}, {score(buyers[0].fit)} of 10.")
    found.append(f"{count(len(news), 'signal')} in two years.")
    return found
