"""The background job of long imports."""

from __future__ import annotations

from procrastinate.contrib.django import app

from biotech_ma.core.job_titles import titled
from signals_app.import_models import SheetImport
from signals_app.imports import services

IMPORT_QUEUE = "imports"


@titled("Check or apply an import")
@app.task(queue=IMPORT_QUEUE)
def work_on_import(import_id: str, step: str) -> None:
    """Check or apply an import. Either is one transaction at its end: after a killed worker it is done anew."""
    taken = SheetImport.objects.filter(pk=import_id).first()
    if taken is None or not taken.is_working:
        return
    try:
        services.STEPS[step](taken)
    except Exception as error:
        services.give_up(taken, error)
        raise
