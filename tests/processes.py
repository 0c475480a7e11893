"""Processes of their own that work in the test's database. Their tests need committed rows."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
_START = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biotech_ma.settings")
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {name!r}
settings.SOURCE_BASES.update({bases!r})
settings.SEC_USER_AGENT = "Desk desk@example.com"
settings.STORAGES["raw"]["OPTIONS"]["location"] = {raw!r}
import django
django.setup()
"""


@contextmanager
def python(
    code: str,
    *,
    bases: dict[str, str] | None = None,
    raw: Path | None = None,
    stderr: int = subprocess.PIPE,
    **environment: str,
) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that runs the code with Django set up; afterwards it is dead and collected.

    `stderr`: where it goes instead of into a pipe. Further words are its environment.
    """
    start = _START.format(name=connection.settings_dict["NAME"], bases=bases or {}, raw=str(raw or "/nonexistent"))
    process = subprocess.Popen(
        [sys.executable, "-c", start + textwrap.dedent(code)],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=stderr, env=os.environ | environment,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
