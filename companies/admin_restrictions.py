"""The restricted list and its log, for those who keep it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RadioFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from biotech_ma.core.admin import DeskAdmin, ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.admin.filters import DayRangeFilter
from biotech_ma.core.admin.forms import DeskForm
from biotech_ma.core.admin.widgets import ChipChoices
from biotech_ma.core.services import Refused
from companies.admin_cells import company_data, company_link
from companies.admin_closed import FROM_PAGE
from companies.choices import RestrictionAct
from companies.models import Restriction, RestrictionLog
from companies.restrictions import note, put_on, set_cleared, take_off

ACT_TONES = {
    RestrictionAct.PUT_ON: "red", RestrictionAct.TAKEN_OFF: "green", RestrictionAct.CLEARED: "blue",
    RestrictionAct.UNCLEARED: "blue", RestrictionAct.CHANGED: "blue", RestrictionAct.REFUSED: "amber",
    RestrictionAct.LEFT_OUT: "amber",
}  # fmt: skip


class InForceFilter(RadioFilter):  # type: ignore[misc]
    """What is in force, what was, or both."""

    title = "state"
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what can be asked for."""
        return [("", "All"), ("now", "On the list"), ("past", "Taken off")]

    def value(self) -> str:
        """Return what is asked for."""
        return super().value() or ""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list."""
        wanted = self.value()
        return queryset.filter(until__isnull=wanted == "now") if wanted in ("now", "past") else queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the form of the filter."""
        data = {self.parameter_name: self.value()}
        yield {
            "form": self.form_class(
                label="By state", name=self.parameter_name, choices=self.lookup_choices, data=data
            )
        }  # fmt: skip


