"""What each type of alert means: which rows it looks at, when it goes off, and when it may go off again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from biotech_ma.core.addresses import AddressError, check_url
from companies.identity import Followed
from delivery.alerts.conditions import ALWAYS, ConditionError, Node, owners, parse, renamed
from delivery.choices import AlertType, Channel, Direction

if TYPE_CHECKING:
    from delivery.models import Alert, Client

USUAL_HYSTERESIS_POINTS = Decimal(2)
USUAL_CHANGE_POINTS = Decimal(5)
MOST_SCORE = Decimal(100)
NOTHING_FOLLOWED = Followed()
ABOUT_SCORES = (AlertType.SCORE_THRESHOLD, AlertType.SCORE_CHANGE)
# What a client may set for itself: the types whose threshold is a score or a change.
OF_CLIENTS = (*ABOUT_SCORES, AlertType.WATCHLIST_CHANGE)


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert as it is evaluated: its condition read, its client's watchlist and thresholds put in.

    `watched` is None for all companies. `listed` has those of the desk's watchlist that it names, by their ids, for not
    every company has a ticker; None where it names none. `thresholds` has the companies with a threshold of their own
    (a watchlist that several clients share); elsewhere `threshold` counts. `followed` leads from a merged duplicate's
    ticker, as `watched` and `thresholds` may have it, to the company that was kept.
    """

    type: AlertType
    node: Node
    threshold: Decimal | None
    direction: Direction
    hysteresis_points: Decimal
    signal_types: frozenset[str]
    watched: frozenset[str] | None
    thresholds: tuple[tuple[Decimal, frozenset[str]], ...] = ()
    listed: frozenset[UUID] | None = None
    followed: Followed = NOTHING_FOLLOWED

    @property
    def names_signals(self) -> bool:
        """Whether the condition or the list of types asks something of a signal."""
        return bool(self.signal_types) or "signal" in owners(self.node)

    @property
    def hears_signals(self) -> bool:
        """Whether a new signal can set it off."""
        if self.type == AlertType.CUSTOM:
            return self.names_signals
        return self.type in (AlertType.NEW_SIGNAL, AlertType.WATCHLIST_CHANGE)

    @property
    def hears_scores(self) -> bool:
        """Whether a new score can set it off."""
        if self.type in (AlertType.CUSTOM, AlertType.WATCHLIST_CHANGE):
            return not self.names_signals
        return self.type in ABOUT_SCORES

    @property
    def digest(self) -> str:
        """A digest of all that decides when it goes off about scores: another one means another rule."""
        parts = [self.type, repr(self.node), self.threshold, self.direction, self.hysteresis_points]
        lists = [sorted(self.signal_types), sorted(self.watched) if self.watched is not None else None]
        own = [(str(threshold), sorted(tickers)) for threshold, tickers in self.thresholds]
        listed = [] if self.listed is None else [sorted(map(str, self.listed))]
        led = sorted(map(str, self.followed.ids(self.watched or ())))
        text = json.dumps([*map(str, parts), *lists, own, *listed, *([led] if led else [])])
        return hashlib.sha256(text.encode()).hexdigest()


def rule_of(
    alert: Alert,
    watchers: Iterable[Client] = (),
    listed: Mapping[UUID, frozenset[UUID]] | None = None,
    followed: Followed = NOTHING_FOLLOWED,
) -> Rule:
    """Return the rule of the alert; `watchers` are the clients whose watchlists a watchlist_change without its own
    companies looks at, `listed` has the companies of the desk's watchlists. A watchlist that is not among them has
    none: an alert whose watchlist is archived watches nothing. Tickers of merged duplicates lead where `followed` says.
    Raises ConditionError for a condition that is none."""
    kind = AlertType(alert.alert_type)
    client = alert.client
    threshold = own_threshold(client.custom_thresholds, kind) if client else None
    threshold = alert.threshold_value if threshold is None else threshold
    watched: frozenset[str] | None = frozenset(alert.company_tickers) or None
    thresholds: tuple[tuple[Decimal, frozenset[str]], ...] = ()
    on_list: frozenset[UUID] | None = None
    if alert.watchlist_id is not None:
        watched, on_list = None, (listed or {}).get(alert.watchlist_id, frozenset())
    elif watched is None and client is not None and (client.watchlist_tickers or kind == AlertType.WATCHLIST_CHANGE):
        watched = frozenset(client.watchlist_tickers)
    elif watched is None and kind == AlertType.WATCHLIST_CHANGE:
        shared = _shared(watchers, threshold)
        thresholds = tuple(sorted((points, frozenset(tickers)) for points, tickers in shared.items()))
        watched = frozenset().union(*(tickers for _, tickers in thresholds))
    if kind == AlertType.WATCHLIST_CHANGE and threshold is None:
        threshold = USUAL_CHANGE_POINTS
    direction = _direction(alert.direction, kind, threshold)
    if kind != AlertType.SCORE_THRESHOLD and threshold is not None:
        threshold = abs(threshold)
    return Rule(
        type=kind,
        node=renamed(parse(alert.condition), followed.ticker),
        threshold=threshold,
        direction=direction,
        hysteresis_points=_hysteresis(alert.hysteresis_points, kind, threshold),
        signal_types=frozenset(alert.signal_types),
        watched=watched,
        thresholds=thresholds,
        listed=on_list,
        followed=followed,
    )


