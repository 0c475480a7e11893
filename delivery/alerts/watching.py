"""The alerts that watch, each with its rule, and the one statement that asks all of them of many rows."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, Func, IntegerField, Q, Value, When

from companies.identity import Followed
from companies.watchlists import companies_on
from delivery.alerts.conditions import ConditionError
from delivery.alerts.queries import FALSE, TRUE, Roots, as_q
from delivery.alerts.rules import Rule, rule_of
from delivery.choices import AlertType, Direction
from delivery.models import Alert, Client

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watch:
    """An alert with its rule."""

    alert: Alert
    rule: Rule


def watches(*, heard_at: dt.datetime, followed: Followed) -> list[Watch]:
    """Return the active alerts that were there by then, with their rules. Two queries, three with watchlists.

    One whose stored condition cannot be read any more is left out and named in the log; the others go on.
    """
    alerts = list(Alert.objects.active().filter(created_at__lte=heard_at).select_related("client").order_by("id"))
    clients = list(Client.objects.active().exclude(watchlist_tickers=[]))
    listed = companies_on(alert.watchlist_id for alert in alerts if alert.watchlist_id)
    found = []
    for alert in alerts:
        try:
            found.append(Watch(alert, rule_of(alert, clients, listed, followed)))
        except ConditionError as error:
            logger.error("alert %s (%s) is left out, its condition cannot be read: %s", alert.pk, alert, error)
    return found


class Holding(Func):
    """The places of the conditions that hold of a row, as an array."""

    template = "array_remove(ARRAY[%(expressions)s]::integer[], NULL)"
    output_field: Any = ArrayField(IntegerField())


def holding(conditions: Sequence[Q]) -> Any:
    """Return the expression for the places of the conditions that hold; an empty array without any."""
    if not conditions:
        return Value([], output_field=ArrayField(IntegerField()))
    places = [
        Case(When(condition, then=Value(place)), default=None, output_field=IntegerField())
        for place, condition in enumerate(conditions)
    ]
    return Holding(*places)


def of_watched(rule: Rule, roots: Roots) -> Q:
    """Return the condition that the rule looks at the row's company at all: at the one as which it is read."""
    if rule.listed is not None:
        return Q(**{f"{roots['company']}id__in": sorted(rule.listed)}) if rule.listed else FALSE
    if rule.watched is None:
        return TRUE
    return _named(rule.watched, rule, roots) if rule.watched else FALSE


def _named(tickers: frozenset[str], rule: Rule, roots: Roots) -> Q:
    """Return the condition that one of the tickers is the company's, or was that of a duplicate merged into it."""
    named = Q(**{f"{roots['company']}ticker__in": sorted(tickers)})
    led = rule.followed.ids(tickers)
    return named | Q(**{f"{roots['company']}id__in": sorted(led)}) if led else named


def of_score(rule: Rule, roots: Roots) -> tuple[Q, Q]:
    """Return when a score sets the alert off, and when it goes on holding, which is wider by the hysteresis.

    A change that is unknown sets nothing off and ends nothing.
    """
    asked = of_watched(rule, roots) & as_q(rule.node, roots)
    total, change = f"{roots['score']}total_score", f"{roots['score']}score_change_30d"
    if rule.type == AlertType.CUSTOM:
        least = Q(**{f"{total}__gte": rule.threshold}) if rule.threshold is not None else TRUE
        return asked & least, asked & least
    if rule.type == AlertType.SCORE_THRESHOLD:
        near = rule.hysteresis_points
        if rule.direction == Direction.DOWN:
            return asked & Q(**{f"{total}__lte": rule.threshold}), asked & Q(**{f"{total}__lte": _sum(rule, near)})
        return asked & Q(**{f"{total}__gte": rule.threshold}), asked & Q(**{f"{total}__gte": _sum(rule, -near)})
    unknown = Q(**{f"{change}__isnull": True})
    moved, still = FALSE, FALSE
    for points, companies in _thresholds(rule, roots):
        near = min(rule.hysteresis_points, points / 2)
        moved |= companies & _moved(change, points, rule.direction)
        still |= companies & _moved(change, points - near, rule.direction)
    return asked & moved, asked & (unknown | still)


def _sum(rule: Rule, points: Any) -> Any:
    return (rule.threshold or 0) + points


def _thresholds(rule: Rule, roots: Roots) -> list[tuple[Any, Q]]:
    if rule.thresholds:
        return [(points, _named(tickers, rule, roots)) for points, tickers in rule.thresholds]
    return [(rule.threshold, TRUE)] if rule.threshold is not None else []


def _moved(change: str, points: Any, direction: Direction) -> Q:
    up, down = Q(**{f"{change}__gte": points}), Q(**{f"{change}__lte": -points})
    return {Direction.UP: up, Direction.DOWN: down, Direction.EITHER: up | down}[direction]


def of_signal(rule: Rule, roots: Roots) -> Q:
    """Return when a signal sets the alert off."""
    asked = of_watched(rule, roots) & as_q(rule.node, roots)
    if rule.signal_types:
        asked &= Q(**{f"{roots['signal']}signal_type__in": sorted(rule.signal_types)})
    if rule.threshold is not None and rule.type != AlertType.WATCHLIST_CHANGE:
        asked &= Q(**{f"{roots['score']}total_score__gte": rule.threshold})
    return asked
