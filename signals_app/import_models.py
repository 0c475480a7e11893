"""Files that analysts import: how each is meant, what it would change, what it did change, and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from biotech_ma.core.fields import json_array, json_object, json_shapes, one_of, within
from biotech_ma.core.models import TimestampedModel


class ImportKind(models.TextChoices):
    """What a file is imported into."""

    COMPANIES = "companies", "Companies"
    CANDIDATES = "candidates", "Drug candidates"
    EVENTS = "events", "Events for the ledger"


class ImportState(models.TextChoices):
    """How far an import has come."""

    MAPPING = "mapping", "Columns to confirm"
    CHECKING = "checking", "Being checked"
    CHECKED = "checked", "Checked, not applied"
    APPLYING = "applying", "Being applied"
    APPLIED = "applied", "Applied"
    FAILED = "failed", "Failed"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"


class SheetImport(TimestampedModel):
    """One uploaded file, from its columns to what became of its rows."""

    kind = models.CharField(
        max_length=16,
        choices=ImportKind,
        help_text="What the rows are.",
        db_comment="companies, candidates or events.",
    )
    file_name = models.CharField(
        max_length=255, help_text="As it was called where it came from.", db_comment="Name of the uploaded file."
    )
    sha256 = models.CharField(max_length=64, help_text="Digest of the file.", db_comment="Hexadecimal SHA-256.")
    size_bytes = models.IntegerField(help_text="How large the file is.", db_comment="Bytes.")
    content = models.BinaryField(
        null=True,
        blank=True,
        help_text="The file itself, until it is applied.",
        db_comment="The file's bytes. NULL = applied: the digest tells which file it was.",
    )
    made_of = models.CharField(
        max_length=255, help_text="What kind of file it is.", db_comment="Encoding and delimiter, or the sheet."
    )
    sheet = models.CharField(
        max_length=255, blank=True, default="", db_default="", help_text="The sheet.", db_comment="Empty = a CSV file."
    )
    sheets = json_array(help_text="The sheets of the workbook.", db_comment="Array of names. Empty = a CSV file.")
    heading_key = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="The headings: a file with the same ones is mapped the same way.",
        db_comment="Headings in small letters, for finding an earlier file of the same make.",
    )
    layout = json_object(help_text="What each column is.", db_comment="heading_row and columns.")
    sample = json_array(
        help_text="The file's first rows, beside the columns.", db_comment="Array of rows as text, headings first."
    )
    options = json_object(help_text="How the file is meant.", db_comment="source, adds, by_row, day_order, as_of.")
    state = models.CharField(
        max_length=16,
        choices=ImportState,
        default=ImportState.MAPPING,
        db_default=ImportState.MAPPING,
        help_text="How far it has come.",
        db_comment="mapping, checking, checked, applying, applied, failed, undoing or undone.",
    )
    rows_total = models.IntegerField(
        default=0, db_default=0, help_text="Rows below the headings.", db_comment="Rows below the headings."
    )
    rows_done = models.IntegerField(
        default=0, db_default=0, help_text="Rows that are done.", db_comment="Rows read so far, while it works."
    )
    plan_sha256 = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Digest of what was shown before applying.",
        db_comment="What was shown: applying does that or nothing. Empty = not checked.",
    )
    counts = json_object(help_text="How many rows have each fate.", db_comment="Fate -> number of rows.")
    reason = models.CharField(
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text="Why it was imported: kept in the history of every row.",
        db_comment="Why it was imported. Empty = not applied.",
    )
    error = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="Why it came to nothing.",
        db_comment="Empty = nothing went wrong.",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who imports it.",
        db_comment="NULL = the user is gone.",
    )
    started_at = models.DateTimeField(
        null=True, blank=True, help_text="When applying began.", db_comment="NULL = not applied."
    )
    finished_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was applied.", db_comment="NULL = not applied."
    )

    turn = models.IntegerField(
        default=0,
        db_default=0,
        help_text="Which attempt it is at: one that was cancelled ends without a trace.",
        db_comment="Counts the steps that were begun.",
    )
    history_context = models.UUIDField(
        null=True,
        blank=True,
        help_text="What its changes have in common in the history.",
        db_comment="pgh_context_id of its changes. NULL = not applied, or before imports could be undone.",
    )
    undone_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was undone.", db_comment="NULL = it was not."
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who undid it.",
        db_comment="NULL = nobody, or the user is gone.",
    )
    undo_reason = models.CharField(
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text="Why it was undone: kept in the history of every row.",
        db_comment="Why it was undone. Empty = it was not.",
    )

    class Meta(TimestampedModel.Meta):
        db_table = "sheet_imports"
        db_table_comment = "Files that analysts import."
        verbose_name = "import"
        ordering = ["-id"]
        constraints = [
            one_of("kind", ImportKind, name="sheet_imports_kind_known"),
            one_of("state", ImportState, name="sheet_imports_state_known"),
            *json_shapes("sheet_imports", arrays=("sheets", "sample"), objects=("layout", "options", "counts")),
            within("size_bytes", 0, None, name="sheet_imports_size_range", message="A size is not negative."),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_working(self) -> bool:
        """True while a worker has it."""
        return self.state in {ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING}


class SheetImportRow(TimestampedModel):
    """What becomes of one row of an imported file."""

    sheet_import = models.ForeignKey(
        SheetImport,
        on_delete=models.DB_CASCADE,
        related_name="rows",
        db_index=False,
        help_text="The file.",
        db_comment="The file.",
    )
    row = models.IntegerField(help_text="Its number in the sheet.", db_comment="Number in the sheet, from 1.")
    label = models.CharField(max_length=1000, help_text="What it is about.", db_comment="What it is about.")
    fate = models.CharField(
        max_length=16, help_text="What becomes of it.", db_comment="create, change, same, refused or aside."
    )
    subject = models.UUIDField(
        null=True,
        blank=True,
        help_text="The company or drug candidate that it is about.",
        db_comment="Key of the company or drug candidate. NULL = none was found.",
    )
    cells = json_array(
        help_text="What it holds, where it was refused: for the file that says what is wrong.",
        db_comment="Array of values. Empty = it was not refused.",
    )
    changes = json_array(help_text="Field, old, new.", db_comment="Array of [field, old, new].")
    faults = json_array(help_text="Cell and reason.", db_comment="Array of [cell, reason].")
    notes = json_array(help_text="What else is worth knowing.", db_comment="Array of texts.")

    class Meta(TimestampedModel.Meta):
        db_table = "sheet_import_rows"
        db_table_comment = "What becomes of each row of an imported file."
        ordering = ["row"]
        constraints = [
            # a file's rows in order, by page
            models.UniqueConstraint(
                fields=["sheet_import", "row"],
                name="sheet_import_rows_uniq",
                violation_error_message="This row is there already.",
            ),
            *json_shapes("sheet_import_rows", arrays=("changes", "faults", "notes", "cells")),
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.label}"
