"""Who is signed in where: a row a session, so that users see theirs and a provider can end them (docs/adr/0043)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models, transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from biotech_ma.core.crypto import EncryptedTextField
from biotech_ma.core.login_attempts import address_of
from biotech_ma.core.session_limits import SEEN, is_over

KEY = "desk_sign_in"
MOST_OF_A_BROWSER = 300
_FORGET = """
DELETE FROM sign_in_sessions AS i
WHERE NOT EXISTS (SELECT FROM django_session AS s WHERE s.session_key = i.session_key)
"""


class SignIn(models.Model):
    """One session of a user. It goes with its session; those that ended otherwise are thrown away nightly."""

    secret_fields: ClassVar[frozenset[str]] = frozenset({"id_token"})

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="Whose session it is."
    )
    session_key = models.CharField(max_length=40, db_comment="Key of the session as of now.")
    began_at = models.DateTimeField(db_default=Now(), editable=False, db_comment="When it was noticed first.")
    browser = models.CharField(
        max_length=MOST_OF_A_BROWSER, default="", db_default="", db_comment="What the browser calls itself."
    )
    address = models.CharField(max_length=64, default="", db_default="", db_comment="Where it signed in from.")
    identity = models.ForeignKey(
        "core.Identity",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_comment="Whom the identity provider vouched for. NULL = by password.",
    )
    provider_session = models.CharField(
        max_length=255, default="", db_default="", db_comment="The provider's own id of the session (sid)."
    )
    id_token = EncryptedTextField(
        default="", db_default="", db_comment="The provider's token, encrypted: it says at sign-out who leaves."
    )

    class Meta:
        app_label = "core"
        db_table = "sign_in_sessions"
        db_table_comment = "Sessions of the admin's users, and what a provider needs to end them."
        constraints = [
            # the request's own session
            models.UniqueConstraint(fields=["session_key"], name="sign_in_sessions_key_uniq"),
        ]
        indexes = [
            # the sessions that a provider ends
            models.Index(fields=["identity"], name="sign_in_sessions_identity_idx"),
        ]

    def __str__(self) -> str:
        return f"sign-in {self.pk} of user {self.user_id}"


@dataclass(frozen=True)
class Standing:
    """A session that runs, as its user sees it."""

    sign_in: SignIn
    seen_at: dt.datetime
    data: dict[str, Any]


class SignInsMiddleware:
    """Keep a row for whoever is signed in as the answer leaves, under the session's key of then.

    Costs nothing but a look into the session, which has been read by then, until somebody signs in or the key changes.
    Stands after SessionMiddleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session: Any = request.session
        if session.accessed and session.get(SESSION_KEY):
            kept = session.get(KEY)
            if not kept or kept[1] != session.session_key:
                _keep(request, kept)
        return response


def note_sign_in(request: HttpRequest, **of_provider: Any) -> None:
    """Write down the session that has begun with this request; `of_provider` is what only a provider's has."""
    session: Any = request.session
    former = session.get(KEY)
    if former:
        SignIn.objects.filter(pk=former[0]).delete()
    if session.session_key is None:
        session.save()
    about = {
        "user_id": int(session[SESSION_KEY]),
        "browser": _text(request.headers.get("User-Agent", ""))[:MOST_OF_A_BROWSER],
        "address": _text(address_of(request))[:64],
    }
    # of two requests of one session that come at once, the second finds the first's row
    row, _ = SignIn.objects.update_or_create(session_key=session.session_key, defaults={**about, **of_provider})
    session[KEY] = [row.pk, row.session_key]


def sign_in_of(request: HttpRequest) -> SignIn | None:
    """Return the row of the request's own session."""
    key = request.session.session_key
    return SignIn.objects.defer("id_token").filter(session_key=key).first() if key else None


def token_of(row: SignIn) -> str:
    """Return the provider's token of a session, empty where the key that it was encrypted with is gone."""
    try:
        return str(row.id_token)
    except ImproperlyConfigured:
        return ""


def running(user_id: int) -> list[Standing]:
    """Return the sessions of a user that have not ended, the one seen last first."""
    rows = {row.session_key: row for row in SignIn.objects.defer("id_token").filter(user_id=user_id)}
    sessions = Session.objects.filter(session_key__in=rows, expire_date__gt=timezone.now())
    found, now = [], time.time()
    for session in sessions:
        data = SessionStore().decode(session.session_data)
        if data.get(SESSION_KEY) == str(user_id) and not is_over(data, now):
            seen = dt.datetime.fromtimestamp(data.get(SEEN, now), dt.UTC)
            found.append(Standing(rows[session.session_key], seen, data))
    return sorted(found, key=lambda each: each.seen_at, reverse=True)


def end_sign_ins(rows: models.QuerySet[SignIn]) -> int:
    """End the sessions of these rows at once, on every worker; return how many there were."""
    with transaction.atomic():
        keys = list(rows.values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        SignIn.objects.filter(session_key__in=keys).delete()
    return len(keys)


def forget_sign_ins() -> int:
    """Delete the rows whose sessions are gone; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET)
        return int(cursor.rowcount)


def _keep(request: HttpRequest, kept: Any) -> None:
    """Write a new session down, or the new key of one whose key was changed."""
    session: Any = request.session
    if kept and session.session_key:
        rows = SignIn.objects.filter(pk=kept[0], user_id=int(session[SESSION_KEY]))
        if rows.update(session_key=session.session_key):
            session[KEY] = [kept[0], session.session_key]
            return
    note_sign_in(request)


def _text(value: str) -> str:
    """Return a header as text that PostgreSQL can store."""
    return "".join(letter for letter in value if letter.isprintable())
