"""How long a company's money lasts, as a day."""

from __future__ import annotations

import datetime as dt

from companies.models import Company

DAYS_A_QUARTER = 365.25 / 4
# Beyond this a day says nothing.
LONGEST_DAYS = 365 * 40


def funds_day(company: Company) -> dt.date | None:
    """Return the day of the balance sheet behind the liquid funds, None where it is not known."""
    note = company.field_sources.get("cash_position_usd")
    try:
        return dt.date.fromisoformat(str(note.get("as_of"))) if isinstance(note, dict) else None
    except ValueError:
        return None


def lasts_until(company: Company) -> dt.date | None:
    """Return the day on which the liquid funds are used up at the present burn, counted from their balance sheet.

    None where the runway or the balance sheet's day is not known, or where the money lasts beyond forty years.
    """
    start, quarters = funds_day(company), company.runway_quarters
    if start is None or quarters is None:
        return None
    days = int(float(quarters) * DAYS_A_QUARTER)
    return start + dt.timedelta(days=days) if days <= LONGEST_DAYS else None
