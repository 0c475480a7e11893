"""A form of the admin that is sent twice is carried out once (docs/adr/0028)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from biotech_ma.core.form_submissions import keep, location_of, release, take

FORM_FIELD = "csrfmiddlewaretoken"
MOST_HASHED_FILE_BYTES = 64 * 1024
REDIRECTS = range(300, 400)
TWICE = "That was sent twice and done once."


class OnceMiddleware:
    """Carry out each rendered form of the admin once.

    Django masks the CSRF token anew for every page that it renders, so token, address and content together name one
    form. A form counts as carried out when its answer redirects, or when the view has set `done` on the answer; one
    that was refused and comes back may be sent again. Stands after the session, CSRF and authentication.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Run the view of a form in one transaction with the claim that nobody else has sent it."""
        if request.method != "POST" or not request.path.startswith(reverse("admin:index")):
            return None
        user: Any = request.user
        if not user.is_authenticated or not request.POST.get(FORM_FIELD):
            return None
        key = _key(request, user.pk)
        with transaction.atomic():
            if not take(key):
                return _again(request, key)
            response = view(request, *args, **kwargs)
            if response.status_code in REDIRECTS or getattr(response, "done", False):
                keep(key, response.headers.get("Location", ""))
            else:
                release(key)
        return response


def _again(request: HttpRequest, key: str) -> HttpResponse:
    messages.info(request, TWICE)
    return HttpResponseRedirect(location_of(key) or reverse("admin:index"))


def _key(request: HttpRequest, user_id: object) -> str:
    whole = hashlib.sha256()
    parts = [str(user_id), request.get_full_path(), sorted(request.POST.lists())]
    # Half a surrogate pair is escaped here, and refused by the form.
    whole.update(json.dumps(parts).encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            whole.update(json.dumps([name, file.name, file.size]).encode())
            whole.update(file.read(MOST_HASHED_FILE_BYTES))
            file.seek(0)
    return whole.hexdigest()
