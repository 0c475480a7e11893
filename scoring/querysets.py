"""Questions about scores and matches, in the analyst's words, and the statements that rank a whole day at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import connections, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Value
from django.db.models.functions import Coalesce

from companies.choices import Role
from companies.querysets import CompanyRef, company_q

if TYPE_CHECKING:
    from scoring.models import AcquirerMatch, MAScore  # noqa: F401  (named in quotes below)

# Below this share of known inputs a score is shown but not ranked: "insufficient data".
RANKED_CONFIDENCE = Decimal("0.5")
FIRST_VERSION = "1"
# Any constant does, as long as every refresh takes the same one.
REFRESH_LOCK = 0x6D61_7363

# PERCENT_RANK: the share of the other ranked rows that lie below; ties are equal, a single row has 0. Every row of a
# day was a target of that day: what has become of the company since changes no rank of the past.
PERCENTILES = """
UPDATE ma_scores AS s SET percentile_rank = ranked.percentile
FROM (
    SELECT id, CASE WHEN is_ranked THEN
        round((percent_rank() OVER (PARTITION BY is_ranked ORDER BY total_score))::numeric * 100, 4) END AS percentile
    FROM (
        SELECT id, total_score, confidence >= %(confidence)s AS is_ranked
        FROM ma_scores WHERE score_date = %(day)s AND score_version = %(version)s
    ) AS of_the_day
) AS ranked
WHERE s.id = ranked.id AND s.percentile_rank IS DISTINCT FROM ranked.percentile
"""

# The flags go down before others come up, for the partial unique index is checked row by row; the main statement reads
# `lowered` and so cannot start before it is done. The newest row is looked up company by company at the end of its part
# of the index: a history of years costs no more than one of days.
LATEST = """
WITH newest AS MATERIALIZED (
    SELECT last.id FROM companies AS c CROSS JOIN LATERAL (
        SELECT s.id FROM ma_scores AS s
        WHERE s.company_id = c.id AND s.score_version = %(version)s
        ORDER BY s.score_date DESC LIMIT 1
    ) AS last
), lowered AS (
    UPDATE ma_scores SET is_latest = false
    WHERE is_latest AND id NOT IN (SELECT id FROM newest) RETURNING id
)
UPDATE ma_scores SET is_latest = true
WHERE (SELECT count(*) FROM lowered) >= 0 AND NOT is_latest AND id IN (SELECT id FROM newest)
"""

# A score compares with an earlier one where that had enough data and both days knew the same inputs: the components
# that are fed and the graded inputs that anybody has. Otherwise the step would be data becoming known.
CHANGES = """
UPDATE ma_scores AS s SET score_change_30d = c.change_30d, score_change_90d = c.change_90d
FROM (
    SELECT n.id,
           CASE WHEN month.is_comparable THEN n.total_score - month.total_score END AS change_30d,
           CASE WHEN quarter.is_comparable THEN n.total_score - quarter.total_score END AS change_90d
    FROM ma_scores AS n
    LEFT JOIN LATERAL (
        SELECT o.total_score, o.confidence >= %(confidence)s
               AND o.metadata -> 'unfed' IS NOT DISTINCT FROM n.metadata -> 'unfed'
               AND o.metadata -> 'unknown' IS NOT DISTINCT FROM n.metadata -> 'unknown' AS is_comparable
        FROM ma_scores AS o
        WHERE o.company_id = n.company_id AND o.score_version = n.score_version
          AND o.score_date BETWEEN n.score_date - 40 AND n.score_date - 30
        ORDER BY o.score_date DESC LIMIT 1
    ) AS month ON true
    LEFT JOIN LATERAL (
        SELECT o.total_score, o.confidence >= %(confidence)s
               AND o.metadata -> 'unfed' IS NOT DISTINCT FROM n.metadata -> 'unfed'
               AND o.metadata -> 'unknown' IS NOT DISTINCT FROM n.metadata -> 'unknown' AS is_comparable
        FROM ma_scores AS o
        WHERE o.company_id = n.company_id AND o.score_version = n.score_version
          AND o.score_date BETWEEN n.score_date - 100 AND n.score_date - 90
        ORDER BY o.score_date DESC LIMIT 1
    ) AS quarter ON true
    WHERE n.score_date = %(day)s AND n.score_version = %(version)s
) AS c
WHERE s.id = c.id
  AND (s.score_change_30d, s.score_change_90d) IS DISTINCT FROM (c.change_30d, c.change_90d)
