"""Lists of what belongs to one company, under the company's own address."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter
from rest_framework import status
from rest_framework.request import Request

from biotech_ma.core.api.endpoints import Endpoint, page_of
from biotech_ma.core.api.errors import Problem
from biotech_ma.core.api.plans import REF, Slot
from biotech_ma.core.api.views import ResourceViewSet
from companies.api.moved import LeadsToKept
from companies.models import Company
from companies.querysets import company_q, id_or_ticker, same_company_q

# An id or a ticker; what can be neither is no address.
COMPANY_REF = r"[0-9A-Za-z][0-9A-Za-z.\-]{0,35}"
# Filters that the address has answered already.
OWNERS = frozenset({"company", "target"})


class CompanyRefConverter(StringConverter):
    """An id or a ticker in an address."""

    regex = COMPANY_REF


def ref_slot(ref: str) -> Slot:
    """Return the company of an address as a value that shapes no statement; an id and a ticker shape two."""
    if isinstance(id_or_ticker(ref), UUID):
        return Slot(f"{REF}id", ref, _parsed, lambda: str(uuid4()))
    return Slot(f"{REF}ticker", ref, _parsed, lambda: f"Z{token_hex(7)}")


def _parsed(ref: str) -> UUID | str:
    parsed = id_or_ticker(ref) if re.fullmatch(COMPANY_REF, ref) else None
    if parsed is None:
        raise ValueError(ref)
    return parsed


def _without_duplicates(ref: str) -> Any:
    """Return the live company of the reference, if nothing was merged into it."""
    return Company.objects.by_ref(ref).filter(~Exists(Company.all_objects.filter(merged_into=OuterRef("pk"))))


register_converter(CompanyRefConverter, "company_ref")


class CompanyChildrenViewSet(LeadsToKept, ResourceViewSet):
    """Lists the rows of one live company, by one statement; 404 when there is no such company."""

    company_path: ClassVar[str] = "company"
    # True where the rows of merged duplicates are the company's, too.
    together: ClassVar[bool] = False

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        return {"list": replace(page_of(self.resource, self.filterset_class), without=OWNERS)}

    def list(self, request: Request, ref: str) -> HttpResponse:  # type: ignore[override]
        """List what belongs to the company of this id or ticker."""
        if not self.together:
            return self._listed(request, ref, company_q, Company.objects.by_ref)
        try:
            # Nearly every company has no duplicate: its own index gives its rows in their order.
            return self._listed(request, ref, company_q, _without_duplicates)
        except Problem as problem:
            if problem.status_code != status.HTTP_404_NOT_FOUND:
                raise
        return self._listed(request, ref, same_company_q, Company.objects.by_ref, is_planned=False)

    def _listed(
        self,
        request: Request,
        ref: str,
        condition: Callable[[str, str], Q],
        parent: Callable[[str], Any],
        *,
        is_planned: bool = True,
    ) -> HttpResponse:
        return self.answer_list(
            request,
            self.resource,
            self.filterset_class,
            lambda ref: self.rows().filter(condition(ref, self.company_path)),
            ref=ref,
            slot=ref_slot,
            parent=parent,
            without=OWNERS,
            is_planned=is_planned,
        )

    @classmethod
    def address(cls, name: str) -> URLPattern:
        """Return the address `companies/{ref}/{name}/`."""
        view = cls.as_view({"get": "list"}, basename=f"company-{name}", detail=True)
        return path(f"companies/<company_ref:ref>/{name}/", view, name=f"company-{name}")
