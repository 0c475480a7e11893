import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0010_nobody_calls_the_counter"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ListColumns",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("table", models.CharField(db_comment="The list: companies.company, …", max_length=100)),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        db_comment="Names of the columns in their order. Those that the list does not know any more are passed over.",
                        size=100,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_comment="Whose choice it is.",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="list_columns",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "list_columns",
                "db_table_comment": "Columns of the admin's lists, as each user wants them.",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "table"),
                        name="list_columns_one_a_list",
                        violation_error_message="There is a choice of columns for this list already.",
                    )
                ],
            },
        ),
    ]
