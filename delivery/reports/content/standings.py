"""Companies as they stand in the ranking of a day: score, change and its reasons, figures, lead programme."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.wording import within
from delivery.reports.content import reading
from delivery.reports.content.parts import Ahead, DayScore, Frame, Link, Move, Origin, Reason, Standing, Who
from delivery.reports.content.sources import called
from delivery.reports.orders import Order
from scoring.changes import Since, changes_between
from scoring.engine.inputs import CompanyInputs, Evidence
from scoring.explanation import Explanation, Line, NotExplained, explanation_of, label_of
from scoring.inputs import universe_inputs
from scoring.models import MAScore
from signals_app.catalogue import CATALOGUE
from signals_app.figures import CompanyFigures

MOST_REASONS = 3
# Below this a contribution is rounding, not a reason.
SLIGHT = Decimal("0.05")
# A note is due where more than a quarter of the ranking is concerned.
FEW_OF_ALL = 4


@dataclass(frozen=True)
class Ranking:
    """The ranking of a day and of the day that it is compared with; both without the companies under offer by then."""

    day: dt.date
    scores: Sequence[MAScore]
    before: Sequence[MAScore]
    under_offer: Mapping[UUID, tuple[Who, dt.date]] = field(default_factory=dict)

    @classmethod
    def read(cls, day: dt.date, compared_with: dt.date, left_out: Collection[UUID] = ()) -> Ranking:
        """Read both rankings, in three queries, without the companies that are left out."""
        under_offer = {key: offer for key, offer in reading.offers(day).items() if key not in left_out}
        out = {*under_offer, *left_out}
        return cls(day, reading.ranked(day, out), reading.ranked(compared_with, out), under_offer)

    @property
    def score_day(self) -> dt.date | None:
        """Return the day of the scores."""
        return self.scores[0].score_date if self.scores else None

    @property
    def version(self) -> str | None:
        """Return the version of the weights."""
        return self.scores[0].score_version if self.scores else None

    @property
    def day_before(self) -> dt.date | None:
        """Return the day of the earlier ranking; None where there is none, or it is the same."""
        before = self.before[0].score_date if self.before else None
        return before if before != self.score_day else None

    def staleness(self) -> tuple[str, ...]:
        """Return a note where the scores are of an earlier day than the report."""
        if self.score_day is None:
            return ("Nothing is ranked by this day: no score, or too little is known of every company.",)
        age = (self.day - self.score_day).days
        if not age:
            return ()
        return (
            f"Scores are as of {self.score_day}, {age} {'day' if age == 1 else 'days'} before the day of this report.",
        )


def frame(
    ranking: Ranking,
    *,
    report_type: str,
    title: str,
    period: tuple[dt.date, dt.date],
    findings: Sequence[str],
    notes: Sequence[str] = (),
    sources: Sequence[Origin],
) -> Frame:
    """Return what the report says of itself."""
    return Frame(
        report_type=report_type,
        title=title,
        day=ranking.day,
        period_start=period[0],
        period_end=period[1],
        score_day=ranking.score_day,
        score_version=ranking.version,
        findings=tuple(findings),
        notes=(*ranking.staleness(), *notes),
        sources=tuple(sources),
    )


def standings(
    ranking: Ranking, picked: Sequence[MAScore], then: Mapping[UUID, MAScore] | None = None
) -> tuple[Standing, ...]:
    """Return these scores as standings, in their order, in a fixed number of queries.

    `then` holds the scores that moves are told against; without it those of 30 to 40 days earlier.
    """
    keys = [score.company_id for score in picked]
    if not picked:
        return ()
    full = reading.in_full(picked)
    before = reading.earlier(picked) if then is None else then
    histories = reading.histories(ranking.day, picked[0].score_version, keys)
    funds = reading.figures_of(ranking.day, keys)
    inputs = inputs_of(picked[0].score_date, keys)
    places, earlier_places = reading.places(ranking.scores), reading.places(ranking.before)
    return tuple(
        _standing(
            full[key],
            since=since(before.get(key), full[key]),
            place=places.get(key),
            place_before=earlier_places.get(key) if ranking.day_before else None,
            history=histories.get(key, ()),
            funds=funds.get(key),
            inputs=inputs.get(key),
        )
        for key in keys
    )


def gone(order: Order) -> list[str]:
    """Return a note for each company that was asked for and is archived since, and one for those left out."""
    return [*(f"No live company has the ticker {ticker} any more." for ticker in order.missing), *restricted(order)]


def restricted(order: Order) -> list[str]:
    """Return a note of how many companies on the restricted list are left out, without naming them."""
    number = order.number_left_out
    if not number:
        return []
    return [f"{number} {'company is' if number == 1 else 'companies are'} on the restricted list and left out."]


def data_note(shifts: Mapping[UUID, Since]) -> list[str]:
    """Return a note where the scores of many companies moved because an input became known, and not by news."""
    touched = Counter(
        moved.label for shift in shifts.values() for moved in shift.moved if moved.is_data and abs(moved.points) >= 1
    )
    if not touched:
        return []
    label, number = touched.most_common(1)[0]
    if number * FEW_OF_ALL < len(shifts):
        return []
    day = next(iter(shifts.values())).day
    return [
        f"Since {day} an input became known or went missing for {number} of {len(shifts)} companies ({label}). "
        "Their changes over 30 days are mostly that: data, not news. Rises and falls below leave it out."
    ]


def inputs_of(day: dt.date, companies: Collection[UUID]) -> dict[UUID, CompanyInputs]:
    """Return what the score of the day was told of these companies."""
    return {UUID(found.key): found for found in universe_inputs(day, company_ids=companies)}


def _standing(
    score: MAScore,
    *,
    since: Since | None,
    place: int | None,
    place_before: int | None,
    history: tuple[DayScore, ...],
    funds: CompanyFigures | None,
    inputs: CompanyInputs | None,
) -> Standing:
    explained = explained_of(score)
    cap = inputs.market_cap if inputs else None
    return Standing(
        who=reading.who(score.company),
        rank=place,
        place_before=place_before,
        total=score.total_score,
        percentile=score.percentile_rank,
        confidence=score.confidence,
        change_30d=score.score_change_30d,
        change_90d=score.score_change_90d,
        market_cap_usd=cap.usd if cap else None,
        market_cap_is_float=bool(inputs and inputs.market_cap_is_float),
        liquid_usd=funds.liquid_funds.value if funds and funds.liquid_funds and funds.liquidity_complete else None,
        runway_quarters=funds.runway_quarters if funds else None,
        burns=funds.quarterly_burn.value > 0 if funds and funds.quarterly_burn else None,
        lead=lead_of(explained),
        history=history,
        drivers=reasons(explained, positive=True),
        risks=reasons(explained, positive=False),
        own_points=own_points(since) if since else None,
        moved=moves(since),
    )


def explained_of(score: MAScore) -> Explanation | None:
    """Return the score's explanation; None where it carries none."""
    try:
        return explanation_of(score)
    except NotExplained:
        return None


