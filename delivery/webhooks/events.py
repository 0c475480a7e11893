"""What the events are: for each topic of news, the rows that make one, what it is called and what it says.

An event is named by its row and, where rows change, by the row's stamp: each state is told at most once, and reading
the same news twice makes nothing twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, DecimalField, F, Func, QuerySet, Subquery, TextField, UUIDField, Value
from django.db.models.expressions import Combinable, OuterRef
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat

from biotech_ma.core.api.resources import Column, columns
from biotech_ma.core.news import Span
from companies.identity import read_as, read_as_field
from companies.models import Company
from delivery.api.reads import ALERT_TRIGGERS
from delivery.choices import Channel, EventType
from delivery.models import AlertTrigger, Report
from delivery.restricted import is_named
from scoring.api.reads import ACQUIRER_MATCHES, SCORES
from scoring.models import AcquirerMatch, MAScore
from signals_app.api.reads import SIGNALS
from signals_app.models import Signal

TICKER_LIST: ArrayField[Any, Any] = ArrayField(CharField())
ID_LIST: ArrayField[Any, Any] = ArrayField(UUIDField())


NOBODYS = Cast(Value(None), UUIDField())


@dataclass(frozen=True)
class Events:
    """The events of a topic: `rows` gives the rows of a span, the rest is read from each row.

    `tickers` is the array of the companies that it is about (NULL = of all), `score` the figure that `min_score` is
    held against (NULL = unknown, which reaches no endpoint with a minimum), `companies` the array of their ids,
    `client` for whom alone the row was made (NULL = the desk's, of which every endpoint may be told).
    """

    event_type: EventType
    rows: Callable[[Span, Mapping[str, str]], QuerySet[Any]]
    says: tuple[Column, ...]
    name: Combinable
    stamp: Combinable
    tickers: Combinable
    score: Combinable
    companies: Combinable
    client: Combinable = NOBODYS


def _text(expression: Any) -> Cast:
    return Cast(expression, TextField())


def _named(kind: str, *parts: str) -> Combinable:
    named: list[Any] = [Value(kind)]
    for part in parts:
        named += [Value(":"), _text(F(part))]
    return Concat(*named, output_field=TextField())


class _Array(Func):
    """The values as an array."""

    template = "ARRAY[%(expressions)s]"
    output_field = TICKER_LIST


class _Ids(Func):
    """The ids as an array without the unknown ones."""

    template = "array_remove(ARRAY[%(expressions)s]::uuid[], NULL)"
    output_field = ID_LIST


class _TextArray(Func):
    """A jsonb array of texts as an array; NULL for an empty one."""

    template = "(SELECT nullif(array_agg(t), '{}') FROM jsonb_array_elements_text(%(expressions)s) AS t)"
    output_field = TICKER_LIST


def _latest_score(company: str) -> Subquery:
    # Of the company as which the row's is read.
    whose = Coalesce(OuterRef(f"{company}__merged_into"), OuterRef(company))
    latest = MAScore.objects.filter(company=whose, is_latest=True).order_by()
    return Subquery(latest.values("total_score")[:1])


def _signals(span: Span, about: Mapping[str, str]) -> QuerySet[Any]:
    """Return the signals of the span that were news when they were written: loading old filings tells nobody."""
    fresh = F("created_at") - dt.timedelta(days=settings.NEWS_DAYS)
    return Signal.objects.filter(created_at__range=(span.since, span.until), available_at__gte=fresh)


def _scores(span: Span, about: Mapping[str, str]) -> QuerySet[Any]:
    """Return the scores of the span, of the version in force (whose newest are the latest) and of its newest day."""
    newest = MAScore.objects.filter(is_latest=True).order_by("-score_date").values("score_date")[:1]
    return MAScore.objects.filter(
        updated_at__range=(span.since, span.until),
        is_latest=True,
        score_date=Subquery(newest),
        score_version=about["score_version"],
    ).filter(score_date=about["score_date"])


def _matches(span: Span, about: Mapping[str, str]) -> QuerySet[Any]:
    """Return the matches of the span and of the newest day that are among their target's best."""
    newest = AcquirerMatch.objects.order_by().values("match_date").order_by("-match_date")[:1]
    return (
        AcquirerMatch.objects.of_live_targets()
        .filter(updated_at__range=(span.since, span.until), is_top_match=True, match_date=Subquery(newest))
        .filter(match_date=about["match_date"])
    )


def _alerts(span: Span, about: Mapping[str, str]) -> QuerySet[Any]:
    return AlertTrigger.objects.filter(
        triggered_at__range=(span.since, span.until), alert__notification_channels__contains=[Channel.WEBHOOK]
    )


def _reports(span: Span, about: Mapping[str, str]) -> QuerySet[Any]:
    """Return the report, whatever has become of its e-mails: they change the row, and may be quicker than this."""
    return Report.objects.filter(pk=about["report"], file_size_bytes__isnull=False)


def _chosen(fields: tuple[Column, ...], *left_out: str) -> tuple[Column, ...]:
    return tuple(column for column in fields if column.name not in left_out)


METHODOLOGY = Column("methodology", KT("metadata__methodology"))
# A score's working is served by the API under scores/{id}/explanation/: an event of twenty kilobytes helps nobody.
SCORE_FIELDS = (*_chosen(SCORES.fields, "key_drivers", "risk_factors", "metadata", "is_latest"), METHODOLOGY)
# A report is about no single company, and no minimum holds it back.
_NO_MINIMUM = Value(100, DecimalField())
# The companies that a report names.
_NAMED = ArraySubquery(Company.all_objects.filter(is_named("companies_included")).order_by().values("pk"))

TOPICS: Mapping[str, Events] = {
    "signals": Events(
        EventType.SIGNAL_CREATED, _signals, SIGNALS.fields, _named("signal", "id"), F("created_at"),
        _Array(read_as_field("ticker")), _latest_score("company"), _Ids(read_as()),
    ),
    "scores": Events(
        EventType.SCORE_UPDATED, _scores, SCORE_FIELDS, _named("score", "id", "updated_at"), F("updated_at"),
        _Array(F("company__ticker")), F("total_score"), _Ids(F("company_id")),
    ),
    "matches": Events(
        EventType.MATCH_UPDATED, _matches, ACQUIRER_MATCHES.fields, _named("match", "id", "updated_at"),
        F("updated_at"), _Array(F("target_company__ticker"), F("acquirer_ticker")), _latest_score("target_company"),
        _Ids(F("target_company_id"), F("acquirer_company_id")),
    ),
    "alerts": Events(
        EventType.ALERT_TRIGGERED, _alerts, ALERT_TRIGGERS.fields, _named("alert", "id"), F("triggered_at"),
        _Array(F("company__ticker")), _latest_score("company"), _Ids(F("company_id")), F("alert__client_id"),
    ),
    "reports": Events(
        EventType.REPORT_READY, _reports, tuple(columns(
            "id", "report_type", "report_date", "period_start", "period_end", "title", "summary", "format",
            "file_size_bytes", "companies_included", "key_findings",
        )),
        _named("report", "id"), F("updated_at"), _TextArray(F("companies_included")), _NO_MINIMUM,
        _NAMED, F("client_id"),
    ),
}  # fmt: skip
