from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The ledger is long: it goes on being written to while the index is built.
    atomic = False

    dependencies = [("signals_app", "0016_growing_lists")]

    operations = [
        AddIndexConcurrently(
            model_name="financialfact",
            index=models.Index(
                fields=["period_end", "company", "available_at"],
                condition=models.Q(concept="research_and_development"),
                name="financial_facts_research_idx",
            ),
        ),
    ]
