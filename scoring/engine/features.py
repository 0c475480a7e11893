"""From a company's inputs to the value of each feature, with the evidence and the words behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from scoring.engine import components as c
from scoring.engine.inputs import CompanyInputs, Evidence, Programme

FOUR_PLACES = Decimal("0.0001")
NONE = "none is recorded"


@dataclass(frozen=True, slots=True)
class Reading:
    """A feature's value from 0 to 100 (None: input missing), the input in words, and its evidence.

    Values have four decimals, so that a contribution can be worked out again from what is shown.
    """

    value: Decimal | None
    words: str
    evidence: Evidence | None = None
    is_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A company's inputs, with what several features look at: its active programmes, and those furthest on of them."""

    inputs: CompanyInputs
    active: list[Programme]
    lead: list[Programme]

    @classmethod
    def of(cls, inputs: CompanyInputs) -> Seen:
        """Pick the active programmes, in an order that does not depend on theirs, and the leads among them."""
        active = [item for item in inputs.programmes if item.is_active and item.phase in c.STAGE]
        active.sort(key=lambda item: (item.name, item.indication or "", item.phase))
        furthest = max((c.STAGE[programme.phase] for programme in active), default=None)
        return cls(inputs, active, [programme for programme in active if c.STAGE[programme.phase] == furthest])


def leads(inputs: CompanyInputs) -> list[Programme]:
    """Return the active programmes at the furthest stage that the company has reached."""
    return Seen.of(inputs).lead


def readings(inputs: CompanyInputs) -> dict[tuple[str, str], Reading]:
    """Return the reading of every feature by (component, feature)."""
    seen = Seen.of(inputs)
    return {key: READERS[key](seen) for key in c.FEATURE_LABELS}


def _assumed(programmes: Sequence[Programme]) -> bool:
    """Return whether no dated source vouches for any of these."""
    return all(item.is_assumed for item in programmes)


def _graded(value: Decimal, words: str, evidence: Evidence, *, is_assumed: bool = False) -> Reading:
    return Reading(value.quantize(FOUR_PLACES), words, evidence, is_assumed)


def _lead_stage(seen: Seen) -> Reading:
    lead = seen.lead
    if not lead:
        return Reading(None, "no active programme is recorded")
    return _graded(
        c.STAGE[lead[0].phase],
        f"{lead[0].phase}: {lead[0].title}",
        lead[0].evidence_of("phase", "approved_on"),
        is_assumed=_assumed(lead),
    )


def _breadth(seen: Seen) -> Reading:
    active = seen.active
    if not active:
        return Reading(None, "no active programme is recorded")
    late = [item for item in active if item.phase in c.PHASE_2_OR_LATER]
    evidence = (late or active)[0].evidence_of("phase")
    words = f"{len(late)} in phase 2 or later"
    return _graded(c.breadth(len(late)), words, evidence, is_assumed=any(item.is_assumed for item in late or active))


def _next_completion(seen: Seen) -> Reading:
    dated = [
        (item.next_completion, item)
        for item in seen.active
        if item.phase in c.PHASE_2_OR_LATER and item.next_completion is not None
    ]
    if not dated:
        return Reading(None, "no date is recorded for a programme in phase 2 or later")
    ahead = [pair for pair in dated if pair[0] >= seen.inputs.day]
    day, programme = min(ahead or dated, key=lambda pair: (pair[0], pair[1].title))
    words = f"{day.isoformat()}: {programme.title}" + ("" if ahead else ", which is past")
    source = programme.evidence_of("next_milestone_date")
    return _graded(c.nearness((day - seen.inputs.day).days), words, source, is_assumed=programme.is_assumed)


