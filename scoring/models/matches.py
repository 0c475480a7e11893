"""Possible acquirers of a target, one row a pair and day."""

from __future__ import annotations

from django.db import models

from biotech_ma.core.fields import json_array, json_object, json_shapes, within
from biotech_ma.core.models import COUNT_CHANGE, TimestampedModel
from companies.models import Company
from scoring.querysets import AcquirerMatchQuerySet


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
