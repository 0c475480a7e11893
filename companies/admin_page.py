"""A company's own page: what a partner asks for, on one screen; to edit is one click further."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns
from biotech_ma.core.admin.pages import Fact, Page, Section, row_page
from biotech_ma.core.admin.reasons import Why, last_changes
from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.wording import name_keys, name_list
from companies.admin_cells import AREAS, ROLE_TONES, company_link
from companies.admin_closed import badges as restricted_badges
from companies.admin_closed import restriction_buttons, standing
from companies.admin_duplicates import hint_on
from companies.admin_merging import MAY_MERGE, standing_merge, undo_url
from companies.admin_notes import NoteForm, notes_section
from companies.admin_pipeline import pipeline_section
from companies.admin_watching import watched_on
from companies.choices import RestrictionAct, Role, TherapeuticArea
from companies.models import Company
from companies.origins import EDGAR_COMPANY_URL, pages
from companies.restrictions import WHY_CLOSED, note
from companies.services import is_curated

FIGURES = {
    "market_cap_usd": "Market cap",
    "cash_position_usd": "Liquid funds",
    "quarterly_burn_rate_usd": "Burn a quarter",
    "total_debt_usd": "Debt",
    "enterprise_value_usd": "Enterprise value",
}
RUNWAY_RESTS_ON = ("runway_quarters", "cash_position_usd", "quarterly_burn_rate_usd")
DERIVED = {"enterprise_value_usd": ("market_cap_usd", "total_debt_usd", "cash_position_usd")}
# Where the note on a figure says why it is unknown.
WHY_UNKNOWN = {
    "not_reported": "no filing reports it",
    "liquidity_incomplete": "the latest filing does not give all of it",
    "depends_on_an_unknown_figure": "a figure that it depends on is unknown",
    "stale": "the last filing with it is too old",
    "currency_not_usd_or_unknown": "filings report it in another currency than US dollars",
    "no_trailing_year": "no twelve months of filings add up",
    "negative_or_beyond_any_company": "what filings say of it cannot be",
    "burns_nothing": "it burns nothing",
}
name_keys(WHY_UNKNOWN)
name_list("therapeutic_areas", TherapeuticArea.choices)


def own_facts(company: Company) -> list[Fact]:
    """Return the company's own key figures, each with its source, its day and its filings."""
    whys = _whys(company)
    facts = [_figure(company, name, label, whys) for name, label in FIGURES.items()]
    burn = company.quarterly_burn_rate_usd
    runway = columns.runway(company.runway_quarters, burns=None if burn is None else burn > 0)
    note, links = origin(company, "runway_quarters")
    return [*facts[:3], _explained(Fact("Runway", runway, note, links), company, RUNWAY_RESTS_ON, whys), *facts[3:]]


def _whys(company: Company) -> dict[str, Why]:
    """Return who set the figures that are an analyst's, and why; no query where none is."""
    names = tuple(name for name in (*FIGURES, "runway_quarters") if is_curated(company.field_sources or {}, name))
    found = last_changes(Company, {company.pk: names}) if names else {}
    return {name: why for (_, name), why in found.items()}


def _explained(fact: Fact, company: Company, names: Iterable[str], whys: Mapping[str, Why]) -> Fact:
    """Return the fact with who set what it rests on, and why, and the way to the history."""
    said = [f"{FIGURES.get(name, 'Runway').lower()} by {whys[name].words}" for name in names if name in whys]
    if not said:
        return fact
    history = ("history", reverse("admin:companies_company_history", args=[company.pk]))
    note = " · ".join(filter(None, (fact.note, *said)))
    return fact._replace(note=note, links=(*fact.links, history))


