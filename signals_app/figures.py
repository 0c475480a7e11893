"""A company's figures on a day, from the facts that were public by then: funds, burn, runway, debt, research spending.

One pure function of facts and a day, so that inserting a later fact cannot change an earlier figure. Amounts are USD
(not thousands) in Decimal; what is unknown is None, and `unknown` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from signals_app.periods import (
    CURATED_FORM,
    USD,
    Fact,
    Figure,
    Series,
    in_force,
    last_quarter,
    trailing_year,
)

CASH = "cash"
ASSETS = "assets"
# Current and non-current marketable securities.
SECURITIES = ("short_term_investments", "long_term_investments")
# Disjoint kinds of debt: what one of them counts the others do not.
DEBTS = ("long_term_debt", "short_term_debt", "convertible_debt", "royalty_liability")
OPERATING_CASH_FLOW = "operating_cash_flow"
RESEARCH = "research_and_development"
MARKET_CAP = "market_cap"
# What others than insiders hold, by the cover page: stands in for a market cap where there is no price.
PUBLIC_FLOAT = "public_float"
# What an analyst says of a figure that is otherwise derived; only facts of the form `curated` count.
LIQUID_FUNDS = "liquid_funds"
QUARTERLY_BURN = "quarterly_burn"
TOTAL_DEBT = "total_debt"
CURATED_CONCEPTS: tuple[str, ...] = (LIQUID_FUNDS, QUARTERLY_BURN, TOTAL_DEBT)
CONCEPTS: tuple[str, ...] = (
    CASH, ASSETS, *SECURITIES, *DEBTS, OPERATING_CASH_FLOW, RESEARCH, PUBLIC_FLOAT, *CURATED_CONCEPTS,
)  # fmt: skip

STALE_AFTER_DAYS = 200
MARKET_CAP_STALE_AFTER_DAYS = 400
# A year's sum that ends just before it goes stale reaches back this far; older facts cannot matter.
HORIZON_DAYS = 800
CASH_ALONE_SHARE_OF_ASSETS = Decimal("0.40")
CASH_CONSTRAINED_UNDER_QUARTERS = Decimal(4)
LONGEST_RUNWAY_QUARTERS = Decimal("99999.99")
CENT = Decimal("0.01")
# A slip of scale: no company has a quintillion dollars.
BEYOND_ANY_COMPANY_USD = Decimal(10) ** 17


class Unknown(StrEnum):
    """Why a figure is None."""

    NOT_REPORTED = "not_reported"
    STALE = "stale"
    CURRENCY = "currency_not_usd_or_unknown"
    NO_TRAILING_YEAR = "no_trailing_year"
    NO_QUARTER = "no_quarter"
    IMPLAUSIBLE = "negative_or_beyond_any_company"
    LIQUIDITY = "liquidity_incomplete"
    BURNS_NOTHING = "burns_nothing"
    MARKET_CAP = "market_cap_unknown"
    MARKET_CAP_UNDATED = "market_cap_undated"
    MARKET_CAP_STALE = "market_cap_stale"
    MARKET_CAP_LATER = "market_cap_of_a_later_day"
    DEPENDS = "depends_on_an_unknown_figure"


@dataclass(frozen=True, slots=True)
class CompanyFigures:
    """The figures of one company on one day. `unknown` names the reason for each that is None.

    `liquid_funds` is what is reported even where `liquidity_complete` is False; nothing is then derived from it.
    `runway_quarters` is None for a company that burns nothing, which is not cash-constrained. `market_cap` is the
    ledger's figure behind `market_cap_usd`; None where that is the caller's own. `market_cap_is_float` marks a public
    float that stands in for it.
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
    enterprise_value_usd: Decimal | None = None
    unknown: Mapping[str, Unknown] = field(default_factory=dict)


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
    ledger = _Ledger(facts, day, history_starts)
    liquid, complete = _liquid_funds(ledger)
    burn = _burn(ledger)
    runway = _runway(ledger, liquid if complete else None, burn)
    constrained = (
        None if not complete or burn is None else runway is not None and runway < CASH_CONSTRAINED_UNDER_QUARTERS
    )
    if constrained is None:
        ledger.unknown["is_cash_constrained"] = ledger.unknown["runway_quarters"]
    debt = _total_debt(ledger)
    priced = _newest_of(ledger, MARKET_CAP)
    if priced is not None:
        market_cap_usd, market_cap_as_of = priced.value, priced.period_end
    cap = _market_cap(ledger, market_cap_usd, market_cap_as_of)
    floats = _newest_of(ledger, PUBLIC_FLOAT) if cap is None else None
    if floats is not None:
        del ledger.unknown["market_cap_usd"]
        priced, cap, market_cap_as_of = floats, floats.value, floats.period_end
    value = None
    if cap is not None and debt is not None and liquid is not None and complete:
        value = cap + debt.value - liquid.value
    else:
        ledger.unknown["enterprise_value_usd"] = Unknown.DEPENDS
    return CompanyFigures(
        day=day,
        liquid_funds=liquid,
        liquidity_complete=complete,
        quarterly_burn=burn,
        last_quarter_burn=_scaled(ledger.quarter(OPERATING_CASH_FLOW, "last_quarter_burn"), Decimal(-1)),
        runway_quarters=runway,
        is_cash_constrained=constrained,
        total_debt=debt,
        research_spending=ledger.year(RESEARCH, "research_spending"),
        market_cap_usd=cap,
        market_cap_as_of=market_cap_as_of if cap is not None else None,
        market_cap=priced if cap is not None else None,
        market_cap_is_float=floats is not None,
        enterprise_value_usd=value,
        unknown=ledger.unknown,
    )


