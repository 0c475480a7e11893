import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0015_job_failures")]

    operations = [
        migrations.AddField(
            model_name="listexport",
            name="columns",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=100),
                db_comment="Names of the list's columns in their order. NULL = every column of the table.",
                help_text="Which columns of the list were asked for; none: every column of the table.",
                null=True,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="listexport",
            name="headings",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200),
                db_comment="Headings of the file in their order. Empty = taken before they were kept, or not made yet.",
                db_default=[],
                default=list,
                help_text="The columns that went into the file.",
                size=None,
            ),
        ),
    ]
