"""Scores and matches, one row a company (or pair), day and version, and the weights behind them."""

from __future__ import annotations

import pgtrigger
from django.db import models

from biotech_ma.core.fields import json_array, json_object, json_shapes, one_of, score_0_100, within
from biotech_ma.core.models import COUNT_CHANGE, SharedTrigger, TimestampedModel, tracked
from companies.models import Company
from scoring.querysets import AcquirerMatchQuerySet, MAScoreQuerySet
from scoring.served_models import ServedScore

__all__ = ["COMPONENTS", "AcquirerMatch", "MAScore", "ScoreVersion", "ScoreWeight", "ServedScore", "VersionStatus"]

COMPONENTS = ("pipeline", "patent", "financial", "insider", "strategic_fit", "regulatory")

# A latest score's long fields are kept as the API sends them, by whichever statement it is written (scoring/served.py).
_LONG = ("key_drivers", "risk_factors", "metadata")
SERVE = [
    SharedTrigger(
        name="serve_new",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__is_latest=True),
        calls="serve_score",
    ),
    SharedTrigger(
        name="serve_changed",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("is_latest", *_LONG),  # type: ignore[no-untyped-call]
        condition=pgtrigger.Q(old__is_latest=True) | pgtrigger.Q(new__is_latest=True),
        calls="serve_score",
    ),
]


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


