"""Telling people that an endpoint was switched off by itself: in their inboxes and by e-mail, once each time.

Everything is written in the transaction that switches it off. The e-mail is a job of the queue, which tries it again
and shows its failure; a worker that is killed after sending sends it again, under the same Message-ID.
"""

from __future__ import annotations

import uuid
from email.utils import parseaddr
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage

from delivery.choices import DeliveryStatus
from delivery.models import InboxItem, Webhook, WebhookDelivery

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
VIEW = "delivery.view_webhook"
TEXT = """\
The webhook “{name}” at {host} was switched off by itself.

Why: {reason}
{waiting}

To have it told again, look after the endpoint, then switch the webhook on in the admin under Webhooks. What waits is \
sent at once; what happened while it was off is not. Its deliveries, with every answer, are listed there, too.
"""


def tell_people(webhook_id: UUID, reason: str) -> None:
    """Put it into the inbox of each user who may see webhooks; queue an e-mail to its contact, else to those users."""
    from delivery.webhooks.jobs import mail_notice

    users = get_user_model().objects.with_perm(VIEW, backend=MODEL_BACKEND).filter(is_staff=True)
    known = list(users.order_by("pk").values_list("pk", "email"))
    InboxItem.objects.bulk_create([InboxItem(user_id=key, webhook_id=webhook_id, reason=reason) for key, _ in known])
    contact = Webhook.all_objects.filter(pk=webhook_id).values_list("contact_email", flat=True).first()
    addresses = [contact] if contact else list(dict.fromkeys(email for _, email in known if email))
    for address in addresses:
        mail_notice.defer(webhook=str(webhook_id), reason=reason, recipient=address, notice=str(uuid.uuid4()))


def send_notice(*, webhook_id: UUID, reason: str, recipient: str, notice: str) -> None:
    """Hand the e-mail to the mail server. Raises what it refuses with: the job is tried again."""
    webhook = Webhook.all_objects.defer("secret", "previous_secret").filter(pk=webhook_id).first()
    if webhook is None:
        return
    waiting = WebhookDelivery.objects.filter(webhook=webhook_id, status=DeliveryStatus.PENDING).count()
    name = " ".join(webhook.name.split())
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    EmailMessage(
        subject=f"Webhook “{name}” is switched off",
        # The address without its path, which may hold a token.
        body=TEXT.format(
            name=name,
            host=urlsplit(webhook.url).hostname,
            reason=reason,
            waiting=f"Events that wait for it: {waiting:,}." if waiting else "Nothing waits for it.",
        ),
        to=[recipient],
        headers={"Message-ID": f"<webhook.{notice}@{domain}>", "Auto-Submitted": "auto-generated"},
    ).send()
