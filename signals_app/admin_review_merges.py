"""*Merge…* in the review queue: from a proposal to the two rows that are one company, and back with it settled."""

from __future__ import annotations

from itertools import combinations
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from companies.admin_merging import MAY_MERGE, merge_url
from companies.merge_errands import Errand, on_errand
from companies.merge_preview import seemingly_kept
from companies.models import Company, CompanyMerge
from signals_app.review_merges import meant_by, settle_by_merge
from signals_app.review_models import ReviewItem, ReviewStatus

LIST = "admin:signals_app_reviewitem_changelist"
PROPOSAL = "proposal"
PAIR = 2
MOST_PAIRS = 10


class KeptForm(forms.Form):
    """Which company is kept."""

    company = forms.ModelChoiceField(
        queryset=Company.objects.all(), help_text="The one to keep. Its duplicate is asked for next."
    )

    def __init__(self, data: Any, site: Any) -> None:
        super().__init__(data)
        widget = AutocompleteSelect(ReviewItem._meta.get_field("company"), site)
        self.fields["company"].widget = widget
        widget.choices = self.fields["company"].choices  # type: ignore[attr-defined]


def may_merge(request: HttpRequest) -> bool:
    """Return whether the user may settle proposals by merging companies."""
    return bool(request.user.has_perm(MAY_MERGE) and request.user.has_perm("signals_app.change_reviewitem"))


def merge_response(model_admin: Any, request: HttpRequest, item: ReviewItem) -> HttpResponse:
    """Lead to the two rows that the proposal means side by side; where it is not clear which two, ask."""
    if not may_merge(request):
        raise PermissionDenied
    if item.status != ReviewStatus.OPEN:
        messages.error(request, f"That proposal was {item.status} already.")
        return HttpResponseRedirect(reverse(LIST))
    errand = f"{PROPOSAL}:{item.pk}"
    form = KeptForm(request.GET if "company" in request.GET else None, model_admin.admin_site)
    if form.is_valid():
        return HttpResponseRedirect(merge_url(form.cleaned_data["company"], errand=errand))
    meant = meant_by(item)
    if len(meant) == PAIR:
        return HttpResponseRedirect(merge_url(*seemingly_kept(*meant), errand=errand))
    pairs = [seemingly_kept(*pair) for pair in combinations(meant, PAIR)][:MOST_PAIRS]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Which two rows are one company?", "opts": model_admin.opts, "item": item, "form": form,
        "pairs": [(kept, duplicate, merge_url(kept, duplicate, errand=errand)) for kept, duplicate in pairs],
        "back": reverse("admin:signals_app_reviewitem_change", args=[item.pk]),
    }  # fmt: skip
    if not form.is_bound and len(meant) == 1:
        form.initial["company"] = meant[0].pk
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "admin/signals_app/review_merge.html", context)


def _item(value: str) -> ReviewItem | None:
    try:
        return ReviewItem.objects.filter(pk=UUID(value)).first()
    except ValueError:
        return None


def _back(request: HttpRequest, value: str) -> str:
    """Return the queue once the proposal is settled, before that the proposal."""
    item = _item(value)
    is_open = item is not None and item.status == ReviewStatus.OPEN
    return reverse("admin:signals_app_reviewitem_change", args=[item.pk]) if item and is_open else reverse(LIST)


def _settle(request: HttpRequest, value: str, made: CompanyMerge) -> None:
    item = _item(value)
    if item is None or not may_merge(request):
        return
    if settle_by_merge(item=item, merge=made, by=request.user):
        messages.success(request, f"Settled: {item}")


on_errand(PROPOSAL, Errand(back=_back, done=_settle))
