"""The page of one's sessions: where one is signed in, and the way to end that."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from biotech_ma.core.second_factor import note
from biotech_ma.core.second_factor_gate import ASKED
from biotech_ma.core.second_factor_gate import KEY as FACTOR
from biotech_ma.core.sign_ins import SignIn, Standing, end_sign_ins, running

END, OTHERS = "end", "others"
# What browsers call themselves; the first that is found, for later ones name the earlier, too.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


@site.admin_view
def sign_ins(request: HttpRequest) -> HttpResponse:
    """Show where the user is signed in, and end one of these sessions or all others."""
    found = running(request.user.pk or 0)
    here = request.session.session_key
    if request.method == "POST":
        return _end(request, [each.sign_in for each in found if each.sign_in.session_key != here])
    context = {
        **site.each_context(request),
        "title": "Where I am signed in",
        "rows": [_row(each, is_here=each.sign_in.session_key == here) for each in found],
        "has_others": any(each.sign_in.session_key != here for each in found),
    }
    return TemplateResponse(request, "admin/desk/sign_ins.html", context)


def _end(request: HttpRequest, others: list[SignIn]) -> HttpResponse:
    wanted = request.POST.get(END, "")
    chosen = others if OTHERS in request.POST else [each for each in others if str(each.pk) == wanted]
    ended = end_sign_ins(SignIn.objects.filter(pk__in=[each.pk for each in chosen]))
    if ended:
        user: Any = request.user
        note(user, by=user, words=f"Signed out elsewhere: {ended}.")
    words = {0: "Nothing to end: that session is over already.", 1: "Signed out there."}
    messages.success(request, words.get(ended, f"Signed out in {ended} other places."))
    return HttpResponseRedirect(reverse("sign-ins"))


def _row(each: Standing, *, is_here: bool) -> dict[str, Any]:
    """Return a session as the page shows it."""
    kept = each.data.get(FACTOR)
    waits = isinstance(kept, list) and len(kept) > 1 and kept[1] == ASKED
    return {
        "pk": each.sign_in.pk,
        "is_here": is_here,
        "waits": waits,
        "browser": _named(each.sign_in.browser),
        "agent": each.sign_in.browser,
        "address": each.sign_in.address,
        "by": settings.OIDC.name if each.sign_in.identity_id else "password",
        "began_at": each.sign_in.began_at,
        "seen_at": each.seen_at,
    }


def _named(agent: str) -> str:
    """Return a browser and its system in words."""
    browser = next((name for sign, name in BROWSERS if sign in agent), "")
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    return " on ".join(part for part in (browser, system) if part) or "unknown browser"
