"""Addresses of merged duplicates: where the company went, in the answer that it is not there (docs/adr/0040).

A merge can be undone, so the redirect is a temporary one (307), which nobody caches. It is given to those who read;
whoever writes is told where the company went, and nothing is written to another one than he named.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse
from rest_framework import status
from rest_framework.request import Request

from biotech_ma.core.api.errors import Problem
from biotech_ma.core.api.views import APIViewSet
from companies.models import Company
from companies.querysets import merged_at

READS = frozenset({"GET", "HEAD"})


class LeadsToKept(APIViewSet):
    """Tells of the company that was kept where the one of the address is merged into it.

    Where `leads_on`, the address with the kept company's id in its place has what was asked for.
    """

    leads_on: ClassVar[bool] = True

    def handle_exception(self, exc: Exception) -> Any:
        """Answer an error; a 404 for a merged duplicate says where it went."""
        if isinstance(exc, Problem) and exc.status_code == status.HTTP_404_NOT_FOUND:
            exc = self._moved() or exc
        return super().handle_exception(exc)

    def duplicate_at(self, ref: str) -> Company | None:
        """Return the merged duplicate that the address names, None where it names none."""
        return merged_at(ref)

    def _moved(self) -> Problem | None:
        ref = str(self.kwargs.get(self.lookup_url_kwarg, ""))
        duplicate = self.duplicate_at(ref) if ref else None
        if duplicate is None or duplicate.merged_into is None:
            return None
        kept, request = duplicate.merged_into, self.request
        members = {"merged_into": _pointer(request, kept)}
        detail = f"{duplicate} is merged into {kept}."
        if self.leads_on and request.method in READS and not kept.is_archived:
            headers = {"Location": _address(request, ref, kept)}
            return Problem(status.HTTP_307_TEMPORARY_REDIRECT, detail, headers=headers, members=members)
        return Problem(status.HTTP_404_NOT_FOUND, detail, members=members)


def _pointer(request: Request, kept: Company) -> dict[str, Any]:
    address = request.build_absolute_uri(reverse("company-detail", args=[kept.pk]))
    return {"id": str(kept.pk), "ticker": kept.ticker, "name": kept.name, "address": address}


def _address(request: Request, ref: str, kept: Company) -> str:
    """Return the address that was asked for, of the kept company: parameters and all."""
    whole: str = request._request.get_full_path()
    return request.build_absolute_uri(whole.replace(f"/companies/{ref}/", f"/companies/{kept.pk}/", 1))