class MAScore(TimestampedModel):
    """How likely a target a company looks on a day, as a transparent ranking from 0 to 100, not a probability."""

    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="scores",
        db_index=False,
        help_text="The company.",
        db_comment="The company.",
    )
    score_date = models.DateField(
        help_text="Uses only what was public by this day's end in New York.", db_comment="The day of knowledge."
    )
    score_version = models.CharField(
        max_length=32,
        default="1",
        db_default="1",
        help_text="Version of the weights.",
        db_comment="Version of the weights.",
    )
    total_score = models.DecimalField(
        max_digits=7,
        decimal_places=4,
        help_text="0 to 100: baseline plus contributions, exactly.",
        db_comment="0-100: baseline plus contributions.",
    )
    percentile_rank = score_0_100(
        "percentile",
        help_text="Share of the ranked targets of that day and version below this one.",
        db_comment="0-100. NULL = not ranked (insufficient data, or not a live target).",
    )
    confidence = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=0,
        db_default=0,
        help_text="Weighted share of the inputs that were there, 0 to 1. Never multiplies the score.",
        db_comment="0-1: weighted coverage of the inputs.",
    )
    pipeline_score = score_0_100(
        "pipeline score", help_text="Stage of the lead, programmes in phase 2 or later, nearness of a readout."
    )
    patent_score = score_0_100("patent score", help_text="Protected years of the lead drug.")
    financial_score = score_0_100("financial score", help_text="Size and research spending.")
    insider_score = score_0_100("insider score", help_text="Ownership and corporate events, fading with age.")
    strategic_fit_score = score_0_100("strategic fit score", help_text="Fit of the best acquirers.")
    regulatory_score = score_0_100("regulatory score", help_text="Designations, filings and holds.")
    score_change_30d = models.DecimalField(
        "change, 30 days",
        max_digits=7,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Points since 30 days earlier, same version.",
        db_comment="Points. NULL = no score near that day, or insufficient data then.",
    )
    score_change_90d = models.DecimalField(
        "change, 90 days",
        max_digits=7,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Points since 90 days earlier, same version.",
        db_comment="Points. NULL = no score near that day, or insufficient data then.",
    )
    key_drivers = json_array(
        help_text="Contributions above zero, largest first.", db_comment="Array of contributions above zero."
    )
    risk_factors = json_array(
        help_text="Contributions below zero, largest first.", db_comment="Array of contributions below zero."
    )
    metadata = json_object(
        help_text="Baseline, contributions, what is missing.",
        db_comment="baseline, contributions, missing, unfed components.",
    )
    is_latest = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The newest day of the version in force.",
        db_comment="At most one a company.",
    )

    objects = models.Manager.from_queryset(MAScoreQuerySet)()

    class Meta(TimestampedModel.Meta):
        db_table = "ma_scores"
        triggers = [*TimestampedModel.Meta.triggers, COUNT_CHANGE, *SERVE]
        db_table_comment = "Scores by company, day and version."
        verbose_name = "M&A score"
        verbose_name_plural = "M&A scores"
        ordering = ["-score_date", "-total_score", "id"]
        constraints = [
            # history of a company; its prefix serves the foreign key
            models.UniqueConstraint(
                fields=["company", "score_date", "score_version"],
                name="ma_scores_uniq",
                violation_error_message="This company has a score of that day and version already.",
            ),
            # also the latest score of a company
            models.UniqueConstraint(
                fields=["company"],
                condition=models.Q(is_latest=True),
                name="ma_scores_one_latest",
                violation_error_message="This company has a latest score already.",
            ),
            *json_shapes("ma_scores", arrays=("key_drivers", "risk_factors"), objects=("metadata",)),
            within("total_score", 0, 100, name="ma_scores_total_range", message="A score lies between 0 and 100."),
            within(
                "percentile_rank",
                0,
                100,
                name="ma_scores_percentile_range",
                message="A percentile lies between 0 and 100.",
            ),
            within("confidence", 0, 1, name="ma_scores_confidence_range", message="Confidence lies between 0 and 1."),
            *[
                within(
                    f"{part}_score",
                    0,
                    100,
                    name=f"ma_scores_{part}_range",
                    message=f"The {part.replace('_', ' ')} score lies between 0 and 100.",
                )
                for part in COMPONENTS
            ],
            within(
                "score_change_30d",
                -100,
                100,
                name="ma_scores_change_30d_range",
                message="A change lies between −100 and 100.",
            ),
            within(
                "score_change_90d",
                -100,
                100,
                name="ma_scores_change_90d_range",
                message="A change lies between −100 and 100.",
            ),
        ]
        indexes = [
            # the top list now
            models.Index(fields=["-total_score", "id"], name="ma_scores_top_idx", condition=models.Q(is_latest=True)),
            # the top list of a day; percentiles over a day and version; how many rank higher, from the index alone
            models.Index(
                fields=["score_date", "score_version", "-total_score"],
                include=["company", "confidence"],
                name="ma_scores_day_idx",
            ),
            # by range of the total over all days
            models.Index(fields=["-total_score", "-score_date"], name="ma_scores_total_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.total_score} on {self.score_date}"


class AcquirerMatch(TimestampedModel):
    """How well an acquirer fits a target on a day, from 0 to 10, with the reason in words."""

    target_company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="acquirer_matches",
        db_index=False,
        help_text="The target.",
        db_comment="The target.",
    )
    acquirer_company = models.ForeignKey(
        Company,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="target_matches",
        db_index=False,
        help_text="The acquirer's own row.",
        db_comment="The acquirer's row. NULL = not kept as a company.",
    )
    acquirer_ticker = models.CharField(
        max_length=16,
        default="",
        db_default="",
        blank=True,
        help_text="Empty for an unlisted acquirer.",
        db_comment="Empty = unlisted.",
    )
    acquirer_name = models.CharField(max_length=255, help_text="The acquirer.", db_comment="The acquirer.")
    match_date = models.DateField(help_text="The day of knowledge.", db_comment="The day of knowledge.")
    strategic_fit_score = models.DecimalField(
        "fit", max_digits=6, decimal_places=4, help_text="0 to 10.", db_comment="0-10."
    )
    therapeutic_overlap_score = models.DecimalField(
        max_digits=6, decimal_places=4, null=True, blank=True, help_text="0 to 10.", db_comment="0-10. NULL = no input."
    )
    geographic_fit_score = models.DecimalField(
        max_digits=6, decimal_places=4, null=True, blank=True, help_text="0 to 10.", db_comment="0-10. NULL = no input."
    )
    financial_capacity_score = models.DecimalField(
        max_digits=6, decimal_places=4, null=True, blank=True, help_text="0 to 10.", db_comment="0-10. NULL = no input."
    )
    historical_ma_score = models.DecimalField(
        "historical M&A score",
        max_digits=6,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="0 to 10.",
        db_comment="0-10. NULL = no input.",
    )
    synergy_rationale = models.TextField(
        null=True, blank=True, max_length=20_000, help_text="Why, in an analyst's words.", db_comment="NULL = none."
    )
    key_assets_of_interest = json_array(
        help_text="The target's drugs that matter to this acquirer.", db_comment="Array of drug names."
    )
    estimated_valuation_range_usd = json_object(
        verbose_name="estimated valuation range, USD",
        help_text="Low, mid and high equity value and the methods used.",
        db_comment='Equity value in USD: {"low", "mid", "high", "methods"}.',
    )
    match_rank = models.PositiveIntegerField(
        null=True, blank=True, help_text="1 is the best fit of the target.", db_comment="1 = best. NULL = not ranked."
    )
    is_top_match = models.BooleanField(
        "top match",
        default=False,
        db_default=False,
        help_text="Among the best three.",
        db_comment="Among the best three.",
    )
    metadata = json_object(help_text="Terms, missing inputs, flags.", db_comment="Terms, missing inputs, flags.")

    objects = models.Manager.from_queryset(AcquirerMatchQuerySet)()

    class Meta(TimestampedModel.Meta):
        db_table = "acquirer_matches"
        triggers = [*TimestampedModel.Meta.triggers, COUNT_CHANGE]
        db_table_comment = "Fits of acquirers and targets by day."
        verbose_name_plural = "acquirer matches"
        ordering = ["-match_date", "match_rank", "id"]
        constraints = [
            # a target's matches of a day; its prefix serves the foreign key
            models.UniqueConstraint(
                fields=["target_company", "match_date", "acquirer_ticker", "acquirer_name"],
                name="acquirer_matches_uniq",
                violation_error_message="This pair has a match of that day already.",
            ),
            *json_shapes(
                "acquirer_matches",
                arrays=("key_assets_of_interest",),
                objects=("estimated_valuation_range_usd", "metadata"),
            ),
            *[
                within(
                    f"{part}_score",
                    0,
                    10,
                    name=f"acquirer_matches_{part}_range",
                    message=f"The {part.replace('_', ' ')} score lies between 0 and 10.",
                )
                for part in (
                    "strategic_fit",
                    "therapeutic_overlap",
                    "geographic_fit",
                    "financial_capacity",
                    "historical_ma",
                )
            ],
            models.CheckConstraint(
                condition=~models.Q(acquirer_name__regex=r"^\s*$"),
                name="acquirer_matches_name_not_blank",
                violation_error_message="A match needs the acquirer's name.",
            ),
        ]
        indexes = [
            # what an acquirer could buy
            models.Index(fields=["acquirer_ticker", "-match_date"], name="acquirer_matches_acquirer_idx"),
            # an acquirer's own row; serves the foreign key
            models.Index(fields=["acquirer_company"], name="acquirer_matches_company_idx"),
            # a day's matches, best first; what matching a day rewrites and scoring reads
            models.Index(fields=["-match_date", "-strategic_fit_score", "id"], name="acquirer_matches_day_idx"),
            # best fits across targets
            models.Index(fields=["-strategic_fit_score", "id"], name="acquirer_matches_fit_idx"),
            # top matches
            models.Index(
                fields=["target_company"], name="acquirer_matches_top_idx", condition=models.Q(is_top_match=True)
            ),
        ]

    def __str__(self) -> str:
        # A list of matches must not ask for each target.
        is_loaded = AcquirerMatch.target_company.is_cached(self)
        return f"{self.acquirer_name} for {self.target_company if is_loaded else self.target_company_id}"
