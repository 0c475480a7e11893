"""Who is who: the provider's subjects, the desk's users, and the roles that groups stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, models, transaction
from django.db.models.functions import Now

from biotech_ma.core.oidc.settings import Provider

LEAST_ROLE = "viewer"
MOST_OF_A_NAME = 150
MOST_OF_A_SUBJECT = 255
MOST_GROUPS = 1000
# One sign-in by a provider at a time: the first of two makes the user, the second finds it.
_LOCK = "SELECT pg_advisory_xact_lock(5132014772)"


class SignInError(Exception):
    """Nobody is signed in, in words for the sign-in page."""


class Identity(models.Model):
    """A subject of an identity provider, and the user that it is here."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities", db_comment="Who it is here."
    )
    issuer = models.CharField(max_length=500, db_comment="Issuer of the provider, as its tokens name it.")
    subject = models.CharField(
        max_length=MOST_OF_A_SUBJECT, db_comment="The provider's own name of the user, which never changes."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False, db_comment="When it signed in first.")

    class Meta:
        app_label = "core"
        db_table = "identities"
        db_table_comment = "Subjects of identity providers and their users."
        constraints = [
            # who signs in
            models.UniqueConstraint(fields=["issuer", "subject"], name="identities_subject_uniq"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} of {self.issuer}"


def user_of(provider: Provider, claims: Mapping[str, Any]) -> User:
    """Return the user of these claims, whose token has been verified; made on the first sign-in, with today's roles.

    Found by issuer and subject, else by an e-mail address that the provider has verified and one user has. Raises
    SignInError for a user who is not active, for an address of several users, and for claims that name nobody.
    """
    subject = text_of(claims.get("sub"), MOST_OF_A_SUBJECT)
    if not subject:
        raise SignInError("The provider did not say who you are.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        known = Identity.objects.filter(issuer=provider.issuer, subject=subject).select_related("user").first()
        user = known.user if known else _by_address(claims)
        if user is not None and not user.is_active:
            raise SignInError("This user is not active any more. Ask an administrator.")
        is_new = user is None
        if user is None:
            user = _made(provider, subject, claims)
        if known is None:
            Identity.objects.create(issuer=provider.issuer, subject=subject, user=user)
        _give_roles(provider, user, claims, is_new=is_new)
    return user


def _by_address(claims: Mapping[str, Any]) -> User | None:
    address = _verified_address(claims)
    rows = User.objects.filter(email__iexact=address) if address else ()
    # The database takes some letters for others (ı for i, K for k), and another domain may be spelled with them.
    found = [user for user in rows if _in_small(user.email) == _in_small(address)]
    if len(found) > 1:
        raise SignInError("Several users have your e-mail address. Ask an administrator to tell them apart.")
    return found[0] if found else None


def _in_small(address: str) -> bytes:
    """Return an address to be compared in either case of the 26 letters, and in no other way."""
    return address.encode("utf-8", "replace").lower()


def _verified_address(claims: Mapping[str, Any]) -> str:
    """Return the e-mail address, empty unless the provider says that it has verified it."""
    address = text_of(claims.get("email"), 254)
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address if claims.get("email_verified") in (True, "true") else ""


def _made(provider: Provider, subject: str, claims: Mapping[str, Any]) -> User:
    address = _verified_address(claims)
    user = User(
        username=_free_name(text_of(claims.get("preferred_username"), MOST_OF_A_NAME) or address or subject),
        email=address,
        first_name=text_of(claims.get("given_name"), 150),
        last_name=text_of(claims.get("family_name"), 150),
        is_staff=True,
    )
    user.set_unusable_password()
    user.save()
    _note(user, ADDITION, f"Made at the first sign-in by {provider.issuer}, as {subject}.")
    return user


def _free_name(wanted: str) -> str:
    """Return a user name that nobody has: the one wanted, or with the next free number."""
    name = re.sub(r"[^\w.@+-]", "_", wanted)[: MOST_OF_A_NAME - 6] or "user"
    taken = set(User.objects.filter(username__istartswith=name).values_list("username", flat=True))
    taken = {each.casefold() for each in taken}
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each.casefold() not in taken)


def _give_roles(provider: Provider, user: User, claims: Mapping[str, Any], *, is_new: bool) -> None:
    """Give the roles that the groups stand for, and the least where none does; other groups are left alone."""
    if not provider.roles and not is_new:
        return
    wanted = provider.roles_of(_groups(claims.get(provider.group_claim))) or {LEAST_ROLE}
    governed = {role for _, role in provider.roles} | {LEAST_ROLE}
    held = set(user.groups.filter(name__in=governed).values_list("name", flat=True))
    if held == wanted:
        return
    found = {group.name: group for group in Group.objects.filter(name__in=wanted | held)}
    user.groups.remove(*(found[name] for name in held - wanted))
    user.groups.add(*(found[name] for name in wanted - held if name in found))
    now = ", ".join(sorted(name for name in wanted if name in found)) or "none"
    _note(user, CHANGE, f"Roles by the provider's groups: {now}.")


def _groups(value: Any) -> list[str]:
    """Return the groups of a claim: a list of names, or one name."""
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [each for each in values[:MOST_GROUPS] if isinstance(each, str)]


def text_of(value: Any, most: int) -> str:
    """Return a claim as text that PostgreSQL can store, empty for anything else."""
    if not isinstance(value, str) or "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        return ""
    text = value.strip()
    return text if len(text) <= most else ""


def _note(user: User, flag: int, words: str) -> None:
    LogEntry.objects.log_actions(user.pk, [user], flag, change_message=words, single_object=True)
