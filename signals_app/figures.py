"""A company's figures on a day, from the facts that were public by then: funds, burn, runway, debt, research spending.

One pure function of facts and a day, so that inserting a later fact cannot change an earlier figure. Amounts are USD
(not thousands) in Decimal; what is unknown is None, and `unknown` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from signals_app.concepts import (
    ASSETS,
    CASH,
    DEBTS,
    LIQUID_FUNDS,
    MARKET_CAP,
    OPERATING_CASH_FLOW,
    PREFUNDED_WARRANTS,
    PUBLIC_FLOAT,
    QUARTERLY_BURN,
    RESEARCH,
    SECURITIES,
    TOTAL_DEBT,
)
from signals_app.knowledge import BEYOND_ANY_COMPANY_USD, Knowledge, Unknown
from signals_app.periods import CURATED_FORM, Fact, Figure, trailing_year

MARKET_CAP_STALE_AFTER_DAYS = 400
# A year's sum that ends just before it goes stale reaches back this far; older facts cannot matter.
HORIZON_DAYS = 800
CASH_ALONE_SHARE_OF_ASSETS = Decimal("0.40")
CASH_CONSTRAINED_UNDER_QUARTERS = Decimal(4)
LONGEST_RUNWAY_QUARTERS = Decimal("99999.99")
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class CompanyFigures:
    """The figures of one company on one day. `unknown` names the reason for each that is None.

    `last_reported` is the period end of those that are too old. `liquid_funds` is what is reported even where
    `liquidity_complete` is False; nothing is then derived from it. `runway_quarters` is None for a company that burns
    nothing, which is not cash-constrained. `market_cap` is the ledger's figure behind `market_cap_usd`; None where that
    is the caller's own. `market_cap_is_float` marks a public float that stands in for it. `prefunded_warrants` are
    shares, not dollars, and are in no other figure.
    """

    day: date
    liquid_funds: Figure | None = None
    liquidity_complete: bool = False
    quarterly_burn: Figure | None = None
    last_quarter_burn: Figure | None = None
    runway_quarters: Decimal | None = None
    is_cash_constrained: bool | None = None
    total_debt: Figure | None = None
    research_spending: Figure | None = None
    market_cap_usd: Decimal | None = None
    market_cap_as_of: date | None = None
    market_cap: Figure | None = None
    market_cap_is_float: bool = False
    prefunded_warrants: Figure | None = None
    enterprise_value_usd: Decimal | None = None
    unknown: Mapping[str, Unknown] = field(default_factory=dict)
    last_reported: Mapping[str, date] = field(default_factory=dict)


def figures(
    facts: Iterable[Fact],
    day: date,
    *,
    market_cap_usd: Decimal | None = None,
    market_cap_as_of: date | None = None,
    history_starts: date | None = None,
) -> CompanyFigures:
    """Return what was known of a company's figures at the end of the day in New York.

    `facts` are one company's, in any order and of any period. A market cap counts from its own day on, for 400
    days: the newest of the facts, else the one given, else the cover page's public float. An analyst's figure stands
    until a newer period is reported.
    Source: the periodic reports' balance sheets and cash-flow statements (XBRL), as analysts compute runway from them.
    """
    known = Knowledge(facts, day, history_starts)
    liquid, complete = _liquid_funds(known)
    burn = _burn(known)
    quarters = _runway(known, liquid if complete else None, burn)
    constrained = None if not complete or burn is None else is_constrained(quarters)
    if constrained is None:
        known.unknown["is_cash_constrained"] = known.unknown["runway_quarters"]
    debt = _total_debt(known)
    priced = _newest_of(known, MARKET_CAP)
    if priced is not None:
        market_cap_usd, market_cap_as_of = priced.value, priced.period_end
    cap = _market_cap(known, market_cap_usd, market_cap_as_of)
    floats = _newest_of(known, PUBLIC_FLOAT) if cap is None else None
    if floats is not None:
        del known.unknown["market_cap_usd"]
        priced, cap, market_cap_as_of = floats, floats.value, floats.period_end
    value = None
    if cap is not None and debt is not None and liquid is not None and complete:
        value = enterprise_value(cap, debt.value, liquid.value)
    if value is None:
        known.unknown["enterprise_value_usd"] = Unknown.DEPENDS
    return CompanyFigures(
        day=day,
        liquid_funds=liquid,
        liquidity_complete=complete,
        quarterly_burn=burn,
        last_quarter_burn=_scaled(known.quarter(OPERATING_CASH_FLOW, "last_quarter_burn"), Decimal(-1)),
        runway_quarters=quarters,
        is_cash_constrained=constrained,
        total_debt=debt,
        research_spending=known.year(RESEARCH, "research_spending"),
        market_cap_usd=cap,
        market_cap_as_of=market_cap_as_of if cap is not None else None,
        market_cap=priced if cap is not None else None,
        market_cap_is_float=floats is not None,
        prefunded_warrants=known.count(PREFUNDED_WARRANTS, "prefunded_warrants"),
        enterprise_value_usd=value,
        unknown=known.unknown,
        last_reported=known.last_reported,
    )


def _liquid_funds(known: Knowledge) -> tuple[Figure | None, bool]:
    """Return cash and marketable securities of the newest balance sheet, and whether they are complete.

    No securities at that period end means unknown, not zero: cash alone then counts if it is 40 % of total assets.
    """
    cash = known.balances([CASH])
    said = known.said(LIQUID_FUNDS, "liquid_funds", max(cash, default=None))
    if said is not None:
        return said, True
    if not cash:
        known.missing("liquid_funds", [CASH])
        return None, False
    end = max(cash)
    if known.is_stale(end):
        known.too_old("liquid_funds", end)
        return None, False
    used = cash[end] + known.balances(SECURITIES).get(end, [])
    complete = len(used) > len(cash[end])
    if not complete:
        assets = known.balances([ASSETS]).get(end)
        complete = assets is not None and cash[end][0].value >= CASH_ALONE_SHARE_OF_ASSETS * assets[0].value
    if not complete:
        known.unknown["liquidity"] = Unknown.LIQUIDITY
    liquid = known.balance("liquid_funds", used, end)
    return liquid, complete and liquid is not None


def _total_debt(known: Knowledge) -> Figure | None:
    """Return the debts of the newest period end that reports any; one that reports none is unknown, not debt-free."""
    debts = known.balances(DEBTS)
    said = known.said(TOTAL_DEBT, "total_debt", max(debts, default=None))
    if said is not None:
        return said
    if not debts:
        known.missing("total_debt", DEBTS)
        return None
    end = max(debts)
    if known.is_stale(end):
        known.too_old("total_debt", end)
        return None
    return known.balance("total_debt", debts[end], end)


def _burn(known: Knowledge) -> Figure | None:
    """Return the burn a quarter: an analyst's, or a quarter of the operating cash flow of twelve months."""
    flow = trailing_year(known.series(OPERATING_CASH_FLOW))
    said = known.said(QUARTERLY_BURN, "quarterly_burn", flow.period_end if flow else None)
    return said or _scaled(known.year(OPERATING_CASH_FLOW, "quarterly_burn"), Decimal(-1) / 4)


