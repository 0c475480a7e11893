"""From an edit to the score: which edits move one, and what the pages say until today's scores know of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from procrastinate.contrib.django.models import ProcrastinateJob

from companies.models import Company
from companies.services import is_curated
from scoring import schedule
from scoring.models import MAScore
from scoring.services import market_today
from signals_app.concepts import OPERATING_CASH_FLOW, QUARTERLY_BURN

# What people change with a reason, and no score rests on: docs/scoring.md says why. The runway does, and alerts.
UNSCORED = frozenset({"quarterly_burn_rate_usd", QUARTERLY_BURN, OPERATING_CASH_FLOW})
WAITS = ("todo", "doing")


def moves_scores(fields: Collection[str]) -> bool:
    """Return whether a score may move when these fields, or figures of the ledger, change."""
    return not UNSCORED.issuperset(fields)


def lock_of(day: dt.date) -> str:
    """Return the name under which a day waits in the queue, once."""
    return f"match and score {day}"


def said_after_edit(company: Company, changed: Collection[str]) -> str:
    """Return in words what the edit of these fields leads to; empty where no score has to do with them."""
    scored = Company.score_fields.intersection(changed)
    if not scored:
        return ""
    if not moves_scores(scored):
        return "No score rests on the burn: the runway does, and the alerts on it."
    if schedule.entry() is None:
        return "Scoring by itself is switched off: run the score command to have the score follow."
    return f"The scores of {market_today()} are worked out anew by the worker. Open the company's page to see them."


def not_in_yet(company: Company, score: MAScore | None) -> str:
    """Return in words what the company's latest score does not know yet; empty where it knows all. One query."""
    today = market_today()
    state = ProcrastinateJob.objects.filter(lock=lock_of(today), status__in=WAITS).order_by("status").values_list(
        "status", flat=True
    ).first()  # fmt: skip
    if state is not None:
        return "today's are being worked out" if state == "doing" else "today's wait for a worker"
    edited = _last_edit(company)
    if score is None or not edited or edited <= score.score_date.isoformat():
        return ""
    return f"the edit of {edited} is not in it: today is scored once most filings are under 200 days old"


def _last_edit(company: Company) -> str:
    """Return the day of the last edit of what scores are made of, empty for none."""
    notes = company.field_sources
    names = [name for name in Company.score_fields - UNSCORED if is_curated(notes, name)]
    return max((str(notes[name].get("as_of") or "") for name in names), default="")
