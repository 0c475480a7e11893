"""Coming events as a calendar (RFC 5545) that a desk's calendar program can subscribe to."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

from icalendar import Calendar, Event

CALENDAR = "text/calendar"
PRODUCT = "-//biotech_ma//catalysts//EN"
# How often a subscribed calendar asks again.
REFRESH = dt.timedelta(hours=12)
_END = b"END:VCALENDAR"
# RFC 5545 has no way to write them (section 3.3.11).
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def calendar_of(rows: Iterator[bytes], address: str) -> Iterator[bytes]:
    """Yield the parts of a calendar with an event for each row, which is a catalyst in JSON with its `updated_at`.

    `address` is the API's, below which the rows behind the events stand.
    """
    head, _, end = _empty().to_ical().partition(_END)
    yield head
    for row in rows:
        yield event_of(json.loads(row), address).to_ical()
    yield _END + end


def event_of(row: dict[str, Any], address: str) -> Event:
    """Return a catalyst as an all-day event. Its UID is that of its row and kind: a date that moves moves the event."""
    day = dt.date.fromisoformat(row["date"])
    who = row["ticker"] or row["company_name"]
    event = Event()
    event.add("uid", f"{row['kind']}-{row['id']}@biotech-ma")
    event.add("dtstamp", dt.datetime.fromisoformat(row["updated_at"]).astimezone(dt.UTC))
    event.add("dtstart", day)
    if day < dt.date.max:
        event.add("dtend", day + dt.timedelta(days=1))
    event.add("summary", _text(": ".join(part for part in (who, row["drug"], row["title"]) if part)))
    facts = (row["company_name"], row["drug"], row["therapeutic_area"], row["kind"].replace("_", " "))
    event.add("description", _text("\n".join(fact for fact in facts if fact)))
    event.add("categories", [row["kind"]])
    event.add("url", f"{address}{row['resource']}/{row['id']}/")
    event.add("transp", "TRANSPARENT")
    return event


def _empty() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Biotech catalysts")
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT12H")
    return calendar


def _text(value: str) -> str:
    return _CONTROLS.sub(" ", value)
