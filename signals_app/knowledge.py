"""What a day knows of a company: the facts in force in USD, and for each figure that is not known the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from signals_app.periods import CURATED_FORM, SHARES, USD, Fact, Figure, Series, in_force, last_quarter, trailing_year

STALE_AFTER_DAYS = 200
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


class Knowledge:
    """The facts in force on the day, in USD, and the reasons for what is not known, gathered on the way."""

    def __init__(self, facts: Iterable[Fact], day: date, history_starts: date | None) -> None:
        self.day = day
        self.unknown: dict[str, Unknown] = {}
        # The period ends of what is too old.
        self.last_reported: dict[str, date] = {}
        in_usd: list[Fact] = []
        others: list[Fact] = []
        for fact in facts:
            (in_usd if fact.unit == USD else others).append(fact)
        self._chosen = in_force(in_usd, day, history_starts=history_starts)
        self._others = in_force(others, day, history_starts=history_starts)

    def series(self, concept: str) -> Series:
        """Return the concept's facts in USD. A fact without a unit is of unknown currency, which is not USD."""
        return self._chosen.get(concept, {})

    def is_stale(self, end: date) -> bool:
        """Return whether figures of this period end count as missing."""
        return (self.day - end).days > STALE_AFTER_DAYS

    def too_old(self, name: str, end: date) -> None:
        """Note that what is reported last, of this period end, counts as missing."""
        self.unknown[name], self.last_reported[name] = Unknown.STALE, end

    def balances(self, concepts: Sequence[str]) -> dict[date, list[Fact]]:
        """Return the balances of the concepts by period end."""
        by_end: dict[date, list[Fact]] = {}
        for concept in concepts:
            for (start, end), fact in self.series(concept).items():
                if start is None:
                    by_end.setdefault(end, []).append(fact)
        return by_end

    def count(self, concept: str, name: str) -> Figure | None:
        """Return the newest number of shares of the concept, or None with the reason noted under `name`."""
        held = {
            end: fact for (start, end), fact in self._others.get(concept, {}).items()
            if start is None and fact.unit == SHARES and end <= self.day
        }  # fmt: skip
        figure = Figure.of(held[max(held)].value, [held[max(held)]], start=None, end=max(held)) if held else None
        return self._fresh(figure, name, [concept], Unknown.NOT_REPORTED)

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
        is_foreign = not self._others.keys().isdisjoint(concepts)
        self.unknown[name] = otherwise or (Unknown.CURRENCY if is_foreign else Unknown.NOT_REPORTED)

    def _fresh(
        self, figure: Figure | None, name: str, concepts: Sequence[str], otherwise: Unknown | None
    ) -> Figure | None:
        if figure is None:
            self.missing(name, concepts, otherwise)
            return None
        if self.is_stale(figure.period_end):
            self.too_old(name, figure.period_end)
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