def years_later(day: date, years: int) -> date:
    """Return the same day of a later year; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


LISTED, ORPHAN, BIOLOGIC = "patents and listed exclusivities", "orphan exclusivity", "biologic exclusivity"
CHEMICAL = "new chemical entity exclusivity"
# What says that a programme has each of them; the day of approval dates them.
PROTECTED_BY: dict[str, tuple[str, ...]] = {
    LISTED: ("patent_expiry",), ORPHAN: (), BIOLOGIC: (), CHEMICAL: ("new_chemical_entity",),
}  # fmt: skip


def protections(programme: Programme, day: date) -> Iterator[tuple[date, str, bool]]:
    """Yield each last protected day known of a programme, what protects, and whether it rests on an assumption.

    Exclusivities run from approval. A programme without an approval day is taken as approved on the day: assumed.
    """
    if programme.protected_until is not None:
        yield programme.protected_until, LISTED, False
    approved = programme.approved_on or day
    is_assumed = programme.approved_on is None
    if programme.orphan:
        yield years_later(approved, c.ORPHAN_EXCLUSIVITY_YEARS), ORPHAN, is_assumed
    if programme.is_biologic:
        yield years_later(approved, c.BIOLOGIC_EXCLUSIVITY_YEARS), BIOLOGIC, is_assumed
    if programme.is_new_chemical_entity:
        yield years_later(approved, c.CHEMICAL_EXCLUSIVITY_YEARS), CHEMICAL, is_assumed


def _protected_years(seen: Seen) -> Reading:
    known = [
        (until, not is_assumed, what, programme)
        for programme in seen.lead
        # an approved drug without its approval day: when its exclusivities run out is unknown
        for until, what, is_assumed in protections(programme, seen.inputs.day)
        if not (is_assumed and programme.phase == "approved")
    ]
    if not known:
        return Reading(None, "no patent or exclusivity of the lead is recorded")
    until, is_certain, what, programme = max(known, key=lambda item: (item[0], item[1], item[2]))
    years = Decimal((until - seen.inputs.day).days) / Decimal("365.25")
    words = f"{what} of {programme.title} until {until.isoformat()}"
    if not is_certain:
        words += ", as if approved on the day"
    evidence = programme.evidence_of(*PROTECTED_BY[what], "approved_on", "orphan_designation")
    return _graded(c.protected_years(years), words, evidence, is_assumed=not is_certain)


def _size(seen: Seen) -> Reading:
    cap = seen.inputs.market_cap
    if cap is None or not cap.usd.is_finite():
        return Reading(None, _why(seen.inputs, "market_cap_usd", "no market cap"))
    what = "public float, for want of a price," if seen.inputs.market_cap_is_float else "market cap"
    return _graded(
        c.size(cap.usd), f"{what} {_dollars(cap.usd)}", cap.evidence, is_assumed=seen.inputs.market_cap_is_float
    )


def _research_spending(seen: Seen) -> Reading:
    spending = seen.inputs.research_spending
    if spending is None or not spending.usd.is_finite():
        return Reading(None, _why(seen.inputs, "research_spending", "no research spending"))
    return _graded(c.research(spending.usd), f"{_dollars(spending.usd)} in twelve months", spending.evidence)


def _why(inputs: CompanyInputs, figure: str, otherwise: str) -> str:
    """Return in words why a figure is unknown."""
    return inputs.why_unknown.get(figure, otherwise).replace("_", " ")


def _dollars(amount: Decimal) -> str:
    return f"${amount / 1_000_000:,.1f}M"


def _filed_or_approved(seen: Seen) -> Reading:
    lead = seen.lead
    if not lead:
        return Reading(None, "no active programme is recorded")
    is_filed = lead[0].phase in c.FILED_OR_APPROVED
    words = f"{'yes' if is_filed else 'no'}: {lead[0].title}"
    source = lead[0].evidence_of("approved_on", "phase")
    return _graded(c.HUNDRED if is_filed else Decimal(0), words, source, is_assumed=_assumed(lead))


DESIGNATIONS = {"breakthrough": "breakthrough_therapy", "orphan": "orphan_designation", "fast_track": "fast_track"}


def _designation(name: str) -> Callable[[Seen], Reading]:
    """Return the reader of a designation: held if a programme or an event says so, not held if all say no."""

    def read(seen: Seen) -> Reading:
        active = seen.active
        held = [item for item in active if getattr(item, name)]
        if held:
            return _graded(c.HUNDRED, held[0].title, held[0].evidence_of(DESIGNATIONS[name]))
        state = seen.inputs.states.get(name)
        if state:
            return _graded(c.HUNDRED if state.holds else Decimal(0), "yes" if state.holds else "no", state.evidence)
        if active and all(getattr(item, name) is False for item in active):
            return _graded(Decimal(0), "none", active[0].evidence_of(DESIGNATIONS[name]))
        return Reading(None, NONE)

    return read


def _event(name: str) -> Callable[[Seen], Reading]:
    """Return the reader of a state that events alone make."""

    def read(seen: Seen) -> Reading:
        state = seen.inputs.states.get(name)
        if state is None:
            return Reading(None, NONE)
        return _graded(c.HUNDRED if state.holds else Decimal(0), "yes" if state.holds else "resolved", state.evidence)

    return read


def _corporate(name: str) -> Callable[[Seen], Reading]:
    """Return the reader of the events of one type."""

    def read(seen: Seen) -> Reading:
        found = seen.inputs.corporate.get(name)
        return Reading(None, NONE) if found is None else _graded(found.points, found.words, found.evidence)

    return read


def _fit(seen: Seen) -> Reading:
    if seen.inputs.fit is None:
        return Reading(None, "no acquirer was matched in the 31 days before")
    return _graded(seen.inputs.fit.mean * 10, seen.inputs.fit.words, seen.inputs.fit.evidence)


READERS: dict[tuple[str, str], Callable[[Seen], Reading]] = {
    ("pipeline", "lead_stage"): _lead_stage,
    ("pipeline", "breadth"): _breadth,
    ("pipeline", "next_completion"): _next_completion,
    ("patent", "protected_years"): _protected_years,
    ("financial", "size"): _size,
    ("financial", "research_spending"): _research_spending,
    **{("insider", name): _corporate(name) for name in c.CORPORATE_EVENTS},
    ("strategic_fit", "best_acquirers"): _fit,
    ("regulatory", "breakthrough"): _designation("breakthrough"),
    ("regulatory", "orphan"): _designation("orphan"),
    ("regulatory", "fast_track"): _designation("fast_track"),
    ("regulatory", "filed_or_approved"): _filed_or_approved,
    ("regulatory", "clinical_hold"): _event("clinical_hold"),
    ("regulatory", "complete_response"): _event("complete_response"),
}
