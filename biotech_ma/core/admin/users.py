"""Users and groups, with Unfold's forms."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from biotech_ma.core.admin.base import ActionChoices

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class DeskUserAdmin(ActionChoices, UserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """Who may sign in, and what they may do."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "username",
        "email",
        "first_name",
        "last_name",
        "is_active",
        "is_staff",
        "is_superuser",
        "last_login",
    )
    list_per_page = 50
    show_full_result_count = False
    actions: Any = None

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        """Only a superuser makes superusers, or gives out what no role has."""
        held = tuple(super().get_readonly_fields(request, obj))
        return held if request.user.is_superuser else (*held, "is_superuser", "user_permissions")

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Only a superuser changes superusers, their password included."""
        if getattr(obj, "is_superuser", False) and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Whoever leaves is made inactive: the history keeps their name."""
        return False


@admin.register(Group)
class DeskGroupAdmin(ActionChoices, GroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Permissions by group."""