class _Ledger:
    """The facts in force on the day, in USD, and the reasons for what is not known, gathered on the way."""

    def __init__(self, facts: Iterable[Fact], day: date, history_starts: date | None) -> None:
        self.day = day
        self.unknown: dict[str, Unknown] = {}
        in_usd: list[Fact] = []
        others: list[Fact] = []
        for fact in facts:
            (in_usd if fact.unit == USD else others).append(fact)
        self._chosen = in_force(in_usd, day, history_starts=history_starts)
        self._foreign = in_force(others, day, history_starts=history_starts).keys()

    def series(self, concept: str) -> Series:
        """Return the concept's facts in USD. A fact without a unit is of unknown currency, which is not USD."""
        return self._chosen.get(concept, {})

    def is_stale(self, end: date) -> bool:
        """Return whether figures of this period end count as missing."""
        return (self.day - end).days > STALE_AFTER_DAYS

    def balances(self, concepts: Sequence[str]) -> dict[date, list[Fact]]:
        """Return the balances of the concepts by period end."""
        by_end: dict[date, list[Fact]] = {}
        for concept in concepts:
            for (start, end), fact in self.series(concept).items():
                if start is None:
                    by_end.setdefault(end, []).append(fact)
        return by_end

    def said(self, concept: str, name: str, newest: date | None) -> Figure | None:
        """Return an analyst's figure of a period no older than the newest reported one, or None."""
        facts = [
            fact for (_, end), fact in self.series(concept).items()
            if fact.form == CURATED_FORM and end <= self.day and (newest is None or end >= newest)
        ]  # fmt: skip
        if not facts:
            return None
        fact = max(facts, key=lambda fact: fact.period_end)
        return self._fresh(Figure.of(fact.value, [fact], start=None, end=fact.period_end), name, [concept], None)

    def year(self, concept: str, name: str) -> Figure | None:
        """Return the concept's trailing twelve months, or None with the reason noted under `name`."""
        series = self.series(concept)
        return self._fresh(trailing_year(series), name, [concept], Unknown.NO_TRAILING_YEAR if series else None)

    def quarter(self, concept: str, name: str) -> Figure | None:
        """Return the concept's last quarter, or None with the reason noted under `name`."""
        series = self.series(concept)
        return self._fresh(last_quarter(series), name, [concept], Unknown.NO_QUARTER if series else None)

    def missing(self, name: str, concepts: Sequence[str], otherwise: Unknown | None = None) -> None:
        """Note why there is no figure: reported in another currency, or not at all."""
        is_foreign = not self._foreign.isdisjoint(concepts)
        self.unknown[name] = otherwise or (Unknown.CURRENCY if is_foreign else Unknown.NOT_REPORTED)

    def _fresh(
        self, figure: Figure | None, name: str, concepts: Sequence[str], otherwise: Unknown | None
    ) -> Figure | None:
        if figure is None:
            self.missing(name, concepts, otherwise)
            return None
        if self.is_stale(figure.period_end):
            self.unknown[name] = Unknown.STALE
            return None
        if abs(figure.value) >= BEYOND_ANY_COMPANY_USD:
            self.unknown[name] = Unknown.IMPLAUSIBLE
            return None
        return figure

    def balance(self, name: str, facts: Sequence[Fact], end: date) -> Figure | None:
        """Return the sum of balances of one period end, or None if it is below zero or absurd."""
        total = sum((fact.value for fact in facts), Decimal(0))
        if not 0 <= total < BEYOND_ANY_COMPANY_USD:
            self.unknown[name] = Unknown.IMPLAUSIBLE
            return None
        return Figure.of(total, facts, start=None, end=end)


