"""Scores, one row a company, day and version."""

from __future__ import annotations

import pgtrigger
from django.db import models

from biotech_ma.core.fields import json_array, json_object, json_shapes, score_0_100, within
from biotech_ma.core.models import COUNT_CHANGE, SharedTrigger, TimestampedModel
from companies.models import Company
from scoring.models.weights import COMPONENTS
from scoring.querysets import MAScoreQuerySet

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
