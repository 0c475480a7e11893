"""Writes market caps: rows are copied into a temporary table and added up by company and day, set-wise.

A market cap is the sum over the classes of shares of close x shares / ADR ratio. A class without a number of shares
takes the last one of the cover pages (concept `shares_outstanding`, unit shares) that was public by the day, if it is
the company's only class. Where the shares of a class change by more than 40 % between two days, the market cap of the
later days waits for an analyst: a split, most likely, that price and shares do not show on the same day. Another market
cap for a day that is on record is a correction: known from now on, so that what was known before stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company
from signals_app.ingest.base import Outcome, ParseError
from signals_app.ingest.merge.authority import Said, apply
from signals_app.ingest.merge.market_caps import CLOSING_TIME, keep_market_caps
from signals_app.ingest.merge.reviews import Proposal, merge_reviews
from signals_app.ingest.reach import reached
from signals_app.review_models import ReviewKind

CONCEPT = "market_cap"
# The shares behind it, summed over the classes: what the next day's are held against.
SHARES = "shares_priced"
SPLIT_ABOVE = Decimal("0.40")


@dataclass(frozen=True, slots=True)
class PriceRecord:
    """The close of one class of a company's shares on a day, with the file and line that say it."""

    company_id: UUID
    share_class: str
    day: date
    close_usd: Decimal
    shares: Decimal | None
    adr_ratio: Decimal
    file: str
    line: int


