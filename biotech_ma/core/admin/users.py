"""Users and groups, with Unfold's forms."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from biotech_ma.core import closed
from biotech_ma.core.admin import columns
from biotech_ma.core.admin.base import ActionChoices
from biotech_ma.core.admin.columns import column
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.admin.history import Step
from biotech_ma.core.admin.history_page import shown_history
from biotech_ma.core.admin.user_form import DeskUserForm
from biotech_ma.core.admin.versioned import explained, page_of_versions
from biotech_ma.core.memberships import TrackedUser
from biotech_ma.core.second_factor import SecondFactor, note, turn_off
from biotech_ma.core.sign_ins import SignIn, end_sign_ins

MOST_LOGGED = 500


def logged_steps(user: Any) -> list[Step]:
    """Return what the admin's log has of a user and no column shows: passwords, second factors, sessions ended."""
    rows = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    steps = []
    for row in rows.select_related("user").order_by("-action_time")[:MOST_LOGGED]:
        said = row.get_change_message()
        if said and (not row.change_message.startswith("[") or "assword" in said):
            steps.append(Step(0, row.action_time, "changed", "", row.user.get_username(), said, []))
    return steps


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class DeskUserAdmin(ActionChoices, UserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """Who may sign in, and what they may do."""

    form = DeskUserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "username",
        "full_name",
        "email",
        "roles",
        "is_active",
        "has_code",
        "signed_in",
    )
    list_filter = ("groups", "is_active", "is_superuser")
    actions_detail: Any = ["reset_second_factor", "sign_out_everywhere"]
    list_per_page = 50
    show_full_result_count = False
    warn_unsaved_form = True
    actions: Any = None

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Show or save a user; the reason beside Save goes into the history."""
        with explained(request):
            return super().changeform_view(request, *args, **options)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        """Show the form with the bar of the other forms; what changed of a user is kept with the reason."""
        user = context.get("original")
        may_change = self.has_change_permission(request, user)
        context |= page_of_versions(context, request, may_change=may_change)
        context["asks_reason"] = user is not None and may_change
        form = context["adminform"].form
        context["reason_missing"] = form.is_bound and any("Say why" in each for each in form.errors.get("email", ()))
        return super().render_change_form(request, context, *args, **options)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the user; if the mail goes to another address, the log of what the user is cleared for says so."""
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            closed.address_changed(obj, old=form.initial.get("email") or "", new=obj.email, by=request.user)

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        """Only a superuser makes superusers, or gives out what no role has."""
        held = tuple(super().get_readonly_fields(request, obj))
        return held if request.user.is_superuser else (*held, "is_superuser", "user_permissions")

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Only a superuser changes superusers, their password included."""
        if getattr(obj, "is_superuser", False) and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the users, each with whether a second factor is on."""
        factors = SecondFactor.objects.filter(user_id=OuterRef("pk"), confirmed_at__isnull=False)
        return super().get_queryset(request).annotate(signs_in_by_code=Exists(factors)).prefetch_related("groups")

    @column("Name", order="last_name")
    def full_name(self, user: Any) -> Any:
        """Return first and last name."""
        return user.get_full_name() or columns.unknown("Not given")

    @column("Roles")
    def roles(self, user: Any) -> Any:
        """Return the roles as badges; whoever has none of them, and is staff, sees an empty desk."""
        found = [columns.badge(group.name, "blue") for group in user.groups.all()]
        if user.is_superuser:
            found.insert(0, columns.badge("superuser", "amber"))
        if not user.is_staff:
            found.append(columns.badge("may not sign in", "grey"))
        return (
            format_html_join(" ", "{}", ((each,) for each in found)) if found else columns.unknown("None: sees nothing")
        )

    @column("Last sign-in", order="last_login")
    def signed_in(self, user: Any) -> Any:
        """Return when the user signed in last."""
        return columns.ago(user.last_login)

    @column("Second factor", order="signs_in_by_code", boolean=True)
    def has_code(self, user: Any) -> bool:
        """Return whether the user signs in with a code, too."""
        return bool(user.signs_in_by_code)

    @action(
        description="Reset second factor",
        permissions=["change"],
        url_path="reset-second-factor",
        icon="phonelink_erase",
    )  # type: ignore[untyped-decorator]
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a user's second factor away, after asking why."""
        user = self._user(request, object_id)
        if user.pk == request.user.pk:
            messages.info(request, "Your own second factor is turned off here, with password and code.")
            return HttpResponseRedirect(reverse("second-factor"))
        back = HttpResponseRedirect(reverse("admin:auth_user_change", args=[user.pk]))
        if not user.signs_in_by_code:
            messages.info(request, f"{user} has no second factor.")
            return back
        question = Question(
            f"Reset the second factor of {user}?",
            "From then on the password alone lets them in, until they set up another device.",
            "Reset",
            grave=True,
            needs_reason=True,
        )
        page = asked(self, request, question, [user])
        if page is not None:
            return page
        by: Any = request.user
        turn_off(user, by=by, words=f"Second factor reset: {reason_of(request)}")
        messages.success(request, f"{user} signs in with the password alone.")
        return back

    @action(
        description="Sign out everywhere",
        permissions=["change"],
        url_path="sign-out-everywhere",
        icon="logout",
    )  # type: ignore[untyped-decorator]
    def sign_out_everywhere(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End every session of a user, after asking why."""
        user = self._user(request, object_id)
        question = Question(
            f"Sign {user} out everywhere?",
            "Every browser of theirs has to sign in again. To keep them out make the user inactive.",
            "Sign out",
            grave=True,
            needs_reason=True,
        )
        page = asked(self, request, question, [user])
        if page is not None:
            return page
        by: Any = request.user
        ended = end_sign_ins(SignIn.objects.filter(user=user))
        note(user, by=by, words=f"Signed out everywhere: {reason_of(request)}")
        messages.success(request, f"{user} is signed out: {ended} {'session' if ended == 1 else 'sessions'} ended.")
        return HttpResponseRedirect(reverse("admin:auth_user_change", args=[user.pk]))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show who changed what of a user, groups and permissions among it, whoever wrote it; and what the log has."""
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404("There is no such user.")
        if not self.has_view_or_change_permission(request, user):
            raise PermissionDenied
        row = TrackedUser.objects.get(pk=user.pk)
        return shown_history(self, request, row, others=logged_steps(user), shown_as=user)

    def _user(self, request: HttpRequest, object_id: str) -> Any:
        """Return the user that may be changed. Raises Http404 and PermissionDenied."""
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404("There is no such user.")
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        return user

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Whoever leaves is made inactive: the history keeps their name."""
        return False


@admin.register(Group)
class DeskGroupAdmin(ActionChoices, GroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Permissions by group."""


@admin.site.admin_view
def own_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; whoever signs in by the identity provider alone has none here."""
    user: Any = request.user
    if user.has_usable_password():
        return admin.site.password_change(request)
    messages.info(request, f"You sign in by {settings.OIDC.name}: your password is kept and changed there.")
    return HttpResponseRedirect(reverse("preferences"))
