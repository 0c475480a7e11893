"""From a row back to the list that it was opened from, as that was filtered, and on to the next row of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import path, reverse

from biotech_ma.core.saved_filters import normal

FILTERS, WAY, PAGE = "_changelist_filters", "to", "page"
# As far as a list counts its rows.
MOST_LOOKED_THROUGH = 10_000
STEPS = {"previous": -1, "next": 1}


@dataclass(frozen=True)
class Way:
    """Where the list stands as it was filtered, and where the rows before and after this one are looked up."""

    back: str
    previous: str
    next: str


def way_of(model_admin: Any, request: HttpRequest, row: Any) -> Way | None:
    """Return the way through the list that led here; None where no list did. It costs no query."""
    query = _query(model_admin, request)
    if query is None or row is None:
        return None
    match = request.resolver_match
    page = "view" if match and str(match.url_name).endswith("_view") else "change"
    step = _address(model_admin, "step", row.pk)
    to = {way: f"{step}?{urlencode({WAY: way, PAGE: page, FILTERS: query})}" for way in STEPS}
    back = _address(model_admin, "changelist")
    return Way(f"{back}?{query}" if query else back, **to)


def _address(model_admin: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_{page}", args=args)


def _query(model_admin: Any, request: HttpRequest) -> str | None:
    """Return what the list was narrowed down by: the address says it, or the page that the reader comes from."""
    if FILTERS in request.GET:
        return normal(request.GET[FILTERS])
    came = urlsplit(request.headers.get("Referer", ""))
    is_list = came.netloc == request.get_host() and came.path == _address(model_admin, "changelist")
    return normal(came.query) if is_list else None


class ListWay:
    """Gives a row's pages the way through its list."""

    opts: Any
    admin_site: Any

    def get_urls(self) -> list[Any]:
        """Add the address that leads on."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_step"
        step = path("<path:object_id>/step/", self.admin_site.admin_view(self.step_view), name=name)
        return [step, *super().get_urls()]  # type: ignore[misc]

    def step_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the row before or after this one in the list; where there is none stay, and say so."""
        if not self.has_view_or_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        way, page = request.GET.get(WAY, ""), request.GET.get(PAGE, "change")
        if way not in STEPS or page not in self.row_pages():
            raise Http404("The ways are previous and next.")
        query = normal(request.GET.get(FILTERS, ""))
        found = self._beside(request, object_id, query, STEPS[way])
        if found is None:
            edge = "first" if way == "previous" else "last"
            messages.info(request, f"That is the {edge} row of the list, or the row is not in it any more.")
        address = _address(self, page, found or object_id)
        return HttpResponseRedirect(f"{address}?{urlencode({FILTERS: query})}")

    def row_pages(self) -> frozenset[str]:
        """Return the pages that a row has."""
        return frozenset({"change"})

    def _beside(self, request: HttpRequest, object_id: str, query: str, step: int) -> Any:
        match = request.resolver_match
        if match is not None:
            match.url_name = str(match.url_name).replace("_step", "_changelist")
        request.GET = QueryDict(query)
        try:
            changes: Any = self.get_changelist_instance(request)  # type: ignore[attr-defined]
            rows = changes.get_queryset(request).values_list("pk", flat=True)
            keys = [str(key) for key in islice(rows.iterator(), MOST_LOOKED_THROUGH)]
        except (IncorrectLookupParameters, DataError, OverflowError, ValueError):
            return None
        if object_id not in keys:
            return None
        place = keys.index(object_id) + step
        return keys[place] if 0 <= place < len(keys) else None
