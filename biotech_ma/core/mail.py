"""Where e-mail goes: EMAIL_URL as Django's MAILERS, or files in the data directory for a desk without a mail server."""

from __future__ import annotations

import smtplib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BACKENDS = "django.core.mail.backends"
TIMEOUT_SECONDS = 30
# Scheme -> usual port and how the connection is encrypted.
SMTP: dict[str, tuple[int, dict[str, bool]]] = {
    "smtp": (25, {}),
    "smtp+tls": (587, {"use_tls": True}),
    "smtps": (465, {"use_ssl": True}),
    "smtp+ssl": (465, {"use_ssl": True}),
}
PERMANENT_FROM = 500
FORMS = "smtp+tls://user:password@host:587, smtps://…, smtp://…, file:///folder or console:"


def mailers(url: str, data_dir: Path) -> dict[str, Any]:
    """Return Django's MAILERS for the address; without one, messages are written as files below the data directory.

    User and password are percent-encoded. Raises ImproperlyConfigured, without the password, for another address.
    """
    if not url:
        return _mailer("filebased", file_path=str(data_dir / "mail"))
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ImproperlyConfigured(f"EMAIL_URL is no address; write {FORMS}") from None
    if parts.scheme == "console":
        return _mailer("console")
    if parts.scheme == "file" and parts.path.startswith("/"):
        return _mailer("filebased", file_path=unquote(parts.path))
    if parts.scheme not in SMTP or not host:
        raise ImproperlyConfigured(f"EMAIL_URL begins with {parts.scheme or 'nothing'}:; write {FORMS}")
    usual_port, encryption = SMTP[parts.scheme]
    login = {"username": unquote(parts.username), "password": unquote(parts.password or "")} if parts.username else {}
    return _mailer("smtp", host=host, port=port or usual_port, timeout=TIMEOUT_SECONDS, **login, **encryption)


def _mailer(backend: str, **options: Any) -> dict[str, Any]:
    return {"default": {"BACKEND": f"{BACKENDS}.{backend}.EmailBackend", "OPTIONS": options}}


def is_refused_for_good(error: Exception) -> bool:
    """Say whether the mail server refused the recipient, or the message to it, once and for all.

    Answers of the fives are permanent (RFC 5321, 4.2.1), those of the fours are not. What concerns the desk's own
    account or sender is not the recipient's, and can be put right.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return bool(error.recipients) and min(code for code, _ in error.recipients.values()) >= PERMANENT_FROM
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= PERMANENT_FROM


def words_of(error: Exception) -> str:
    """Return what the mail server, or the way to it, said, in one line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said = [f"{code} {_decoded(text)}" for code, text in error.recipients.values()]
        return f"The mail server refuses the recipient: {'; '.join(said)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server answers {error.smtp_code} {_decoded(error.smtp_error)}"
    told = " ".join(str(error).split())
    if isinstance(error, smtplib.SMTPException):
        return f"{type(error).__name__}: {told}"
    return told or type(error).__name__


def _decoded(text: bytes | str) -> str:
    return " ".join((text.decode("utf-8", "replace") if isinstance(text, bytes) else text).split())
