"""What is kept of the sources themselves: the bytes as they came, and how far each source has been read."""

from __future__ import annotations

from typing import Self

from django.db import models

from biotech_ma.core.fields import within
from biotech_ma.core.models import TimestampedModel

__all__ = ["IngestCursor", "RawPayload"]


class RawPayloadQuerySet(models.QuerySet["RawPayload"]):
    """Questions about what was fetched."""

    def of_source(self, source: str) -> Self:
        """Return a source's payloads, in the order in which they were first fetched."""
        return self.filter(source=source).order_by("id")

    def at(self, source: str, url: str) -> RawPayload | None:
        """Return what an address last answered; None where it was never fetched."""
        return self.filter(source=source, url=url).order_by("-fetched_at", "-id").first()


class RawPayload(TimestampedModel):
    """One version of what an address answered. The bytes lie in the storage `raw`, once for each digest."""

    source = models.CharField(max_length=64, help_text="The source's name.", db_comment="Source identifier.")
    url = models.CharField(max_length=2000, help_text="Where it was fetched.", db_comment="Address with its query.")
    name = models.CharField(
        max_length=255,
        help_text="The file name that parsing goes by.",
        db_comment="File name under which it is parsed, and parsed again.",
    )
    sha256 = models.CharField(
        max_length=64,
        help_text="Digest of the bytes, under which the storage keeps them.",
        db_comment="Hexadecimal SHA-256 of the bytes, unpacked from the transfer's encoding.",
    )
    size_bytes = models.BigIntegerField(help_text="How many bytes.", db_comment="Bytes.")
    status = models.SmallIntegerField(
        default=200, db_default=200, help_text="The answer's HTTP status.", db_comment="HTTP status of the answer."
    )
    etag = models.CharField(
        max_length=1000, blank=True, default="", db_default="", help_text="ETag.", db_comment="Empty = none."
    )
    last_modified = models.CharField(
        max_length=100, blank=True, default="", db_default="", help_text="Last-Modified.", db_comment="Empty = none."
    )
    fetched_at = models.DateTimeField(
        help_text="When it was fetched last, or confirmed to be the newest.", db_comment="Last fetched or confirmed."
    )
    ingested_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When a run that read it came to its end.",
        db_comment="NULL = no run with it has ended well yet: the next one reads it again.",
    )

    objects = models.Manager.from_queryset(RawPayloadQuerySet)()

    class Meta(TimestampedModel.Meta):
        db_table = "raw_payloads"
        db_table_comment = "What the sources answered, version by version; the bytes are in the file storage."
        ordering = ["-id"]
        constraints = [
            # its prefix serves the question for the newest version of an address
            models.UniqueConstraint(
                fields=["source", "url", "sha256"],
                name="raw_payloads_uniq",
                violation_error_message="This version is kept already.",
            ),
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="raw_payloads_sha256_hex",
                violation_error_message="A SHA-256 is 64 hexadecimal digits.",
            ),
            within("size_bytes", 0, None, name="raw_payloads_size_range", message="A size is not negative."),
        ]

    def __str__(self) -> str:
        return self.url


class IngestCursor(TimestampedModel):
    """How far a source has been read: what the next run starts from."""

    source = models.CharField(max_length=64, help_text="The source's name.", db_comment="Source identifier.")
    key = models.CharField(
        max_length=255, help_text="What is counted: day, quarter, company.", db_comment="What is counted."
    )
    value = models.CharField(
        max_length=255, help_text="The last one that is done.", db_comment="The last day, quarter or date done."
    )

    class Meta(TimestampedModel.Meta):
        db_table = "ingest_cursors"
        db_table_comment = "How far each source has been read."
        ordering = ["source", "key"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"], name="ingest_cursors_uniq", violation_error_message="There is one already."
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.key}: {self.value}"
