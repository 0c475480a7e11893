"""Signals as the API shows them."""

from __future__ import annotations

from biotech_ma.core.api.resources import Column, Resource, columns
from companies.identity import read_as, read_as_field
from signals_app.models import Signal

SIGNALS = Resource(
    name="Signal",
    model=Signal,
    fields=(
        Column("id"),
        Column(
            "company_id", read_as(), help_text="Whose event it is; of a merged duplicate the company that was kept."
        ),
        Column("ticker", read_as_field("ticker"), help_text="Ticker of the company, null for one that is not listed."),
        *columns(
            "signal_type",
            "event_date",
            "available_at",
            "supersedes_id",
            "severity",
            "confidence",
            "title",
            "description",
            "source",
            "source_id",
            "source_url",
            "signal_data",
            "ma_impact_score",
            "created_at",
            "updated_at",
        ),
    ),
    ordering=("-event_date", "-id"),
    orderable={"available_at": "available_at", "ma_impact_score": "ma_impact_score", "id": "id"},
    begins="available_at",
)
