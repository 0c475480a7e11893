from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("companies", "0007_restricted_list")]

    operations = [
        migrations.AlterModelOptions(
            name="restrictionlog",
            options={
                "ordering": ["-id"],
                "verbose_name": "entry of the restricted list's log",
                "verbose_name_plural": "entries of the restricted list's log",
            },
        ),
    ]
