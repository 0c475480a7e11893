"""The admin's look: titles, navigation, colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _may_view(model: str) -> Callable[[HttpRequest], bool]:
    app, name = model.split(".")
    return lambda request: bool(request.user.has_perm(f"{app}.view_{name}"))


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model.replace('.', '_')}_changelist"),
        "permission": _may_view(model),
    }


def environment(request: HttpRequest) -> list[str] | None:
    """Return the label in the corner: where the data is, unless it is a deployment of its own."""
    from django.conf import settings

    if settings.DEBUG:
        return ["Debug", "danger"]
    if settings.DATABASES["default"].get("HOST", "").startswith("/"):
        return ["Embedded database", "info"]
    return None


NAVIGATION: list[dict[str, Any]] = [
    {"items": [{"title": "Today", "icon": "dashboard", "link": reverse_lazy("admin:index")}]},
    {
        "title": "Companies",
        "separator": True,
        "items": [
            _item("Companies", "biotech", "companies.company"),
            _item("Drug candidates", "pill", "companies.drugcandidate"),
            _item("Watchlists", "bookmarks", "companies.watchlist"),
            _item("Aliases", "alternate_email", "companies.companyalias"),
            {
                "title": "Possible duplicates",
                "icon": "join",
                "link": reverse_lazy("admin:companies_companydistinction_possible"),
                "permission": _may_view("companies.companydistinction"),
            },
            {
                **_item("Told apart", "call_split", "companies.companydistinction"),
                "active": lambda request: "/companydistinction/" in request.path and "/possible/" not in request.path,
            },
            _item("Merges", "merge", "companies.companymerge"),
            _item("Notes", "sticky_note_2", "companies.companynote"),
            _item("Restricted list", "lock", "companies.restriction"),
            _item("Log of the restricted list", "policy", "companies.restrictionlog"),
        ],
    },
    {
        "title": "Signals",
        "separator": True,
        "items": [
            _item("Signals", "sensors", "signals_app.signal"),
            _item("Reported figures", "receipt_long", "signals_app.financialfact"),
            _item("Review queue", "rule", "signals_app.reviewitem"),
            _item("Runs of sources", "cloud_download", "signals_app.ingestrun"),
            _item("Imports", "upload_file", "signals_app.sheetimport"),
        ],
    },
    {
        "title": "Scores",
        "separator": True,
        "items": [
            _item("Top list", "leaderboard", "scoring.mascore"),
            _item("Acquirer matches", "handshake", "scoring.acquirermatch"),
            _item("Deals", "gavel", "signals_app.deal"),
            _item("Weights", "balance", "scoring.scoreversion"),
        ],
    },
    {
        "title": "Delivery",
        "separator": True,
        "items": [
            _item("Reports", "description", "delivery.report"),
            {
                **_item("Inbox", "inbox", "delivery.inboxitem"),
                "permission": _may_view("delivery.alerttrigger"),
                "badge": "delivery.admin_inbox.unread_count",
                "badge_variant": "primary",
            },
            _item("Alerts", "notifications", "delivery.alert"),
            _item("Alert history", "history", "delivery.alerttrigger"),
            _item("Alert messages", "forward_to_inbox", "delivery.alertnotice"),
            _item("Webhooks", "webhook", "delivery.webhook"),
            _item("Webhook deliveries", "outbox", "delivery.webhookdelivery"),
            _item("API clients", "key", "delivery.client"),
        ],
    },
    {
        "title": "Administration",
        "separator": True,
        "collapsible": True,
        "items": [
            _item("Changes", "manage_history", "core.change"),
            _item("Background jobs", "work_history", "procrastinate.procrastinatejob"),
            _item("Saved filters", "filter_alt", "core.savedfilter"),
            {
                "title": "Exports taken",
                "icon": "download",
                "link": reverse_lazy("admin:core_listexport_changelist"),
            },
            _item("Users", "person", "auth.user"),
            _item("Groups", "group", "auth.group"),
        ],
    },
]

SCRIPTS = ("typing", "scroll", "labels", "once", "save_bar", "unsaved", "keys")

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "biotech_ma",
    "SITE_HEADER": "biotech_ma",
    "SITE_SUBHEADER": "M&A desk",
    "SITE_SYMBOL": "genetics",
    "SITE_URL": None,
    "LOGIN": {"form": "biotech_ma.core.login.DeskLoginForm"},
    "ACCOUNT": {
        "navigation": [
            {"title": "Preferences", "link": reverse_lazy("preferences")},
            {"title": "Second factor", "link": reverse_lazy("second-factor")},
            {"title": "Where I am signed in", "link": reverse_lazy("sign-ins")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ],
    },
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": False,
    "ENVIRONMENT": "biotech_ma.core.admin_settings.environment",
    "DASHBOARD_CALLBACK": "biotech_ma.core.admin.dashboard.dashboard",
    "STYLES": [lambda request: static("core/admin.css")],
    "SCRIPTS": [lambda request, name=name: static(f"core/{name}.js") for name in SCRIPTS],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("core/favicon.svg")}],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.7)",
            "100": "oklch(95.3% .051 180.8)",
            "200": "oklch(91% .096 180.4)",
            "300": "oklch(85.5% .138 181.1)",
            "400": "oklch(77.7% .152 181.9)",
            "500": "oklch(70.4% .14 182.5)",
            "600": "oklch(51.1% .096 186.4)",
            "700": "oklch(43.7% .078 188.2)",
            "800": "oklch(38.6% .063 188.4)",
            "900": "oklch(33% .055 188.6)",
            "950": "oklch(27.7% .046 192.5)",
        },
    },
    "COMMAND": {"search_callback": "companies.admin.found", "show_history": True},
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": NAVIGATION},
}