_STAGE = """
DROP TABLE IF EXISTS stage_prices;
CREATE TEMPORARY TABLE stage_prices (
    company_id uuid, share_class text, day date, close_usd numeric, shares numeric, adr_ratio numeric,
    file text, line integer
) ON COMMIT DROP
"""
# One row a class and day: the first one stands, the others are faults.
_DUPLICATES = """
DELETE FROM stage_prices AS later USING stage_prices AS first
WHERE (later.company_id, later.share_class, later.day) = (first.company_id, first.share_class, first.day)
    AND first.ctid < later.ctid
RETURNING later.file, later.line, later.day, first.line
"""
_FILL_SHARES = """
UPDATE stage_prices AS price SET shares = (
    SELECT fact.value FROM financial_facts AS fact
    WHERE fact.company_id = ANY(ARRAY(
            SELECT id FROM companies WHERE id = price.company_id OR merged_into_id = price.company_id
        )) AND fact.concept = 'shares_outstanding' AND fact.value > 0
        AND fact.available_at < (price.day + 1)::timestamp AT TIME ZONE 'America/New_York'
    ORDER BY fact.period_end DESC, fact.available_at DESC LIMIT 1
) WHERE shares IS NULL AND NOT EXISTS (
    SELECT 1 FROM stage_prices AS other
    WHERE other.company_id = price.company_id AND other.share_class <> price.share_class
)
"""
_WITHOUT_SHARES = "DELETE FROM stage_prices WHERE shares IS NULL RETURNING file, line, share_class"
# A day counts where every class that the company has in the file has its price.
_CAPS = """
CREATE TEMPORARY TABLE stage_caps ON COMMIT DROP AS
WITH classes AS (
    SELECT company_id, count(DISTINCT share_class) AS number FROM stage_prices GROUP BY company_id
)
SELECT company_id, day, round(sum(close_usd * shares / adr_ratio), 2) AS cap, sum(shares) AS shares, count(*) AS rows,
       count(*) = max(classes.number) AS is_whole, false AS is_held
FROM stage_prices JOIN classes USING (company_id) GROUP BY company_id, day
"""
_LACKING = """
WITH classes AS (
    SELECT DISTINCT company_id, share_class FROM stage_prices
), lacking AS (
    SELECT caps.company_id, caps.day, string_agg(classes.share_class, ', ' ORDER BY classes.share_class) AS names
    FROM stage_caps AS caps JOIN classes USING (company_id)
    WHERE NOT caps.is_whole AND NOT EXISTS (
        SELECT FROM stage_prices AS price
        WHERE (price.company_id, price.day, price.share_class) = (caps.company_id, caps.day, classes.share_class)
    )
    GROUP BY caps.company_id, caps.day
)
SELECT file, line, day, names FROM stage_prices JOIN lacking USING (company_id, day) ORDER BY file, line
"""
# Each day's shares beside those of the day before: in the file, of earlier runs, or of a split that was accepted.
_JUMPS = """
CREATE TEMPORARY TABLE stage_jumps ON COMMIT DROP AS
WITH accepted AS (
    SELECT company_id, (proposed->>'day')::date AS day, (proposed->>'shares')::numeric AS shares FROM review_items
    WHERE kind = 'split' AND status = 'accepted' AND source = %(source)s
), counted AS (
    SELECT company_id, day, shares, cap FROM stage_caps WHERE is_whole
    UNION ALL
    (SELECT DISTINCT ON (company_id, period_end) company_id, period_end, value, NULL::numeric FROM financial_facts
    WHERE concept = %(shares)s AND source = %(source)s AND company_id IN (SELECT company_id FROM stage_caps)
        AND (company_id, period_end) NOT IN (SELECT company_id, day FROM stage_caps WHERE is_whole)
    ORDER BY company_id, period_end, available_at DESC)
    UNION ALL
    SELECT company_id, day, shares, NULL FROM accepted
    WHERE (company_id, day) NOT IN (SELECT company_id, day FROM stage_caps WHERE is_whole)
), steps AS (
    SELECT *, lag(shares) OVER (PARTITION BY company_id ORDER BY day) AS before FROM counted
)
SELECT DISTINCT ON (company_id) company_id, day, before, shares, cap FROM steps
WHERE cap IS NOT NULL AND abs(shares - before) > %(jump)s * before
    AND (company_id, day) NOT IN (SELECT company_id, day FROM accepted)
ORDER BY company_id, day
"""
_HOLD = """
UPDATE stage_caps AS held SET is_held = true FROM stage_jumps AS jump
WHERE held.company_id = jump.company_id AND held.day >= jump.day
"""
# A day's figure that is there already is news only if it differs: then it is a correction, known from now on.
_INSERT = """
INSERT INTO financial_facts (company_id, concept, period_end, value, unit, form, available_at, source)
SELECT caps.company_id, %(concept)s, caps.day, caps.value, %(unit)s, 'price',
       CASE WHEN held.value IS NULL THEN caps.closed ELSE greatest(caps.closed, statement_timestamp()) END, %(source)s
FROM (
    SELECT company_id, day, round(CASE WHEN %(concept)s = %(shares)s THEN shares ELSE cap END, 4) AS value,
           (day + %(closing)s::time)::timestamp AT TIME ZONE 'America/New_York' AS closed
    FROM stage_caps WHERE is_whole AND NOT is_held
) AS caps
LEFT JOIN LATERAL (
    SELECT value FROM financial_facts
    WHERE company_id = caps.company_id AND concept = %(concept)s AND period_start IS NULL AND period_end = caps.day
        AND source = %(source)s
    ORDER BY available_at DESC, value DESC LIMIT 1
) AS held ON true
WHERE held.value IS DISTINCT FROM caps.value
ON CONFLICT DO NOTHING RETURNING company_id, period_end
"""
_WAITING = """
SELECT jump.company_id, jump.day, before, jump.shares, jump.cap, latest.day, latest.cap FROM stage_jumps AS jump
JOIN LATERAL (
    SELECT day, cap FROM stage_caps
    WHERE company_id = jump.company_id AND is_whole AND is_held ORDER BY day DESC LIMIT 1
) AS latest ON true
"""


