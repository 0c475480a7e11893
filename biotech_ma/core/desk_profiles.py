"""What the desk keeps of each user: the zone that times are shown in, and until when the first page has been seen."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from functools import cache

from django.conf import settings
from django.db import connection, models

# A look at the first page within this span of the one before belongs to the same visit.
VISIT_GAP = dt.timedelta(hours=4)

# One statement, so that two tabs that open together begin one visit.
_LOOK = """
INSERT INTO desk_profiles AS p (user_id, time_zone, looked_at) VALUES (%(user)s, '', %(now)s)
ON CONFLICT (user_id) DO UPDATE SET
  seen_until = CASE WHEN p.looked_at < %(begun)s THEN p.looked_at ELSE p.seen_until END,
  looked_at = greatest(p.looked_at, excluded.looked_at)
RETURNING seen_until
"""
_SEEN = """
INSERT INTO desk_profiles (user_id, time_zone, looked_at, seen_until) VALUES (%(user)s, '', %(now)s, %(now)s)
ON CONFLICT (user_id) DO UPDATE SET seen_until = excluded.seen_until, looked_at = excluded.looked_at
"""


@cache
def zones() -> tuple[str, ...]:
    """Return the names of the zones to choose from, in order."""
    return tuple(sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC"))


class DeskProfile(models.Model):
    """One user's settings and marks."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="desk_profile",
        db_comment="Whose it is.",
    )
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Times are shown in this zone. Days of events are the market's, in New York, for everybody.",
        db_comment="Name of a zone of the IANA database. Empty = the site's.",
    )
    looked_at = models.DateTimeField(null=True, db_comment="When the first page was last opened. NULL = never.")
    seen_until = models.DateTimeField(null=True, db_comment="End of the visit before this one. NULL = there is none.")

    class Meta:
        app_label = "core"
        db_table = "desk_profiles"
        db_table_comment = "Settings and marks of the admin's users."

    def __str__(self) -> str:
        return f"profile of user {self.user_id}"


def look(user_id: int, now: dt.datetime) -> dt.datetime | None:
    """Note that the user looks at the first page; return until when they have seen it, None on the first visit.

    That is the last look of the visit before: reloads, and looks within four hours of each other, leave it alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {"user": user_id, "now": now, "begun": now - VISIT_GAP})
        found: dt.datetime | None = cursor.fetchone()[0]
    return found


def mark_seen(user_id: int, now: dt.datetime) -> None:
    """Note that the user has seen everything up to now."""
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, {"user": user_id, "now": now})


def zone_of(user_id: int) -> str:
    """Return the name of the user's zone, empty for the site's."""
    return DeskProfile.objects.filter(user_id=user_id).values_list("time_zone", flat=True).first() or ""


def choose_zone(user_id: int, name: str) -> None:
    """Keep the user's zone; empty is the site's."""
    DeskProfile.objects.update_or_create(user_id=user_id, defaults={"time_zone": name})
