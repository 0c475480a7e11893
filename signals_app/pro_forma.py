"""Money raised after the balance sheet: a line of its own beside the liquid funds, never added to them silently.

A financing is a signal of type `financing` whose particulars say what it brought: `net_proceeds_usd`, else
`gross_proceeds_usd`, else `amount_usd`, in dollars. Prospectuses come in without an amount: they are counted as such.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from biotech_ma.core.market_day import NEW_YORK, end_of, start_of
from companies.querysets import same_company_q
from signals_app.knowledge import BEYOND_ANY_COMPANY_USD
from signals_app.models import Signal

FINANCING = "financing"
# The most certain first: what the company keeps, what it takes in, what somebody calls the amount.
AMOUNTS = ("net_proceeds_usd", "gross_proceeds_usd", "amount_usd")


@dataclass(frozen=True, slots=True)
class Financing:
    """One financing after the balance sheet. `usd` is None where its source names no amount."""

    day: dt.date
    title: str
    usd: Decimal | None
    basis: str
    source_url: str | None


@dataclass(frozen=True, slots=True)
class ProForma:
    """Liquid funds of the balance sheet of a day, and what was raised since, as known by another day. In USD."""

    period_end: dt.date
    liquid_funds_usd: Decimal
    financings: tuple[Financing, ...]

    @property
    def raised_usd(self) -> Decimal:
        """Return the sum of the amounts that are known."""
        return sum((each.usd for each in self.financings if each.usd is not None), Decimal(0))

    @property
    def liquid_funds_pro_forma_usd(self) -> Decimal:
        """Return the liquid funds with what was raised since, before what was spent since."""
        return self.liquid_funds_usd + self.raised_usd

    @property
    def without_amount(self) -> int:
        """Return how many financings name no amount."""
        return sum(each.usd is None for each in self.financings)


def pro_forma(*, company_id: UUID, liquid_funds_usd: Decimal, period_end: dt.date, day: dt.date) -> ProForma:
    """Return what the company raised after its balance sheet of `period_end`, as known by the end of the day."""
    signals = Signal.objects.known_by_day(day).filter(
        same_company_q(company_id),
        signal_type=FINANCING,
        event_date__gte=start_of(period_end + dt.timedelta(days=1)),
        event_date__lt=end_of(day),
    )
    rows = signals.order_by("event_date", "id").values_list("event_date", "title", "signal_data", "source_url")
    return ProForma(period_end, liquid_funds_usd, tuple(_financing(*row) for row in rows))


def _financing(event_date: dt.datetime, title: str, data: Mapping[str, Any], url: str | None) -> Financing:
    for name in AMOUNTS:
        usd = _dollars(data.get(name))
        if usd is not None:
            return Financing(event_date.astimezone(NEW_YORK).date(), title, usd, name, url)
    return Financing(event_date.astimezone(NEW_YORK).date(), title, None, "", url)


def _dollars(value: object) -> Decimal | None:
    """Return a sensible amount of dollars, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        usd = Decimal(str(value).replace(",", "").removeprefix("$"))
    except InvalidOperation:
        return None
    return usd if usd.is_finite() and 0 < usd < BEYOND_ANY_COMPANY_USD else None
