"""A company's pipeline as a picture: a bar for each drug, up to its phase."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns
from companies.admin_cells import AREAS, PHASE_TONES
from companies.choices import Phase
from companies.models import Company, DrugCandidate
from companies.origins import pages

ROWS = 12
# What stands above the bars, and how many of them a phase reaches.
STAGES = ("Disc.", "Precl.", "Ph. 1", "Ph. 2", "Ph. 3", "Filed", "Appr.")
REACH: dict[str, float] = {
    Phase.DISCOVERY: 1, Phase.PRECLINICAL: 2, Phase.PHASE_1: 3, Phase.PHASE_1_2: 3.5, Phase.PHASE_2: 4,
    Phase.PHASE_2_3: 4.5, Phase.PHASE_3: 5, Phase.NDA_BLA: 6, Phase.APPROVED: 7, Phase.DISCONTINUED: 0,
}  # fmt: skip


def pipeline_section(request: HttpRequest, company: Company) -> SafeString:
    """Return the most advanced drugs as bars, those in development before the approved ones, with what comes next."""
    drugs = list(DrugCandidate.objects.filter(company=company).defer("additional_data"))
    drugs.sort(key=_order)
    listed = reverse("admin:companies_drugcandidate_changelist")
    return SafeString(
        render_to_string(
            "admin/companies/pipeline.html",
            {
                "stages": STAGES,
                "rows": [_row(drug, company) for drug in drugs[:ROWS]],
                "note": f"the first {ROWS} of {len(drugs)}" if len(drugs) > ROWS else "",
                "url": f"{listed}?company__id__exact={company.pk}",
                "edit": reverse("admin:companies_company_change", args=[company.pk]) + "#drug_candidates",
                "may_edit": request.user.has_perm("companies.change_company"),
            },
        )
    )


def _order(drug: DrugCandidate) -> tuple[Any, ...]:
    """Return the place: what is in development, the furthest first, then what is approved, then what was given up."""
    group = {Phase.APPROVED: 1, Phase.DISCONTINUED: 2}.get(Phase(drug.phase), 0)
    return group, -REACH[drug.phase], drug.next_milestone_date or dt.date.max, drug.name


def _row(drug: DrugCandidate, company: Company) -> dict[str, Any]:
    note = drug.field_sources.get("phase") if isinstance(drug.field_sources, dict) else None
    note = note if isinstance(note, dict) else {}
    source = pages(str(note.get("id") or ""), company.cik)
    return {
        "drug": drug,
        "url": reverse("admin:companies_drugcandidate_change", args=[drug.pk]),
        "phase": drug.get_phase_display(),
        "tone": PHASE_TONES.get(Phase(drug.phase), "grey"),
        "share": f"{REACH[drug.phase] / len(STAGES) * 100:.1f}",
        "area": AREAS.get(drug.therapeutic_area or "", ""),
        "next": columns.day(drug.next_milestone_date, hint="No milestone with a day is known"),
        "milestone": drug.next_milestone or "",
        "source": columns.outside(source[0][1]) if source else "",
    }
