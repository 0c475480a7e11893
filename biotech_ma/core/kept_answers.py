"""Answers that are kept for a day, so that a request that is sent again gets the same one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from biotech_ma.core.crypto import EncryptedTextField
from biotech_ma.core.fields import json_object


class KeptAnswer(models.Model):
    """What was answered to a request that carried an `Idempotency-Key`, written in the transaction of its change."""

    secret_fields: ClassVar[frozenset[str]] = frozenset({"body"})

    id = models.BigAutoField(primary_key=True)
    client_id = models.UUIDField(db_comment="The API client whose key it is; two clients may use the same key.")
    key = models.CharField(max_length=255, db_comment="Idempotency-Key, without quotes.")
    fingerprint = models.CharField(max_length=64, db_comment="SHA-256 of method, address, query and body, in hex.")
    status = models.PositiveSmallIntegerField(db_comment="HTTP status of the answer.")
    headers = json_object(db_comment="Headers of the answer, those of the caller's rate left out.")
    body = EncryptedTextField(db_comment="The answer's body, encrypted: some hold a secret or a key.")
    created_at = models.DateTimeField(db_default=Now(), db_comment="When it was answered; kept for 24 hours.")

    class Meta:
        app_label = "core"
        db_table = "kept_answers"
        db_table_comment = "Answers to POST requests with an Idempotency-Key, for 24 hours."
        constraints = [models.UniqueConstraint(fields=["client_id", "key"], name="kept_answers_key_uniq")]
        indexes = [
            # throwing away what is older than a day
            models.Index(fields=["created_at"], name="kept_answers_created_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.status})"
