"""A second factor for users of the admin: codes by time (RFC 6238), and recovery codes (docs/adr/0035).

A code counts for its half minute and the two beside it, and once. Guesses are counted a user, over all workers and
addresses: whoever guesses codes has the password already, so nobody else is kept out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import Any, ClassVar

import pyotp
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models.functions import Now

from biotech_ma.core.crypto import EncryptedTextField
from biotech_ma.core.login_attempts import forget_code_attempts, take_code_attempt

STEP_SECONDS = 30
STEPS_BESIDE = 1
DIGITS = 6
RECOVERY_CODES = 10
# Without letters and digits that are taken for one another: 16 of these 31 are 79 bits.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LETTERS = 4, 4
ISSUER = "biotech_ma"


class SecondFactorError(Exception):
    """The code does not count, in words for the page."""


class SecondFactor(models.Model):
    """One user's secret for codes by time."""

    secret_fields: ClassVar[frozenset[str]] = frozenset({"secret"})

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="second_factor",
        db_comment="Whose it is.",
    )
    secret = EncryptedTextField(db_comment="Base32, encrypted.")
    confirmed_at = models.DateTimeField(
        null=True, db_comment="When a first code of it was given. NULL = offered and not in force."
    )
    last_step = models.BigIntegerField(
        default=0, db_default=0, db_comment="Half minute of the last code that counted, since 1970: it counts once."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False, db_comment="When it was offered.")

    class Meta:
        app_label = "core"
        db_table = "second_factors"
        db_table_comment = "Second factors of the admin's users."

    def __str__(self) -> str:
        return f"second factor of user {self.user_id}"


class RecoveryCode(models.Model):
    """A code that stands in for the device, once."""

    secret_fields: ClassVar[frozenset[str]] = frozenset({"digest"})

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_comment="Whose it is.",
    )
    digest = models.CharField(max_length=64, db_comment="SHA-256 of user and code.")
    used_at = models.DateTimeField(null=True, db_comment="When it was used. NULL = it still counts.")

    class Meta:
        app_label = "core"
        db_table = "recovery_codes"
        db_table_comment = "Codes that stand in for a lost device, as digests."
        constraints = [
            # looking one up; its prefix serves the foreign key
            models.UniqueConstraint(fields=["user", "digest"], name="recovery_codes_once_a_user"),
        ]

    def __str__(self) -> str:
        return f"recovery code of user {self.user_id}"


def has_second_factor(user_id: int) -> bool:
    """Return whether the user signs in with a code."""
    return SecondFactor.objects.filter(user_id=user_id, confirmed_at__isnull=False).exists()


def offered_secret(user: User) -> str:
    """Return the secret that waits for its first code, making it on first use. Not for a user whose factor is on."""
    with transaction.atomic():
        made, _ = SecondFactor.objects.get_or_create(user=user, defaults={"secret": pyotp.random_base32()})
    return str(made.secret)


def address_of(user: User, secret: str, host: str) -> str:
    """Return the otpauth:// address that a device reads as a picture."""
    name = f"{user.get_username()}@{host}"
    return pyotp.TOTP(secret, interval=STEP_SECONDS, digits=DIGITS).provisioning_uri(name=name, issuer_name=ISSUER)


def turn_on(user: User, code: str) -> list[str]:
    """Put the offered secret in force by its first code; return the recovery codes, which are kept as digests only.

    Raises SecondFactorError for a wrong code and for too many of them.
    """
    count_guess(user)
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at__isnull=True).first()
        if factor is None:
            raise SecondFactorError("There is no second factor to confirm. Open the page again.")
        step = _step_of(factor, code)
        if step is None:
            raise SecondFactorError("That is not the code of this moment. Check the clock of the device and try again.")
        SecondFactor.objects.filter(pk=user.pk).update(last_step=step, confirmed_at=Now())
        codes = _new_codes(user)
        note(user, by=user, words="Second factor turned on.")
    forget_code_attempts(user_id=user.pk)
    return codes


def check_code(user: User, code: str, *, is_counted: bool = False) -> None:
    """Accept a code of the device, or a recovery code, once. Raises SecondFactorError for any other, or too many.

    `is_counted` says that the caller has counted this guess already.
    """
    if not is_counted:
        count_guess(user)
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at__isnull=False).first()
        if factor is None or not (_use_step(factor, code) or _use_recovery_code(user, code)):
            raise SecondFactorError("That code does not count: it is wrong, has been used, or its time is over.")
    forget_code_attempts(user_id=user.pk)


def renew_recovery_codes(user: User) -> list[str]:
    """Return new recovery codes in place of all former ones."""
    with transaction.atomic():
        codes = _new_codes(user)
        note(user, by=user, words="Recovery codes renewed.")
    return codes


def recovery_codes_left(user: User) -> int:
    """Return how many recovery codes still count."""
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


def turn_off(user: User, *, by: User, words: str) -> bool:
    """Take the user's second factor away, on record; return whether there was one."""
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        gone, _ = SecondFactor.objects.filter(user=user).delete()
        if gone:
            note(user, by=by, words=words)
    return bool(gone)


def note(user: User, *, by: User, words: str) -> None:
    """Write into the user's log what happened to the second factor, and by whom."""
    LogEntry.objects.log_actions(by.pk, [user], CHANGE, change_message=words, single_object=True)


def count_guess(user: User) -> None:
    """Count a guess, before anything is compared. Raises SecondFactorError for too many."""
    seconds = take_code_attempt(user_id=user.pk)
    if seconds:
        minutes = -(-seconds // 60)
        words = "a minute" if minutes == 1 else f"{minutes} minutes"
        raise SecondFactorError(f"Too many codes were tried. Try again in {words}.")


def _use_step(factor: SecondFactor, code: str) -> bool:
    step = _step_of(factor, code)
    if step is None:
        return False
    return bool(SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step))


def _step_of(factor: SecondFactor, code: str) -> int | None:
    """Return the half minute whose code this is, None for none that still counts."""
    given = "".join(code.split())
    if len(given) != DIGITS or not (given.isascii() and given.isdigit()):
        return None
    codes, now = pyotp.TOTP(factor.secret, interval=STEP_SECONDS, digits=DIGITS), int(time.time()) // STEP_SECONDS
    fitting = [
        step
        for step in range(now - STEPS_BESIDE, now + STEPS_BESIDE + 1)
        if hmac.compare_digest(codes.generate_otp(step), given) and step > factor.last_step
    ]
    return fitting[0] if fitting else None


def _use_recovery_code(user: User, code: str) -> bool:
    rows = RecoveryCode.objects.filter(user=user, digest=_digest(user, code), used_at__isnull=True)
    used = bool(rows.update(used_at=Now()))
    if used:
        note(user, by=user, words="Signed in, or confirmed, with a recovery code.")
    return used


def _new_codes(user: User) -> list[str]:
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(user, code)) for code in codes)
    return codes


def _recovery_code() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LETTERS)) for _ in range(GROUPS))


def _digest(user: Any, code: str) -> str:
    letters = "".join(each for each in code.lower() if each.isalnum())
    return hashlib.sha256(f"{user.pk}:{letters}".encode("utf-8", "replace")).hexdigest()
