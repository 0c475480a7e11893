"""When a message may go out: with the digest, and never within the quiet period. All times are New York's."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from biotech_ma.core.market_day import NEW_YORK
from delivery.choices import Digest
from delivery.preferences import Timing

if TYPE_CHECKING:
    from delivery.models import Alert

USUAL_DIGEST_AT = dt.time(7)
DAY = dt.timedelta(days=1)


def due_at(alert: Alert, now: dt.datetime, *, timing: Timing | None = None) -> dt.datetime:
    """Return the first moment, now or later, at which the alert's e-mail and Slack messages may go out.

    `timing`, a client's, stands in for the alert's own as far as it goes.
    """
    own = timing or Timing()
    digest = own.digest or alert.digest
    begins, ends = (own.quiet_from, own.quiet_until) if own.quiet_from else (alert.quiet_from, alert.quiet_until)
    moment = now.astimezone(NEW_YORK)
    if digest == Digest.HOURLY:
        # In UTC, where every hour is an hour long; New York's are full at the same moments.
        moment = moment.astimezone(dt.UTC)
        begun = moment.replace(minute=0, second=0, microsecond=0)
        moment = (begun if begun == moment else begun + dt.timedelta(hours=1)).astimezone(NEW_YORK)
    elif digest == Digest.DAILY:
        moment = _next(own.digest_at or alert.digest_at or USUAL_DIGEST_AT, moment)
    return _after_quiet(begins, ends, moment).astimezone(dt.UTC)


def _next(time: dt.time, moment: dt.datetime) -> dt.datetime:
    """Return the next moment, now or later, at which the clock in New York shows the time."""
    today = _on(moment.date(), time)
    return today if today >= moment else _on(moment.date() + DAY, time)


def _after_quiet(start: dt.time | None, end: dt.time | None, moment: dt.datetime) -> dt.datetime:
    if start is None or end is None:
        return moment
    clock = moment.timetz().replace(tzinfo=None)
    is_quiet = start <= clock < end if start < end else clock >= start or clock < end
    return _next(end, moment) if is_quiet else moment


def _on(day: dt.date, time: dt.time) -> dt.datetime:
    """Return the moment in New York; where the clocks jump over it, the same moment by the clock before the jump."""
    return dt.datetime.combine(day, time, tzinfo=NEW_YORK).astimezone(dt.UTC).astimezone(NEW_YORK)
