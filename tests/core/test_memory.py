"""What a web process loads: not the libraries of files and charts, which take tens of megabytes each."""

from __future__ import annotations

import subprocess
import sys

from tests.core.servers import ROOT

HEAVY = ("openpyxl", "xlrd", "python_calamine", "numpy", "xlsxwriter", "matplotlib", "weasyprint", "PIL")


def test_web_process_goes_without_the_libraries_of_files_and_charts() -> None:
    code = (
        "import biotech_ma.wsgi, sys; from django.urls import get_resolver; get_resolver().url_patterns; "
        f"found = sorted(set({HEAVY!r}) & set(sys.modules)); sys.exit(', '.join(found) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr[-500:]) == (0, "")
