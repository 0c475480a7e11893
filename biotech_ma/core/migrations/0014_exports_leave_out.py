from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0013_identities")]

    operations = [
        migrations.AddField(
            model_name="listexport",
            name="rows_left_out",
            field=models.IntegerField(
                db_comment="Rows that were closed to the owner and are not in it.",
                db_default=0,
                default=0,
                help_text="Rows that the filters name and that are closed to who took it.",
                verbose_name="left out",
            ),
        ),
        migrations.AddField(
            model_name="listexport",
            name="made_at",
            field=models.DateTimeField(
                db_comment="NULL = made by no worker, or not yet.",
                help_text="When a worker made the file.",
                null=True,
            ),
        ),
    ]
