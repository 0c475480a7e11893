"""Cells that several tables show: a link to a company, a phase."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from biotech_ma.core.admin import columns
from companies.choices import Phase, Role, TherapeuticArea
from companies.identity import read_as_field
from companies.models import Company, DrugCandidate

ROLE_TONES = {Role.TARGET: "green", Role.ACQUIRER: "blue", Role.EXCLUDED: "grey"}
PHASE_TONES = {
    Phase.PHASE_2: "blue",
    Phase.PHASE_2_3: "blue",
    Phase.PHASE_3: "amber",
    Phase.NDA_BLA: "amber",
    Phase.APPROVED: "green",
    Phase.DISCONTINUED: "red",
}
AREAS: dict[str, str] = dict(TherapeuticArea.choices)


def phase_badge(candidate: DrugCandidate) -> str:
    """Return the phase with the colour of its distance to market."""
    return columns.badge(candidate.get_phase_display(), PHASE_TONES.get(Phase(candidate.phase), "grey"))


def company_data(path: str = "company", heading: str = "Company") -> dict[str, Any]:
    """Return what a link to a company is in a file: name and ticker, of a duplicate those of the kept company."""
    ticker = "Ticker" if heading == "Company" else f"{heading} ticker"
    return {heading: read_as_field("name", path), ticker: read_as_field("ticker", path)}


def company_link(company: Company | None) -> str:
    """Return a link to the company's page: the ticker, its name on hover. A duplicate's leads to the kept company."""
    if company is None:
        return columns.unknown()
    company = company.survivor
    url = reverse("admin:companies_company_view", args=[company.pk])
    return columns.link(url, company.ticker or company.name, title=company.name)