def _figure(company: Company, name: str, label: str, whys: Mapping[str, Why]) -> Fact:
    value = getattr(company, name)
    note, links = origin(company, name)
    if name == "market_cap_usd" and value is not None and company.market_cap_as_of:
        said = _note(company, name).get("source")
        note = " · ".join(filter(None, (str(said or ""), f"as of {company.market_cap_as_of}")))
    for part in DERIVED.get(name, ()) if value is not None else ():
        links = (*links, *(each for each in origin(company, part)[1] if each not in links))
    exact = columns.money(value, hint=note or "Not known yet")
    return _explained(Fact(label, exact, note, links), company, (name, *DERIVED.get(name, ())), whys)


def _note(company: Company, name: str) -> dict[str, Any]:
    found = (company.field_sources or {}).get(name)
    return found if isinstance(found, dict) else {}


def origin(company: Company, name: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return where a field is from in words, and the pages where that is to be read."""
    note = _note(company, name)
    identifier = str(note.get("id") or "")
    if getattr(company, name) is None:
        words = WHY_UNKNOWN.get(str(note.get("note")), "")
        if (age := _age(note)) is not None:
            words = f"its latest period, to {note['as_of']}, is {age} days old, and figures count for 200 days"
        return (f"unknown: {words}" if words else ""), tuple(pages(identifier, company.cik))
    parts = [str(note[part]) for part in ("source", "id", "note") if note.get(part)]
    if note.get("as_of"):
        parts.append(f"as of {note['as_of']}")
    return " · ".join(parts), tuple(pages(identifier, company.cik))


def _age(note: dict[str, Any]) -> int | None:
    """Return how many days old the latest period of a figure is that is too old to count; None for any other note."""
    try:
        end = dt.date.fromisoformat(str(note.get("as_of"))) if note.get("note") == "stale" else None
    except ValueError:
        return None
    return (timezone.localdate(timezone=NEW_YORK) - end).days if end else None


def _registrant(cik: str) -> SafeString:
    return columns.beside(f"CIK {cik}", columns.outside(EDGAR_COMPANY_URL + cik))


def read_as_section(request: HttpRequest, company: Company) -> SafeString:
    """Return where the page of a merged duplicate is, and who merged it, when and why."""
    kept, made = company.survivor, standing_merge(company)
    url = reverse("admin:companies_company_view", args=[kept.pk])
    context = {"kept": kept, "url": url, "made": made, "when": columns.ago(made.created_at) if made else ""}
    return SafeString(render_to_string("admin/companies/read_as.html", context))


READ_AS = Section("read-as", "Merged", 10, "companies.view_company", read_as_section, wide=True)


class CompanyPage:
    """The page of a company, mixed into its admin: `sections` and `key_facts` are what the apps contribute."""

    sections: ClassVar[list[Section]] = [
        Section("pipeline", "Pipeline", 40, "companies.view_drugcandidate", pipeline_section),
        Section("notes", "Notes", 95, "companies.view_companynote", notes_section),
    ]
    key_facts: ClassVar[list[Any]] = []

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses, the page's and the note's among them."""
        site: Any = self.admin_site  # type: ignore[attr-defined]
        own = [
            path("<path:object_id>/view/", site.admin_view(self.page_view), name="companies_company_view"),
            path("<path:object_id>/note/", site.admin_view(self.note_view), name="companies_company_note"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def row_pages(self) -> frozenset[str]:
        """Return the pages that a company has: one to read, one to edit."""
        return frozenset({"view", "change"})

    def page_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the company; 404 for an unknown one, 403 without the permission to view it."""
        company = self._company(request, object_id)
        head = self._head(request, company)
        if company.merged_into is not None:
            return row_page(self, request, company, head, [], [READ_AS])
        facts = [*own_facts(company), *(fact for of in self.key_facts for fact in of(company))]
        return row_page(self, request, company, head, facts, self.sections)

    def note_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write a note on the company and go back to it; a refused one stays in its place."""
        company = self._company(request, object_id)
        if not request.user.has_perm("companies.add_companynote") or company.is_archived:
            raise PermissionDenied
        page = reverse("admin:companies_company_view", args=[company.pk])
        if request.method != "POST":
            return HttpResponseRedirect(page)
        restriction, is_open = standing(request, company)
        if restriction is not None and not is_open:
            note(restriction, RestrictionAct.REFUSED, request.user.get_username(), "new note")
            messages.error(request, WHY_CLOSED)
            return HttpResponseRedirect(f"{page}#notes")
        form = NoteForm(request.POST)
        if not form.is_valid():
            request.desk_note_form = form  # type: ignore[attr-defined]
            return self.page_view(request, object_id)
        form.instance.company, form.instance.author_id = company, request.user.pk
        form.save()
        return HttpResponseRedirect(f"{page}#notes")

    def _company(self, request: HttpRequest, object_id: str) -> Company:
        found: Company | None = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if found is None:
            raise Http404("There is no such company.")
        if not self.has_view_or_change_permission(request, found):  # type: ignore[attr-defined]
            raise PermissionDenied
        return found

    def _head(self, request: HttpRequest, company: Company) -> Page:
        badges = [columns.badge(company.get_role_display(), ROLE_TONES[Role(company.role)])]
        if company.ticker:
            badges.insert(0, columns.badge(company.ticker, "blue", title="Ticker"))
        if company.under_offer_since:
            badges.append(columns.badge(f"under offer since {company.under_offer_since}", "amber"))
        badges += restricted_badges(request, company)
        if (age := _age(_note(company, "cash_position_usd"))) is not None:
            title = "Figures count for 200 days after their period. Ingest newer filings (edgar-facts)."
            badges.append(columns.badge(f"latest balance sheet {age} days old", "amber", title=title))
        if company.merged_into is not None:
            badges.append(columns.badge(f"merged into {company.merged_into}", "red"))
        elif company.is_archived:
            badges.append(columns.badge("archived", "red"))
        lead = [
            columns.chips(company.therapeutic_areas, AREAS, most=4) if company.therapeutic_areas else "",
            company.headquarters_location or "",
            f"founded {company.founded_year}" if company.founded_year else "",
            f"{company.employee_count:,} employees" if company.employee_count is not None else "",
            _registrant(company.cik) if company.cik else "",
            *self._merged(company),
            *watched_on(request, company),
        ]
        return Page(
            company.name,
            badges,
            [part for part in lead if part],
            self._buttons(request, company),
            hint_on(request, company),
        )

    def _merged(self, company: Company) -> list[str]:
        """Return which companies are read together with it, or as which one it is read itself, with the way there."""
        if company.merged_into is not None:
            return [columns.beside("read as", company_link(company.merged_into))]
        if len(company.same_ids) == 1:
            return []
        duplicates = Company.all_objects.filter(merged_into=company).order_by("name", "id")
        view = "admin:companies_company_view"
        links = [columns.link(reverse(view, args=[each.pk]), str(each)) for each in duplicates]
        return [columns.beside("read together with", link) for link in links]

    def _buttons(self, request: HttpRequest, company: Company) -> list[tuple[str, str, str]]:
        here: Any = self
        made = standing_merge(company) if company.merged_into is not None else None
        is_merged, may_archive = made is not None, here.has_archive_permission(request)
        may_merge = not company.is_archived and here.has_merge_permission(request)
        wanted = [
            ("Edit", "change", here.has_change_permission(request, company), "primary"),
            ("History", "history", True, "default"),
            ("Watch", "watch", not company.is_archived and here.has_watch_permission(request), "default"),
            ("Merge duplicate…", "merge", may_merge, "default"),
            ("Archive", "archive_row", not company.is_archived and may_archive, "default"),
            ("Restore", "restore_row", company.is_archived and not is_merged and may_archive, "primary"),
        ]
        buttons = [
            (title, reverse(f"admin:companies_company_{name}", args=[company.pk]), variant)
            for title, name, may, variant in wanted
            if may
        ]
        if made is not None and request.user.has_perm(MAY_MERGE):
            buttons.append(("Undo the merge", undo_url(made), "primary"))
        return [*buttons, *restriction_buttons(request, company)]
