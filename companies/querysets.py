"""Questions about companies and drug candidates, in the analyst's words."""

from __future__ import annotations

from biotech_ma.core.models import SoftDeleteQuerySet


class CompanyQuerySet(SoftDeleteQuerySet):  # type: ignore[type-arg]
    """Questions about companies."""


class DrugCandidateQuerySet(SoftDeleteQuerySet):  # type: ignore[type-arg]
    """Questions about drug candidates."""
