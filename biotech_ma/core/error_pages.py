"""What a page says that cannot be shown: in the admin's look, with what to do next."""

from __future__ import annotations

import logging
from typing import NamedTuple

from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

logger = logging.getLogger(__name__)


class Words(NamedTuple):
    """A title, and what helps."""

    title: str
    help: str


WORDS = {
    400: Words("That cannot be read", "The address or what was sent is malformed. Go back and try again."),
    403: Words(
        "Not yours to open",
        "Your role does not include this page or action. If you need it, name the address to an administrator and ask "
        "for the role that has it.",
    ),
    404: Words(
        "There is nothing here",
        "The row was deleted, is not yours to see, or the address is wrong. Search for it with Ctrl-K, or look under "
        "Filters → Archived in its list.",
    ),
    500: Words(
        "Something went wrong here",
        "It has been written to the server's log, and nothing that you sent was half saved. Try again; if it happens "
        "again, tell whoever runs this server when it was.",
    ),
}
FORM = Words(
    "This form is from before",
    "You have signed in or out since it was opened, or the browser keeps no cookies. Go back, copy what you typed, "
    "reload the page and send it again. Nothing was changed.",
)


def error_page(request: HttpRequest, status: int, words: Words | None = None) -> HttpResponse:
    """Return the page of a status: with the menu for whoever is signed in to the admin, else alone."""
    context = {"status": status, "words": words or WORDS[status], "title": (words or WORDS[status]).title}
    user = getattr(request, "user", None)
    if status < 500 and user is not None and request.path.startswith(reverse("admin:index")):  # noqa: PLR2004
        try:
            if user.is_active and user.is_staff:
                context |= site.each_context(request)
                return HttpResponse(render_to_string("admin/desk/error.html", context, request), status=status)
        except Exception:
            # a page about an error makes none
            logger.exception("the page of status %s could not be drawn", status)
    return HttpResponse(render_to_string("error.html", context), status=status)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form whose token does not fit the session."""
    return error_page(request, 403, FORM)
