import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0012_second_factors"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Identity",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "issuer",
                    models.CharField(db_comment="Issuer of the provider, as its tokens name it.", max_length=500),
                ),
                (
                    "subject",
                    models.CharField(
                        db_comment="The provider's own name of the user, which never changes.", max_length=255
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_comment="When it signed in first.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_comment="Who it is here.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "identities",
                "db_table_comment": "Subjects of identity providers and their users.",
                "constraints": [models.UniqueConstraint(fields=("issuer", "subject"), name="identities_subject_uniq")],
            },
        ),
    ]
