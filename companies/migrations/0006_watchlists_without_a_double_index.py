from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("companies", "0005_curation")]

    operations = [
        # The unique constraint on list and company begins with the list and serves it, too.
        migrations.RunSQL(
            "DROP INDEX IF EXISTS watchlist_companies_watchlist_id_6f774591",
            "CREATE INDEX IF NOT EXISTS watchlist_companies_watchlist_id_6f774591 ON watchlist_companies (watchlist_id)",
        ),
    ]
