"""Named filters above every list: choose one, save the present one, forget one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from biotech_ma.core.saved_filters import MOST_CHARACTERS, SavedFilter, normal

MOST_SHOWN = 50
EXPORTS = (("CSV", "csv"), ("XLSX", "xlsx"))
ROWS_OF = "All rows, with your columns, of"


@dataclass(frozen=True)
class Way:
    """A link beside a saved filter: its words, where it leads, and what it is called when read out."""

    words: str
    url: str
    label: str


type Offer = Callable[[HttpRequest, SavedFilter], Way | None]
_offers: list[Offer] = []


def also_offer(offer: Offer) -> None:
    """Have this stand beside the saved filters, too: for what the apps above make of one."""
    _offers.append(offer)


def ways_on(model_admin: Any, request: HttpRequest, saved: SavedFilter) -> list[Way]:
    """Return what can be made of the filter by this user: all its rows as a file, and what other apps offer."""
    address = _name(model_admin, "export")
    ways = [
        Way(words, f"{address}?export={form}&columns=shown&{saved.query}", f"{ROWS_OF} {saved.name} as {words}")
        for words, form in EXPORTS
        if model_admin.exports
    ]
    return [*ways, *(way for offer in _offers if (way := offer(request, saved)))]


class SavedFilterForm(forms.Form):
    """What a filter is called and whether others see it."""

    name = forms.CharField(max_length=100)
    query = forms.CharField(max_length=MOST_CHARACTERS)
    is_shared = forms.BooleanField(required=False)


def saved_context(model_admin: Any, request: HttpRequest) -> dict[str, Any]:
    """Return what stands above the list: the user's filters and the shared ones, asked for once drawn."""
    opts = model_admin.opts
    present = normal(request.GET.urlencode())
    rows = SavedFilter.objects.of_list(opts.label_lower).seen_by(request.user).select_related("owner")[:MOST_SHOWN]
    return {
        "saved_filters": _with_ways(model_admin, request, rows),
        "present_filter": present,
        "saved_filter_url": _name(model_admin, "saved"),
    }


def _with_ways(model_admin: Any, request: HttpRequest, rows: Any) -> Iterator[tuple[SavedFilter, list[Way]]]:
    """Yield each filter with what can be made of it."""
    for row in rows:
        yield row, ways_on(model_admin, request, row)


def saved_response(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Save the filter that was sent, or forget one of the user's own; go back to the list."""
    if request.method != "POST" or not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    table, user = model_admin.opts.label_lower, _user(request)
    back = _name(model_admin, "changelist")
    if request.POST.get("forget"):
        own = SavedFilter.objects.of_list(table).filter(owner=user)
        forgotten, _ = own.filter(name=request.POST["forget"].replace("\x00", "")).delete()
        messages.success(request, "The filter is forgotten." if forgotten else "There is no such filter of yours.")
        return HttpResponseRedirect(back)
    form = SavedFilterForm(request.POST)
    if not form.is_valid() or not normal(form.cleaned_data["query"]):
        messages.error(request, "Give the filter a name of up to 100 characters, and filter the list first.")
        return HttpResponseRedirect(back)
    query = normal(form.cleaned_data["query"])
    SavedFilter.objects.update_or_create(
        owner=user,
        table=table,
        name=form.cleaned_data["name"],
        defaults={"query": query, "is_shared": form.cleaned_data["is_shared"]},
    )
    messages.success(request, f"The filter “{form.cleaned_data['name']}” is saved.")
    return HttpResponseRedirect(f"{back}?{query}")


def _user(request: HttpRequest) -> Any:
    return request.user


def _name(model_admin: Any, page: str) -> str:
    return reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_{page}")
