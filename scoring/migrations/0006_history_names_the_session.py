"""Every later change names the session of the database that wrote it."""

from __future__ import annotations

from django.db import migrations

from biotech_ma.core.history_session import AddSession


class Migration(migrations.Migration):
    dependencies = [("scoring", "0005_matches_of_a_day")]

    operations = [
        AddSession("scoreversionevent"),
        AddSession("scoreweightevent"),
    ]
