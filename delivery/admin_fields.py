"""Form fields that delivery's tables share: lists of tickers and of recipients."""

from __future__ import annotations

from functools import partial
from typing import Any

from biotech_ma.core.admin.fields import LinesField, emails, known_words
from companies.identity import read_refs
from companies.models import Company


def _known_tickers(tickers: list[str]) -> Any:
    """Return the tickers that lead to live companies: a merged duplicate's leads to the one that was kept."""
    return read_refs(tickers)


def _near_tickers(ticker: str) -> Any:
    return Company.objects.near_tickers(ticker)


def say_where_they_lead(form: Any, name: str, row: Any) -> Any:
    """Let the field of tickers say which of the row's were a merged duplicate's, and return the form class."""
    field = getattr(form, "base_fields", {}).get(name)
    tickers = getattr(row, name, None)
    if field is not None and tickers:
        led = [(ticker, company) for ticker, company in read_refs(tickers).items() if company.ticker != ticker]
        words = [f"{ticker} is read as {company}, into which it is merged." for ticker, company in sorted(led)]
        field.help_text = " ".join([str(field.help_text), *words])
    return form


TICKERS = partial(LinesField, check=known_words(_known_tickers, "No live company has the ticker", _near_tickers))
RECIPIENTS = partial(LinesField, check=emails)
