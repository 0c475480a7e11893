"""From nothing to a scored universe: the steps behind `manage.py quickstart`, each safe to repeat.

It stands in the topmost app because it calls every other one (docs/adr/0002).
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max

from companies.models import Company, DrugCandidate
from companies.starter import STARTER_AS_OF
from delivery.models import Client
from delivery.services import issue_client
from scoring.matching.services import match_day
from scoring.models import AcquirerMatch, MAScore
from scoring.services import score_universe
from signals_app.ingest.starter import load_starter
from signals_app.models import Signal

ANALYST = "analyst"
CLIENT = "quickstart"
TOP_ROWS = 10
HISTORY_MONTHS = 6

Say = Callable[[str], None]


@dataclass(frozen=True)
class TopRow:
    """One line of the leaderboard."""

    ticker: str | None
    name: str
    total_score: Decimal
    percentile_rank: Decimal | None
    score_change_30d: Decimal | None


@dataclass(frozen=True)
class Access:
    """Who may log in. Password and key are None when they had been issued before."""

    username: str
    password: str | None
    api_key: str | None


@dataclass(frozen=True)
class Outcome:
    """What stands after the quick start: counts, the day of the scores, access, the top of the list."""

    companies: int
    drug_candidates: int
    signals: int
    scores: int
    matches: int
    as_of: dt.date
    access: Access
    top: list[TopRow]

    def to_json(self, *, base_url: str) -> dict[str, object]:
        """Return the machine-readable outcome."""
        rows = [
            {
                "ticker": row.ticker,
                "total_score": float(row.total_score),
                "percentile_rank": None if row.percentile_rank is None else float(row.percentile_rank),
            }
            for row in self.top
        ]
        counted = ("companies", "drug_candidates", "signals", "scores", "matches")
        counts = {name: getattr(self, name) for name in counted}
        return {**addresses(base_url), **asdict(self.access), **counts, "as_of": self.as_of.isoformat(), "top": rows}


def addresses(base_url: str) -> dict[str, str]:
    """Return where the admin, the API and its documentation answer."""
    return {
        "admin_url": f"{base_url}/admin/",
        "api_url": f"{base_url}/api/v1/",
        "docs_url": f"{base_url}/api/docs/",
    }


def set_up(say: Say) -> Outcome:
    """Bring the database, the data, the scores and the access up to date, saying each step; repeat at will."""
    migrate(say)
    load_data(say)
    match_and_score_months(say)
    return Outcome(
        companies=Company.objects.count(),
        drug_candidates=DrugCandidate.objects.count(),
        signals=Signal.objects.count(),
        scores=MAScore.objects.count(),
        matches=AcquirerMatch.objects.count(),
        as_of=day_shown(),
        access=grant_access(say),
        top=top_rows(),
    )


def migrate(say: Say) -> None:
    """Apply the migrations that are missing; a look-up when there are none."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        say(f"Creating the tables ({len(plan)} migrations) …")
        call_command("migrate", interactive=False, verbosity=0)


def load_data(say: Say) -> None:
    """Load the starter data set unless this edition is there already."""
    say("Loading the starter data set …")
    load_starter()


def month_ends(last: dt.date, months: int) -> list[dt.date]:
    """Return the ends of the `months` months before `last`, oldest first, and `last` itself."""
    days, first = [last], last.replace(day=1)
    for _ in range(months):
        days.append(first - dt.timedelta(days=1))
        first = days[-1].replace(day=1)
    return days[::-1]


def match_and_score_months(say: Say) -> None:
    """Match, then score the data's own day and the month ends of half a year before it, those that lack either yet."""
    scored = set(MAScore.objects.order_by().values_list("score_date", flat=True).distinct())
    matched = set(AcquirerMatch.objects.order_by().values_list("match_date", flat=True).distinct())
    missing = [day for day in month_ends(STARTER_AS_OF, HISTORY_MONTHS) if day not in scored or day not in matched]
    for number, day in enumerate(missing, start=1):
        say(f"Matching and scoring {day} ({number} of {len(missing)}) …")
        match_day(day=day)
        score_universe(day=day)


def grant_access(say: Say) -> Access:
    """Create the analyst and the API client once; later calls return no second password or key."""
    user_model = get_user_model()
    password = api_key = None
    if not user_model.objects.filter(username=ANALYST).exists():
        say("Creating the analyst …")
        password = secrets.token_urlsafe(12)
        user_model.objects.create_superuser(ANALYST, password=password)
    if not Client.all_objects.filter(client_name=CLIENT).exists():
        say("Creating the API client …")
        _, api_key = issue_client(client_name=CLIENT, scopes=["admin"])
    return Access(username=ANALYST, password=password, api_key=api_key)


def day_shown() -> dt.date:
    """Return the day of the latest scores: the starter data's own until somebody scores a later one."""
    return MAScore.objects.filter(is_latest=True).aggregate(day=Max("score_date"))["day"] or STARTER_AS_OF


def top_rows() -> list[TopRow]:
    """Return the head of the leaderboard."""
    return [
        TopRow(
            ticker=score.company.ticker,
            name=score.company.name,
            total_score=score.total_score,
            percentile_rank=score.percentile_rank,
            score_change_30d=score.score_change_30d,
        )
        for score in MAScore.objects.top(limit=TOP_ROWS).select_related("company")
    ]
