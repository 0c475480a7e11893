"""What a target's equity might cost: a range in USD, the median over the methods that have inputs.

Methods: the market cap with the premium of past deals, deals of the same stage, and the risk-adjusted value of sourced
peak sales. docs/matching.md has the formulas; constants marked [J] are judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from statistics import median, quantiles

from scoring.engine.acquirers import DAYS_A_YEAR, PRECISION, usd
from scoring.engine.inputs import Evidence, Programme
from scoring.engine.likelihood import SOURCE as LIKELIHOODS
from scoring.engine.likelihood import likelihood_of_approval
from scoring.engine.parties import NOT_RECORDED, Target
from scoring.engine.similarity import portfolio
from scoring.engine.wording import STAGES, dollars, listed, share

D = Decimal
ZERO = D(0)
WHOLE = D(1)
# Quartiles of the premium over the last close in the 135 deals of 2006-2022, where the ledger has too few of its own.
PUBLISHED_PREMIUMS = (D("0.21"), D("0.42"), D("0.77"))
PUBLISHED = Evidence("announced deals of drug makers, 2006 to 2022")
LEAST_DEALS = 20
PREMIUM = "premium"
METHODS: dict[str, str] = {
    PREMIUM: "Market cap and premium",
    "stage_comparables": "Deals of the stage",
    "rnpv": "Risk-adjusted net present value",
}
# Mean deal value by stage, $M of 2020, contingent payments included. Source: Michaeli et al. 2022, 311 deals.
STAGE_VALUES_USD_M: dict[str, Decimal] = {
    "discovery": D(88), "preclinical": D(88), "phase_1": D(399), "phase_1_2": D(399), "phase_2": D(734),
    "phase_2_3": D(734), "phase_3": D(1656), "nda_bla": D(1656), "approved": D(2496),
}  # fmt: skip
STAGE_DEALS = Evidence("Michaeli et al. 2022, 311 deals")
MILLION = D(1_000_000)
# [J] Years to market; the ramp to peak sales; protected years from launch where the last day is not known; the share of
# sales that is left as cash; rates for the low, middle and high end.
YEARS_TO_MARKET: dict[str, int] = {
    "phase_1": 7, "phase_1_2": 6, "phase_2": 5, "phase_2_3": 4, "phase_3": 3, "nda_bla": 1, "approved": 0,
}  # fmt: skip
RAMP = (D("0.2"), D("0.4"), D("0.6"), D("0.8"), D(1))
PROTECTED_YEARS = 12
CASH_MARGIN = D("0.35")
DISCOUNT_RATES = (D("0.14"), D("0.12"), D("0.10"))
LONGEST_YEARS = 30


@dataclass(frozen=True, slots=True)
class Premiums:
    """Quartiles of the premium over the last close, from how many deals (0 = the published ones), and their source."""

    quartiles: tuple[Decimal, Decimal, Decimal]
    deals: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Method:
    """What one method says, low to high, in USD of equity value."""

    name: str
    label: str
    low: Decimal
    mid: Decimal
    high: Decimal
    words: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Valuation:
    """The range, its methods, and why the others have no inputs. All three figures are None where no method has any.

    `caveat` says in words which methods give less than the market cap, and what that does to the range; empty: none.
    """

    low: Decimal | None
    mid: Decimal | None
    high: Decimal | None
    methods: tuple[Method, ...]
    left_out: tuple[tuple[str, str], ...]
    market_cap: Decimal | None = None
    caveat: str = ""


def premiums(known: Iterable[Decimal], evidence: Evidence = NOT_RECORDED) -> Premiums:
    """Return the quartiles of the premiums known by the day; the published ones where they are fewer than twenty."""
    found = sorted(premium for premium in known if premium.is_finite() and premium > -1)
    if len(found) < LEAST_DEALS:
        return Premiums(PUBLISHED_PREMIUMS, 0, PUBLISHED)
    low, mid, high = quantiles(found, n=4, method="inclusive")
    return Premiums((low, mid, high), len(found), evidence)


def value(target: Target, comparable: Premiums) -> Valuation:
    """Return the range of the target's equity value: low <= mid <= high, each the median over the methods."""
    with localcontext(prec=PRECISION):
        tried = {
            PREMIUM: _premium(target, comparable),
            "stage_comparables": _stage_comparables(target),
            "rnpv": _risk_adjusted(target),
        }
        methods = tuple(found for found in tried.values() if isinstance(found, Method))
        left_out = tuple((name, found) for name, found in tried.items() if isinstance(found, str))
        if not methods:
            return Valuation(None, None, None, (), left_out)
        low, mid, high = (
            median(getattr(method, end) for method in methods).quantize(WHOLE) for end in ("low", "mid", "high")
        )
        cap = usd(target.market_cap)
        return Valuation(low, mid, high, methods, left_out, cap, _caveat(cap, (low, mid, high), methods))


def _caveat(cap: Decimal | None, ends: tuple[Decimal, Decimal, Decimal], methods: Sequence[Method]) -> str:
    """Return which methods give less than the market pays already, what that does to the range, and where offers start.

    The range stays the median all the same: what past deals paid for the stage is a reading of its own.
    """
    below = [method for method in methods if cap is not None and method.mid < cap]
    if cap is None or not below:
        return ""
    said = [
        f"{listed([f'{method.label} ({span(method)})' for method in below])}: below the market cap of {dollars(cap)}."
    ]
    parts = ("the low end", "the middle", "the whole")
    if reached := [part for part, end in zip(parts, ends, strict=True) if end < cap]:
        said.append(f"That takes {reached[-1]} of the range below what the market pays.")
    said += [
        f"An offer would start from the market cap: {span(method)} with a premium."
        for method in methods
        if method.name == PREMIUM and method not in below
    ]
    return " ".join(said)