def own_threshold(thresholds: Mapping[str, Any], kind: AlertType) -> Decimal | None:
    """Return the client's own threshold for alerts of the type, None where it has none."""
    value = thresholds.get(kind)
    if kind not in OF_CLIENTS or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(str(value))


def refusals_of_thresholds(thresholds: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a client's own thresholds, None if nothing is. Names of other use are left alone."""
    for kind in OF_CLIENTS:
        if kind not in thresholds:
            continue
        value = thresholds[kind]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < abs(value) <= MOST_SCORE:
            return f"{kind.value} is a number of points, not 0 and at most 100."
    least = thresholds.get("min_score")
    if least is not None and (
        isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= MOST_SCORE
    ):
        return "min_score is the least score that reports list, from 0 to 100."
    return None


def _shared(watchers: Iterable[Client], threshold: Decimal | None) -> dict[Decimal, set[str]]:
    """Return the watched tickers by the lowest threshold that a client watching them has."""
    lowest: dict[str, Decimal] = {}
    for client in watchers:
        own = own_threshold(client.custom_thresholds, AlertType.WATCHLIST_CHANGE)
        points = abs(own or threshold or USUAL_CHANGE_POINTS)
        for ticker in client.watchlist_tickers:
            lowest[ticker] = min(points, lowest.get(ticker, points))
    shared: dict[Decimal, set[str]] = {}
    for ticker, points in lowest.items():
        shared.setdefault(points, set()).add(ticker)
    return shared


def _direction(asked: str | None, kind: AlertType, threshold: Decimal | None) -> Direction:
    if asked:
        return Direction(asked)
    if kind == AlertType.SCORE_THRESHOLD:
        return Direction.UP
    return Direction.DOWN if threshold is not None and threshold < 0 else Direction.EITHER


def _hysteresis(asked: Decimal | None, kind: AlertType, threshold: Decimal | None) -> Decimal:
    usual = USUAL_HYSTERESIS_POINTS if asked is None else asked
    if kind == AlertType.SCORE_THRESHOLD or threshold is None:
        return usual
    # A change never goes back behind zero: half of the threshold at most, or it could go off once only.
    return min(usual, abs(threshold) / 2)


def refusals_of(alert: Alert) -> dict[str, str]:
    """Return what does not go together in the alert, by field; empty if all does."""
    found: dict[str, str] = {}
    if alert.alert_type not in AlertType.values:
        return found  # refused by itself
    node: Node = ALWAYS
    try:
        node = parse(alert.condition)
    except ConditionError as error:
        found["condition"] = str(error)
    for judge in (_judge_type, _judge_threshold, _judge_channels):
        for field, words in judge(alert, node).items():
            found.setdefault(field, words)
    return found


def _judge_type(alert: Alert, node: Node) -> dict[str, str]:
    if alert.alert_type in ABOUT_SCORES:
        if "signal" in owners(node):
            return {"condition": "A score sets this type off, so its condition cannot name a signal; choose custom."}
        if alert.signal_types:
            return {"signal_types": "A score sets this type off; leave the signal types empty, or choose custom."}
    if alert.watchlist_id is not None and alert.company_tickers:
        return {"watchlist": "Name companies or choose a watchlist, not both."}
    if alert.alert_type == AlertType.CUSTOM and not alert.condition and not alert.signal_types:
        return {"condition": "A custom alert needs a condition, such as a score of at least 70."}
    return {}


def _judge_threshold(alert: Alert, node: Node) -> dict[str, str]:
    value, kind = alert.threshold_value, alert.alert_type
    owned = alert.client is not None and own_threshold(alert.client.custom_thresholds, AlertType(kind)) is not None
    if kind in ABOUT_SCORES and value is None and not owned:
        what = "the score that sets it off" if kind == AlertType.SCORE_THRESHOLD else "the points that set it off"
        return {"threshold_value": f"Give {what}."}
    if kind == AlertType.SCORE_THRESHOLD and alert.direction == Direction.EITHER:
        return {"direction": "A threshold is reached from one side: up or down. Make two alerts for both."}
    if value is None:
        return {}
    if kind in (AlertType.SCORE_CHANGE, AlertType.WATCHLIST_CHANGE):
        if not 0 < abs(value) <= MOST_SCORE:
            return {"threshold_value": "A change is a number of points, not 0 and at most 100."}
    elif not 0 <= value <= MOST_SCORE:
        return {"threshold_value": "A score lies between 0 and 100."}
    return {}


def _judge_channels(alert: Alert, node: Node) -> dict[str, str]:
    channels = alert.notification_channels
    if not isinstance(channels, list):
        return {}
    has_address = bool(alert.recipients) or bool(alert.client and alert.client.contact_email)
    if Channel.EMAIL in channels and not has_address:
        return {"recipients": "E-mail needs at least one recipient."}
    if Channel.SLACK in channels and not alert.slack_webhook_url:
        return {"slack_webhook_url": "Slack needs the address of its incoming webhook."}
    if alert.slack_webhook_url:
        try:
            check_url(alert.slack_webhook_url)
        except AddressError as error:
            return {"slack_webhook_url": str(error)}
    return {}
