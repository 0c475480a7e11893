"""Turns what rows say of their origin into evidence: the source, where to read it, and from which day it counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from biotech_ma.core.market_day import NEW_YORK
from companies.origins import filing, link
from scoring.engine.inputs import Evidence
from signals_app.periods import Figure

CURATED = "curated"
MOST_SOURCE = 200


def of_field(field_sources: Mapping[str, Any], name: str) -> Evidence:
    """Return the evidence of a curated row's field; without a note of its origin it is an analyst's."""
    note = field_sources.get(name)
    if not isinstance(note, dict):
        return Evidence(CURATED)
    source = str(note.get("source") or CURATED)
    identifier = str(note.get("id") or "")
    named = f"{source}: {identifier}"[:MOST_SOURCE] if identifier else source
    return Evidence(source=named, url=link(identifier), day=as_day(note.get("as_of")))


def of_figure(figure: Figure, cik: str | None) -> Evidence:
    """Return the evidence of a figure: its filings, the last of them to read, and the day it became public."""
    url = filing(cik, figure.accessions[-1]) if figure.accessions else None
    return Evidence(
        source=f"{', '.join(figure.sources)}: {', '.join(figure.accessions)}"[:MOST_SOURCE],
        url=url,
        day=figure.available_at.astimezone(NEW_YORK).date(),
        accessions=figure.accessions,
    )


def of_price(cap: Figure) -> Evidence:
    """Return the evidence of a market cap of the ledger: who says so, and the day that it is of."""
    return Evidence(source=f"{', '.join(cap.sources)}: market cap"[:MOST_SOURCE], url=None, day=cap.period_end)


def as_day(text: object) -> date | None:
    """Return the day that an ISO text begins with, or None."""
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
