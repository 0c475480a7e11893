"""Form fields that delivery's tables share: lists of tickers and of recipients."""

from __future__ import annotations

from functools import partial
from typing import Any

from biotech_ma.core.admin.fields import LinesField, emails, known_words
from companies.models import Company


def _known_tickers(tickers: list[str]) -> Any:
    return Company.objects.filter(ticker__in=tickers).values_list("ticker", flat=True)


def _near_tickers(ticker: str) -> Any:
    return Company.objects.near_tickers(ticker)


TICKERS = partial(LinesField, check=known_words(_known_tickers, "No live company has the ticker", _near_tickers))
RECIPIENTS = partial(LinesField, check=emails)
