"""Cells of deals: shares in per cent, spreads with the day that they are of, days that have passed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns, figures
from signals_app.deal_figures import Spread
from signals_app.deal_terms import PENDING
from signals_app.deals import Deal

PERCENT = 100
NO_SPREAD = "Needs an equity value and a market cap since the announcement"
PASSED = {
    "outside_date": "Past: either side may walk away, unless they have moved it",
    "expected_close": "Past: it has not closed as expected, or nobody has said so here",
}


def percent(share: Decimal | None, *, hint: str, note: str = "") -> SafeString:
    """Return a share as per cent with a sign."""
    if share is None:
        return columns.unknown(hint)
    exact = "; ".join(filter(None, (f"{share * PERCENT:.4f} %", note)))
    return columns.hover(f"{figures.change(share * PERCENT)} %", exact)


def spread_words(spread: Spread | None) -> SafeString:
    """Return a spread with the day of the market's price below it."""
    if spread is None:
        return columns.unknown(NO_SPREAD)
    gross = percent(spread.gross, hint="", note=spread.note)
    return format_html('{}<span class="desk-line desk-muted">{}</span>', gross, f"of {spread.priced_on}")


def term_day(deal: Deal, name: str, today: dt.date) -> SafeString | str:
    """Return a day of the terms; of a pending deal one that has passed is shown as such."""
    day = deal.day(name)
    if day is not None and day < today and deal.status == PENDING:
        return columns.badge(f"{figures.day(day)}, passed", "red", title=PASSED[name])
    return columns.day(day)
