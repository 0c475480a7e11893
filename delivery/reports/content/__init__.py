"""The content of each report: one frozen dataclass, built in a fixed number of queries, rendered elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from delivery.choices import ReportType
from delivery.reports.content import acquirer_analysis, alerts, daily_digest, deep_dive, weekly_watchlist
from delivery.reports.content.acquirer_analysis import AcquirerAnalysis
from delivery.reports.content.alerts import AlertReport
from delivery.reports.content.daily_digest import DailyDigest
from delivery.reports.content.deep_dive import DeepDive
from delivery.reports.content.weekly_watchlist import WeeklyWatchlist
from delivery.reports.orders import Order

type Content = WeeklyWatchlist | DailyDigest | DeepDive | AcquirerAnalysis | AlertReport

__all__ = ["AcquirerAnalysis", "AlertReport", "Content", "DailyDigest", "DeepDive", "WeeklyWatchlist", "content_of"]

_BUILDERS: Mapping[str, Callable[[Order], Content]] = {
    ReportType.WEEKLY_WATCHLIST: weekly_watchlist.build,
    ReportType.DAILY_DIGEST: daily_digest.build,
    ReportType.DEEP_DIVE: deep_dive.build,
    ReportType.ACQUIRER_ANALYSIS: acquirer_analysis.build,
    ReportType.ALERT: alerts.build,
}


def content_of(order: Order) -> Content:
    """Return what the report says. The same day gives the same content, as long as the ledger of that day does."""
    return _BUILDERS[order.report_type](order)
