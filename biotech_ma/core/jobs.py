"""Background jobs of the ground floor."""

from __future__ import annotations

from procrastinate.contrib.django import app

from biotech_ma.core.job_titles import titled
from biotech_ma.core.list_exports import ListExport

EXPORT_QUEUE = "exports"


@titled("Make a long export")
@app.task(queue=EXPORT_QUEUE)
def make_list_export(export_id: str) -> None:
    """Make the file of a long export. Done again after a killed worker, it is the same file."""
    from biotech_ma.core.admin import exports

    record = ListExport.objects.select_related("owner").filter(pk=export_id, state="queued").first()
    if record is None:
        return
    try:
        exports.make(record)
    except exports.ExportRefused as refusal:
        ListExport.objects.filter(pk=record.pk).update(state="failed", error=str(refusal))
    except Exception as error:
        ListExport.objects.filter(pk=record.pk).update(state="failed", error=type(error).__name__)
        raise
