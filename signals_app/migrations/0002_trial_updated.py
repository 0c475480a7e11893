"""One more type in the catalogue: `trial_updated`, a version of a study of which there is nothing else to say.

The constraint is added unproven; the next migration proves it, so that a live table is not locked while it is read.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

KINDS = [
    ("takeover_target", "Takeover target"),
    ("takeover_terminated", "Takeover terminated"),
    ("takeover_acquirer", "Takeover: acquirer"),
    ("asset_sale", "Asset sale"),
    ("reverse_merger", "Reverse merger"),
    ("acquisition_completed", "Acquisition completed"),
    ("change_of_control", "Change of control"),
    ("delisting", "Delisting"),
    ("material_agreement", "Material agreement"),
    ("agreement_terminated", "Agreement terminated"),
    ("officer_change", "Officer change"),
    ("partnership", "Partnership"),
    ("partnership_ended", "Partnership ended"),
    ("executive_departure", "Executive departure"),
    ("restructuring", "Restructuring"),
    ("other_event", "Other event"),
    ("sec_filing", "SEC filing"),
    ("market", "Market"),
    ("hiring", "Hiring"),
    ("other", "Other"),
    ("strategic_review", "Strategic review"),
    ("activist_stake", "Activist stake (13D)"),
    ("passive_stake", "Passive stake (13G)"),
    ("insider_transaction", "Insider transaction"),
    ("insider_buying_cluster", "Insider buying cluster"),
    ("shelf_registration", "Shelf registration"),
    ("atm_program", "At-the-market programme"),
    ("financing", "Financing"),
    ("going_concern", "Going concern"),
    ("topline_positive", "Topline positive"),
    ("topline_mixed", "Topline mixed"),
    ("topline_negative", "Topline negative"),
    ("trial_started", "Trial started"),
    ("trial_updated", "Trial updated"),
    ("trial_phase_up", "Trial phase up"),
    ("trial_completed", "Trial completed"),
    ("trial_results_posted", "Trial results posted"),
    ("trial_date_moved", "Trial date moved"),
    ("trial_terminated", "Trial terminated"),
    ("trial_suspended", "Trial suspended"),
    ("trial_withdrawn", "Trial withdrawn"),
    ("fda_approval", "FDA approval"),
    ("fda_supplement", "FDA supplement"),
    ("fda_tentative_approval", "FDA tentative approval"),
    ("fda_complete_response", "FDA complete response"),
    ("clinical_hold", "Clinical hold"),
    ("clinical_hold_lifted", "Clinical hold lifted"),
    ("designation_breakthrough", "Breakthrough designation"),
    ("designation_rmat", "RMAT designation"),
    ("designation_orphan", "Orphan designation"),
    ("designation_fast_track", "Fast-track designation"),
    ("advisory_committee", "Advisory committee"),
    ("pdufa_date", "PDUFA date"),
    ("primary_completion", "Primary completion"),
    ("patent_expiry", "Patent expiry"),
    ("financial_snapshot", "Financial snapshot"),
]
TYPES = [identifier for identifier, _ in KINDS]


class Migration(migrations.Migration):
    dependencies = [("companies", "0001_initial"), ("signals_app", "0001_initial")]
    operations = [
        migrations.AlterField(
            model_name="signal",
            name="signal_type",
            field=models.CharField(
                "type",
                choices=KINDS,
                db_comment="A type of the catalogue.",
                help_text="A type of the catalogue.",
                max_length=32,
            ),
        ),
        migrations.RemoveConstraint(model_name="signal", name="signals_type_known"),
        AddConstraintNotValid(
            model_name="signal",
            constraint=models.CheckConstraint(
                condition=models.Q(signal_type__in=TYPES),
                name="signals_type_known",
                violation_error_message=f"Signal type must be one of: {', '.join(TYPES)}.",
            ),
        ),
    ]