def span(worth: Method) -> str:
    """Return a method's range as a sentence has it, one amount where both ends are the same."""
    return dollars(worth.low) if worth.low == worth.high else f"{dollars(worth.low)} to {dollars(worth.high)}"


def _method(name: str, ends: Sequence[Decimal], words: str, evidence: Iterable[Evidence]) -> Method:
    low, mid, high = (max(end, ZERO).quantize(WHOLE) for end in ends)
    return Method(name, METHODS[name], low, mid, high, words, tuple(dict.fromkeys(evidence)))


def _premium(target: Target, comparable: Premiums) -> Method | str:
    cap = usd(target.market_cap)
    if target.market_cap is None or cap is None:
        return "the market cap is not known"
    low, mid, high = comparable.quartiles
    deals = f"{comparable.deals} deals known by then" if comparable.deals else "the deals of 2006 to 2022"
    return _method(
        PREMIUM,
        [cap * (1 + premium) for premium in comparable.quartiles],
        f"market cap {dollars(cap)} with a premium of {share(low)}, {share(mid)} or {share(high)}, the quartiles of "
        f"{deals}",
        (target.market_cap.evidence, comparable.evidence),
    )


def _net_funds(target: Target) -> tuple[Decimal, tuple[Evidence, ...]] | str:
    """Return liquid funds less debt, which take an enterprise value to equity, or what of them is not known."""
    liquid, debt = usd(target.liquid_funds), usd(target.debt)
    missing = [name for name, amount in (("liquid funds", liquid), ("debt", debt)) if amount is None]
    if liquid is None or debt is None or target.liquid_funds is None or target.debt is None:
        return f"not known: {listed(missing)}"
    return liquid - debt, (target.liquid_funds.evidence, target.debt.evidence)


def _stage_comparables(target: Target) -> Method | str:
    lead, funds = portfolio(target.programmes).lead, _net_funds(target)
    if lead is None:
        return "no active programme is on record"
    if isinstance(funds, str):
        return funds
    net, evidence = funds
    enterprise = STAGE_VALUES_USD_M[lead.phase] * MILLION
    return _method(
        "stage_comparables",
        [enterprise + net] * 3,
        f"mean value of a deal whose lead is {_stage(lead)}, {dollars(enterprise)} of 2020, with liquid funds less "
        f"debt of {dollars(net)}",
        (STAGE_DEALS, *lead_evidence(lead), *evidence),
    )


def _stage(lead: Programme) -> str:
    return f"in {STAGES[lead.phase]}" if lead.phase.startswith("phase") else STAGES[lead.phase]


def lead_evidence(programme: Programme) -> tuple[Evidence, ...]:
    """Return where the stage of a programme comes from."""
    return (programme.evidence_of("phase", "approved_on"),)


def _risk_adjusted(target: Target) -> Method | str:
    sourced = [item for item in portfolio(target.programmes).programmes if usd(item.peak_sales) is not None]
    valued = [item for item in sourced if item.phase in YEARS_TO_MARKET]
    if not valued:
        return "no peak sales are sourced" if not sourced else "peak sales are sourced before phase 1 alone"
    funds = _net_funds(target)
    if isinstance(funds, str):
        return funds
    net, evidence = funds
    ends = [sum((risk_adjusted(item, target.day, rate) for item in valued), ZERO) + net for rate in DISCOUNT_RATES]
    drugs = [f"{item.title} (peak sales {dollars(usd(item.peak_sales) or ZERO)})" for item in valued]
    return _method(
        "rnpv",
        ends,
        f"{listed(drugs)}, weighed by the likelihood of approval ({LIKELIHOODS}), at "
        f"{listed([share(rate) for rate in DISCOUNT_RATES])} a year, with liquid funds less debt of {dollars(net)}",
        (*(item.peak_sales.evidence for item in valued if item.peak_sales), Evidence(LIKELIHOODS), *evidence),
    )


def risk_adjusted(programme: Programme, day: date, rate: Decimal) -> Decimal:
    """Return the present value in USD of a programme's cash, times its likelihood of approval.

    A year's cash, at the year's end, is the margin of peak sales times the ramp; none after the last protected day.
    """
    chance = likelihood_of_approval(programme.phase, programme.area, programme.indication)
    peak = usd(programme.peak_sales)
    if chance is None or peak is None:
        return ZERO
    launch = YEARS_TO_MARKET[programme.phase]
    sold = int((day - programme.approved_on).days / DAYS_A_YEAR) if programme.approved_on else 0
    until = _last_year(programme, day, launch - max(sold, 0))
    present = ZERO
    for year in range(launch + 1, until + 1):
        step = min(year - launch + max(sold, 0), len(RAMP))
        present += peak * CASH_MARGIN * RAMP[step - 1] / (1 + rate) ** year
    return present * chance


def _last_year(programme: Programme, day: date, launch: int) -> int:
    """Return how many whole years from the day on a drug is protected; twelve from launch where that is not known."""
    protected = programme.protected_until
    years = launch + PROTECTED_YEARS if protected is None else int((protected - day).days / DAYS_A_YEAR)
    return min(years, LONGEST_YEARS)