def _liquid_funds(ledger: _Ledger) -> tuple[Figure | None, bool]:
    """Return cash and marketable securities of the newest balance sheet, and whether they are complete.

    No securities at that period end means unknown, not zero: cash alone then counts if it is 40 % of total assets.
    """
    cash = ledger.balances([CASH])
    said = ledger.said(LIQUID_FUNDS, "liquid_funds", max(cash, default=None))
    if said is not None:
        return said, True
    if not cash:
        ledger.missing("liquid_funds", [CASH])
        return None, False
    end = max(cash)
    if ledger.is_stale(end):
        ledger.unknown["liquid_funds"] = Unknown.STALE
        return None, False
    used = cash[end] + ledger.balances(SECURITIES).get(end, [])
    complete = len(used) > len(cash[end])
    if not complete:
        assets = ledger.balances([ASSETS]).get(end)
        complete = assets is not None and cash[end][0].value >= CASH_ALONE_SHARE_OF_ASSETS * assets[0].value
    if not complete:
        ledger.unknown["liquidity"] = Unknown.LIQUIDITY
    liquid = ledger.balance("liquid_funds", used, end)
    return liquid, complete and liquid is not None


def _total_debt(ledger: _Ledger) -> Figure | None:
    """Return the debts of the newest period end that reports any; one that reports none is unknown, not debt-free."""
    debts = ledger.balances(DEBTS)
    said = ledger.said(TOTAL_DEBT, "total_debt", max(debts, default=None))
    if said is not None:
        return said
    if not debts:
        ledger.missing("total_debt", DEBTS)
        return None
    end = max(debts)
    if ledger.is_stale(end):
        ledger.unknown["total_debt"] = Unknown.STALE
        return None
    return ledger.balance("total_debt", debts[end], end)


def _burn(ledger: _Ledger) -> Figure | None:
    """Return the burn a quarter: an analyst's, or a quarter of the operating cash flow of twelve months."""
    flow = trailing_year(ledger.series(OPERATING_CASH_FLOW))
    said = ledger.said(QUARTERLY_BURN, "quarterly_burn", flow.period_end if flow else None)
    return said or _scaled(ledger.year(OPERATING_CASH_FLOW, "quarterly_burn"), Decimal(-1) / 4)


def _runway(ledger: _Ledger, liquid: Figure | None, burn: Figure | None) -> Decimal | None:
    """Return liquid funds over burn in quarters, rounded down to hundredths; None if unknown or nothing is burnt."""
    if liquid is None:
        ledger.unknown["runway_quarters"] = ledger.unknown.get("liquidity") or ledger.unknown["liquid_funds"]
        return None
    if burn is None:
        ledger.unknown["runway_quarters"] = ledger.unknown["quarterly_burn"]
        return None
    if burn.value <= 0:
        ledger.unknown["runway_quarters"] = Unknown.BURNS_NOTHING
        return None
    return min((liquid.value / burn.value), LONGEST_RUNWAY_QUARTERS).quantize(CENT, ROUND_FLOOR)


def _newest_of(ledger: _Ledger, concept: str) -> Figure | None:
    """Return the ledger's newest market cap or public float of a day no later than the day, at most 400 days old."""
    found = [
        fact for (start, end), fact in ledger.series(concept).items()
        if start is None and end <= ledger.day and 0 < fact.value < BEYOND_ANY_COMPANY_USD
    ]  # fmt: skip
    newest = max(found, key=lambda fact: fact.period_end, default=None)
    if newest is None or (ledger.day - newest.period_end).days > MARKET_CAP_STALE_AFTER_DAYS:
        return None
    return Figure.of(newest.value.quantize(CENT), [newest], start=None, end=newest.period_end)


def _market_cap(ledger: _Ledger, cap: Decimal | None, as_of: date | None) -> Decimal | None:
    """Return the market cap if its day is known, not after the day and at most 400 days before it."""
    reason = None
    if cap is None or not cap.is_finite():
        reason = Unknown.MARKET_CAP
    elif as_of is None:
        reason = Unknown.MARKET_CAP_UNDATED
    elif as_of > ledger.day:
        reason = Unknown.MARKET_CAP_LATER
    elif (ledger.day - as_of).days > MARKET_CAP_STALE_AFTER_DAYS:
        reason = Unknown.MARKET_CAP_STALE
    if reason:
        ledger.unknown["market_cap_usd"] = reason
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
