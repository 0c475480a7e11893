"""The admin's look: titles, navigation, colours."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "biotech_ma",
    "SITE_HEADER": "biotech_ma",
    "SITE_SUBHEADER": "M&A desk",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
}
