"""Versions of the weights behind the scores, and the weights of each."""

from __future__ import annotations

from django.db import models

from biotech_ma.core.fields import one_of, within
from biotech_ma.core.models import TimestampedModel, tracked

COMPONENTS = ("pipeline", "patent", "financial", "insider", "strategic_fit", "regulatory")


class VersionStatus(models.TextChoices):
    """A draft can be previewed; the published version with the latest stamp is the one in force."""

    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"


@tracked()
class ScoreVersion(TimestampedModel):
    """A set of weights under one name. Published ones never change: an edit makes a new version."""

    version = models.CharField(max_length=32, help_text="Name of the set, such as 1.", db_comment="Name of the set.")
    status = models.CharField(
        max_length=16,
        choices=VersionStatus,
        default=VersionStatus.DRAFT,
        db_default=VersionStatus.DRAFT,
        help_text="Draft or published.",
        db_comment="draft or published.",
    )
    published_at = models.DateTimeField(
        null=True, blank=True, help_text="When it came into force.", db_comment="NULL = not published."
    )
    note = models.TextField(
        blank=True, default="", db_default="", help_text="Why this version.", db_comment="Why this version."
    )

    class Meta(TimestampedModel.Meta):
        db_table = "score_versions"
        permissions = [("publish_scoreversion", "Can bring a version of the weights into force")]
        db_table_comment = "Versions of the weights."
        ordering = ["-published_at", "version"]
        constraints = [
            # not unique=True, which adds a second index for LIKE
            models.UniqueConstraint(
                fields=["version"],
                name="score_versions_version_uniq",
                violation_error_message="There is a version of this name already.",
            ),
            one_of("status", VersionStatus, name="score_versions_status_known"),
            models.CheckConstraint(
                condition=models.Q(status="draft") | models.Q(published_at__isnull=False),
                name="score_versions_published_stamped",
                violation_error_message="A published version has the moment of its publication.",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"


@tracked()
class ScoreWeight(TimestampedModel):
    """The weight of one component in one version, with the reason for it."""

    score_version = models.ForeignKey(
        ScoreVersion,
        on_delete=models.DB_CASCADE,
        related_name="weights",
        db_index=False,
        help_text="The set it belongs to.",
        db_comment="The set it belongs to.",
    )
    component = models.CharField(max_length=32, help_text="pipeline, patent, …", db_comment="Component name.")
    weight = models.DecimalField(
        max_digits=5, decimal_places=4, help_text="0 to 1; a version's weights sum to one.", db_comment="0-1."
    )
    reason = models.TextField(help_text="Why this weight; judgement is named as such.", db_comment="Why this weight.")

    class Meta(TimestampedModel.Meta):
        db_table = "score_weights"
        db_table_comment = "Weights of the components, by version."
        ordering = ["score_version", "component"]
        constraints = [
            models.UniqueConstraint(
                fields=["score_version", "component"],
                name="score_weights_uniq",
                violation_error_message="This version has a weight for that component already.",
            ),
            models.CheckConstraint(
                condition=models.Q(component__in=COMPONENTS),
                name="score_weights_component_known",
                violation_error_message=f"A component is one of: {', '.join(COMPONENTS)}.",
            ),
            within("weight", 0, 1, name="score_weights_range", message="A weight lies between 0 and 1."),
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.weight}"
