"""Webhooks and API clients: a secret is shown once, on the page that answers the form, and never again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from biotech_ma.core.admin import ArchiveAdmin
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.services import Refused


class SecretAdmin(ArchiveAdmin):
    """A table whose rows hold a secret that is shown once."""

    shown_name = "secret"
    shown_use = ""

    def show_once(self, request: HttpRequest, row: Any, secret: str) -> HttpResponse:
        """Return the page that shows a secret, the only one that ever does; no cache keeps it."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"The {self.shown_name} of {row}",
            "opts": self.opts,
            "secret": secret,
            "secret_name": self.shown_name,
            "secret_use": self.shown_use,
            "row": row,
        }
        request.current_app = self.admin_site.name
        response = TemplateResponse(request, "admin/desk/secret.html", context)
        add_never_cache_headers(response)
        response.done = True  # type: ignore[attr-defined]
        return response

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret of a new row instead of going back to the list."""
        secret = getattr(request, "new_secret", None)
        if secret is None:
            return super().response_add(request, obj, post_url_continue)  # type: ignore[no-any-return]
        return self.show_once(request, obj, secret)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save; a new row comes from its service, with its secret."""
        if change:
            super().save_model(request, obj, form, change)
            return
        saved, secret = self.create(form.cleaned_data)
        request.new_secret = secret  # type: ignore[attr-defined]
        obj.pk, obj._state.adding = saved.pk, False

    def create(self, values: dict[str, Any]) -> tuple[Any, str]:
        """Return the new row and its secret."""
        raise NotImplementedError

    def rotated(self, request: HttpRequest, object_id: str, question: Question, rotate: Any) -> HttpResponse:
        """Ask, give the row a new secret, and show it once."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such row.")
        page = asked(self, request, question, [row])
        if page is not None:
            return page
        try:
            secret = rotate(row, reason_of(request))
        except Refused as refusal:
            messages.error(request, str(refusal))
            return self.back(row)
        self.log_change(request, row, f"New {self.shown_name}.")
        return self.show_once(request, row, secret)

    def back(self, row: Any) -> HttpResponse:
        """Return to the row's page."""
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        )
