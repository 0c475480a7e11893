"""Each user's own settings, and the zone that their pages show times in."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from biotech_ma.core.desk_profiles import choose_zone, zone_of, zones

KEY = "time_zone"


def _choices() -> list[tuple[str, str]]:
    return [("", f"The site's: {settings.TIME_ZONE}"), *((name, name) for name in zones())]


class PreferencesForm(forms.Form):
    """What a user may choose."""

    time_zone = forms.ChoiceField(
        required=False,
        choices=_choices,
        label="Time zone",
        help_text="Times are shown in this zone, here and in your other browsers from their next sign-in on. "
        "Days of events are the market's, in New York, for everybody.",
        widget=UnfoldAdminSelectWidget(attrs={"autofocus": True}),
    )


@site.admin_view
def preferences(request: HttpRequest) -> HttpResponse:
    """Show or save the user's settings."""
    user_id = request.user.pk or 0
    form = PreferencesForm(request.POST or None, initial={"time_zone": zone_of(user_id)})
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["time_zone"]
        choose_zone(user_id, name)
        request.session[KEY] = name
        with timezone.override(_zone(name)):
            messages.success(request, f"Saved. It is {timezone.localtime():%H:%M} in {name or settings.TIME_ZONE}.")
        return HttpResponseRedirect(reverse("preferences"))
    context = {**site.each_context(request), "title": "Preferences", "form": form}
    return TemplateResponse(request, "admin/desk/preferences.html", context)


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None


class UserZoneMiddleware:
    """Show the admin's times in the user's zone; the API's stay as they are.

    The session keeps the zone, so that a page costs no query for it. Stands after AuthenticationMiddleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(reverse("admin:index")):
            return self.get_response(request)
        name = request.session.get(KEY)
        if name is None and request.user.is_authenticated:
            name = request.session[KEY] = zone_of(request.user.pk)
        with timezone.override(_zone(name or "")):
            return self.get_response(request)