class RestrictionForm(DeskForm):
    """A company, why it is closed, and who is cleared all the same."""

    cleared_users = forms.ModelMultipleChoiceField(
        queryset=get_user_model().objects.filter(is_active=True, is_staff=True).order_by("username"),
        required=False,
        label="Cleared",
        widget=ChipChoices,
        help_text="They see the company's notes, exports, alerts and reports, and the reason. Nobody else does, "
        "whatever the role; whoever keeps the list is cleared only if ticked here.",
    )

    class Meta:
        widgets = {"reason": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.is_edit:
            self.initial["cleared_users"] = list(self.instance.cleared.all())


@admin.register(Restriction)
class RestrictionAdmin(DeskAdmin):
    """Companies that are closed to all who are not cleared. Rows stay when a company is taken off."""

    form = RestrictionForm
    # The reason is for the cleared, and who is closed to whom for those who keep the list.
    exports = False
    unasked = frozenset({"reason"})
    list_display: Any = ["company_cell", "state", "since_cell", "until_cell", "put_on_cell", "cleared_cell"]
    list_display_links: Any = ["state"]
    list_select_related: Any = ["company", "put_on_by"]
    list_filter: Any = [InForceFilter]
    search_fields: Any = ["company__name", "company__ticker"]
    ordering: Any = [F("until").desc(nulls_first=True), "-since", "-id"]
    sortable_by: Any = []
    autocomplete_fields: Any = ["company"]
    actions: Any = None
    actions_detail: Any = ["take_off_list"]
    readonly_fields: Any = ["since_cell", "until_cell", "put_on_cell", "taken_off_cell", "taken_off_reason"]
    empty_hint = "Put a company on the list when the desk holds inside information about it."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the list with who is cleared."""
        return super().get_queryset(request).defer("company__search_vector").prefetch_related("cleared")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return the fields: the reason of what stands is for those who are cleared."""
        if obj is None:
            return ["company", "reason", "cleared_users"]
        reason = ["reason"] if self._is_cleared(request, obj) else []
        if obj.until is not None:
            return [
                "company",
                *reason,
                ("since_cell", "until_cell"),
                ("put_on_cell", "taken_off_cell"),
                "taken_off_reason",
            ]
        return ["company", *reason, "cleared_users", ("since_cell", "put_on_cell")]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what stands: the company of a restriction does not change."""
        return [*self.readonly_fields, "company"] if obj is not None else self.readonly_fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was taken off is history."""
        return bool(super().has_change_permission(request, obj)) and getattr(obj, "until", None) is None

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start with whoever puts it on as cleared: he knows already."""
        return {"cleared_users": [request.user.pk], **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Restriction, form: Any, change: bool) -> None:
        """Put the company on the list, or change who is cleared. Raises Refused."""
        users = form.cleaned_data.get("cleared_users")
        if not change:
            made = put_on(company=obj.company, reason=obj.reason, cleared=users or (), by=request.user)
            obj.pk, obj._state.adding = made.pk, False
            return
        if "reason" in form.changed_data:
            obj.save(update_fields=["reason"])
            note(obj, RestrictionAct.CHANGED, request.user.get_username())
        if users is not None:
            set_cleared(restriction=obj, users=users, by=request.user)

    @action(description="Take off the list", permissions=["change"], url_path="take-off", icon="lock_open")  # type: ignore[untyped-decorator]
    def take_off_list(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the company off, after asking why."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such row.")
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        question = Question(
            f"Take {row} off the restricted list?",
            "Its notes, exports, alerts and reports are then open to everybody as before. The row and its log stay.",
            "Take off", grave=True, needs_reason=True,
        )  # fmt: skip
        back = (
            reverse("admin:companies_company_view", args=[row.company_id]) if FROM_PAGE in request.GET else "../change/"
        )
        page = asked(self, request, question, [row], back=back)
        if page is not None:
            return page
        try:
            messages.success(request, take_off(restriction=row, reason=reason_of(request), by=request.user).message)
        except Refused as refusal:
            messages.error(request, refusal.message)
        if FROM_PAGE in request.GET:
            return HttpResponseRedirect(reverse("admin:companies_company_view", args=[row.company_id]))
        return HttpResponseRedirect(reverse("admin:companies_restriction_change", args=[row.pk]))

    def response_add(self, request: HttpRequest, obj: Restriction, post_url_continue: Any = None) -> HttpResponse:
        """Go back to the company's page, where that is where the form was opened."""
        response: HttpResponse = super().response_add(request, obj, post_url_continue)
        if request.GET.get("company") == str(obj.company_id) and "_save" in request.POST:
            return HttpResponseRedirect(reverse("admin:companies_company_view", args=[obj.company_id]))
        return response

    def _is_cleared(self, request: HttpRequest, row: Restriction) -> bool:
        return any(user.pk == request.user.pk for user in row.cleared.all())

    @column("Company")
    def company_cell(self, row: Restriction) -> str:
        """Return a link to the company."""
        return company_link(row.company)

    @column("State")
    def state(self, row: Restriction) -> str:
        """Return whether it is on the list."""
        return columns.badge("restricted", "red") if row.until is None else columns.badge("taken off", "grey")

    @column("Since")
    def since_cell(self, row: Restriction) -> str:
        """Return when it was put on."""
        return columns.moment(row.since)

    @column("Until")
    def until_cell(self, row: Restriction) -> str:
        """Return when it was taken off."""
        return columns.moment(row.until, hint="It is on the list")

    @column("Put on by")
    def put_on_cell(self, row: Restriction) -> str:
        """Return who put it on."""
        return row.put_on_by.get_username() if row.put_on_by else columns.unknown("A program, or the user is gone")

    @column("Taken off by")
    def taken_off_cell(self, row: Restriction) -> str:
        """Return who took it off."""
        return (
            row.taken_off_by.get_username() if row.taken_off_by else columns.unknown("A program, or the user is gone")
        )

    @column("Cleared")
    def cleared_cell(self, row: Restriction) -> str:
        """Return who is cleared, the first by name."""
        names = sorted(user.get_username() for user in row.cleared.all())
        return columns.chips(names) if names else columns.unknown("Nobody")


@admin.register(RestrictionLog)
class RestrictionLogAdmin(ReadOnlyAdmin):
    """Who was put on, cleared, let in and kept out: written by the desk itself, changed by nobody."""

    list_display: Any = ["when", "company_cell", "act_cell", "who", "door", "rows"]
    list_display_links: Any = None
    list_select_related: Any = ["restriction__company"]
    list_filter: Any = [
        ("act", ChoicesDropdownFilter),
        ("restriction__company", AutocompleteSelectFilter),
        ("created_at", DayRangeFilter),
    ]
    search_fields: Any = ["who", "door", "restriction__company__ticker"]
    search_help_text = "User, place or ticker"
    ordering: Any = ["-id"]
    sortable_by: Any = []
    fields = (("restriction", "act"), ("who", "door"), "rows")
    empty_hint = "Nothing has happened with the restricted list yet."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the entries."""
        return super().get_queryset(request).defer("restriction__company__search_vector", "restriction__reason")

    @column("When", data="created_at")
    def when(self, entry: RestrictionLog) -> str:
        """Return when it happened."""
        return columns.moment(entry.created_at)

    @column("Company", data=company_data("restriction__company"))
    def company_cell(self, entry: RestrictionLog) -> str:
        """Return a link to the company."""
        return company_link(entry.restriction.company)

    @column("What", data="act")
    def act_cell(self, entry: RestrictionLog) -> str:
        """Return what was done."""
        return columns.badge(entry.get_act_display(), ACT_TONES.get(RestrictionAct(entry.act), "grey"))
