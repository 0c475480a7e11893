"""Every later change names the session of the database that wrote it."""

from __future__ import annotations

from django.db import migrations

from biotech_ma.core.history_session import AddSession


class Migration(migrations.Migration):
    dependencies = [("delivery", "0008_notices_of_webhooks")]

    operations = [
        AddSession("clientevent"),
        AddSession("webhookevent"),
        AddSession("reportevent"),
        AddSession("alertevent"),
    ]
