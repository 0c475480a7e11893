"""From news to deliveries: one statement a topic, however many rows and endpoints."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import EmptyResultSet
from django.db import connection

from biotech_ma.core.api.resources import PREFIX, project, quote
from biotech_ma.core.news import Span
from delivery.webhooks.events import TOPICS

# Whoever is added later is not told of what was written before. `?|` is true when the list holds any of the array.
# An event about a company is one about each duplicate that was merged into it, too, by that one's ticker unless a live
# company has it: whoever asked for the duplicate is told of the company that was kept.
# What is about a company on the restricted list goes to cleared endpoints alone (delivery/restricted.py).
# What was made for one client is told to its endpoints and to the desk's own; whose key is dead is told nothing.
STATEMENT = """
WITH news ({names}) AS ({rows}), events AS MATERIALIZED (
    SELECT {key}0 AS event_id, {key}1 AS stamp,
           CASE WHEN {key}2 IS NOT NULL THEN {key}2::text[] || ARRAY(
               SELECT d.ticker::text FROM companies AS d
               WHERE d.merged_into_id = ANY ({key}4) AND d.ticker IS NOT NULL AND NOT EXISTS (
                   SELECT FROM companies AS holder WHERE holder.ticker = d.ticker AND holder.deleted_at IS NULL)
           ) END AS tickers, {key}3 AS score,
           {key}4 AS companies, {key}5 AS client_id,
           convert_to(json_build_object('type', %s::text, 'timestamp', {key}1, 'data', row_to_json(said))::text, 'UTF8')
               AS body
    FROM news CROSS JOIN LATERAL (SELECT {values}) AS said ({labels})
)
INSERT INTO webhook_deliveries (webhook_id, event_type, event_id, body, company_ids)
SELECT endpoint.id, %s, events.event_id, events.body, events.companies
FROM events JOIN webhooks AS endpoint
  ON endpoint.deleted_at IS NULL AND endpoint.is_active AND endpoint.created_at <= events.stamp
 AND (endpoint.event_types = '[]' OR endpoint.event_types ? %s)
 AND (endpoint.company_tickers = '[]' OR events.tickers IS NULL OR endpoint.company_tickers ?| events.tickers)
 AND (endpoint.min_score IS NULL OR events.score >= endpoint.min_score)
 AND (endpoint.cleared_url = endpoint.url OR NOT EXISTS (
     SELECT FROM restrictions AS r WHERE r.until IS NULL AND r.company_id = ANY (events.companies)))
 AND (events.client_id IS NULL OR endpoint.client_id IS NULL OR endpoint.client_id = events.client_id)
LEFT JOIN clients AS owner ON owner.id = endpoint.client_id
WHERE owner.id IS NULL
   OR owner.is_active AND owner.deleted_at IS NULL AND (owner.expires_at IS NULL OR owner.expires_at > events.stamp)
ORDER BY events.stamp, events.event_id
ON CONFLICT (webhook_id, event_id) DO NOTHING
"""


def fan_out(topic: str, span: Span, about: Mapping[str, str]) -> int:
    """Write a delivery for each event of the topic's news and each endpoint that wants it; return how many are new.

    The same news twice adds nothing: an endpoint is told of an event once.
    """
    events = TOPICS[topic]
    keys = [events.name, events.stamp, events.tickers, events.score, events.companies, events.client]
    try:
        rows = project(events.rows(span, about).order_by(), events.says, keys)
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return 0
    values = [f"{PREFIX}{place}" for place in range(len(events.says))]
    statement = STATEMENT.format(
        names=", ".join([*values, *(f"{PREFIX}k{place}" for place in range(len(keys)))]),
        rows=sql,
        key=f"{PREFIX}k",
        values=", ".join(values),
        labels=", ".join(quote(column.name) for column in events.says),
    )
    kind = events.event_type.value
    with connection.cursor() as db:
        db.execute(statement, [*params, kind, kind, kind])
        written: int = db.rowcount
    return written
