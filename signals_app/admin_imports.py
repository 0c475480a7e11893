"""Imports in the admin: a file, its columns, what it would change, and what it did change."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.exports import FORMS
from biotech_ma.core.services import Refused
from biotech_ma.core.sheets.grid import Unreadable
from companies.admin import CompanyAdmin, DrugCandidateAdmin
from signals_app.admin_import_forms import ApplyForm, MappingForm, UndoForm, UploadForm
from signals_app.import_models import ImportKind, ImportState, SheetImport, SheetImportRow
from signals_app.imports import services
from signals_app.imports.faulty_rows import workbook_of
from signals_app.imports.plan import Fate, Options
from signals_app.imports.undo import plan_undo, why_not

ROWS_A_PAGE = 50
REFRESH_SECONDS = 2
TONES = {
    ImportState.MAPPING: "grey",
    ImportState.CHECKING: "blue",
    ImportState.CHECKED: "amber",
    ImportState.APPLYING: "blue",
    ImportState.APPLIED: "green",
    ImportState.FAILED: "red",
    ImportState.UNDOING: "blue",
    ImportState.UNDONE: "grey",
}
FATES = {
    Fate.CREATE: ("new", "green"),
    Fate.CHANGE: ("changes", "blue"),
    Fate.SAME: ("unchanged", "grey"),
    Fate.REFUSED: ("refused", "red"),
    Fate.ASIDE: ("left out", "grey"),
}
PAGES = {
    ImportKind.COMPANIES: "admin:companies_company_view",
    ImportKind.CANDIDATES: "admin:companies_drugcandidate_change",
    ImportKind.EVENTS: "admin:signals_app_signal_change",
}
PERMISSIONS = {
    ImportKind.COMPANIES: ("companies.add_company", "companies.change_company"),
    ImportKind.CANDIDATES: ("companies.add_drugcandidate", "companies.change_drugcandidate"),
    ImportKind.EVENTS: ("signals_app.add_signal",),
}


def kinds_for(user: Any) -> list[str]:
    """Return what the user may import: what the user may add and change row by row."""
    if not user.has_perm("signals_app.add_sheetimport"):
        return []
    return [str(kind) for kind, needed in PERMISSIONS.items() if user.has_perms(needed)]


def _written(taken: SheetImport) -> int | None:
    return taken.counts.get(Fate.CREATE, 0) + taken.counts.get(Fate.CHANGE, 0) if taken.counts else None


@admin.register(SheetImport)
class SheetImportAdmin(ReadOnlyAdmin):
    """Files, how far each has come, and what became of their rows."""

    list_display: Any = ["file", "kind", "state_badge", "rows_total", "written", "refused", "owner", "when", "reason"]
    list_display_links: Any = ["file"]
    list_select_related: Any = ["owner"]
    list_filter: Any = [("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter)]
    search_fields: Any = ["file_name", "reason"]
    ordering: Any = ["-id"]
    actions_list: Any = ["upload_file"]
    empty_hint = "Import a CSV file or a workbook: nothing is written before you have seen what would change."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the imports without their files."""
        return super().get_queryset(request).defer("content", "layout", "sample", "heading_key")

    def get_urls(self) -> list[Any]:
        """Add the page that takes a file."""
        upload = path("upload/", self.admin_site.admin_view(self.upload), name="signals_app_sheetimport_upload")
        return [upload, *super().get_urls()]

    def has_upload_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may import anything may upload."""
        return bool(kinds_for(request.user))

    @action(description="Import a file", permissions=["upload"], url_path="new", icon="upload_file")  # type: ignore[untyped-decorator]
    def upload_file(self, request: HttpRequest) -> HttpResponse:
        """Lead to the page that takes a file."""
        return HttpResponseRedirect(reverse("admin:signals_app_sheetimport_upload"))

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take a file."""
        kinds = kinds_for(request.user)
        if not kinds:
            raise PermissionDenied
        posted: dict[str, Any] = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
        form = UploadForm(request, kinds, initial={"kind": request.GET.get("kind", kinds[0])}, **posted)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                taken = services.take_file(
                    kind=form.cleaned_data["kind"],
                    name=file.name,
                    content=file.read(),
                    owner=request.user,  # type: ignore[arg-type]
                )
            except Unreadable as error:
                form.add_error("file", str(error))
            else:
                return HttpResponseRedirect(self._page(taken))
        return self._answer(request, "admin/imports/upload.html", "Import a file", form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the step that the import has come to; take what is decided there."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        taken = self._taken(object_id)
        may_write = taken.kind in kinds_for(request.user)
        if request.method == "POST":
            if not may_write:
                raise PermissionDenied
            return self._step(request, taken)
        return self._asked(request, taken, may_write=may_write)

    def _asked(self, request: HttpRequest, taken: SheetImport, *, may_write: bool) -> HttpResponse:
        """Answer what the address asks for: the rows to mend, what undoing would do, the columns, else the rows."""
        if "faults" in request.GET:
            return self._faults(taken)
        if may_write and "undo" in request.GET and not why_not(taken):
            return self._undo(request, taken, UndoForm())
        wants_columns = "columns" in request.GET and not taken.is_working and taken.content is not None
        if may_write and (taken.state == ImportState.MAPPING or wants_columns):
            return self._mapping(request, taken, MappingForm(taken))
        return self._rows(request, taken, ApplyForm(), may_write=may_write)

    def _taken(self, object_id: str) -> SheetImport:
        try:
            key = SheetImport._meta.pk.to_python(object_id)
        except ValidationError:
            raise Http404("There is no such import.") from None
        taken = SheetImport.objects.select_related("owner").filter(pk=key).first()
        if taken is None:
            raise Http404("There is no such import.")
        return taken

    def _step(self, request: HttpRequest, taken: SheetImport) -> HttpResponse:
        step = request.POST.get("step")
        if step == "apply":
            return self._apply(request, taken)
        if step == "undo":
            return self._take_back(request, taken)
        if step == "cancel":
            return self._tried(request, taken, lambda: services.cancel(taken))
        if taken.content is None or taken.is_working:
            messages.error(request, "This import is being worked on, or has been applied.")
            return HttpResponseRedirect(self._page(taken))
        return self._map(request, taken)

    def _apply(self, request: HttpRequest, taken: SheetImport) -> HttpResponse:
        form = ApplyForm(request.POST)
        if not form.is_valid():
            return self._rows(request, taken, form, may_write=True)
        return self._tried(request, taken, lambda: services.apply_import(taken, **form.cleaned_data))

    def _take_back(self, request: HttpRequest, taken: SheetImport) -> HttpResponse:
        form, by = UndoForm(request.POST), request.user
        if not form.is_valid() and not why_not(taken):
            return self._undo(request, taken, form)
        reason = form.cleaned_data.get("reason", "")
        return self._tried(request, taken, lambda: services.undo_import(taken, by=by, reason=reason))  # type: ignore[arg-type]

    def _map(self, request: HttpRequest, taken: SheetImport) -> HttpResponse:
        form = MappingForm(taken, data=request.POST)
        if not form.is_valid():
            return self._mapping(request, taken, form)
        if request.POST.get("step") == "look" or form.reads_anew():
            return self._look(request, taken, form)
        layout, options = form.chosen()
        try:
            services.map_columns(taken, layout=layout, options=options)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self._mapping(request, taken, form)
        return HttpResponseRedirect(self._page(taken))

    def _look(self, request: HttpRequest, taken: SheetImport, form: MappingForm) -> HttpResponse:
        data = form.cleaned_data
        try:
            services.look_again(
                taken,
                heading_row=data["heading_row"] - 1,
                sheet=data.get("sheet", ""),
                has_units=None if data["has_units"] == form.layout.has_units else data["has_units"],
                encoding=data.get("encoding", ""),
            )
        except (Refused, Unreadable) as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(f"{self._page(taken)}?columns=1")

    def _faults(self, taken: SheetImport) -> HttpResponse:
        """Give the refused rows as a workbook, with what is wrong beside each."""
        name = taken.file_name.rpartition(".")[0] or taken.file_name
        return FileResponse(
            io.BytesIO(workbook_of(taken)),
            as_attachment=True,
            filename=f"{name} - to mend.xlsx",
            content_type=FORMS["xlsx"],
            headers={"Cache-Control": "no-store"},
        )  # type: ignore[return-value]

    def _undo(self, request: HttpRequest, taken: SheetImport, form: UndoForm) -> HttpResponse:
        """Show what would be taken back, and what stays, before anything is."""
        found = plan_undo(taken)
        back = [undone for undone in found if undone.values or undone.archives]
        stays = [undone for undone in found if undone.stays]
        return self._answer(
            request,
            "admin/imports/undo.html",
            f"Undo the import of {taken.file_name}?",
            taken=taken,
            form=form,
            back=len(back),
            archives=sum(undone.archives for undone in back),
            stays=len(stays),
            # What stays is what somebody has to know; of the rest a page shows how it is.
            shown=[*stays, *(undone for undone in back if not undone.stays)][:ROWS_A_PAGE],
            total=len(found),
            is_ledger=taken.kind == ImportKind.EVENTS,
        )

    def _tried(self, request: HttpRequest, taken: SheetImport, verb: Any) -> HttpResponse:
        try:
            verb()
        except Refused as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(self._page(taken))

    def _mapping(self, request: HttpRequest, taken: SheetImport, form: MappingForm) -> HttpResponse:
        return self._answer(
            request, "admin/imports/columns.html", f"{taken.file_name}: columns", taken=taken, form=form
        )

    def _rows(self, request: HttpRequest, taken: SheetImport, form: ApplyForm, *, may_write: bool) -> HttpResponse:
        fate = request.GET.get("fate", "")
        rows = taken.rows.filter(fate=fate) if fate in list(Fate) else taken.rows.all()
        page = Paginator(rows.order_by("row"), ROWS_A_PAGE).get_page(request.GET.get("p"))
        options = Options.from_json(taken.options)
        is_blocked = bool(taken.counts.get(Fate.REFUSED)) and not options.by_row
        writes = taken.counts.get(Fate.CREATE, 0) + taken.counts.get(Fate.CHANGE, 0)
        return self._answer(
            request,
            "admin/imports/rows.html",
            taken.file_name,
            taken=taken,
            form=form,
            page=page,
            shown=[(row, *FATES[Fate(row.fate)], self._subject(taken, row)) for row in page],
            fate=fate,
            fates=[(key, word, tone, taken.counts.get(key, 0)) for key, (word, tone) in FATES.items()],
            options=options,
            state_tone=TONES[ImportState(taken.state)],
            may_write=may_write,
            may_apply=may_write and taken.state == ImportState.CHECKED and not is_blocked,
            is_blocked=is_blocked,
            writes=writes,
            # What is compared is all rows, what is written those that change anything.
            goal=writes if taken.state == ImportState.APPLYING else taken.rows_total,
            refresh=REFRESH_SECONDS if taken.is_working else 0,
            may_undo=may_write and not why_not(taken),
            why_not=why_not(taken) if taken.state == ImportState.APPLIED else "",
        )

    def _subject(self, taken: SheetImport, row: SheetImportRow) -> str:
        """Return the address of what a row is about, empty for a row of the desk that there is not yet."""
        is_there = row.subject is not None and (row.fate != Fate.CREATE or taken.finished_at is not None)
        return reverse(PAGES[ImportKind(taken.kind)], args=[row.subject]) if is_there else ""

    def _answer(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name
        everywhere = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(request, template, {**everywhere, **context})

    def _page(self, taken: SheetImport) -> str:
        return reverse("admin:signals_app_sheetimport_change", args=[taken.pk])

    @column("File", order="file_name")
    def file(self, taken: SheetImport) -> str:
        """Return the file's name."""
        return taken.file_name

    @column("State", order="state")
    def state_badge(self, taken: SheetImport) -> str:
        """Return how far it has come."""
        return columns.badge(taken.get_state_display(), TONES[ImportState(taken.state)], title=taken.error)

    @column("New or changed", numeric=True, data=_written)
    def written(self, taken: SheetImport) -> str:
        """Return how many rows it writes."""
        return f"{_written(taken):,}" if taken.counts else "—"

    @column("Refused", numeric=True, data=lambda taken: taken.counts.get(Fate.REFUSED))
    def refused(self, taken: SheetImport) -> str:
        """Return how many rows have a fault."""
        return f"{taken.counts[Fate.REFUSED]:,}" if taken.counts else "—"

    @column("When", order="created_at")
    def when(self, taken: SheetImport) -> str:
        """Return when it was uploaded."""
        return columns.ago(taken.created_at)


def _importing(kind: ImportKind) -> Callable[[HttpRequest], str]:
    """Return what leads from a list to the import of its rows."""

    def link(request: HttpRequest) -> str:
        address = reverse("admin:signals_app_sheetimport_upload")
        return f"{address}?kind={kind}" if kind in kinds_for(request.user) else ""

    return staticmethod(link)


CompanyAdmin.import_link = _importing(ImportKind.COMPANIES)
DrugCandidateAdmin.import_link = _importing(ImportKind.CANDIDATES)
