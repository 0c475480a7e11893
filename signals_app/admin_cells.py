"""Cells that several tables show: a severity, a signal with the way to its source."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns
from signals_app.models import Signal


def severity_badge(signal: Signal) -> str:
    """Return the severity with its colour."""
    return columns.severity(signal.severity, signal.get_severity_display())


def signal_link(signal: Signal) -> SafeString:
    """Return the title, which leads to the signal's page, and the way to its source."""
    url = reverse("admin:signals_app_signal_change", args=[signal.pk])
    title = format_html('<a class="desk-link desk-wide-text" href="{0}" title="{1}">{1}</a>', url, signal.title)
    if not signal.source_url:
        return title
    source = columns.outside(signal.source_url)
    return format_html('<span class="desk-with-source">{}{}</span>', title, source)


def signal_rows(signals: Any) -> list[list[Any]]:
    """Return signals as the rows of a table: day, severity, type, title."""
    return [
        [columns.market_day(row.event_date), severity_badge(row), row.get_signal_type_display(), signal_link(row)]
        for row in signals
    ]
