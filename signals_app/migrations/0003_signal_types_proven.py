"""Proves that every signal is of a type of the catalogue, with the table open to everybody."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("signals_app", "0002_trial_updated")]
    operations = [ValidateConstraint(model_name="signal", name="signals_type_known")]
