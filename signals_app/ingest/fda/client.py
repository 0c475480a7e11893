"""The FDA's data files: Drugs@FDA (fda.gov/media/89850) and the Orange Book (fda.gov/media/76860), each one zip.

The addresses stand on the pages "Drugs@FDA Data Files" and "Orange Book Data Files"; their content is replaced weekly
and monthly.
"""

from __future__ import annotations

from biotech_ma.core.http import Body
from signals_app.ingest.addresses import base
from signals_app.ingest.live import Session


def drugs(session: Session) -> None:
    """Fetch the zip of Drugs@FDA."""
    session.get(f"{base('fda')}/media/89850/download", "drugsatfda.zip", Body.ZIP)


def orange_book(session: Session) -> None:
    """Fetch the zip of the Orange Book."""
    session.get(f"{base('fda')}/media/76860/download", "orangebook.zip", Body.ZIP)
