"""What delivery makes of the desk's watchlists: alerts and reports that look at them."""

from __future__ import annotations

from companies.models import Watchlist
from companies.watchlists import also_used
from delivery.models import Alert, StandingOrder


def uses(watchlist: Watchlist) -> list[str]:
    """Return the live alerts and the standing orders of the watchlist, one line each."""
    alerts = Alert.objects.filter(watchlist=watchlist).order_by("name", "id")
    orders = StandingOrder.objects.filter(watchlist=watchlist, is_active=True)
    return [
        *(f"the alert “{name}”" for name in alerts.values_list("name", flat=True)),
        *(f"the {order.get_report_type_display().lower()}{_to(order.recipients)}" for order in orders),
    ]


def _to(recipients: list[str]) -> str:
    return f" to {', '.join(recipients)}" if recipients else ""


also_used(uses)
