"""Forms that were carried out: a rendered form acts once, however often it is sent (docs/adr/0028)."""

from __future__ import annotations

from django.db import connection, models
from django.db.models.functions import Now

from biotech_ma.core.sweeping import sweep

# Whoever comes second waits here until the first has ended: committed, it finds the row; rolled back, it goes on.
_TAKE = "INSERT INTO form_submissions (key) VALUES (%s) ON CONFLICT DO NOTHING"


class FormSubmission(models.Model):
    """One form that was carried out, written in the transaction of its change."""

    key = models.CharField(
        max_length=64, primary_key=True, db_comment="SHA-256 of user, address, the form's own token and what was sent."
    )
    location = models.TextField(default="", db_default="", db_comment="Where its answer led.")
    created_at = models.DateTimeField(db_default=Now(), db_comment="When it was carried out; kept for 24 hours.")

    class Meta:
        app_label = "core"
        db_table = "form_submissions"
        db_table_comment = "Forms of the admin that were carried out, for 24 hours: sent again, they do nothing."
        indexes = [
            # throwing away what is older than a day
            models.Index(fields=["created_at"], name="form_submissions_created_idx"),
        ]

    def __str__(self) -> str:
        return self.key


def take(key: str) -> bool:
    """Claim the form for this transaction; False when it was carried out before. Call it within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [key])
        return bool(cursor.rowcount)


def keep(key: str, location: str) -> None:
    """Keep where the form's answer led, and throw away what is older than a day."""
    FormSubmission.objects.filter(key=key).update(location=location)
    sweep(FormSubmission)


def release(key: str) -> None:
    """Give the form up: it was refused, and may be sent again as it is."""
    FormSubmission.objects.filter(key=key).delete()


def location_of(key: str) -> str:
    """Return where the form's answer led, empty if it led nowhere."""
    return FormSubmission.objects.filter(key=key).values_list("location", flat=True).first() or ""
