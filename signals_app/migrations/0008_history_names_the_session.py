"""Every later change names the session of the database that wrote it."""

from __future__ import annotations

from django.db import migrations

from biotech_ma.core.history_session import AddSession


class Migration(migrations.Migration):
    dependencies = [("signals_app", "0007_names_of_the_menu")]

    operations = [
        AddSession("reviewitemevent"),
    ]
