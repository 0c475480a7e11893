"""What is derived from the ledger, brought in line when two companies become one, or one becomes two again."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from biotech_ma.core import news
from companies.services import EDITS
from signals_app.offers import refresh_offers
from signals_app.refresh import ledger_day, refresh_company_figures
from signals_app.review_merges import reopen_undone


def derive_anew(*, company_ids: Collection[UUID]) -> None:
    """Derive the companies' figures and offers from the ledger rows that are theirs now; today's scores follow.

    Proposals that a merge had settled which is undone are open again.
    """
    reopen_undone()
    refresh_offers(company_ids)
    refresh_company_figures(day=ledger_day(), company_ids=company_ids)
    news.tell(EDITS, fields="merged_into")
