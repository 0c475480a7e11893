"""Signals as the API shows them."""

from __future__ import annotations

from biotech_ma.core.api.resources import Column, Resource, columns
from signals_app.models import Signal

SIGNALS = Resource(
    name="Signal",
    model=Signal,
    fields=(
        Column("id"),
        Column("company_id"),
        Column("ticker", "company__ticker"),
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
