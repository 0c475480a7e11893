"""What is kept ready of the latest scores for the API to send."""

from __future__ import annotations

from django.db import models

from biotech_ma.core.fields import JsonText
from biotech_ma.core.models import COUNT_CHANGE


class ServedScore(models.Model):
    """The long fields of a latest score as the API sends them; written by a trigger alone (scoring/served.py)."""

    score = models.OneToOneField(
        "scoring.MAScore",
        on_delete=models.DB_CASCADE,
        primary_key=True,
        related_name="served",
        editable=False,
        db_comment="The score; a latest one.",
    )
    form = models.CharField(max_length=16, editable=False, db_comment="The code's form that the texts have.")
    key_drivers = JsonText(editable=False, db_comment="Contributions above zero, whole, largest first.")
    risk_factors = JsonText(editable=False, db_comment="Contributions below zero, whole, largest first.")
    metadata = JsonText(editable=False, db_comment="What stands beside the score, with all contributions.")

    class Meta:
        db_table = "served_scores"
        triggers = [COUNT_CHANGE]
        db_table_comment = "Latest scores' drivers, risks and metadata as the API sends them. Kept by a trigger."

    def __str__(self) -> str:
        return f"score {self.score_id} as served"
