import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import biotech_ma.core.crypto


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0011_list_columns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        db_comment="Whose it is.",
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="second_factor",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("secret", biotech_ma.core.crypto.EncryptedTextField(db_comment="Base32, encrypted.")),
                (
                    "confirmed_at",
                    models.DateTimeField(
                        db_comment="When a first code of it was given. NULL = offered and not in force.", null=True
                    ),
                ),
                (
                    "last_step",
                    models.BigIntegerField(
                        db_comment="Half minute of the last code that counted, since 1970: it counts once.",
                        db_default=0,
                        default=0,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_comment="When it was offered.",
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
            ],
            options={"db_table": "second_factors", "db_table_comment": "Second factors of the admin's users."},
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("digest", models.CharField(db_comment="SHA-256 of user and code.", max_length=64)),
                (
                    "used_at",
                    models.DateTimeField(db_comment="When it was used. NULL = it still counts.", null=True),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_comment="Whose it is.",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "recovery_codes",
                "db_table_comment": "Codes that stand in for a lost device, as digests.",
                "constraints": [models.UniqueConstraint(fields=("user", "digest"), name="recovery_codes_once_a_user")],
            },
        ),
    ]
