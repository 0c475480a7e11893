"""The versions of the weights: draft one from another, see who would move, publish it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action

from biotech_ma.core.admin import DeskAdmin, DeskInline, column, columns
from biotech_ma.core.admin.confirm import Question, asked, reason_of
from biotech_ma.core.services import Refused
from scoring.admin_preview import preview_tables
from scoring.engine.total import METHODOLOGY
from scoring.explanation import label_of
from scoring.models import ScoreVersion, ScoreWeight, VersionStatus
from scoring.services import ScoringError, weights_of
from scoring.weights import check_weights, discard_draft, draft_from, newest_day, preview, publish_version

REASON_ROWS = 2


class SumToOne(BaseInlineFormSet):  # type: ignore[type-arg]
    """The weights of a draft: saved only when they sum to one."""

    def clean(self) -> None:
        """Check the weights together."""
        super().clean()
        if any(self.errors):
            return
        check_weights({form.instance.component: form.cleaned_data["weight"] for form in self.forms})


class WeightInline(DeskInline):
    """The weights of a version, with the reason for each."""

    model = ScoreWeight
    formset: Any = SumToOne
    fields: Any = ("component_cell", "weight", "reason")
    readonly_fields: Any = ("component_cell",)
    show_title = False
    verbose_name_plural = "weights: 0 to 1 each, together 1; name judgement as such"
    tab = False
    max_num = 0

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Give a reason two lines."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "reason":
            field.widget.attrs["rows"] = REASON_ROWS
        return field

    @column("Component")
    def component_cell(self, weight: ScoreWeight) -> str:
        """Return the component's name."""
        return label_of(weight.component)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Weights come with a version, not one by one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Weights of a draft may change, those of a published version never."""
        return is_draft(obj) and bool(super().has_change_permission(request, obj))


def is_draft(version: ScoreVersion | None) -> bool:
    """Return whether the version may still change."""
    return version is not None and version.status == VersionStatus.DRAFT


@admin.register(ScoreVersion)
class ScoreVersionAdmin(DeskAdmin):
    """The versions of the weights."""

    list_display: Any = ["version", "state", "published_at", "note"]
    fields: Any = (("version", "status", "published_at"), "note")
    readonly_fields: Any = ("status", "published_at")
    inlines: Any = [WeightInline]
    actions: Any = None
    actions_detail: Any = ["draft_version", "preview_version", "publish_draft", "discard_version"]
    empty_hint = "Migrations write the weights of version 1."

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A version starts from another one: the button on its page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A published version never changes."""
        may = bool(super().has_change_permission(request, obj))
        return may and (obj is None or is_draft(obj))

    def has_draft_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change versions may draft one from any of them."""
        return bool(super().has_change_permission(request))

    def has_publish_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What every score rests on from then on takes a permission of its own."""
        return bool(request.user.has_perm("scoring.publish_scoreversion"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Return the page's buttons: only drafts are previewed, published, discarded."""
        found = super().get_actions_detail(request, object_id)
        if is_draft(self.get_object(request, object_id)):
            return list(found)
        return [item for item in found if item.action_name.endswith("draft_version")]

    @column("State", data="status")
    def state(self, version: ScoreVersion) -> str:
        """Return draft, in force or former."""
        if is_draft(version):
            return columns.badge("draft", "amber")
        if version.version == self._in_force():
            return columns.badge("in force", "green")
        return columns.badge("former", "grey")

    def _in_force(self) -> str:
        try:
            return weights_of(None)[0]
        except ScoringError:
            return ""

    @action(description="Draft a new version", permissions=["draft"], url_path="draft", icon="content_copy")  # type: ignore[untyped-decorator]
    def draft_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Copy the version into a draft, after asking why, and go to it."""
        version = self._version(request, object_id)
        question = Question(
            f"Draft a new version from {version}?",
            "A copy of its weights that you can change, preview and publish. Nothing is scored differently until then.",
            "Draft",
        )
        page = asked(self, request, question, [version])
        if page is not None:
            return page
        draft = draft_from(version=version, reason=reason_of(request))
        self.log_change(request, draft, f"Drafted from {version}.")
        messages.success(request, f"This is the draft of {draft}. Change the weights, save, then preview.")
        return self._page_of(draft)

    @action(description="Preview", permissions=["draft"], url_path="preview", icon="visibility")  # type: ignore[untyped-decorator]
    def preview_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show who would move, by how much, against the version in force."""
        version = self._version(request, object_id)
        try:
            seen = preview(version=version)
        except (ScoringError, ValidationError) as error:
            return self._refused(request, version, error)
        context = {
            **self.admin_site.each_context(request),
            "title": f"What {version} would change",
            "opts": self.opts,
            "version": version,
            "note": f"On {seen.day}, against version {seen.against}, which is in force. {METHODOLOGY.capitalize()}.",
            "tables": preview_tables(seen),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/desk/preview.html", context)

    @action(description="Publish", permissions=["publish"], url_path="publish", icon="publish")  # type: ignore[untyped-decorator]
    def publish_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Bring the draft into force, after asking."""
        version = self._version(request, object_id)
        question = Question(
            f"Bring {version} into force?",
            f"The scores of {newest_day()} are made with it at once and become the latest; the worker scores the "
            "earlier days beside the ones that stand. A published version never changes: a later edit is a new one.",
            "Publish",
            grave=True,
        )
        return self._done(request, version, question, lambda reason: self._publish(request, version, reason))

    def _publish(self, request: HttpRequest, version: ScoreVersion, reason: str) -> HttpResponse:
        day = publish_version(version=version, reason=reason)
        self.log_change(request, version, "Published.")
        messages.success(
            request,
            f"Version {version.version} is in force; {day} is scored with it, earlier days follow by the worker.",
        )
        return self._page_of(version)

    @action(description="Discard", permissions=["draft"], url_path="discard", icon="delete")  # type: ignore[untyped-decorator]
    def discard_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Throw the draft away, after asking."""
        version = self._version(request, object_id)
        question = Question(
            f"Discard the draft of {version}?",
            "The draft and what was scored with it go for good.",
            "Discard",
            grave=True,
        )
        return self._done(request, version, question, lambda reason: self._discard(request, version, reason))

    def _discard(self, request: HttpRequest, version: ScoreVersion, reason: str) -> HttpResponse:
        discard_draft(version=version, reason=reason)
        messages.success(request, f"The draft of {version} is gone.")
        return HttpResponseRedirect(reverse("admin:scoring_scoreversion_changelist"))

    def _done(
        self, request: HttpRequest, version: ScoreVersion, question: Question, do: Callable[[str], HttpResponse]
    ) -> HttpResponse:
        page = asked(self, request, question, [version])
        if page is not None:
            return page
        try:
            return do(reason_of(request))
        except (Refused, ScoringError, ValidationError) as error:
            return self._refused(request, version, error)

    def _version(self, request: HttpRequest, object_id: str) -> ScoreVersion:
        found: ScoreVersion | None = self.get_object(request, object_id)
        if found is None:
            raise Http404("There is no such version.")
        return found

    def _refused(self, request: HttpRequest, version: ScoreVersion, error: Exception) -> HttpResponse:
        text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        messages.error(request, text[:1].upper() + text[1:])
        return self._page_of(version)

    def _page_of(self, version: ScoreVersion) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:scoring_scoreversion_change", args=[version.pk]))
