"""Merging a duplicate in the admin: choose it, see both side by side, say why; and the list of merges, to undo them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from biotech_ma.core import closed
from biotech_ma.core.admin import ReadOnlyAdmin, column, columns, versions
from biotech_ma.core.admin.column_data import WORDS
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.admin.filters import given_filter
from biotech_ma.core.admin.forms import MOST_OF_A_REASON
from biotech_ma.core.services import Refused
from companies.admin_cells import company_data, company_link
from companies.merge_errands import ERRAND, errand_of
from companies.merge_preview import Preview, preview_of, seemingly_kept
from companies.merging import fillable, merge, undo_merge
from companies.models import Company, CompanyMerge

CHOSEN, FILL, SEEN, APPLY = "duplicate", "fill", "merge_seen", "merge_apply"
# To merge two companies, and to undo it.
MAY_MERGE = "companies.change_companymerge"
TWO = 2


class DuplicateForm(forms.Form):
    """Which company is the duplicate."""

    duplicate = forms.ModelChoiceField(
        queryset=Company.objects.all(),
        label="Duplicate",
        help_text="It leaves the lists; what the ledger has under it is read as this company's from now on.",
    )

    def __init__(self, data: Any, site: Any, **options: Any) -> None:
        super().__init__(data, **options)
        relation = CompanyMerge._meta.get_field("duplicate")
        self.fields["duplicate"].widget = widget = AutocompleteSelect(relation, site)
        widget.choices = self.fields["duplicate"].choices  # type: ignore[attr-defined]


class MergeForm(forms.Form):
    """What the kept company takes over, and why the two are one."""

    fill = forms.MultipleChoiceField(required=False)
    reason = forms.CharField(
        max_length=MOST_OF_A_REASON,
        label="Reason",
        help_text="Why the two are one company. Kept in both histories.",
        widget=UnfoldAdminTextInputWidget(),
    )

    def __init__(self, data: Any, possible: list[str]) -> None:
        super().__init__(data)
        self.fields["fill"].choices = [(name, name) for name in possible]  # type: ignore[attr-defined]


class CompanyMerging:
    """Merging, mixed into the companies' admin: an action for two ticked rows and a page for one."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses, that of merging among them."""
        view = self.admin_site.admin_view(self.merge_view)
        return [
            path("<path:object_id>/merge/", view, name="companies_company_merge"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def has_merge_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Merging takes a permission of its own."""
        return bool(request.user.has_perm(MAY_MERGE))

    @admin.action(description="Merge duplicate…", permissions=["merge"])
    def merge_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Show the two ticked companies side by side."""
        rows = list(queryset.filter(deleted_at__isnull=True)[: TWO + 1])
        if len(rows) != TWO:
            messages.error(request, "Tick the two live companies that are one.")
            return None
        kept, duplicate = seemingly_kept(*rows)
        return HttpResponseRedirect(merge_url(kept, duplicate))

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the duplicate, then show both side by side, then merge."""
        kept = self._live(request, object_id)
        given = request.POST.get(CHOSEN) or request.GET.get(CHOSEN)
        if not given:
            return self._page(request, kept, form=DuplicateForm(None, self.admin_site))
        choice = DuplicateForm({"duplicate": given}, self.admin_site)
        duplicate = choice.cleaned_data["duplicate"] if choice.is_valid() else None
        if duplicate is None or duplicate.pk == kept.pk:
            words = "A company cannot be merged with itself." if duplicate else "Choose a live company."
            messages.error(request, words)
            return self._page(request, kept, form=DuplicateForm(None, self.admin_site))
        return self._side_by_side(request, kept, duplicate)

    def _side_by_side(self, request: HttpRequest, kept: Company, duplicate: Company) -> HttpResponse:
        reader = closed.reader_of(request.user)
        preview = preview_of(kept, duplicate, reader)
        form = MergeForm(request.POST if APPLY in request.POST else None, fillable(kept, duplicate))
        if APPLY in request.POST and form.is_valid() and self._is_as_seen(request, preview):
            made = self._merge(request, kept, duplicate, form)
            if made is not None:
                words = f"{duplicate} is merged into {kept}."
                messages.success(request, format_html("{} {}", words, _undo_button(request, made)))
                return HttpResponseRedirect(_finished(request, made))
            preview = preview_of(kept, duplicate, reader)
        ticked = form["fill"].value() if form.is_bound else [line.name for line in preview.lines if line.may_fill]
        return self._page(
            request, kept, duplicate=duplicate, preview=preview, merge_form=form, ticked=ticked or [],
            seen=_digest(preview), swapped=merge_url(duplicate, kept, errand=errand_of(request)[2]),
        )  # fmt: skip

    def _merge(self, request: HttpRequest, kept: Company, duplicate: Company, form: MergeForm) -> CompanyMerge | None:
        user: Any = request.user
        said = form.cleaned_data
        try:
            return merge(kept=kept, duplicate=duplicate, fill=said["fill"], by=user, reason=said["reason"].strip())
        except Refused as refusal:
            form.add_error(None, refusal.message)
        except ValidationError as error:
            form.add_error(None, error.messages)
        return None

    def _is_as_seen(self, request: HttpRequest, preview: Preview) -> bool:
        if request.POST.get(SEEN) == _digest(preview):
            return True
        messages.warning(request, "Somebody else has changed one of the two meanwhile. Look at them again.")
        return False

    def _live(self, request: HttpRequest, object_id: str) -> Company:
        """Return the live company of the address, not locked: a merge locks both, in one order."""
        if not self.has_merge_permission(request):
            raise PermissionDenied
        found: Company | None = Company.objects.by_ref(object_id).first()
        if found is None:
            raise Http404("There is no such company, or it is archived.")
        return found

    def _page(self, request: HttpRequest, kept: Company, **more: Any) -> HttpResponse:
        errand, value, text = errand_of(request)
        here = reverse("admin:companies_company_view", args=[kept.pk])
        context = {
            **self.admin_site.each_context(request),
            "title": f"Merge a duplicate into {kept}",
            "opts": self.opts,
            "kept": kept,
            "chosen_name": CHOSEN, "fill_name": FILL, "seen_name": SEEN, "apply_name": APPLY,
            "errand_name": ERRAND, "errand": text,
            "back": errand.back(request, value) if errand else here,
            **more,
        }  # fmt: skip
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/companies/merge.html", context)


def _finished(request: HttpRequest, made: CompanyMerge) -> str:
    """Do what the merge was made for, and return where to go on: back to that, else to the kept company."""
    errand, value, _ = errand_of(request)
    if errand is None:
        return reverse("admin:companies_company_view", args=[made.kept_id])
    if errand.done is not None:
        errand.done(request, value, made)
    return errand.back(request, value)


def merge_url(kept: Company, duplicate: Company | None = None, *, errand: str = "") -> str:
    """Return the address of the page that merges a duplicate into a company."""
    url = reverse("admin:companies_company_merge", args=[kept.pk])
    asked_for = {CHOSEN: str(duplicate.pk) if duplicate else "", ERRAND: errand}
    query = urlencode({name: value for name, value in asked_for.items() if value})
    return f"{url}?{query}" if query else url


def _digest(preview: Preview) -> str:
    return versions.digest([[line.name, str(line.kept), str(line.duplicate)] for line in preview.lines])


def _undo_button(request: HttpRequest, made: CompanyMerge) -> SafeString:
    if not request.user.has_perm(MAY_MERGE):
        return SafeString("")
    return format_html(
        '<form class="desk-undo" method="post" action="{}">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<input type="hidden" name="confirmed" value="yes"><button type="submit">Undo</button></form>',
        undo_url(made),
        get_token(request),
    )


def undo_url(made: CompanyMerge) -> str:
    """Return the address of the page that undoes a merge."""
    return reverse("admin:companies_companymerge_undo", args=[made.pk])


def standing_merge(duplicate: Company) -> CompanyMerge | None:
    """Return the merge of a duplicate that stands, None where there is none."""
    return CompanyMerge.objects.filter(duplicate=duplicate, undone_at__isnull=True).first()


@admin.register(CompanyMerge)
class CompanyMergeAdmin(ReadOnlyAdmin):
    """Which companies were merged into which, the newest first; undone ones stay on record."""

    list_display: Any = ["duplicate_cell", "kept_cell", "who", "when", "reason_cell", "stands"]
    list_display_links: Any = None
    list_select_related: Any = ["kept", "duplicate", "by", "undone_by"]
    list_filter: Any = [("undone_at", given_filter("Undone", "In force"))]
    search_fields: Any = ["duplicate__name", "duplicate__ticker", "kept__name", "kept__ticker", "reason"]
    search_help_text = "Name or ticker of either, or words of the reason"
    ordering: Any = ["-id"]
    sortable_by: Any = []
    fields: Any = [("duplicate", "kept"), ("by", "created_at"), "reason", ("undone_by", "undone_at")]
    actions_row: Any = ["undo"]
    actions_detail: Any = ["undo"]
    empty_hint = "Tick two companies in their list and choose Merge duplicate…"

    def has_undo_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Undoing takes a permission of its own."""
        return bool(request.user.has_perm(MAY_MERGE))

    @action(description="Undo", permissions=["undo"], url_path="undo", icon="undo")  # type: ignore[untyped-decorator]
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make two companies of one again, after asking."""
        made = self.get_object(request, object_id)
        if made is None:
            raise Http404("There is no such merge.")
        here = reverse("admin:companies_company_view", args=[made.duplicate_id])
        question = Question(
            f"Undo the merge of {made.duplicate} into {made.kept}?",
            "The duplicate stands for itself again, with its drug candidates and what the ledger has under it. "
            "What was added since stays where it was written.",
            "Undo the merge",
        )
        page = asked(self, request, question, [made.duplicate, made.kept], back=here)
        if page is not None:
            return page
        user: Any = request.user
        try:
            outcome = undo_merge(merge=made, by=user, reason=reason_of(request))
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            (messages.success if outcome.changed else messages.info)(request, outcome.message)
        return HttpResponseRedirect(here)

    @column("Duplicate", data={"Duplicate": "duplicate__name", "Duplicate ticker": "duplicate__ticker"})
    def duplicate_cell(self, made: CompanyMerge) -> str:
        """Return the duplicate, with a link to its own page."""
        url = reverse("admin:companies_company_view", args=[made.duplicate_id])
        return columns.link(url, made.duplicate.ticker or made.duplicate.name, title=made.duplicate.name)

    @column("Merged into", data=company_data("kept", "Merged into"))
    def kept_cell(self, made: CompanyMerge) -> str:
        """Return the company that was kept."""
        return company_link(made.kept)

    @column("By", data="by")
    def who(self, made: CompanyMerge) -> str:
        """Return who did it."""
        return made.by.get_username() if made.by else columns.unknown("A program did it, or the user is gone")

    @column("When", data="created_at")
    def when(self, made: CompanyMerge) -> str:
        """Return when it was done."""
        return columns.ago(made.created_at)

    @column("Reason", data="reason")
    def reason_cell(self, made: CompanyMerge) -> str:
        """Return why."""
        return columns.cut(made.reason) if made.reason else columns.unknown("None was given")

    @column("Standing", data=WORDS)
    def stands(self, made: CompanyMerge) -> str:
        """Return whether it stands, else when and by whom it was undone."""
        if made.undone_at is None:
            return columns.badge("stands", "green")
        by = f" by {made.undone_by.get_username()}" if made.undone_by else ""
        return columns.badge(f"undone on {made.undone_at:%Y-%m-%d}{by}", "grey")
