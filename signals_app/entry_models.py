"""Who wrote a row into the ledger by hand, and why: the ledger's own rows name no more than a source."""

from __future__ import annotations

from django.db import models

from biotech_ma.core.history_session import AttachedContext, session_field
from biotech_ma.core.models import AppendOnlyModel


class LedgerEntry(AppendOnlyModel):
    """That somebody wrote a signal or a figure by hand, and why. What sources say has none."""

    signal = models.ForeignKey(
        "signals_app.Signal",
        on_delete=models.DB_CASCADE,
        null=True,
        blank=True,
        related_name="entries",
        db_index=False,
        help_text="The signal that was written.",
        db_comment="The signal. NULL = a figure was written.",
    )
    fact = models.ForeignKey(
        "signals_app.FinancialFact",
        on_delete=models.DB_CASCADE,
        null=True,
        blank=True,
        related_name="entries",
        db_index=False,
        help_text="The figure that was written.",
        db_comment="The figure. NULL = a signal was written.",
    )
    pgh_context = models.ForeignKey(
        "pghistory.Context",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        db_default=AttachedContext(),
        help_text="Who wrote it and why, as the history of all tables keeps it.",
        db_comment="Who wrote it and why. NULL = by SQL.",
    )
    pgh_session = session_field(editable=False)

    class Meta(AppendOnlyModel.Meta):
        db_table = "ledger_entries"
        db_table_comment = "Who wrote which row of the ledger by hand, and why."
        verbose_name = "entry in the ledger"
        verbose_name_plural = "entries in the ledger"
        ordering = ["-id"]
        constraints = [
            # who wrote a signal; serves the foreign key
            models.UniqueConstraint(
                fields=["signal"],
                name="ledger_entries_signal_uniq",
                violation_error_message="Who wrote this signal is recorded already.",
            ),
            # who wrote a figure; serves the foreign key
            models.UniqueConstraint(
                fields=["fact"],
                name="ledger_entries_fact_uniq",
                violation_error_message="Who wrote this figure is recorded already.",
            ),
            models.CheckConstraint(
                condition=models.Q(signal__isnull=True) ^ models.Q(fact__isnull=True),
                name="ledger_entries_of_one_row",
                violation_error_message="An entry is of a signal or of a figure.",
            ),
        ]
        indexes = [
            # what was written under one action
            models.Index(fields=["pgh_context"], name="ledger_entries_context_idx"),
        ]

    def __str__(self) -> str:
        return str(self.signal or self.fact)
