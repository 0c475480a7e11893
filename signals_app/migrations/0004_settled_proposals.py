"""Proposals that what came in since has decided are settled, by nobody."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("companies", "0001_initial"),
        ("signals_app", "0003_signal_types_proven"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="reviewitem",
            name="review_items_status_known",
        ),
        migrations.AlterField(
            model_name="reviewitem",
            name="status",
            field=models.CharField(
                choices=[("open", "Open"), ("accepted", "Accepted"), ("rejected", "Rejected"), ("settled", "Settled")],
                db_comment="open, accepted, rejected, or settled by what came in since.",
                db_default="open",
                default="open",
                help_text="Open until somebody decides, or what has come in since does (settled).",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="reviewitemevent",
            name="status",
            field=models.CharField(
                choices=[("open", "Open"), ("accepted", "Accepted"), ("rejected", "Rejected"), ("settled", "Settled")],
                db_comment="open, accepted, rejected, or settled by what came in since.",
                db_default="open",
                default="open",
                help_text="Open until somebody decides, or what has come in since does (settled).",
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["open", "accepted", "rejected", "settled"])),
                name="review_items_status_known",
                violation_error_message="Status must be one of: open, accepted, rejected, settled.",
            ),
        ),
    ]
