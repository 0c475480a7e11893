"""The review queue as analysts work through it: read the words, accept or reject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesCheckboxFilter

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns
from biotech_ma.core.services import Refused
from companies.admin import company_link
from signals_app.review_models import ReviewItem
from signals_app.review_services import accept_review, reject_review


@admin.register(ReviewItem)
class ReviewItemAdmin(ReadOnlyAdmin):
    """What sources propose. Accepting writes it; rejecting keeps it from coming back."""

    list_display: Any = ["title_cell", "kind", "company_cell", "status", "source", "created_at"]
    list_display_links: Any = None
    list_select_related: Any = ["company"]
    list_filter: Any = [
        ("status", ChoicesCheckboxFilter),
        ("kind", ChoicesCheckboxFilter),
        ("company", AutocompleteSelectFilter),
    ]
    search_fields: Any = ["title"]
    ordering: Any = ["-id"]
    sortable_by: Any = []
    actions: Any = ["accept", "reject"]
    fields = (
        ("company", "kind"),
        "title",
        "evidence",
        "proposed",
        ("source", "source_id"),
        "source_url",
        ("status", "decided_by", "decided_at"),
        "reason",
    )
    empty_hint = "Nothing waits for a decision."

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whoever may change proposals may decide them."""
        return bool(request.user.has_perm("signals_app.change_reviewitem"))

    @admin.action(description="Accept: write what is proposed", permissions=["decide"])
    def accept(self, request: HttpRequest, queryset: QuerySet[ReviewItem]) -> None:
        """Accept the chosen proposals, each by itself."""
        self._decide(request, queryset, accept_review, "accepted")

    @admin.action(description="Reject", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[ReviewItem]) -> None:
        """Reject the chosen proposals."""
        self._decide(request, queryset, reject_review, "rejected")

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[ReviewItem], decide: Callable[..., ReviewItem], done: str
    ) -> None:
        decided = 0
        for item in queryset:
            try:
                decide(item=item, by=request.user)
                decided += 1
            except (Refused, ValueError, ValidationError) as error:
                words = "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
                messages.error(request, f"{item}: {words}")
        if decided:
            messages.success(request, f"{decided} {done}.")

    @column("Proposal")
    def title_cell(self, item: ReviewItem) -> str:
        """Return the title, which leads to the words behind it."""
        return columns.link(f"{item.pk}/change/", item.title, title=item.evidence[:500])

    @column("Company")
    def company_cell(self, item: ReviewItem) -> str:
        """Return a link to the company."""
        return company_link(item.company) if item.company else columns.unknown("To be chosen")
