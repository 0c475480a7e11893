"""How often a password was tried in vain, counted in PostgreSQL: exact over every worker.

By address, and by address and name together. Never by name alone: whoever knows an analyst's name could then keep the
analyst out. Passwords of twelve characters and more bear what a few hundred addresses can try. Codes of a second factor
are counted by user, for they are asked for after the password only.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection, models
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

WINDOW = dt.timedelta(minutes=5)
MOST_BY_NAME = 5
MOST_BY_ADDRESS = 30
MOST_CODES = 5
SALT = "biotech_ma.core.login_attempts"

# Counted before the password is looked at, so that those tried at the same moment count as well.
_TAKE = """
INSERT INTO login_attempts AS a (key, attempts, until)
SELECT key, 1, clock_timestamp() + %(window_seconds)s * interval '1 second'
FROM unnest(%(keys)s::text[]) AS key ORDER BY key
ON CONFLICT (key) DO UPDATE SET
  attempts = CASE WHEN a.until <= clock_timestamp() THEN 1 ELSE a.attempts + 1 END,
  until = CASE WHEN a.until <= clock_timestamp() THEN excluded.until ELSE a.until END
RETURNING key, attempts, ceil(extract(epoch FROM until - clock_timestamp()))::int
"""


class LoginAttempt(models.Model):
    """Who tries passwords, as a digest, and how often in the running window."""

    key = models.CharField(
        max_length=64, primary_key=True, db_comment="Keyed digest of an address, or of it and a name."
    )
    attempts = models.PositiveIntegerField(db_comment="Attempts since the window began.")
    until = models.DateTimeField(db_comment="End of the window, by the server's clock.")

    class Meta:
        app_label = "core"
        db_table = "login_attempts"
        db_table_comment = "Passwords tried lately; a row whose window is over means nothing."

    def __str__(self) -> str:
        return f"{self.attempts} until {self.until:%H:%M}"


def address_of(request: HttpRequest | None) -> str:
    """Return the caller's address: behind the TLS proxy the one that it has seen, which is the last of its header."""
    if request is None:
        return ""
    if settings.HTTPS and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def take_attempt(*, name: str, address: str) -> int:
    """Count an attempt to sign in; return 0 when it may go on, else the seconds until the next one may."""
    by_name, by_address = _keys(name, address)
    return _take({by_name: MOST_BY_NAME, by_address: MOST_BY_ADDRESS})


def take_code_attempt(*, user_id: int) -> int:
    """Count a code of a second factor; return 0 when it may be compared, else the seconds until the next one may."""
    return _take({_code_key(user_id): MOST_CODES})


def forget_code_attempts(*, user_id: int) -> None:
    """Forget the codes that were tried before the one that counted."""
    LoginAttempt.objects.filter(key=_code_key(user_id)).delete()


def _code_key(user_id: int) -> str:
    return _digest(f"code of user {user_id}")


def _take(most: dict[str, int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"keys": list(most), "window_seconds": WINDOW.total_seconds()})
        rows = cursor.fetchall()
    return max((max(seconds, 1) for key, attempts, seconds in rows if attempts > most[key]), default=0)


def forget_attempts(*, name: str, address: str) -> None:
    """Forget what was tried under a name that has signed in, and all windows that are over."""
    by_name, _ = _keys(name, address)
    LoginAttempt.objects.filter(models.Q(key=by_name) | models.Q(until__lt=models.functions.Now())).delete()


def _keys(name: str, address: str) -> tuple[str, str]:
    return _digest(f"{address} {name.casefold()}"), _digest(address)


def _digest(text: str) -> str:
    return salted_hmac(SALT, text.encode("utf-8", "replace"), algorithm="sha256").hexdigest()
