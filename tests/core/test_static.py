"""Static files: straight from the packages on a fresh clone, compressed once they were collected."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.core.servers import ROOT

ASK = """
import django
django.setup()
from django.test import Client
answer = Client().get("/static/admin/css/base.css", headers={"Accept-Encoding": "gzip", "Host": "localhost"})
print(answer.status_code, answer.headers.get("Content-Encoding"), len(b"".join(answer.streaming_content)) > 0)
"""


def run(place: Path, *arguments: str) -> str:
    own = {
        "BIOTECH_MA_DATA_DIR": str(place),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "DJANGO_SETTINGS_MODULE": "biotech_ma.settings",
    }
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_static_files_are_served_at_once_and_compressed_once_collected(tmp_path: Path) -> None:
    assert run(tmp_path, "-c", ASK) == "200 None True"
    # without the API's documentation, whose scripts take ten seconds to compress
    run(tmp_path, "manage.py", "collectstatic", "--noinput", "--ignore", "drf_spectacular_sidecar")
    assert run(tmp_path, "-c", ASK) == "200 gzip True"