def merge_prices(records: Iterable[PriceRecord], *, source: str, outcome: Outcome) -> set[UUID]:
    """Write the market caps, queue the likely splits, count every row's fate and return the companies touched."""
    known: dict[str, Any] = {"jump": SPLIT_ABOVE, "shares": SHARES, "source": source}
    cap = {**known, "concept": CONCEPT, "unit": "USD", "closing": CLOSING_TIME.isoformat()}
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("COPY stage_prices FROM STDIN") as copy:
            for record in records:
                copy.write_row(
                    (
                        record.company_id, record.share_class, record.day, record.close_usd, record.shares,
                        record.adr_ratio, record.file, record.line,
                    )
                )  # fmt: skip
        cursor.execute("ANALYZE stage_prices")
        cursor.execute(_DUPLICATES)
        for file, line, day, first in cursor.fetchall():
            outcome.reject(ParseError(file, line, f"a second price of {day}, the first is on line {first}"))
        cursor.execute(_FILL_SHARES)
        cursor.execute(_WITHOUT_SHARES)
        for file, line, _ in cursor.fetchall():
            outcome.reject(ParseError(file, line, "no number of shares: the row has none, the cover pages neither"))
        cursor.execute("DROP TABLE IF EXISTS stage_caps; DROP TABLE IF EXISTS stage_jumps")
        cursor.execute(_CAPS)
        cursor.execute(_LACKING)
        for file, line, day, names in cursor.fetchall():
            outcome.reject(ParseError(file, line, f"no price of {names} on {day}: a market cap takes every class"))
        cursor.execute(_JUMPS, known)
        cursor.execute(_HOLD)
        cursor.execute(_INSERT, {**cap, "concept": SHARES, "unit": "shares"})
        cursor.execute(_INSERT, cap)
        new = set(cursor.fetchall())
        cursor.execute(_WAITING)
        _queue(cursor.fetchall(), source)
        cursor.execute("SELECT company_id, day, cap, rows, is_whole, is_held FROM stage_caps ORDER BY company_id, day")
        return _count(cursor.fetchall(), new, source, outcome)


def _count(caps: list[tuple[Any, ...]], new: set[tuple[UUID, date]], source: str, outcome: Outcome) -> set[UUID]:
    """Count the rows of each day, and set the companies' market caps to those of their last days."""
    latest: dict[UUID, tuple[date, Decimal]] = {}
    for company_id, day, cap, number, is_whole, is_held in caps:
        if not is_whole:
            continue  # rejected, each row with what is missing
        if is_held:
            outcome.count("skipped", number)
            continue
        outcome.count("created" if (company_id, day) in new else "unchanged", number)
        latest[company_id] = day, cap
        reached(datetime.combine(day, CLOSING_TIME, tzinfo=NEW_YORK))
    changed = []
    companies = list(Company.objects.filter(pk__in=latest))
    keep_market_caps(companies)
    for company in companies:
        day, cap = latest[company.pk]
        said = {
            "market_cap_usd": Said(cap, CONCEPT, day.isoformat()),
            "market_cap_as_of": Said(day, CONCEPT, day.isoformat()),
        }
        if apply(company, said, source=source, label=str(company), refusals=outcome.refusals):
            changed.append(company)
    Company.objects.bulk_update(changed, ["market_cap_usd", "market_cap_as_of", "field_sources"], batch_size=500)
    return set(latest)


def _queue(waiting: list[tuple[Any, ...]], source: str) -> None:
    """Queue each company's first jump with the market cap that waits for it."""
    names = dict(Company.objects.filter(pk__in=[row[0] for row in waiting]).values_list("pk", "name"))
    merge_reviews(
        Proposal(
            kind=ReviewKind.SPLIT,
            company_id=company_id,
            title=f"{names[company_id]}: {before:,.0f} shares, then {shares:,.0f} on {day}: a split?",
            proposed={
                "market_cap_usd": str(last_cap),
                "market_cap_as_of": last_day.isoformat(),
                "shares": str(shares),
                "day": day.isoformat(),
            },
            evidence=f"{before:,.0f} shares before, {shares:,.0f} on {day}; "
            f"market cap of that day by the file: ${cap:,.0f}",
            source=source,
            source_id=f"{company_id}:{day}:{shares}",
        )
        for company_id, day, before, shares, cap, last_day, last_cap in waiting
    )
