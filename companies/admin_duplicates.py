"""Possible duplicates in the admin: a list to work off, pair by pair: merge, or say that they are two."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from unfold.decorators import action

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.services import Refused
from companies.admin_cells import company_data, company_link
from companies.admin_merging import MAY_MERGE, merge_url
from companies.duplicates import (
    Pair,
    possible_duplicates,
    possible_duplicates_of,
    propose_again,
    tell_apart,
)
from companies.merge_errands import Errand, on_errand
from companies.merge_preview import seemingly_kept
from companies.models import Company, CompanyDistinction

PAGE_ROWS = 50
MOST_PAGES = 10_000
POSSIBLE, POSSIBLE_TITLE = "possible", "Possible duplicates"
LIST, APART = "admin:companies_companydistinction_possible", "admin:companies_companydistinction_apart"

# Whoever merges from the list comes back to it.
on_errand(POSSIBLE, Errand(back=lambda request, value: reverse(LIST)))


def merge_link(pair: Pair, errand: str = "") -> str:
    """Return the address of the page that merges the two, the better known one kept."""
    kept, duplicate = seemingly_kept(pair.one, pair.other)
    return merge_url(kept, duplicate, errand=errand)


def hint_on(request: HttpRequest, company: Company) -> list[SafeString]:
    """Return what a company's page says of companies that seem to be the same, for those who may merge them."""
    if company.is_archived or not request.user.has_perm(MAY_MERGE):
        return []
    pairs = possible_duplicates_of(company)
    if not pairs:
        return []
    rows = [(pair, company_link(pair.beside(company)), merge_link(pair)) for pair in pairs]
    context = {"rows": rows, "apart": reverse(APART), "back": request.path, "token": get_token(request)}
    return [SafeString(render_to_string("admin/companies/alike.html", context))]


@admin.register(CompanyDistinction)
class CompanyDistinctionAdmin(ReadOnlyAdmin):
    """Pairs that an analyst has told apart, the newest first, and the pairs that wait to be merged or told apart."""

    list_display: Any = ["one_cell", "other_cell", "who", "when", "reason_cell"]
    list_display_links: Any = None
    list_select_related: Any = ["one", "other", "by"]
    search_fields: Any = ["one__name", "one__ticker", "other__name", "other__ticker", "reason"]
    search_help_text = "Name or ticker of either, or words of the reason"
    ordering: Any = ["-id"]
    sortable_by: Any = []
    fields: Any = [("one", "other"), ("by", "created_at"), "reason"]
    actions_list: Any = ["waiting"]
    actions_row: Any = ["ask_again"]
    actions_detail: Any = ["ask_again"]
    empty_hint = "Possible duplicates of which somebody says that they are two stand here."

    def has_decide_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may merge companies may say that two are none."""
        return bool(request.user.has_perm(MAY_MERGE))

    def get_urls(self) -> list[Any]:
        """Return the addresses, with those of the pairs that wait."""
        view = self.admin_site.admin_view
        return [
            path("possible/", view(self.possible_view), name="companies_companydistinction_possible"),
            path("apart/", view(self.apart_view), name="companies_companydistinction_apart"),
            *super().get_urls(),
        ]

    @action(description="Possible duplicates", permissions=["decide"], url_path="waiting", icon="join")  # type: ignore[untyped-decorator]
    def waiting(self, request: HttpRequest) -> HttpResponse:
        """Go to the pairs that wait."""
        return HttpResponseRedirect(reverse(LIST))

    def possible_view(self, request: HttpRequest) -> HttpResponse:
        """List the pairs that nobody has told apart, a page at a time."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        number = _page_of(request)
        pairs, total = possible_duplicates(limit=PAGE_ROWS, offset=(number - 1) * PAGE_ROWS)
        if not pairs and number > 1:
            # What was worked off has made the list shorter.
            return HttpResponseRedirect(reverse(LIST))
        context = {
            **self.admin_site.each_context(request),
            # Of no table: the head of the page says where one is.
            "title": POSSIBLE_TITLE, "content_title": POSSIBLE_TITLE,
            "heading": f"{total:,} {'pair that seems' if total == 1 else 'pairs that seem'} to be one",
            "rows": [
                (pair, company_link(pair.one), company_link(pair.other), merge_link(pair, POSSIBLE)) for pair in pairs
            ],
            "may_decide": self.has_decide_permission(request),
            "apart": reverse(APART), "told_apart": reverse("admin:companies_companydistinction_changelist"),
            "back": request.get_full_path(),
            "earlier": f"?{urlencode({'p': number - 1})}" if number > 1 else "",
            "later": f"?{urlencode({'p': number + 1})}" if number * PAGE_ROWS < total else "",
        }  # fmt: skip
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/companies/possible.html", context)

    def apart_view(self, request: HttpRequest) -> HttpResponse:
        """Note that two companies are not the same, and go back to where that was said."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        back = request.POST.get("back", "")
        if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            back = reverse(LIST)
        if request.method != "POST":
            return HttpResponseRedirect(back)
        found = [Company.objects.by_ref(request.POST.get(name, "")).first() for name in ("one", "other")]
        rows = [company for company in found if company is not None]
        try:
            reason = request.POST.get("reason", "").replace("\x00", "").strip()[:500]
            outcome = tell_apart(companies=rows, by=request.user, reason=reason)
        except Refused as refusal:
            messages.error(request, f"{refusal.message} One of them is archived or merged by now.")
        else:
            (messages.success if outcome.changed else messages.info)(request, outcome.message)
        return HttpResponseRedirect(back)

    @action(description="Propose again", permissions=["decide"], url_path="again", icon="undo")  # type: ignore[untyped-decorator]
    def ask_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take back that two companies are not the same, after asking."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such pair, or it is proposed again.")
        here = reverse("admin:companies_companydistinction_changelist")
        question = Question(
            f"May {row} be the same after all?",
            "They are proposed as possible duplicates again, as long as they look alike.",
            "Propose again",
        )
        page = asked(self, request, question, [row], back=here)
        if page is not None:
            return page
        messages.success(request, propose_again(distinction=row, reason=reason_of(request)).message)
        return HttpResponseRedirect(here)

    @column("Company", data=company_data("one"))
    def one_cell(self, row: CompanyDistinction) -> str:
        """Return the one of the two."""
        return company_link(row.one)

    @column("Is not", data=company_data("other", "Is not"))
    def other_cell(self, row: CompanyDistinction) -> str:
        """Return the other one."""
        return company_link(row.other)

    @column("By", data="by")
    def who(self, row: CompanyDistinction) -> str:
        """Return who said so."""
        return row.by.get_username() if row.by else columns.unknown("A program did, or the user is gone")

    @column("When", data="created_at")
    def when(self, row: CompanyDistinction) -> str:
        """Return when it was said."""
        return columns.ago(row.created_at)

    @column("Reason", data="reason")
    def reason_cell(self, row: CompanyDistinction) -> str:
        """Return why."""
        return columns.cut(row.reason) if row.reason else columns.unknown("None was given")


def _page_of(request: HttpRequest) -> int:
    text = request.GET.get("p", "1")
    return min(max(int(text), 1), MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 6 else 1  # noqa: PLR2004
