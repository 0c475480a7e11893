"""Notes on companies: written on the company's page, listed and edited here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from biotech_ma.core import closed
from biotech_ma.core.admin import ArchiveAdmin, column, columns
from biotech_ma.core.admin.filters import DayRangeFilter
from biotech_ma.core.admin.forms import DeskForm
from companies.admin_cells import company_data, company_link
from companies.admin_closed import closed_card, reason_card, standing
from companies.admin_filters import SameCompanyFilter
from companies.choices import RestrictionAct
from companies.models import Company, CompanyNote
from companies.restrictions import WHY_CLOSED, closed_to_any, note

SECTION_ROWS = 8


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    """A note as it is written on a company's page."""

    class Meta:
        model = CompanyNote
        fields = ("text",)
        widgets = {"text": UnfoldAdminTextareaWidget(attrs={"rows": 3, "id": "note-text"})}
        labels = {"text": "New note"}


class OwnNoteForm(DeskForm):
    """A note in the list of notes: of no company that is closed to who writes it."""

    reader: closed.Reader = closed.NOBODY

    def clean_company(self) -> Company:
        """Return the company. Refuses one that is on the restricted list, where the writer is not cleared."""
        company: Company = self.cleaned_data["company"]
        found = closed_to_any([self.reader]).get(company.pk)
        if found is not None:
            note(found, RestrictionAct.REFUSED, self.reader.name, "new note")
            raise ValidationError(WHY_CLOSED, code="restricted")
        return company


@admin.register(CompanyNote)
class CompanyNoteAdmin(ArchiveAdmin):
    """All notes, newest first, without those on companies that are closed to the user."""

    form = OwnNoteForm
    hides_closed = True
    list_display: Any = ["text_cell", "company_cell", "author_cell", "written"]
    list_display_links: Any = ["text_cell"]
    list_select_related: Any = ["company__merged_into", "author"]
    list_filter: Any = [("company", SameCompanyFilter), ("created_at", DayRangeFilter)]
    search_fields: Any = ["text", "company__ticker"]
    search_help_text = "Words of the note, or a ticker"
    autocomplete_fields: Any = ["company"]
    ordering: Any = ["-id"]
    sortable_by: Any = []
    fields: Any = ["company", "text", "author"]
    readonly_fields: Any = ["author"]
    empty_hint = "Write one on a company's page."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the notes with what the list shows."""
        return super().get_queryset(request).defer("company__search_vector")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which knows who writes."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("NoteFormOfUser", (form,), {"reader": closed.reader_of(request.user)})

    def save_model(self, request: HttpRequest, obj: CompanyNote, form: Any, change: bool) -> None:
        """Write the note under the name of whoever adds it."""
        if not change:
            obj.author_id = request.user.pk
        super().save_model(request, obj, form, change)

    @column("Note", data="text")
    def text_cell(self, note: CompanyNote) -> str:
        """Return the first line."""
        return columns.cut(str(note))

    @column("Company", data=company_data())
    def company_cell(self, note: CompanyNote) -> str:
        """Return a link to the company."""
        return company_link(note.company)

    @column("Author", data="author")
    def author_cell(self, note: CompanyNote) -> str:
        """Return who wrote it."""
        return note.author.get_username() if note.author else columns.unknown("The user is gone")

    @column("Written", data="created_at")
    def written(self, note: CompanyNote) -> str:
        """Return when it was written."""
        return columns.ago(note.created_at)


def notes_section(request: HttpRequest, company: Company) -> SafeString:
    """Return the newest notes, and a place to write one; of a company that is closed to the user a notice."""
    notice = closed_card(request, company, "Notes")
    if notice is not None:
        return notice
    rows = CompanyNote.objects.of_company(company).select_related("author")[:SECTION_ROWS]
    restriction, _ = standing(request, company)
    if restriction is not None:
        note(restriction, RestrictionAct.OPENED, request.user.get_username(), "notes on the company's page")
    may_add = request.user.has_perm("companies.add_companynote") and not company.is_archived
    return SafeString(
        render_to_string(
            "admin/companies/notes.html",
            {
                "rows": [
                    (row, reverse("admin:companies_companynote_change", args=[row.pk]), columns.ago(row.created_at))
                    for row in rows
                ],
                "restricted": reason_card(request, company),
                "form": getattr(request, "desk_note_form", None) or NoteForm() if may_add else None,
                "add": reverse("admin:companies_company_note", args=[company.pk]),
                "url": f"{reverse('admin:companies_companynote_changelist')}?company__id__exact={company.pk}",
            },
            request=request,
        )
    )
