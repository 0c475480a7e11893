"""Putting companies on the user's watchlists: from the list for the ticked ones, from a company's page for it alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from biotech_ma.core.admin import columns
from companies.models import Company, Watchlist
from companies.watchlists import number_on, put_on, take_off

MOST_AT_ONCE = 500
APPLY = "watch_apply"
ON, OFF = "on", "off"


class WatchForm(forms.Form):
    """For each list of the user's whether the companies are on it, and the name of a new one."""

    def __init__(self, data: Any, *, owner: Any, companies: Sequence[Company]) -> None:
        super().__init__(data)
        self.owner, self.companies = owner, companies
        self.lists = {str(row.pk): row for row in Watchlist.objects.filter(owner=owner).order_by("name", "id")}
        held = number_on(self.lists.values(), companies)
        for key, row in self.lists.items():
            self.fields[key] = self._choice(row, held[row.pk])
        self.fields["name"] = forms.CharField(
            label="A new watchlist", max_length=100, required=False, widget=UnfoldAdminTextInputWidget(),
            help_text="Its name, if they are to go on a list of their own. It is yours alone until you share it.",
        )  # fmt: skip

    def _choice(self, row: Watchlist, held: int) -> forms.ChoiceField:
        number = len(self.companies)
        choices = [(ON, "on it"), (OFF, "not on it")]
        if 0 < held < number:
            choices = [("", f"as it is: {held} of {number} on it"), (ON, "all on it"), (OFF, "none on it")]
        initial = "" if 0 < held < number else ON if held else OFF
        return forms.ChoiceField(
            label=row.name, choices=choices, initial=initial, required=False, widget=UnfoldAdminSelectWidget()
        )

    def clean_name(self) -> str:
        """Return the name of the new list, empty for none. Refuses one that the user has already."""
        name = str(self.cleaned_data["name"]).strip()
        try:
            if name:
                Watchlist(owner=self.owner, name=name).full_clean()
        except ValidationError as refused:
            raise ValidationError(refused.messages) from refused
        return name

    def apply(self) -> list[str]:
        """Write what was chosen; return what has changed in words, a line a list."""
        told = []
        for key, row in self.lists.items():
            chosen = self.cleaned_data[key]
            put = put_on(row, self.companies) if chosen == ON else 0
            off = take_off(row, self.companies) if chosen == OFF else 0
            told += [f"“{row.name}”: {put:,} put on"] if put else [f"“{row.name}”: {off:,} taken off"] if off else []
        if self.cleaned_data["name"]:
            made = Watchlist.objects.create(owner=self.owner, name=self.cleaned_data["name"])
            told.append(f"“{made.name}” is new: {put_on(made, self.companies):,} put on")
        return told


class CompanyWatching:
    """Watching, mixed into the companies' admin: an action for ticked rows and a page for one."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses, that of watching among them."""
        view = self.admin_site.admin_view(self.watch_view)
        return [
            path("<path:object_id>/watch/", view, name="companies_company_watch"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def has_watch_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Watching takes the permission to have lists and to change them."""
        return bool(request.user.has_perms(["companies.add_watchlist", "companies.change_watchlist"]))

    @admin.action(description="Put on a watchlist…", permissions=["watch"])
    def watch_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Ask which lists the ticked companies are to be on."""
        rows = list(queryset.filter(deleted_at__isnull=True)[: MOST_AT_ONCE + 1])
        if not rows or len(rows) > MOST_AT_ONCE:
            messages.error(request, f"Tick 1 to {MOST_AT_ONCE:,} live rows." if rows else "No live row is ticked.")
            return None
        return self._which_lists(request, rows, action="watch_selected", back=request.get_full_path())

    def watch_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask which lists the company is to be on."""
        row: Company | None = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if row is None or row.is_archived:
            raise Http404("There is no such live company.")
        if not self.has_watch_permission(request, row):
            raise PermissionDenied
        back = reverse("admin:companies_company_view", args=[row.pk])
        return self._which_lists(request, [row], action="", back=back) or HttpResponseRedirect(back)

    def _which_lists(self, request: HttpRequest, rows: list[Company], *, action: str, back: str) -> HttpResponse | None:
        form = WatchForm(request.POST if APPLY in request.POST else None, owner=request.user, companies=rows)
        if form.is_bound and form.is_valid() and self._watch(request, form):
            return None
        who = str(rows[0]) if len(rows) == 1 else f"{len(rows):,} companies"
        context = {
            **self.admin_site.each_context(request),
            "title": f"Watchlists of {who}",
            "opts": self.opts,
            "form": form,
            "has_lists": bool(form.lists),
            "action": action,
            "selected": [str(row.pk) for row in rows] if action else [],
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "back": back,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/companies/watch.html", context)

    def _watch(self, request: HttpRequest, form: WatchForm) -> bool:
        try:
            with transaction.atomic():
                told = form.apply()
        except ValidationError as error:
            messages.error(request, f"Nothing was changed. {' '.join(error.messages)}")
            return False
        messages.success(request, "; ".join(told) + "." if told else "Nothing was changed.")
        return True


def watched_on(request: HttpRequest, company: Company) -> list[str]:
    """Return the way to each watchlist that the company is on and the user sees."""
    if not request.user.has_perm("companies.view_watchlist"):
        return []
    rows = Watchlist.objects.seen_by(request.user).filter(companies=company).order_by("name", "id")
    page = reverse("admin:companies_company_changelist")
    title = "All companies on it"
    return [columns.link(f"{page}?watchlist={row.pk}", f"watchlist “{row.name}”", title=title) for row in rows]
