"""The pages of a deal: its terms with all versions of its row, and a deal that no source has."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.pages import Fact
from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.services import Refused
from companies.admin import company_link
from companies.admin_lookup import lookup_response
from companies.models import Company
from signals_app.admin_deal_cells import percent, spread_words, term_day
from signals_app.admin_deal_terms import MilestoneFormSet, NewDealForm, TermsForm, milestones_in
from signals_app.admin_versions import newest_of, signal_versions
from signals_app.deal_figures import spread_of
from signals_app.deal_services import add_deal, edit_terms
from signals_app.deal_terms import DOLLARS, PENDING, RUMOURED, TERMS, as_number, consideration
from signals_app.deals import Deal, targets_of
from signals_app.models import Signal

ADD = "signals_app.add_signal"


class DealPages:
    """Adds the pages to the admin of deals."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[Any]:
        """Return the addresses, with the pages of a deal's terms and of a new deal."""
        view = self.admin_site.admin_view
        return [
            path("<uuid:key>/terms/", view(self.terms), name="signals_app_deal_terms"),
            path("new/", view(self.new), name="signals_app_deal_new"),
            path("parties/", view(self.parties), name="signals_app_deal_parties"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def parties(self, request: HttpRequest) -> HttpResponse:
        """Answer what a new deal's boxes of target and acquirer look up."""
        if not request.user.has_perm(ADD):
            raise PermissionDenied
        return lookup_response(request)

    def terms(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Show a deal's terms; what is changed is a correction that supersedes the row. A superseded one leads on."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        deal: Any = Deal.deals.followed().select_related("company__merged_into").filter(pk=key).first()
        if deal is None:
            return self._to_newest(request, key)
        may_change = request.user.has_perm(ADD)
        initial: dict[str, Any] = {name: deal.term(name) for name in TERMS} | {
            "status": deal.status,
            "source_url": deal.source_url,
        }
        initial |= {"announced": deal.event_date.astimezone(NEW_YORK).date()}
        if not initial["value_usd"] and deal.value is not None:
            initial["value_usd"] = f"{deal.value:f}"
        initial |= {name: _readable(initial[name]) for name in DOLLARS}
        sent = request.POST if request.method == "POST" else None
        form = TermsForm(sent, initial=initial)
        paid = MilestoneFormSet(sent, prefix="paid", initial=_shown(deal))
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            # A page that asked for no payments leaves them as they are.
            asks_payments = f"{paid.prefix}-TOTAL_FORMS" in request.POST
            if form.is_valid() and (not asks_payments or paid.is_valid()):
                try:
                    saved = edit_terms(
                        deal=deal,
                        terms=form.terms(),
                        milestones=milestones_in(paid) if asks_payments else None,
                        announced=form.cleaned_data["announced"],
                        source_url=form.cleaned_data["source_url"] if "source_url" in request.POST else None,
                        reason=form.cleaned_data["reason"],
                    )
                except Refused as refusal:
                    form.add_error(None, str(refusal))
                else:
                    messages.success(request, "The terms are corrected; the former row stays in the ledger.")
                    return HttpResponseRedirect(reverse("admin:signals_app_deal_terms", args=[saved.pk]))
        context = {
            "title": deal.title, "deal": deal, "facts": _facts(deal), "form": form, "paid": paid,
            "may_change": may_change, "button": "Correct the terms", "versions": signal_versions(deal),
        }  # fmt: skip
        return self._page(request, context)

    def _to_newest(self, request: HttpRequest, key: UUID) -> HttpResponse:
        old = Signal.objects.filter(pk=key).first()
        newest = newest_of(old) if old is not None else None
        if newest is None or not Deal.deals.followed().filter(pk=newest.pk).exists():
            raise Http404("There is no such deal.")
        messages.warning(request, "That row has been superseded. Here is the one that stands; nothing was changed.")
        return HttpResponseRedirect(reverse("admin:signals_app_deal_terms", args=[newest.pk]))

    def new(self, request: HttpRequest) -> HttpResponse:
        """Ask for a deal that no source has, then append it."""
        if not request.user.has_perm(ADD):
            raise PermissionDenied
        sent = request.POST if request.method == "POST" else None
        form = NewDealForm(sent, initial=_of_company(request.GET.get("company", "")), user=request.user)
        paid = MilestoneFormSet(sent, prefix="paid")
        if sent is not None and form.is_valid() and paid.is_valid():
            data = form.cleaned_data
            try:
                saved = add_deal(
                    company=data["target"],
                    acquirer=data["acquirer"].strip(),
                    announced=data["announced"],
                    is_rumour=data["status"] == RUMOURED,
                    terms=form.terms(),
                    milestones=milestones_in(paid),
                    source_url=data["source_url"],
                    reason=data["reason"],
                )
            except Refused as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, f"The desk follows it: {saved.title.rstrip('.')}.")
                return HttpResponseRedirect(reverse("admin:signals_app_deal_terms", args=[saved.pk]))
        context = {"title": "Add a deal", "form": form, "paid": paid, "may_change": True, "button": "Add the deal"}
        return self._page(request, context)

    def _page(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, "admin/deals/terms.html", {**shared, **context})


def _readable(text: Any) -> str:
    """Return dollars with separators, as the form of a company shows them; what is no number stays."""
    number = as_number(text or None)
    if number is None:
        return str(text or "")
    return figures.plain(number.quantize(Decimal(1)) if number % 1 == 0 else number)


def _shown(deal: Deal) -> list[dict[str, Any]]:
    names = ("event", "until", "per_share_usd", "total_usd", "state")
    return [{name: getattr(each, name) for name in names} for each in deal.milestones]


def _of_company(text: str) -> dict[str, Any]:
    """Return what a new deal of the company starts with; nothing for an unknown one."""
    try:
        company = Company.objects.filter(pk=UUID(text)).first()
    except ValueError:
        company = None
    named = (company.ticker or company.cik or str(company.pk)) if company else ""
    return {"target": named, "status": PENDING, "announced": timezone.localdate(timezone=NEW_YORK)}


def _facts(deal: Any) -> list[Fact]:
    """Return what stands above the form: who, when, what is paid for a share, and what is left in it."""
    today = dt.datetime.now(tz=NEW_YORK).date()
    target = targets_of([deal]).get(deal.pk)
    spread = spread_of(deal, deal.value, target, today)
    ledger = reverse("admin:signals_app_signal_change", args=[deal.pk])
    source = columns.outside(deal.source_url) if deal.source_url else ""
    return [
        Fact("Target", company_link(target) if target else deal.target),
        Fact("Acquirer", deal.acquirer or columns.unknown("Not named")),
        Fact("Rumoured" if deal.is_rumour else "Announced", figures.market_day(deal.event_date), deal.source),
        Fact("For a share", consideration(deal.signal_data) or columns.unknown("Its mix is not known")),
        Fact("Spread", spread_words(spread)),
        Fact("A year", percent(spread.annualised if spread else None, hint="Needs a spread and a close ahead")),
        Fact("Outside date", term_day(deal, "outside_date", today)),
        Fact("In the ledger", columns.beside(columns.link(ledger, "The row"), source)),
    ]
