"""The only door from the database to the engine: what was known of the targets by the end of a day.

Signals and figures are read point in time, companies and candidates as their histories have them on the day, and
programmes as the registry's records of the day. What is recorded later changes no earlier day. docs/scoring.md says
what that leaves open.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from companies.models import Company
from scoring.engine.inputs import CompanyInputs
from scoring.inputs.window import Window

__all__ = ["Window", "inputs", "universe_inputs"]


def universe_inputs(day: date, *, company_ids: Collection[UUID] | None = None) -> list[CompanyInputs]:
    """Return the inputs of every target of the day (or of these companies), in a fixed number of queries.

    A company whose takeover was announced by then, and not called off, is out of the universe; so is one that was
    archived or no target then, and one of which nothing was known.
    """
    window = Window.load(day, day, company_ids=company_ids)
    return [found for found in window.on(day) if not found.is_blank]


def inputs(company: Company, day: date) -> CompanyInputs | None:
    """Return the inputs of one company on the day; None when it is no target in the universe of that day."""
    return next(iter(universe_inputs(day, company_ids=[company.pk])), None)
