"""Companies' own drugs, one row a drug and indication."""

from __future__ import annotations

from django.db import models

from biotech_ma.core.fields import (
    json_object,
    json_shapes,
    money_usd,
    one_of,
    score_0_100,
    within,
)
from biotech_ma.core.models import COUNT_CHANGE, LIVE, LiveManager, SoftDeleteModel, tracked
from companies.choices import Phase, TherapeuticArea
from companies.models.company import Company
from companies.querysets import DrugCandidateQuerySet
from companies.score_inputs import CANDIDATE_REASON_FIELDS, CANDIDATE_SCORE_FIELDS


@tracked(exclude=["patent_years_remaining"])
class DrugCandidate(SoftDeleteModel):
    """A company's own drug in one indication, at its furthest phase."""

    score_fields, reason_fields = CANDIDATE_SCORE_FIELDS, CANDIDATE_REASON_FIELDS

    company = models.ForeignKey(
        Company,
        on_delete=models.DB_CASCADE,
        related_name="drug_candidates",
        db_index=False,
        help_text="The company that owns the programme.",
        db_comment="Owner of the programme.",
    )
    name = models.CharField(max_length=255, help_text="Generic, brand or code name.", db_comment="Drug name or code.")
    phase = models.CharField(
        max_length=16,
        choices=Phase,
        default=Phase.PRECLINICAL,
        db_default=Phase.PRECLINICAL,
        help_text="The furthest phase reached in this indication.",
        db_comment="Furthest phase in this indication.",
    )
    indication = models.CharField(
        max_length=500, null=True, blank=True, help_text="The disease it is for.", db_comment="NULL = not stated."
    )
    mechanism = models.CharField(
        max_length=500,
        null=True,
        blank=True,
        help_text="Target and mode of action, with a citable source.",
        db_comment="NULL = unknown.",
    )
    therapeutic_area = models.CharField(
        max_length=32,
        choices=TherapeuticArea,
        null=True,
        blank=True,
        help_text="The area of the indication.",
        db_comment="Area identifier. NULL = not classified.",
    )
    patent_expiry = models.DateField(
        null=True,
        blank=True,
        help_text="Last protected day: the latest of patents and exclusivities.",
        db_comment="Last protected day. NULL = unknown.",
    )
    patent_years_remaining = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        editable=False,
        help_text="Years from the last refresh to the last protected day.",
        db_comment="Years, as of the last refresh; 0 once expired. NULL = unknown.",
    )
    orphan_designation = models.BooleanField(
        null=True, blank=True, help_text="FDA orphan designation.", db_comment="NULL = unknown."
    )
    fast_track = models.BooleanField(
        null=True, blank=True, help_text="FDA fast-track designation.", db_comment="NULL = unknown."
    )
    breakthrough_therapy = models.BooleanField(
        null=True, blank=True, help_text="FDA breakthrough or RMAT designation.", db_comment="NULL = unknown."
    )
    next_milestone = models.CharField(
        max_length=255,
        null=True,
        blank=True,
        help_text="What comes next: a readout, a PDUFA date.",
        db_comment="NULL = none known.",
    )
    next_milestone_date = models.DateField(
        null=True, blank=True, help_text="When it is due.", db_comment="Day (months: their last day). NULL = unknown."
    )
    phase_score = score_0_100("phase score", help_text="How far it has come, 0-100.")
    competitive_landscape_score = score_0_100(
        "competitive landscape score", help_text="How open the field is, 0-100; an analyst's judgement."
    )
    market_potential_usd = money_usd("market potential, USD", help_text="Peak sales a year, with a source.")
    additional_data = json_object(
        help_text="Trial identifiers, application numbers and the like.", db_comment="Free object: nct_ids, …"
    )
    field_sources = json_object(
        editable=False,
        help_text="Where each field came from: source, identifier and day.",
        db_comment='Field name -> {"source", "id", "as_of"}; source "curated" outranks every other.',
    )

    objects = LiveManager.from_queryset(DrugCandidateQuerySet)()
    all_objects = DrugCandidateQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        db_table = "drug_candidates"
        triggers = [*SoftDeleteModel.Meta.triggers, COUNT_CHANGE]
        db_table_comment = "Drugs of companies, one row a drug and indication."
        ordering = ["name", "id"]
        base_manager_name = "all_objects"
        constraints = [
            *json_shapes("drug_candidates", objects=("additional_data", "field_sources")),
            one_of("phase", Phase, name="drug_candidates_phase_known"),
            one_of("therapeutic_area", TherapeuticArea, name="drug_candidates_area_known"),
            models.CheckConstraint(
                condition=~models.Q(name__regex=r"^\s*$"),
                name="drug_candidates_name_not_blank",
                violation_error_message="A drug candidate needs a name.",
            ),
            within(
                "patent_years_remaining",
                0,
                None,
                name="drug_candidates_patent_years_not_negative",
                message="Remaining patent years are not negative.",
            ),
            within(
                "phase_score",
                0,
                100,
                name="drug_candidates_phase_score_range",
                message="A phase score lies between 0 and 100.",
            ),
            within(
                "competitive_landscape_score",
                0,
                100,
                name="drug_candidates_landscape_score_range",
                message="A landscape score lies between 0 and 100.",
            ),
            within(
                "market_potential_usd",
                0,
                None,
                name="drug_candidates_potential_not_negative",
                message="A market potential is not negative.",
            ),
        ]
        indexes = [
            # a company's pipeline by phase; its prefix serves the foreign key
            models.Index(fields=["company", "phase"], name="drug_candidates_pipeline_idx"),
            # by phase across companies
            models.Index(fields=["phase"], name="drug_candidates_phase_idx", condition=LIVE),
            # by area across companies
            models.Index(fields=["therapeutic_area"], name="drug_candidates_area_idx", condition=LIVE),
            # coming milestones
            models.Index(fields=["next_milestone_date"], name="drug_candidates_next_idx", condition=LIVE),
            # archived rows
            models.Index(fields=["deleted_at"], name="drug_candidates_archived_idx", condition=~LIVE),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.indication}" if self.indication else self.name