"""

# One more than the number of ranked scores of the same day and version that are higher. NOT IN: the few companies that
# are not ranked are read once, and then the index of the day tells everything. Who is under offer now is out of the
# latest ranking, and stays in those of the days before.
RANKS = """
SELECT asked.id, 1 + (
    SELECT count(*) FROM ma_scores AS higher
    WHERE higher.score_date = asked.score_date AND higher.score_version = asked.score_version
      AND higher.total_score > asked.total_score AND higher.confidence >= %(confidence)s
      AND higher.company_id NOT IN (SELECT id FROM companies WHERE deleted_at IS NOT NULL OR role <> %(target)s)
      AND NOT (asked.is_latest
               AND higher.company_id IN (SELECT id FROM companies WHERE under_offer_since IS NOT NULL))
)
FROM ma_scores AS asked JOIN companies AS c ON c.id = asked.company_id
WHERE asked.id = ANY(%(ids)s) AND asked.confidence >= %(confidence)s AND c.deleted_at IS NULL AND c.role = %(target)s
  AND NOT (asked.is_latest AND c.under_offer_since IS NOT NULL)
"""


def version_in_force() -> Coalesce:
    """Return the expression for the published version with the latest stamp, or the first where none is published."""
    from scoring.models import ScoreVersion, VersionStatus

    published = ScoreVersion.objects.filter(status=VersionStatus.PUBLISHED).order_by("-published_at")
    return Coalesce(Subquery(published.values("version")[:1]), Value(FIRST_VERSION))


class MAScoreQuerySet(QuerySet["MAScore"]):
    """Questions about scores."""

    def latest(self) -> Self:  # type: ignore[override]  # the desk's "latest" is a list, not Django's last row
        """Return the newest score of each company, of the version in force."""
        return self.filter(is_latest=True)

    def live(self) -> Self:
        """Return the scores whose company is not archived."""
        return self.filter(company__deleted_at__isnull=True)

    def ranked_targets(self) -> Self:
        """Return what a leaderboard may show: live targets of which enough is known.

        The same rule as the percentile's, asked of the rows themselves: a company is gone as soon as it is archived
        and back as soon as it is restored, without a new ranking.
        """
        return self.live().filter(company__role=Role.TARGET, confidence__gte=RANKED_CONFIDENCE)

    def ranked_now(self) -> Self:
        """Return the leaderboard of now: the latest scores of what may be on one, without who is under offer."""
        return self.latest().ranked_targets().filter(company__under_offer_since__isnull=True)

    def of_company(self, ref: CompanyRef) -> Self:
        """Return the scores of the company of this id or live ticker."""
        return self.filter(company_q(ref))

    def history(self, company: CompanyRef, *, version: str | None = None) -> Self:
        """Return the company's scores, newest first, of one version or of all."""
        rows = self.of_company(company) if version is None else self.of_company(company).filter(score_version=version)
        return rows.order_by("-score_date", "score_version", "id")

    def on_day(self, on: dt.date | None = None, *, version: str | None = None) -> Self:
        """Return the scores of that day, or of the last day before it that has any, of the version.

        One day's scores, never a mix: percentiles compare within a day. Without a day, the last there is; without a
        version, the one in force.
        """
        wanted = version_in_force() if version is None else Value(version)
        days = self.model._base_manager.filter(score_version=wanted)
        if on is not None:
            days = days.filter(score_date__lte=on)
        last = days.order_by("-score_date").values("score_date")[:1]
        return self.filter(score_version=wanted, score_date=Subquery(last))

    def top(
        self,
        limit: int | None = 20,
        on: dt.date | None = None,
        *,
        area: str | None = None,
        market_cap_max: Decimal | int | None = None,
        version: str | None = None,
    ) -> Self:
        """Return the highest-ranked live targets, best first, with their companies loaded.

        Now: each company's latest score. With a day or a version: see `on_day`. Archived companies never show, on no
        day. The area and the cap (USD, end included) are today's; an unknown cap is not under a maximum.
        """
        if on is None and version is None:
            # Whoever is under offer now leaves the live list at once; on a past day that was not known.
            rows = self.ranked_now()
        else:
            rows = self.on_day(on, version=version).ranked_targets()
        rows = rows.select_related("company")
        if area is not None:
            rows = rows.filter(company__therapeutic_areas__contains=[area])
        if market_cap_max is not None:
            rows = rows.filter(company__market_cap_usd__lte=market_cap_max)
        rows = rows.order_by("-total_score", "id")
        return rows if limit is None else rows[:limit]

    def ranks(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """Return each score's rank among the ranked of its day and version, in one query; ties are equal.

        A score that is not ranked has none. Concerns those scores, whatever this queryset is filtered to.
        """
        with connections[self.db].cursor() as cursor:
            cursor.execute(RANKS, {"ids": list(ids), "target": Role.TARGET, "confidence": RANKED_CONFIDENCE})
            return dict(cursor.fetchall())

    def in_range(self, low: Decimal | int | None, high: Decimal | int | None) -> Self:
        """Return the scores with a total in the range, ends included, None = open."""
        rows = self if low is None else self.filter(total_score__gte=low)
        return rows if high is None else rows.filter(total_score__lte=high)

    def with_company(self) -> Self:
        """Load the company in the same query."""
        return self.select_related("company")

    def update_percentiles(self, day: dt.date, version: str) -> int:
        """Rank the targets of the day and version with confidence of at least 0.5, in one statement.

        0 to 100, ties equal; every other row of that day has none. Concerns the whole day, whatever this queryset is
        filtered to, as do the two below. Returns how many rows changed.
        """
        return self._run(PERCENTILES, {"day": day, "version": version, "confidence": RANKED_CONFIDENCE})

    def refresh_latest(self, version: str) -> int:
        """Flag each company's newest day of the version as its latest and no other row, in one statement.

        Right when an older day is scored later and when another version comes into force. Returns how many rows were
        newly flagged. Two at a time wait for each other.
        """
        with transaction.atomic(using=self.db):
            with connections[self.db].cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [REFRESH_LOCK])
            return self._run(LATEST, {"version": version})

    def update_changes(self, day: dt.date, version: str) -> int:
        """Set the changes of that day's scores over 30 and 90 days, in one statement.

        Against the latest score at or before the day 30 (90) days earlier, at most 10 days older still, of the same
        version; None where there is none, where that one had insufficient data, and where a component or a graded input
        that nobody had then is known now (or the reverse): the step would be data becoming known. Returns how many
        rows changed.
        """
        return self._run(CHANGES, {"day": day, "version": version, "confidence": RANKED_CONFIDENCE})

    def _run(self, statement: str, parameters: dict[str, Any]) -> int:
        with connections[self.db].cursor() as cursor:
            cursor.execute(statement, parameters)
            changed: int = cursor.rowcount
        return changed


