"""Notes on companies: written on the company's page, listed and edited here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminTextareaWidget

from biotech_ma.core.admin import ArchiveAdmin, column, columns
from biotech_ma.core.admin.filters import DayRangeFilter
from companies.admin_cells import company_link
from companies.models import Company, CompanyNote

SECTION_ROWS = 8


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    """A note as it is written on a company's page."""

    class Meta:
        model = CompanyNote
        fields = ("text",)
        widgets = {"text": UnfoldAdminTextareaWidget(attrs={"rows": 3, "id": "note-text"})}
        labels = {"text": "New note"}


@admin.register(CompanyNote)
class CompanyNoteAdmin(ArchiveAdmin):
    """All notes, newest first."""

    list_display: Any = ["text_cell", "company_cell", "author_cell", "written"]
    list_display_links: Any = ["text_cell"]
    list_select_related: Any = ["company", "author"]
    list_filter: Any = [("company", AutocompleteSelectFilter), ("created_at", DayRangeFilter)]
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

    def save_model(self, request: HttpRequest, obj: CompanyNote, form: Any, change: bool) -> None:
        """Write the note under the name of whoever adds it."""
        if not change:
            obj.author_id = request.user.pk
        super().save_model(request, obj, form, change)

    @column("Note")
    def text_cell(self, note: CompanyNote) -> str:
        """Return the first line."""
        return columns.cut(str(note))

    @column("Company")
    def company_cell(self, note: CompanyNote) -> str:
        """Return a link to the company."""
        return company_link(note.company)

    @column("Author")
    def author_cell(self, note: CompanyNote) -> str:
        """Return who wrote it."""
        return note.author.get_username() if note.author else columns.unknown("The user is gone")

    @column("Written")
    def written(self, note: CompanyNote) -> str:
        """Return when it was written."""
        return columns.ago(note.created_at)


def notes_section(request: HttpRequest, company: Company) -> SafeString:
    """Return the newest notes, and a place to write one."""
    rows = CompanyNote.objects.of_company(company).select_related("author")[:SECTION_ROWS]
    may_add = request.user.has_perm("companies.add_companynote") and not company.is_archived
    return SafeString(
        render_to_string(
            "admin/companies/notes.html",
            {
                "rows": [
                    (note, reverse("admin:companies_companynote_change", args=[note.pk]), columns.ago(note.created_at))
                    for note in rows
                ],
                "form": getattr(request, "desk_note_form", None) or NoteForm() if may_add else None,
                "add": reverse("admin:companies_company_note", args=[company.pk]),
                "url": f"{reverse('admin:companies_companynote_changelist')}?company__id__exact={company.pk}",
            },
            request=request,
        )
    )
