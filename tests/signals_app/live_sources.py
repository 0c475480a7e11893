"""What the tests of live runs share: a server in the sources' place, a storage of their own, the command."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from signals_app.ingest import base
from tests.signals_app import stub_run
from tests.source_server import SourceServer, running


@pytest.fixture
def sources(settings, tmp_path: Path) -> Iterator[SourceServer]:
    """A server that all base addresses lead to, without limits; payloads go to a folder of the test."""
    with running() as server:
        settings.SOURCE_BASES = {"edgar": server.url, "edgar-data": server.url, "fda": server.url}
        settings.SOURCE_BASES |= {"clinicaltrials": f"{server.url}/api/v2"}
        settings.SOURCE_RATES = {}
        settings.SEC_USER_AGENT = "Desk desk@example.com"
        raw = {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "raw")},
        }
        settings.STORAGES = {**settings.STORAGES, "raw": raw}
        yield server


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stub in the place of every source's run; fetching stays the real one."""
    stub_run.reset()
    for name in list(base.SOURCES):
        monkeypatch.setitem(base.SOURCES, name, "tests.signals_app.stub_run")
    for name in ("drugsfda", "orangebook"):
        monkeypatch.setitem(base.SOURCES, name, "tests.signals_app.stub_run")
    return stub_run


def ingest(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("ingest", *arguments, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def kept_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
