"""Reported figures, to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models.functions import TruncDate
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns, figures
from biotech_ma.core.admin.column_data import through
from biotech_ma.core.admin.filters import DayRangeFilter
from biotech_ma.core.admin.pages import Fact
from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.services import Refused
from companies.admin import CompanyAdmin, company_data, company_link
from companies.admin_filters import SameCompanyFilter
from companies.identity import Identities
from companies.models import Company
from companies.origins import pages
from signals_app.admin_forms import FactCorrectionForm
from signals_app.admin_versions import fact_versions
from signals_app.concepts import concept_name
from signals_app.curated import correct_fact
from signals_app.day_figures import figures_of
from signals_app.models import FinancialFact
from signals_app.periods import Figure
from signals_app.pro_forma import pro_forma
from signals_app.refresh import ledger_day
from signals_app.runway import funds_day

# Announcements that a figure's note leads to; the page's signals have all.
MOST_TOLD = 4


@admin.register(FinancialFact)
class FinancialFactAdmin(ReadOnlyAdmin):
    """Figures as filings report them, restatements beside the original."""

    list_display: Any = [
        "company_cell",
        "concept_cell",
        "period_start",
        "period_end",
        "amount",
        "unit",
        "form",
        "source",
        "known",
    ]
    list_display_links: Any = ["concept_cell"]
    list_select_related: Any = ["company__merged_into"]
    list_filter: Any = [("company", SameCompanyFilter), ("period_end", DayRangeFilter)]
    search_fields: Any = ["accession"]
    search_help_text = "Ticker, company or accession number"
    ordering: Any = ["-id"]
    sortable_by: Any = []
    fields = (
        ("company", "concept_cell"),
        ("period_start", "period_end"),
        ("value", "unit"),
        ("form", "accession"),
        ("source", "available_at"),
        "signal",
        "versions",
    )
    readonly_fields = ("concept_cell", "versions")
    empty_hint = "Load figures with the ingest command: edgar-facts or universe."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the facts with their companies."""
        return super().get_queryset(request).defer("company__search_vector")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search by company or by accession number within what is shown."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = list(Company.objects.search(term).values_list("pk", flat=True)[:200])
        if not found:
            return queryset.filter(accession=term), False
        return queryset.filter(company_id__in=Identities.load().ids_of(found)), False

    actions_detail: Any = ["correct"]

    def has_correct_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A correction is a new row."""
        return bool(request.user.has_perm("signals_app.add_financialfact"))

    @action(description="Correct", permissions=["correct"], url_path="correct", icon="edit_note")  # type: ignore[untyped-decorator]
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the right value and the reason, then append the row that supersedes this one."""
        fact = self.get_object(request, object_id)
        if fact is None:
            raise Http404("There is no such figure.")
        form = FactCorrectionForm(request.POST or None, fact=fact)
        if request.method == "POST" and form.is_valid():
            try:
                made = correct_fact(fact=fact, value=form.cleaned_data["value"], reason=form.cleaned_data["reason"])
            except Refused as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                self.log_addition(request, made, f"Corrected {fact.value.normalize():f}: {form.cleaned_data['reason']}")
                messages.success(
                    request,
                    "The new row supersedes the old one. A worker brings today's scores in line.",
                )
                return HttpResponseRedirect(reverse("admin:signals_app_financialfact_change", args=[made.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Correct {fact} of {fact.company}",
            "opts": self.opts,
            "fact": fact,
            "concept": concept_name(fact.concept),
            "form": form,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/signals_app/correct_fact.html", context)

    @column("Company", data=company_data())
    def company_cell(self, fact: FinancialFact) -> str:
        """Return a link to the company."""
        return company_link(fact.company)

    @column("Figure", data=through("concept", concept_name))
    def concept_cell(self, fact: FinancialFact) -> str:
        """Return what is reported, in words."""
        return concept_name(fact.concept)

    @column("Value", numeric=True, data="value")
    def amount(self, fact: FinancialFact) -> str:
        """Return the value: dollars at a glance, anything else as it is."""
        return columns.money(fact.value) if fact.unit == "USD" else columns.number(fact.value, 0)

    @column("Versions")
    def versions(self, fact: FinancialFact) -> SafeString:
        """Return what else the ledger has of the figure and period, and which stands."""
        return fact_versions(fact)

    @column("Known since", data=TruncDate("available_at", tzinfo=NEW_YORK))
    def known(self, fact: FinancialFact) -> str:
        """Return when the public could know."""
        return columns.market_day(fact.available_at)


def pro_forma_facts(company: Company) -> list[Fact]:
    """Return what was raised after the balance sheet behind the liquid funds, as a line of its own."""
    period_end = funds_day(company)
    if company.cash_position_usd is None or period_end is None:
        return []
    found = pro_forma(
        company_id=company.pk,
        liquid_funds_usd=company.cash_position_usd,
        period_end=period_end,
        day=timezone.localdate(timezone=NEW_YORK),
    )
    if not found.financings:
        return []
    unknown = f"{found.without_amount} more without an amount" if found.without_amount else ""
    raised = f"{figures.money(found.raised_usd)} raised since {figures.day(period_end)}"
    note = ", ".join(filter(None, (raised if found.raised_usd else "", unknown)))
    told = tuple((each.title, each.source_url) for each in found.financings if each.source_url)
    return [Fact("Pro forma", columns.money(found.liquid_funds_pro_forma_usd, note=note), note, told[:MOST_TOLD])]


def ledger_facts(company: Company) -> list[Fact]:
    """Return what no column of the company holds, with its filings: the last quarter's burn, a float, warrants."""
    found = figures_of(company, ledger_day())
    facts: list[Fact] = []
    if found.last_quarter_burn is not None:
        note = f"the quarter to {found.last_quarter_burn.period_end}"
        amount = columns.money(found.last_quarter_burn.value, note=note)
        facts.append(Fact("Burn, last quarter", amount, note, _filings(company, found.last_quarter_burn)))
    if found.market_cap_is_float:
        note = f"of {found.market_cap_as_of}; stands in for a market cap"
        amount = columns.money(found.market_cap_usd, note=note)
        facts.append(Fact("Public float", amount, note, _filings(company, found.market_cap)))
    if found.prefunded_warrants is not None:
        note = f"shares, as of {found.prefunded_warrants.period_end}; not in the market cap"
        amount = columns.number(found.prefunded_warrants.value, 0, note=note)
        facts.append(Fact("Pre-funded warrants", amount, note, _filings(company, found.prefunded_warrants)))
    return facts


def _filings(company: Company, figure: Figure | None) -> tuple[tuple[str, str], ...]:
    """Return the filings that the figure is from, the newest first."""
    return tuple(pages(" ".join(figure.accessions), company.cik)) if figure else ()


CompanyAdmin.extend(facts=ledger_facts)
CompanyAdmin.extend(facts=pro_forma_facts)
