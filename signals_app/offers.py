"""Who is under offer: the company's own column, kept in line with the takeover signals of the ledger."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import connection, models
from django.db.models.lookups import Exact

from biotech_ma.core.market_day import NEW_YORK

OFFER, OFFER_ENDED = "takeover_target", "takeover_terminated"
OFFER_TYPES = (OFFER, OFFER_ENDED)
# What the desk follows as a deal: signals_app/deals.py. One comparison, so that the index of deals alone answers it: of
# conditions side by side the planner would read those of each type as well, and join them; of a plain yes or no it
# would expect half the ledger.
IS_DEAL = Exact(
    models.Case(
        models.When(signal_type__in=["takeover_target", "takeover_acquirer"], then=models.Value(1)),
        models.When(signal_type="market", signal_data__contains={"rumour": True}, then=models.Value(1)),
        default=models.Value(0),
        output_field=models.IntegerField(),
    ),
    1,
)

# The last of the two kinds, as the public knows it now, says whether the offer stands.
_REFRESH = """
UPDATE companies AS c SET under_offer_since = offer.since
FROM (
    SELECT o.id, CASE WHEN last.signal_type = %(offer)s THEN (last.event_date AT TIME ZONE %(zone)s)::date END AS since
    FROM companies AS o
    LEFT JOIN LATERAL (
        SELECT s.signal_type, s.event_date FROM companies AS own JOIN signals AS s ON s.company_id = own.id
        WHERE (own.id = o.id OR own.merged_into_id = o.id)
          AND s.signal_type = ANY(%(types)s) AND s.available_at <= statement_timestamp()
          AND NOT EXISTS (
              SELECT FROM signals AS n WHERE n.supersedes_id = s.id AND n.available_at <= statement_timestamp()
          )
        ORDER BY s.event_date DESC, s.id DESC LIMIT 1
    ) AS last ON true
    WHERE %(all)s OR o.id = ANY(ARRAY(
        SELECT coalesce(merged_into_id, id) FROM companies WHERE id = ANY(%(ids)s::uuid[])
        UNION ALL SELECT unnest(%(ids)s::uuid[])
    ))
) AS offer
WHERE c.id = offer.id AND c.under_offer_since IS DISTINCT FROM offer.since
"""


def refresh_offers(company_ids: Collection[UUID] | None = None) -> int:
    """Set `under_offer_since` of these companies (None: of all) from the ledger; return how many changed.

    An announced takeover sets it, so that the company leaves the live ranking at once; a terminated one clears it.
    Those of duplicates are the kept company's.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _REFRESH,
            {
                "offer": OFFER,
                "types": list(OFFER_TYPES),
                "zone": NEW_YORK.key,
                "all": company_ids is None,
                "ids": list(company_ids or ()),
            },
        )
        return int(cursor.rowcount)
