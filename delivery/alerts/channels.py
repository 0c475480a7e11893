"""The ways out of the desk: e-mail and Slack's incoming webhook. Each sends one message, or says why it could not."""

from __future__ import annotations

import json
import smtplib
from uuid import UUID

from django.core.mail import EmailMessage

from biotech_ma.core.mail import is_refused_for_good, words_of
from biotech_ma.core.outgoing import CallError, post_once
from delivery.alerts.messages import Message
from delivery.choices import Channel
from delivery.models import Alert

MESSAGE_ID_DOMAIN = "alerts.biotech-ma"
SLACK_TEXT = 30_000
# Answers after which the same message may be taken later: too many, and the server's own troubles.
PASSING = (408, 425, 429)
SERVER_ERRORS = 500


class NotSent(Exception):
    """The message did not go out, and why in one line; `final` when another attempt could not succeed either."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(" ".join(reason.split())[:2_000].replace("\x00", ""))
        self.final = final


def send(channel: str, alert: Alert, recipient: str, message: Message, claim: UUID) -> None:
    """Send the message to the recipient. Raises NotSent."""
    if channel == Channel.EMAIL:
        send_email(recipient, message, claim)
    elif alert.slack_webhook_url:
        send_slack(alert.slack_webhook_url, message)
    else:
        raise NotSent("The alert has no Slack address any more.", final=True)


def send_email(recipient: str, message: Message, claim: UUID) -> None:
    """Hand the message to the mail server. A second attempt has the same Message-ID, so that readers drop doubles."""
    mail = EmailMessage(
        subject=message.subject,
        body=message.text,
        to=[recipient],
        headers={"Message-ID": f"<{claim}@{MESSAGE_ID_DOMAIN}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except smtplib.SMTPException as error:
        raise NotSent(words_of(error), final=is_refused_for_good(error)) from error
    except (OSError, ValueError) as error:
        raise NotSent(f"{type(error).__name__}: {error}") from error


def send_slack(url: str, message: Message) -> None:
    """Post the message to an incoming webhook, after the check of its address that every outgoing call has."""
    text = "\n".join([f"*{_escaped(message.subject)}*", *map(_escaped, message.lines)])[:SLACK_TEXT]
    try:
        reply = post_once(
            url,
            content=json.dumps({"text": text}).encode(),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
    except CallError as error:
        raise NotSent(str(error)) from error
    if not reply.is_success:
        said = reply.body[:200].decode("utf-8", "replace")
        passes = reply.status in PASSING or reply.status >= SERVER_ERRORS
        raise NotSent(f"The address answers {reply.status}: {said}", final=not passes)


def _escaped(text: str) -> str:
    """Return the text as Slack's markup wants it: https://docs.slack.dev/messaging/formatting-message-text"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