def lead_of(explained: Explanation | None) -> str | None:
    """Return the lead programme with its stage in words."""
    lines = explained.lines if explained else ()
    lead = next((line for line in lines if line.feature == "lead_stage" and not line.imputed), None)
    return within(lead.detail) if lead else None


def reasons(explained: Explanation | None, *, positive: bool, most: int | None = MOST_REASONS) -> tuple[Reason, ...]:
    """Return the largest contributions above (or below) zero."""
    lines = explained.lines if explained else ()
    picked = [line for line in lines if abs(line.contribution) >= SLIGHT and (line.contribution > 0) == positive]
    picked.sort(key=lambda line: (-abs(line.contribution), line.component, line.feature))
    return tuple(reason(line) for line in picked[:most])


def reason(line: Line) -> Reason:
    """Return a contribution as a reason."""
    return Reason(
        component=label_of(line.component),
        label=line.label,
        detail=within(line.detail),
        points=line.contribution,
        source=Link(line.source or ("median of the day" if line.imputed else ""), line.source_url),
        day=line.date,
        is_imputed=line.imputed,
    )


def since(then: MAScore | None, now: MAScore) -> Since | None:
    """Return what moved a score since the earlier one; None where the two cannot be compared."""
    found = changes_between(then, now) if then else None
    return found if found and found.is_comparable else None


def own_points(found: Since) -> Decimal:
    """Return the points that the company's own values made."""
    return sum((moved.own_points for moved in found.moved), Decimal(0))


def moves(found: Since | None, most: int | None = 2) -> tuple[Move, ...]:
    """Return what moved the score most since the earlier one, the baseline included."""
    if found is None:
        return ()
    moved = [Move(each.label, each.points, each.why, each.is_data) for each in found.moved]
    moved.append(Move("Baseline", found.baseline_points, "the median company moved"))
    moved = [move for move in moved if abs(move.points) >= SLIGHT]
    moved.sort(key=lambda move: (-abs(move.points), move.label))
    return tuple(moved[:most])


def ahead(day: dt.date, until: dt.date, companies: Mapping[UUID, Who]) -> tuple[Ahead, ...]:
    """Return what is to come after the day and by `until`: announced dates, completions and expiries."""
    found = {
        Ahead(
            signal.event_date.astimezone(NEW_YORK).date(),
            reading.who(signal.company),
            CATALOGUE[signal.signal_type].label,
            signal.title,
            Link(called(signal.source), signal.source_url),
        )
        for signal in reading.announced(day, until, list(companies))
    }
    for key, inputs in inputs_of(day, list(companies)).items():
        for programme in inputs.programmes:
            if not programme.is_active:
                continue
            for kind, on, name in (
                ("Next completion", programme.next_completion, "next_milestone_date"),
                ("Last protected day", programme.protected_until, "patent_expiry"),
            ):
                if on is not None and day < on <= until:
                    source = programme.evidence_of(name)
                    found.add(Ahead(on, companies[key], kind, programme.title, _link(source)))
    return tuple(sorted(found, key=lambda each: (each.day, str(each.who), each.kind, each.title)))


def _link(evidence: Evidence) -> Link:
    return Link(called(evidence.source), evidence.url)
