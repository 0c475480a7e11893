from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The ledger is long: it goes on being written to while the index is built.
    atomic = False

    dependencies = [("signals_app", "0014_plain_names")]

    operations = [
        AddIndexConcurrently(
            model_name="signal",
            index=models.Index(
                fields=["-event_date"],
                condition=models.Q(("signal_data__has_any_keys", ["expected_close", "outside_date"])),
                name="signals_deal_days_idx",
            ),
        ),
    ]
