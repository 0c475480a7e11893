"""Each user's widths of a list's columns, as dragged or set by the keyboard; kept beside the choice of columns."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse

from biotech_ma.core.list_columns import MOST_COLUMNS, KeptList, keep_widths, kept_list

LEAST_PIXELS, MOST_PIXELS = 40, 1200
NO_WIDTHS = f'Send {{"column": width}}: columns of this list, {LEAST_PIXELS} to {MOST_PIXELS} pixels; {{}} resets them.'

KEYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("At the edge of a heading: narrower, wider; in larger steps", ("← →", "Shift ← →")),
    ("At the edge of a heading: to the next column's edge", ("↓ ↑",)),
    ("At the edge of a heading: the column's own width again", ("Del",)),
)


class ColumnWidths:
    """Gives a list the address that keeps its widths."""

    opts: Any
    admin_site: Any
    list_edit: ClassVar[dict[str, str]]

    def kept_list(self, request: HttpRequest) -> KeptList:
        """Return what the user has chosen of the list, asked once a request."""
        kept: KeptList | None = request.__dict__.get(f"desk_kept_{self.opts.label_lower}")
        if kept is None:
            kept = kept_list(user_id=request.user.pk or 0, table=self.opts.label_lower)
            request.__dict__[f"desk_kept_{self.opts.label_lower}"] = kept
        return kept

    def widths_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the list's page needs to know of its widths."""
        known = self._sizable()
        widths = {name: width for name, width in self.kept_list(request).widths.items() if name in known}
        address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_widths")
        return {"widths": json.dumps(widths), "widths_url": address, "width_keys": KEYS}

    def get_urls(self) -> list[Any]:
        """Add the address that keeps the widths."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_widths"
        view = self.admin_site.admin_view(self.widths_view)
        return [path("columns/widths/", view, name=name), *super().get_urls()]  # type: ignore[misc]

    def widths_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the widths that are sent, instead of all that were kept; none resets them."""
        if not self.has_view_or_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponse(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        try:
            widths = json.loads(request.body)
        except (ValueError, RecursionError):
            widths = None
        if not isinstance(widths, dict) or not all(_is_width(width) for width in widths.values()):
            return JsonResponse({"detail": NO_WIDTHS}, status=HTTPStatus.BAD_REQUEST)
        if not widths.keys() <= self._sizable() or len(widths) > MOST_COLUMNS:
            return JsonResponse({"detail": NO_WIDTHS}, status=HTTPStatus.BAD_REQUEST)
        keep_widths(user_id=request.user.pk or 0, table=self.opts.label_lower, widths=widths)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)

    def _sizable(self) -> set[str]:
        """Return the names that columns have on the page, with boxes or without."""
        return {*map(str, self.every_column()), *self.list_edit.values()}  # type: ignore[attr-defined]


def _is_width(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and LEAST_PIXELS <= value <= MOST_PIXELS
