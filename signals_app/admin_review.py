"""The review queue as analysts work through it: read the words, accept or reject, one or many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesCheckboxFilter, RadioFilter
from unfold.decorators import action

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.services import Refused
from companies.admin import company_data, company_link
from signals_app.admin_review_changes import writes
from signals_app.admin_review_forms import AcceptForm
from signals_app.admin_review_merges import may_merge, merge_response
from signals_app.review_models import ReviewItem, ReviewStatus
from signals_app.review_services import accept_review, decide_reviews, reject_review, words_of

LIST = "admin:signals_app_reviewitem_changelist"
MOST_AT_ONCE = 500


class QueueFilter(RadioFilter):  # type: ignore[misc]
    """What waits for a decision, unless something else is asked for."""

    title = "queue"
    parameter_name = "queue"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what can be asked for."""
        decided = [pair for pair in ReviewStatus.choices if pair[0] != ReviewStatus.OPEN]
        return [("", "Open"), *((str(key), str(label)) for key, label in decided), ("all", "All")]

    def value(self) -> str:
        """Return what is asked for."""
        return super().value() or ""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        if self.value() == "all":
            return queryset
        return queryset.filter(status=self.value() or ReviewStatus.OPEN)

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the form of the filter."""
        data = {self.parameter_name: self.value()}
        yield {
            "form": self.form_class(label="By queue", name=self.parameter_name, choices=self.lookup_choices, data=data)
        }


@admin.register(ReviewItem)
class ReviewItemAdmin(ReadOnlyAdmin):
    """What sources propose. Accepting writes it; rejecting keeps it from coming back."""

    list_display: Any = ["title_cell", "kind", "company_cell", "status", "source", "created_at"]
    list_display_links: Any = None
    list_select_related: Any = ["company"]
    list_filter: Any = [QueueFilter, ("kind", ChoicesCheckboxFilter), ("company", AutocompleteSelectFilter)]
    search_fields: Any = ["title"]
    ordering: Any = ["-id"]
    sortable_by: Any = []
    actions: Any = ["accept", "reject"]
    actions_detail: Any = ["accept_one", "reject_one", "merge_one"]
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
    rows_noun = "proposals"

    def has_merge_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Settling a proposal by a merge takes the right to both."""
        return may_merge(request)

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may change proposals may decide them."""
        return bool(request.user.has_perm("signals_app.change_reviewitem"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Return the page's buttons; a decided proposal has none."""
        item = self.get_object(request, object_id)
        is_open = item is not None and item.status == ReviewStatus.OPEN
        return list(super().get_actions_detail(request, object_id)) if is_open else []

    @admin.action(description="Accept: write what is proposed", permissions=["decide"])
    def accept(self, request: HttpRequest, queryset: QuerySet[ReviewItem]) -> HttpResponse | None:
        """Accept the chosen proposals, each by itself, after asking."""
        return self._all(request, queryset, "accept")

    @admin.action(description="Reject", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[ReviewItem]) -> HttpResponse | None:
        """Reject the chosen proposals, after asking."""
        return self._all(request, queryset, "reject")

    def _all(self, request: HttpRequest, queryset: QuerySet[ReviewItem], name: str) -> HttpResponse | None:
        items = list(queryset.filter(status=ReviewStatus.OPEN).select_related("company")[: MOST_AT_ONCE + 1])
        if not items or len(items) > MOST_AT_ONCE:
            few = "Nothing among the ticked rows waits for a decision."
            messages.error(request, f"At most {MOST_AT_ONCE} proposals at a time." if items else few)
            return None
        accepts = name == "accept"
        noun = "proposal" if len(items) == 1 else "proposals"
        question = Question(
            f"{name.capitalize()} {len(items):,} {noun}?",
            "What each proposes is written. Open one by itself to change it or to choose its company."
            if accepts
            else "Nothing is written, and the sources do not propose it again.",
            name.capitalize(),
        )
        page = asked(self, request, question, items, action=name)
        if page is not None:
            return page
        done, refused = decide_reviews(items=items, accept=accepts, by=request.user, reason=reason_of(request))  # type: ignore[arg-type]
        for words in refused:
            messages.error(request, words)
        if done:
            messages.success(request, f"{done:,} {'accepted' if accepts else 'rejected'}.")
        return None

    @action(description="Accept", permissions=["decide"], url_path="accept", icon="check")  # type: ignore[untyped-decorator]
    def accept_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what accepting writes, with room for changes, and write it."""
        item = self._item(request, object_id)
        form = AcceptForm(request.POST or None, item=item, site=self.admin_site)
        if request.method == "POST" and form.is_valid():
            try:
                accept_review(
                    item=item,
                    by=request.user,  # type: ignore[arg-type]
                    reason=form.cleaned_data["reason"].strip(),
                    company=form.cleaned_data["company"],
                    changes=form.changes(),
                )
            except (Refused, ValueError, ValidationError, IntegrityError) as error:
                form.add_error(None, words_of(error))
            else:
                messages.success(request, f"Accepted: {item}")
                return HttpResponseRedirect(reverse(LIST))
        context = {
            **self.admin_site.each_context(request), "title": f"Accept: {item}", "opts": self.opts, "item": item,
            "form": form, "writes": writes(item), "media": self.media + form.media,
        }  # fmt: skip
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/desk/accept.html", context)

    @action(description="Reject", permissions=["decide"], url_path="reject", icon="close")  # type: ignore[untyped-decorator]
    def reject_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Reject one proposal, after asking."""
        item = self._item(request, object_id)
        text = "Nothing is written, and the source does not propose it again."
        page = asked(self, request, Question("Reject the proposal?", text, "Reject"), [item])
        if page is not None:
            return page
        try:
            reject_review(item=item, by=request.user, reason=reason_of(request))  # type: ignore[arg-type]
            messages.success(request, f"Rejected: {item}")
        except Refused as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(reverse(LIST))

    @action(description="Merge…", permissions=["merge"], url_path="merge", icon="merge")  # type: ignore[untyped-decorator]
    def merge_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Merge two rows that are one company, which is why the source is not sure; that settles the proposal."""
        return merge_response(self, request, self._item(request, object_id))

    def _item(self, request: HttpRequest, object_id: str) -> ReviewItem:
        item: ReviewItem | None = self.get_object(request, object_id)
        if item is None:
            raise Http404("There is no such proposal.")
        if not self.has_decide_permission(request):
            raise PermissionDenied
        return item

    @column("Proposal", data="title")
    def title_cell(self, item: ReviewItem) -> str:
        """Return the title, which leads to the words behind it."""
        return columns.link(f"{item.pk}/change/", item.title, title=item.evidence[:500])

    @column("Company", data=company_data())
    def company_cell(self, item: ReviewItem) -> str:
        """Return a link to the company."""
        return company_link(item.company) if item.company else columns.unknown("To be chosen")
