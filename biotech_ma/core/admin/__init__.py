"""The base admin: what every table's list and page share."""

from __future__ import annotations

from biotech_ma.core.admin import changes, export_log, saved_list, users
from biotech_ma.core.admin.archive import ArchiveAdmin
from biotech_ma.core.admin.base import DeskAdmin, DeskInline, PanelInline, ReadOnlyAdmin
from biotech_ma.core.admin.columns import column

__all__ = [
    "ArchiveAdmin", "DeskAdmin", "DeskInline", "PanelInline", "ReadOnlyAdmin", "changes", "column", "export_log",
    "saved_list", "users",
]  # fmt: skip
