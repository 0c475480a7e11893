"""The counter of changes runs with its owner's rights: triggers call it, nobody else may."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0009_curation")]

    operations = [
        migrations.RunSQL(
            "REVOKE EXECUTE ON FUNCTION public.count_change() FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION public.count_change() TO PUBLIC",
        ),
    ]
