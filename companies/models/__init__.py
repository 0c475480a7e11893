"""Companies and their drug candidates: the present state, as analysts curate it."""

from companies.models.alias import CompanyAlias
from companies.models.company import Company
from companies.models.distinction import CompanyDistinction
from companies.models.drug_candidate import DrugCandidate
from companies.models.merge import CompanyMerge
from companies.models.note import CompanyNote
from companies.models.restriction import Restriction, RestrictionClearance, RestrictionLog
from companies.models.watchlist import Watchlist

__all__ = [
    "Company", "CompanyAlias", "CompanyDistinction", "CompanyMerge", "CompanyNote", "DrugCandidate", "Restriction",
    "RestrictionClearance", "RestrictionLog", "Watchlist",
]  # fmt: skip
