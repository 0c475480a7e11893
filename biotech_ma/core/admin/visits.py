"""Since when something is new to whoever looks at the first page: their last visit, or a span that they ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from biotech_ma.core.desk_profiles import look, mark_seen

FIRST_VISIT = "30d"
SPANS = {
    "24h": ("24 hours", dt.timedelta(hours=24)),
    "7d": ("7 days", dt.timedelta(days=7)),
    "30d": ("30 days", dt.timedelta(days=30)),
}

type End = Callable[[], dt.datetime | None]

_ends: list[End] = []


@dataclass(frozen=True)
class Since:
    """The moment from which on something is new, and why that one in words. `span` names a span that was asked for."""

    at: dt.datetime
    words: str
    span: str = ""


def data_ends(end: End) -> End:
    """Have spans counted back from the newest data where that is older than today: for the apps above."""
    _ends.append(end)
    return end


def since_of(request: HttpRequest) -> Since:
    """Return since when something is new to the user; the look at the page is noted, once a request."""
    kept: Since | None = getattr(request, "desk_since", None)
    if kept is None:
        kept = _since(request, timezone.now())
        request.desk_since = kept  # type: ignore[attr-defined]
    return kept


def _since(request: HttpRequest, now: dt.datetime) -> Since:
    seen_until = look(request.user.pk or 0, now)
    asked = request.GET.get("since", "")
    if asked not in SPANS and seen_until is not None:
        return Since(seen_until, "your last visit")
    span = asked if asked in SPANS else FIRST_VISIT
    name, length = SPANS[span]
    newest = max((found for end in _ends if (found := end()) is not None), default=now)
    if newest >= now - length:
        words = f"the last {name}"
        newest = now
    else:
        words = f"the {name} up to the newest data, of {timezone.localtime(newest):%Y-%m-%d}"
    return Since(newest - length, words if asked in SPANS else f"your first visit: {words}", span)


@require_POST
@site.admin_view
def seen(request: HttpRequest) -> HttpResponse:
    """Mark everything as seen, and go back to the first page."""
    mark_seen(request.user.pk or 0, timezone.now())
    return HttpResponseRedirect(reverse("admin:index"))
