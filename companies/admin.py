"""Companies, drug candidates and aliases as analysts scan and edit them."""

from __future__ import annotations

from companies.admin_candidates import CompanyAliasAdmin, DrugCandidateAdmin
from companies.admin_cells import company_data, company_link
from companies.admin_companies import CompanyAdmin
from companies.admin_duplicates import CompanyDistinctionAdmin
from companies.admin_merging import CompanyMergeAdmin
from companies.admin_notes import CompanyNoteAdmin
from companies.admin_palette import found
from companies.admin_restrictions import RestrictionAdmin, RestrictionLogAdmin
from companies.admin_watchlists import WatchlistAdmin

__all__ = [
    "CompanyAdmin", "CompanyAliasAdmin", "CompanyDistinctionAdmin", "CompanyMergeAdmin", "CompanyNoteAdmin",
    "DrugCandidateAdmin", "RestrictionAdmin", "RestrictionLogAdmin", "WatchlistAdmin", "company_data", "company_link",
    "found",
]  # fmt: skip
