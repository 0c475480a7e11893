"""From an edit to the score: which edits move one, and what the pages say until today's scores know of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Max, Q
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.admin.figures import change, number
from companies.choices import Role
from companies.models import Company
from companies.services import is_curated
from scoring import schedule
from scoring.models import MAScore
from scoring.provisional import provisional
from scoring.services import market_today
from signals_app.concepts import OPERATING_CASH_FLOW, QUARTERLY_BURN, RESEARCH
from signals_app.figures import HORIZON_DAYS
from signals_app.knowledge import STALE_AFTER_DAYS
from signals_app.models import FinancialFact

# What people change with a reason, and no score rests on: docs/scoring.md says why. The runway does, and alerts.
BURN = "quarterly_burn_rate_usd"
UNSCORED = frozenset({QUARTERLY_BURN, OPERATING_CASH_FLOW})
TODO, DOING = "todo", "doing"
WAITS = (TODO, DOING)
WHAT_TO_DO = "is not scored until newer ones are ingested, or score --even-stale insists."


def moves_scores(fields: Collection[str]) -> bool:
    """Return whether a score may move when these fields, or figures of the ledger, change."""
    return not UNSCORED.issuperset(fields)


def lock_of(day: dt.date) -> str:
    """Return the name under which a day waits in the queue, once."""
    return f"match and score {day}"


def said_after_edit(company: Company, changed: Collection[str]) -> str:
    """Return in words what the edit of these fields leads to; empty where nothing has to do with them."""
    if not Company.score_fields.intersection(changed):
        return "No score rests on the burn: the runway does, and the alerts on it." if BURN in changed else ""
    if schedule.entry() is None:
        return "Scoring by itself is switched off: run the score command to have the score follow."
    if most_filings_are_old():
        return (
            f"No score moves: most filings are over {STALE_AFTER_DAYS} days old, so {market_today()} {WHAT_TO_DO} "
            "The company's page says what this edit would make of its score."
        )
    return f"The scores of {market_today()} are worked out anew by the worker. Open the company's page to see them."


@dataclass(frozen=True, slots=True)
class Behind:
    """What a company's latest score does not know yet, in a few words, and why."""

    words: str = ""
    why: str = ""


def not_in_yet(company: Company, score: MAScore | None) -> Behind:
    """Return what the company's latest score does not know yet; nothing where it knows all. One query then."""
    today = market_today()
    waiting = ProcrastinateJob.objects.filter(lock=lock_of(today), status__in=WAITS)
    states = set(waiting.values_list("status", flat=True))
    if states:
        return Behind("today's are being worked out" if DOING in states else "today's wait for a worker")
    edited = _last_edit(company)
    if score is None or not edited or edited <= score.score_date.isoformat():
        return Behind()
    why = f"most filings are too old, so {today} {WHAT_TO_DO}" if most_filings_are_old() else "run the score command"
    found = provisional(company, score)
    if found is None:
        return Behind(f"without the edit of {edited}", why)
    return Behind(
        f"{number(found.total)} ({change(found.points)}) with the edit of {edited}",
        f"what is known today, against the medians and weights of {score.score_date}, not stored; {why}",
    )


def most_filings_are_old() -> bool:
    """Return whether today is not scored by itself, as `ComputedDay.is_stale` would have it.

    Both questions are answered by an index of research spending alone. Where half of all targets have filed of late the
    first is enough, for no more than all of them report at all; the second reads the figures of the whole horizon.
    """
    today = market_today()
    oldest = today - dt.timedelta(days=STALE_AFTER_DAYS)
    targets = Company.objects.filter(role=Role.TARGET).order_by()
    spent = FinancialFact.objects.known_by_day(today).of_concepts(RESEARCH).order_by()
    recent = targets.filter(pk__in=spent.filter(period_end__gte=oldest).values("company_id"))
    if recent.count() * 2 >= targets.count():
        return False
    since = today - dt.timedelta(days=HORIZON_DAYS)
    newest = (
        spent.filter(company__in=targets, period_end__gte=since).values("company_id").annotate(end=Max("period_end"))
    )
    found = newest.aggregate(every=Count("company_id"), old=Count("company_id", filter=Q(end__lt=oldest)))
    return bool(found["old"] * 2 > found["every"])


def _last_edit(company: Company) -> str:
    """Return the day of the last edit of what scores are made of, empty for none."""
    notes = company.field_sources
    names = [name for name in Company.score_fields if is_curated(notes, name)]
    return max((str(notes[name].get("as_of") or "") for name in names), default="")