def runway(liquid_usd: Decimal, burn_usd: Decimal) -> Decimal | None:
    """Return liquid funds over the burn of a quarter, rounded down to hundredths; None where nothing is burnt."""
    if burn_usd <= 0:
        return None
    return min(liquid_usd / burn_usd, LONGEST_RUNWAY_QUARTERS).quantize(CENT, ROUND_FLOOR)


def is_constrained(runway_quarters: Decimal | None) -> bool:
    """Return whether cash is scarce: a runway of under four quarters. Whoever burns nothing has none, and is not."""
    return runway_quarters is not None and runway_quarters < CASH_CONSTRAINED_UNDER_QUARTERS


def enterprise_value(cap_usd: Decimal, debt_usd: Decimal, liquid_usd: Decimal) -> Decimal | None:
    """Return market cap and debt less liquid funds; None where that is a slip of scale."""
    value = cap_usd + debt_usd - liquid_usd
    return value if abs(value) < BEYOND_ANY_COMPANY_USD else None


def _runway(known: Knowledge, liquid: Figure | None, burn: Figure | None) -> Decimal | None:
    """Return the runway, or None with the reason noted."""
    if liquid is None:
        known.unknown["runway_quarters"] = known.unknown.get("liquidity") or known.unknown["liquid_funds"]
        return None
    if burn is None:
        known.unknown["runway_quarters"] = known.unknown["quarterly_burn"]
        return None
    quarters = runway(liquid.value, burn.value)
    if quarters is None:
        known.unknown["runway_quarters"] = Unknown.BURNS_NOTHING
    return quarters


def _newest_of(known: Knowledge, concept: str) -> Figure | None:
    """Return the ledger's newest market cap or public float of a day no later than the day, at most 400 days old.

    Zero is what a source writes where it knows nothing; from an analyst it is meant.
    """
    found = [
        fact for (start, end), fact in known.series(concept).items()
        if start is None and end <= known.day and (fact.value > 0 or fact.form == CURATED_FORM)
        and fact.value < BEYOND_ANY_COMPANY_USD
    ]  # fmt: skip
    newest = max(found, key=lambda fact: fact.period_end, default=None)
    if newest is None or (known.day - newest.period_end).days > MARKET_CAP_STALE_AFTER_DAYS:
        return None
    return Figure.of(newest.value.quantize(CENT), [newest], start=None, end=newest.period_end)


def _market_cap(known: Knowledge, cap: Decimal | None, as_of: date | None) -> Decimal | None:
    """Return the market cap if its day is known, not after the day and at most 400 days before it."""
    reason = None
    if cap is None or not cap.is_finite():
        reason = Unknown.MARKET_CAP
    elif as_of is None:
        reason = Unknown.MARKET_CAP_UNDATED
    elif as_of > known.day:
        reason = Unknown.MARKET_CAP_LATER
    elif (known.day - as_of).days > MARKET_CAP_STALE_AFTER_DAYS:
        reason = Unknown.MARKET_CAP_STALE
    if reason:
        known.unknown["market_cap_usd"] = reason
        return None
    return cap


def _scaled(figure: Figure | None, factor: Decimal) -> Figure | None:
    if figure is None:
        return None
    return Figure(
        value=figure.value * factor,
        period_start=figure.period_start,
        period_end=figure.period_end,
        available_at=figure.available_at,
        accessions=figure.accessions,
        sources=figure.sources,
    )
