"""What follows from the terms of deals: the spread of a pending one, the premium quartiles of many."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q

from biotech_ma.core.admin.paginator import COUNT_LIMIT
from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from signals_app.deal_terms import PENDING
from signals_app.deals import Deal
from signals_app.offers import IS_DEAL

DAYS_A_YEAR = 365
# Quartiles of fewer would be the deals themselves.
FEWEST = 4


@dataclass(frozen=True)
class Spread:
    """What is left between the market and the offer: a share of the market's price, and the same for a year.

    `priced_on` is the day of the market's price, `closes_on` the one to which the year's is reckoned.
    """

    gross: Decimal
    annualised: Decimal | None
    priced_on: dt.date
    closes_on: dt.date | None

    @property
    def note(self) -> str:
        """What it is reckoned from, in words."""
        return f"equity value over the market cap of {self.priced_on}, without contingent payments"


def spread_of(deal: Deal, value: Decimal | None, target: Company | None, today: dt.date) -> Spread | None:
    """Return the spread of a pending deal: equity value over the target's market cap of a day since the announcement.

    None where the value is not of the equity, or no market cap is known since. Simple interest to the expected close.
    """
    if deal.status != PENDING or value is None or target is None or not target.market_cap_usd:
        return None
    basis = deal.term("value_basis")
    if "enterprise" in basis or (basis and "equity" not in basis) or target.market_cap_as_of is None:
        return None
    if target.market_cap_as_of < deal.event_date.astimezone(NEW_YORK).date():
        return None
    gross = value / target.market_cap_usd - 1
    close = deal.day("expected_close")
    days = (close - today).days if close else 0
    yearly = gross * DAYS_A_YEAR / days if days > 0 else None
    return Spread(gross, yearly, target.market_cap_as_of, close if days > 0 else None)


@dataclass(frozen=True)
class Premiums:
    """The quartiles of known premiums, of how many deals, and the targets of those whose premium nobody knows.

    Of fewer than four there are none.
    """

    over: str
    low: Decimal | None
    middle: Decimal | None
    high: Decimal | None
    known: int
    unknown: tuple[str, ...] = ()
    unknown_count: int = 0
    # Whether older deals were left unread.
    is_of_newest: bool = False

    @property
    def too_few(self) -> bool:
        """True where there are too few deals for quartiles."""
        return self.known < FEWEST


MOST_NAMED, MOST_READ = 8, COUNT_LIMIT
# Annotation -> what the premium is over.
OVER = {"premium": "the last close before the announcement", "premium_30": "the average of the 30 days before it"}


def premiums_of(rows: Any, *, is_long: bool = False) -> list[Premiums]:
    """Return the premium quartiles of the deals (linear between neighbours) over each of OVER, and who is missing.

    Of a list that is longer than lists count, those among the last MOST_READ deals up to its newest are read. What is
    known is read in one pass: what is a deal, and whether it has ended, is asked of each row once.
    """
    read_from = _day_of_the_last(rows) if is_long else None
    within = rows if read_from is None else rows.filter(event_date__gte=read_from)
    asked: dict[str, Any] = {f"{name}_known": ArrayAgg(name, filter=Q(**{f"{name}__isnull": False})) for name in OVER}
    read = within.order_by().aggregate(number=Count("pk"), **asked)
    made = [_premiums(rows, name, sorted(read[f"{name}_known"] or ()), read["number"]) for name in OVER]
    return [replace(each, is_of_newest=read_from is not None) for each in made]


def _day_of_the_last(rows: Any) -> dt.datetime | None:
    """Return the moment of the earliest of the deals that are read, from the index alone; None where all are."""
    newest = rows.order_by("-event_date", "-id").values_list("event_date", flat=True).first()
    deals = Deal.deals.filter(IS_DEAL, event_date__lte=newest).order_by("-event_date", "-id")
    return next(iter(deals.values_list("event_date", flat=True)[MOST_READ - 1 : MOST_READ]), None)


def _premiums(rows: Any, name: str, found: list[Decimal], number: int) -> Premiums:
    missing = number - len(found)
    unknown = rows.filter(**{name: None}).select_related("company__merged_into")[:MOST_NAMED] if missing else ()
    low, middle, high = (
        _quantile(found, Decimal(quarter) / 4) if len(found) >= FEWEST else None for quarter in (1, 2, 3)
    )
    return Premiums(OVER[name], low, middle, high, len(found), tuple(deal.target for deal in unknown), missing)


def _quantile(ordered: list[Decimal], share: Decimal) -> Decimal:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