class AcquirerMatchQuerySet(QuerySet["AcquirerMatch"]):
    """Questions about matches."""

    def for_target(self, ref: CompanyRef) -> Self:
        """Return the matches of the target of this id or live ticker, newest day and best fit first."""
        return self.filter(company_q(ref, "target_company")).order_by("-match_date", "-strategic_fit_score", "id")

    def by_acquirer(self, ticker: str) -> Self:
        """Return the matches of the acquirer with this ticker, in any case."""
        return self.filter(acquirer_ticker=ticker.strip().upper().replace("\x00", ""))

    def min_fit(self, fit: Decimal | float) -> Self:
        """Return the matches with a strategic fit of at least this, of ten."""
        return self.filter(strategic_fit_score__gte=fit)

    def top_matches(self) -> Self:
        """Return the matches that are among their target's best three."""
        return self.filter(is_top_match=True)

    def newest(self) -> Self:
        """Return each target's matches of its newest day only."""
        same = self.model._base_manager.filter(target_company=OuterRef("target_company"))
        return self.filter(match_date=Subquery(same.order_by("-match_date").values("match_date")[:1]))

    def of_live_targets(self) -> Self:
        """Return the matches whose target is not archived, and whose acquirer, where kept as a company, is not."""
        return self.filter(
            Q(acquirer_company__isnull=True) | Q(acquirer_company__deleted_at__isnull=True),
            target_company__deleted_at__isnull=True,
        )

    def with_companies(self) -> Self:
        """Load target and acquirer in the same query."""
        return self.select_related("target_company", "acquirer_company")
